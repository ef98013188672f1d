"""What a model sees of the machine: tried by models that look for more."""

import json
import os
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from foretell import catalog
from foretell.main import shielding
from foretell.node.placement.seclusion import can_cut_network, can_hide
from foretell.prediction import Prediction, Status
from node.places import Place, place

pytestmark = pytest.mark.anyio
namespaces = pytest.mark.needs("namespaces")

LOOKS = """
import ctypes, json, resource, socket

def reading(path):
    try:
        return open(path, "rb").read().decode("latin-1")
    except OSError as error:
        return type(error).__name__

def calling(port):
    try:
        socket.create_connection(("127.0.0.1", port), 5).close()
        return "reached"
    except OSError as error:
        return type(error).__name__

def itself():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        return calling(listener.getsockname()[1])

class Predictor(BasePredictor):
    def predict(self, data: str = "", port: int = 0) -> str:
        status = dict(line.split(":\\t", 1) for line in open("/proc/self/status") if ":\\t" in line)
        unmounted = ctypes.CDLL(None).umount2(data.encode(), 2)
        with open("made.txt", "w") as file:
            file.write("mine")
        above = os.getcwd()
        while above != "/" and not os.path.exists(os.path.join(above, "secret")):
            above = os.path.dirname(above)
        return json.dumps({
            "secret": reading(data + "/secret"),
            "above": above,
            "listed": sorted(os.listdir(data)),
            "environ": reading("/proc/%d/environ" % os.getppid()),
            "root": reading("/proc/%d/root%s/secret" % (os.getppid(), data)),
            "port": calling(port),
            "itself": itself(),
            "unmounted": unmounted,
            "capabilities": int(status["CapEff"], 16) | int(status["CapBnd"], 16),
            "no_new_privileges": status["NoNewPrivs"].strip(),
            "core": resource.getrlimit(resource.RLIMIT_CORE)[1],
            "user": os.getuid(),
            "told": dict(os.environ),
        })
"""
HOARDS = """
class Predictor(BasePredictor):
    def predict(self, megabytes: int) -> int:
        return len(bytearray(megabytes * 1024**2)) // 1024**2
"""


async def seen(here: Place, *, settings: str = "", port: int = 0) -> dict[str, Any]:
    data = here.surroundings.config.data_path
    (data / "secret").write_text("the server's secret")
    found: dict[str, Any] = json.loads(
        _result(await here.run(await here.model(LOOKS, settings=settings), data=str(data), port=port))
    )
    return found


@namespaces
async def test_a_model_sees_nothing_of_the_data_directory_but_its_node_s_folder(here: Place) -> None:
    found = await seen(here)
    assert found["secret"] == "FileNotFoundError"
    assert (found["above"], found["listed"]) == ("/", ["run"])
    assert found["environ"] == found["root"] == "PermissionError"


@namespaces
async def test_a_model_has_no_power_to_undo_that(here: Place) -> None:
    found = await seen(here)
    assert found["unmounted"] == -1
    assert found["capabilities"] == 0
    assert (found["no_new_privileges"], found["core"], found["user"]) == ("1", 0, os.getuid())


async def test_a_model_is_told_none_of_the_server_s_secrets(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FORETELL_SECRET", "sealed with this")
    async with place(tmp_path) as here:
        told = (await seen(here))["told"]
        assert "PATH" in told
        assert "FORETELL_SECRET" not in told and "sealed with this" not in told.values()


@namespaces
async def test_a_model_without_network_reaches_nothing_but_itself(here: Place) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        alone = await seen(here, settings="network = false\n", port=port)
        assert (alone["port"], alone["itself"]) == ("ConnectionRefusedError", "reached")
        usual = await seen(here, port=port)
        assert (usual["port"], usual["itself"]) == ("reached", "reached")


@namespaces
async def test_a_model_without_network_is_secluded_though_nothing_is_hidden(tmp_path: Path) -> None:
    async with place(tmp_path, isolation="none") as here:
        with socket.create_server(("127.0.0.1", 0)) as listener:
            found = await seen(here, settings="network = false\n", port=listener.getsockname()[1])
        assert (found["port"], found["secret"]) == ("ConnectionRefusedError", "the server's secret")


@namespaces
async def test_models_that_lie_in_the_data_directory_are_seen(tmp_path: Path) -> None:
    async with place(tmp_path, cache=str(tmp_path / "data" / "cache")) as here:
        here.folders = tmp_path / "data" / "models"
        here.folders.mkdir()
        found = await seen(here)
        assert found["secret"] == "FileNotFoundError"
        assert set(found["listed"]) == {"cache", "models", "run"} & {
            each.name for each in (tmp_path / "data").iterdir()
        }


async def test_memory_beyond_what_a_model_declares_is_refused_to_it(tmp_path: Path) -> None:
    async with place(tmp_path, memory_factor=2.0) as here:
        version = await here.model(HOARDS, settings="[limits]\nmemory_mb = 200\n")
        assert (await here.run(version, megabytes=100)).result == 100
        greedy = await here.run(version, megabytes=1_000)
        assert greedy.status is Status.FAILED
        assert greedy.failure is not None and "MemoryError" in greedy.failure.message


def test_a_shielded_process_cannot_be_read_by_another_of_its_user() -> None:
    """As root anybody can be read; so the test takes a user without power where it is root."""
    program = Path(shielding.__file__).read_text() + "\nshield(); print(flush=True); input()\n"
    user = {"user": 65534, "group": 65534, "extra_groups": []} if os.getuid() == 0 else {}
    python = os.path.realpath("/usr/bin/python3") if user else sys.executable
    with subprocess.Popen(
        [python, "-c", program], stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd="/", **user
    ) as shielded:
        assert shielded.stdout is not None
        shielded.stdout.readline()
        asked = ["cat", f"/proc/{shielded.pid}/environ"]
        reader = subprocess.run(asked, capture_output=True, check=False, cwd="/", **user)
        shielded.kill()
    assert reader.returncode == 1
    assert b"Permission denied" in reader.stderr


@namespaces
def test_this_machine_says_that_it_can_seclude() -> None:
    assert can_hide() and can_cut_network()


def _result(prediction: Prediction) -> str:
    assert prediction.status is Status.SUCCEEDED, prediction.failure
    return str(prediction.result)


@namespaces
@pytest.mark.needs("mount")  # which root alone can do, who alone reads what others keep to themselves
async def test_a_model_in_a_folder_of_somebody_else_runs_unsecluded(here: Place) -> None:
    folder = here.folder(LOOKS, settings="network = false\n")
    os.chown(folder, 65534, 65534)
    folder.chmod(0o700)
    version = catalog.read_folder(folder, created_at=0)
    await here.store.register(version)
    data = here.surroundings.config.data_path
    found = json.loads(_result(await here.run(version, data=str(data))))
    assert "run" in found["listed"] and len(found["listed"]) > 1
