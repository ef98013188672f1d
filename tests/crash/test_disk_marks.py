"""A disk that fills up: first a warning, then nothing new is taken, while what was accepted has room to end."""

import shutil
from pathlib import Path

import httpx
import pytest

from crash.disks import GIVES_A_FILE, disk
from predictions import create, end, model, processing
from servers import KEY, running, until

pytestmark = pytest.mark.needs("mount")
OPTIONS = ("--sandbox", "--port", "0", "--key", KEY)
MEGABYTE = 1024**2


def leave(place: Path, megabytes: float) -> Path:
    """A file that leaves so much room and no more."""
    filler = place / "filler"
    filler.write_bytes(b"0" * int(shutil.disk_usage(place).free - megabytes * MEGABYTE))
    return filler


def nothing_new_is_taken(client: httpx.Client) -> None:
    body = {"model": "echo", "input": {"prompt": "one more"}}
    chat = {"model": "echo", "messages": [{"role": "user", "content": "one more"}]}
    for answer in (
        client.post("/v1/predict", json=body),
        client.post("/v1/chat/completions", json=chat),
        client.post("/v1/files", files={"file": ("a.txt", b"z" * 1000)}),
        client.get("/readyz"),
    ):
        assert answer.status_code == 503, answer.text
        assert int(answer.headers["retry-after"]) > 0
        assert "nearly full" in answer.text


def test_below_the_mark_new_work_is_refused_and_what_was_accepted_ends(tmp_path: Path) -> None:
    models = model(tmp_path / "models", "file", GIVES_A_FILE)
    marks = {
        "FORETELL_DISK_FREE_MIN_BYTES": str(4 * MEGABYTE),
        "FORETELL_DISK_FREE_WARN_BYTES": str(10 * MEGABYTE),
    }
    with disk(tmp_path / "disk", 100) as place:
        data = place / "data"
        with running(data, *OPTIONS, "--models", models, **marks) as server, server.client() as client:

            def fill_is(word: str) -> bool:
                answer = client.get("/readyz")
                return answer.status_code == (503 if word == "full" else 200) and word in answer.text

            until(lambda: fill_is("roomy"), about="room")
            leave(place, 8).rename(place / "first")
            until(lambda: fill_is("low"), about="the warning")
            long = create(server, "file", {"seconds": 4, "kilobytes": 900})["id"]
            waiting = create(server, "file", {"kilobytes": 100})["id"]
            processing(server, long)
            filler = leave(place, 3)
            until(lambda: fill_is("full"), about="the refusal")
            nothing_new_is_taken(client)
            assert client.get(f"/v1/predictions/{long}").status_code == 200
            assert end(server, long)["status"] == "succeeded"
            assert end(server, waiting)["status"] == "succeeded"
            assert client.delete(f"/v1/predictions/{waiting}").status_code == 200
            filler.unlink()
            (place / "first").unlink()
            until(lambda: fill_is("roomy"), about="room again")
            assert end(server, create(server, "echo", {"prompt": "after"})["id"])["output"] == "after"
            said = server.said()
            assert "is filling up" in said
            assert "nearly full: new work is refused" in said
            assert "There is room on the disk" in said
