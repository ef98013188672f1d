"""`foretell keys retention`: how long what is created with a key is kept."""

import json
from pathlib import Path

from servers import KEY, foretell, running

OPTIONS = ("--sandbox", "--port", "0", "--key", KEY)


def test_the_times_of_a_key_are_set_shown_and_hold(tmp_path: Path) -> None:
    with running(tmp_path, *OPTIONS) as server:
        raw = foretell("keys", "create", "brief", data=tmp_path).stdout.strip()
        [key] = [
            each
            for each in json.loads(foretell("keys", "list", "--json", data=tmp_path).stdout)
            if each["name"] == "brief"
        ]
        command = ("keys", "retention", key["id"])
        said = foretell(*command, "--outputs", "1h", "--logs", "90s", data=tmp_path)
        assert said.stderr.splitlines() == [
            "outputs: 3600 seconds",
            "inputs: as long as those of others",
            "logs: 90 seconds",
        ]
        shown = foretell(*command, "--logs", "0", "--json", data=tmp_path)
        assert json.loads(shown.stdout) == {
            "keep_outputs_seconds": 3_600,
            "keep_inputs_seconds": 0,
            "keep_logs_seconds": 0,
        }
        wrong = foretell(*command, "--outputs", "soon", data=tmp_path)
        assert wrong.returncode == 2
        body = {"model": "echo", "input": {"prompt": "x"}, "await": True}
        with server.client(raw) as client:
            limited = client.post("/v1/predict", json=body).json()
        with server.client() as client:
            kept = client.post("/v1/predict", json=body).json()
        assert "data_expires_at" in limited["metadata"]
        assert "data_expires_at" not in kept["metadata"]
