"""A server that is killed in the middle of an addition leaves nothing of it, and everything else as it was."""

import contextlib
import signal
import subprocess
from pathlib import Path

import pytest

from foretell.cli import INTERRUPTED
from models_added.folders import EXAMPLE, MANIFEST, PREDICT, added, model, models, said, steps, wheels
from servers import FORETELL, KEY, Foretell, clean_environment, foretell, running, until
from weights.wheel_files import make_wheel

SLOW_SETUP = PREDICT.replace('self.mark = "!"', "import time; time.sleep(600)")
SLOW_RUN = PREDICT.replace("return prompt", "import time; time.sleep(600)\n        return prompt")
SLOW_PACKAGE = """
import time
from setuptools import setup
time.sleep(600)
setup(name="slow", version="1.0")
"""
OPTIONS = ("--sandbox", "--port", "0", "--key", KEY)


def begun(server: Foretell, folder: Path, step: str) -> str:
    """The id of an addition that is in that step."""
    with server.client() as client:
        addition = client.post("/v1/admin/models", json={"source": str(folder)}).json()
        path = f"/v1/admin/additions/{addition['id']}"
        until(lambda: steps(client.get(path).json()).get(step) == "running", about=f"the step {step}")
    return str(addition["id"])


@pytest.mark.parametrize(
    ("step", "predict", "requirements"),
    [
        ("environment", PREDICT, "slow @ file://{root}/package"),
        ("loading", SLOW_SETUP, ""),
        ("example", SLOW_RUN, ""),
    ],
)
def test_a_server_killed_while_it_adds_a_model_has_the_old_one_afterwards(
    tmp_path: Path, step: str, predict: str, requirements: str
) -> None:
    (tmp_path / "package").mkdir()
    (tmp_path / "package" / "setup.py").write_text(SLOW_PACKAGE)
    data, cache = tmp_path / "data", {"FORETELL_CACHE": str(tmp_path / "cache")}
    needs = f'requirements = ["{requirements.format(root=tmp_path)}"]' if requirements else ""
    with running(data, *OPTIONS, **cache) as server:
        good = added(model(tmp_path, "solid"), data)["version"]
        bad = model(tmp_path, "solid", predict=predict, manifest=needs + MANIFEST + EXAMPLE)
        addition = begun(server, bad, step)
        server.kill()
    with running(data, *OPTIONS, **cache) as server:
        assert said(server, "solid") == "HELLO!"
        assert [each["id"] for each in models(server)["solid"]["versions"]] == [good]
        assert [each.name for each in (data / "models" / "solid").iterdir()] == [good]
        assert not list((data / "models").glob(".adding-*"))
        with server.client() as client:
            ended = client.get(f"/v1/admin/additions/{addition}").json()
            assert (ended["state"], ended["steps"][-1]["state"]) == ("failed", "failed")
            assert client.get("/v1/predictions").json()["data"][0]["status"] == "succeeded"
        assert added(model(tmp_path, "solid"), data)["state"] == "succeeded"


def test_a_server_that_is_stopped_ends_its_additions_at_once(tmp_path: Path) -> None:
    data = tmp_path / "data"
    with running(data, *OPTIONS) as server:
        begun(server, model(tmp_path, "never", predict=SLOW_SETUP), "loading")
        assert server.stop() == 0
    with running(data, *OPTIONS) as server:
        assert "never" not in models(server)
        assert "The server was stopped" in foretell("models", "logs", "never", data=data).stdout


def test_a_model_whose_packages_cannot_be_had_is_offline_until_they_can(tmp_path: Path) -> None:
    settings = wheels(tmp_path / "wheels") | {"FORETELL_CACHE": str(tmp_path / "cache")}
    manifest = 'requirements = ["late==1.0"]' + MANIFEST
    model(tmp_path / "own", "needy", manifest=manifest)
    data = tmp_path / "data"
    with running(data, *OPTIONS, "--models", str(tmp_path / "own"), **settings) as server:
        assert "late==1.0 has no package" in said(server, "needy")
        with server.client() as client:
            shown = client.get("/v1/models/needy").json()
            assert shown["status"] == "offline"
            assert "late==1.0" in shown["metadata"]["offline_reason"]
        assert "is offline" in said(server, "needy")
        make_wheel(tmp_path / "wheels", "late", {"late.py": b""})
        pulled = foretell("models", "pull", "needy", data=data, **settings)
        assert pulled.returncode == 0, pulled.stderr
        assert said(server, "needy") == "HELLO!"


@pytest.mark.parametrize("is_served", [True, False])
def test_pressing_control_c_leaves_the_server_as_it_was(tmp_path: Path, is_served: bool) -> None:
    data = tmp_path / "data"
    slow = model(tmp_path, "waited", predict=SLOW_SETUP)
    with running(data, *OPTIONS) if is_served else contextlib.nullcontext():
        adding = subprocess.Popen(
            [FORETELL, "models", "add", str(slow), "--data", str(data)],
            stderr=subprocess.PIPE,
            text=True,
            env=clean_environment(FORETELL_SANDBOX="1"),
        )
        assert adding.stderr is not None
        said_so = iter(adding.stderr.readline, "")
        assert any("environment" in line for line in said_so)
        adding.send_signal(signal.SIGINT)
        assert adding.wait(30) == INTERRUPTED
        assert "the server is as it was" in adding.stderr.read()
    listed = foretell("models", "list", data=data, FORETELL_SANDBOX="1").stdout
    assert "waited" not in listed
    assert "echo" in listed
    assert not list((data / "models").glob("waited/*"))
