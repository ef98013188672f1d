"""Environments: built once, shared, and kept from working by nothing but what a model itself needs."""

import asyncio
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

from foretell.errors import Code, Error
from foretell.model import Manifest
from foretell.weights import Environments
from weights.file_server import FileServer
from weights.wheel_files import make_wheel

Made = Callable[..., Manifest]

PYTHON_OF_TOMORROW = """
echo "$@" >> {1}/asked
case "$*" in *version_info*) echo 3.77;; *) exec {0} "$@";; esac"""
"""A Python that says it is of another version; what it was asked to do is written down."""


@pytest.fixture
def shelf(wheels: Path) -> Path:
    """Two packages that can be installed; a third is only for another platform."""
    make_wheel(wheels, "colour", {"colour.py": b"RED = 1"})
    make_wheel(wheels, "shape", {"shape.py": b"ROUND = 2"})
    make_wheel(wheels, "elsewhere", {"elsewhere.py": b""}, tag="cp27-cp27m-win32")
    return wheels


def python(environments: Environments, manifest: Manifest, heard: list[str] | None = None) -> Path:
    return asyncio.run(environments.python(manifest, None if heard is None else heard.append))


def runs(python: Path, code: str) -> str:
    return subprocess.run([python, "-c", code], check=True, capture_output=True, text=True).stdout.strip()


def test_a_model_without_an_environment_runs_on_the_servers_python(tmp_path: Path, manifest: Made) -> None:
    environments = Environments(tmp_path)
    assert environments.is_ready(manifest())
    assert python(environments, manifest()) == Path(sys.executable)


def test_the_built_in_environment_is_built_once_for_all_and_outlives_what_cannot_be_had(
    tmp_path: Path, manifest: Made, shelf: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    built_in = ["colour==1.0", "shape==1.0", "elsewhere==1.0"]
    colour = manifest(environment="builtin", requirements=("colour==1.0",))
    shape = manifest(environment="builtin", requirements=("shape==1.0",))
    both = manifest(environment="builtin", requirements=("elsewhere==1.0", "shape==1.0"))
    environments, heard = Environments(tmp_path, built_in), list[str]()

    assert not environments.is_ready(colour)
    found = python(environments, colour, heard)
    assert runs(found, "import colour, shape; print(colour.RED + shape.ROUND)") == "3"
    assert any("Installing colour==1.0" in line for line in heard)
    assert "Successfully installed" in environments.log_path(colour).read_text()
    assert environments.is_ready(shape)

    monkeypatch.setenv("PIP_FIND_LINKS", "/nowhere")
    again = Environments(tmp_path, built_in)
    assert python(again, shape) == found
    assert again.offline_reason(shape) is None
    reason = again.offline_reason(both)
    assert reason is not None
    assert reason.startswith("elsewhere==1.0 has no package for Python 3.")
    assert not again.is_ready(both)
    with pytest.raises(Error, match=r"elsewhere==1\.0 has no package"):
        python(again, both)


def test_a_model_of_ones_own_gets_an_environment_for_its_requirements(
    tmp_path: Path, manifest: Made, shelf: Path
) -> None:
    environments = Environments(tmp_path, ["shape==1.0"])
    found = python(environments, manifest(environment="own", requirements=("colour==1.0",)))
    assert runs(found, "import colour; print(colour.RED)") == "1"
    with pytest.raises(subprocess.CalledProcessError):
        runs(found, "import shape")


def test_a_registry_that_cannot_be_reached_is_not_held_against_the_platform(
    tmp_path: Path, manifest: Made, shelf: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    colour = manifest(environment="own", requirements=("colour==1.0",))
    environments = Environments(tmp_path, [])
    with monkeypatch.context() as down:
        down.delenv("PIP_NO_INDEX")
        down.delenv("PIP_FIND_LINKS")
        down.setenv("PIP_INDEX_URL", "http://127.0.0.1:9/simple")
        down.setenv("PIP_RETRIES", "1")
        with pytest.raises(Error, match=r"colour==1\.0 could not be installed") as caught:
            python(environments, colour)
    assert caught.value.code is Code.UNAVAILABLE
    assert environments.offline_reason(colour) is None
    assert runs(python(environments, colour), "import colour; print('ok')") == "ok"


BUILD = """
import asyncio, sys
from pathlib import Path
from foretell.model import Manifest
from foretell.weights import Environments
about = dict(namespace="m", name="M", type="image", description="", folder="/", predictor="p")
manifest = Manifest(environment="own", requirements=("colour==1.0",), **about)
print(asyncio.run(Environments(Path(sys.argv[1]), []).python(manifest)))
"""


def test_processes_that_want_the_same_environment_build_it_once(
    tmp_path: Path, manifest: Made, shelf: Path
) -> None:
    command = [sys.executable, "-c", BUILD, str(tmp_path)]
    processes = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(2)]
    said = {process.communicate(timeout=60)[0].strip() for process in processes}
    assert len(said) == 1
    log = Environments(tmp_path, []).log_path(manifest(environment="own", requirements=("colour==1.0",)))
    assert log.read_text().count("Installing colour==1.0") == 1


@pytest.fixture
def silent_index(server: FileServer, monkeypatch: pytest.MonkeyPatch) -> FileServer:
    """A package index that pip reaches and that never finishes an answer."""
    server.hold = threading.Event()
    server.files["/simple/colour/"] = b"<html>" * 100
    monkeypatch.delenv("PIP_NO_INDEX")
    monkeypatch.delenv("PIP_FIND_LINKS")
    monkeypatch.setenv("PIP_INDEX_URL", f"{server.url}/simple")
    return server


def pips_asking(server: FileServer) -> list[psutil.Process]:
    """The processes that build from the silent index."""
    index = f"{server.url}/simple"
    every = psutil.process_iter(["environ"])
    return [each for each in every if (each.info["environ"] or {}).get("PIP_INDEX_URL") == index]


async def asked(server: FileServer) -> None:
    async with asyncio.timeout(30):
        while not server.asked:  # noqa: ASYNC110 it is asked in another thread
            await asyncio.sleep(0.02)


def test_a_canceled_build_ends_pip_and_leaves_nothing_in_the_way(
    tmp_path: Path, manifest: Made, shelf: Path, silent_index: FileServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    colour = manifest(environment="own", requirements=("colour==1.0",))
    environments = Environments(tmp_path, [])

    async def canceled() -> None:
        work = asyncio.create_task(environments.python(colour))
        await asked(silent_index)
        work.cancel()
        await asyncio.wait_for(asyncio.wait([work]), 5)

    asyncio.run(canceled())
    assert pips_asking(silent_index) == []
    assert not environments.is_ready(colour)
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(shelf))
    assert runs(python(environments, colour), "import colour; print('ok')") == "ok"


def test_while_the_pip_of_a_killed_server_still_works_nobody_builds_beside_it(
    tmp_path: Path, manifest: Made, shelf: Path, silent_index: FileServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    colour = manifest(environment="own", requirements=("colour==1.0",))
    killed = subprocess.Popen([sys.executable, "-c", BUILD, str(tmp_path)])
    asyncio.run(asked(silent_index))
    killed.send_signal(signal.SIGKILL)
    killed.wait(10)
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(shelf))

    async def patient() -> Path:
        work = asyncio.create_task(Environments(tmp_path, []).python(colour))
        done, _ = await asyncio.wait([work], timeout=0.5)
        assert not done
        for each in pips_asking(silent_index):
            os.kill(each.pid, signal.SIGKILL)
        return await asyncio.wait_for(work, 30)

    assert runs(asyncio.run(patient()), "import colour; print('ok')") == "ok"


def test_a_model_gets_the_python_that_it_asks_for_where_there_is_one(
    tmp_path: Path, manifest: Made, shelf: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken, good = tmp_path / "broken", tmp_path / "good"
    for folder, lines in ((broken, "exit 127"), (good, PYTHON_OF_TOMORROW.format(sys.executable, tmp_path))):
        folder.mkdir()
        (folder / "python3.77").write_text(f"#!/bin/sh\n{lines}\n")
        (folder / "python3.77").chmod(0o755)
    monkeypatch.setenv("PATH", f"{broken}{os.pathsep}{good}{os.pathsep}{os.environ['PATH']}")
    environments, heard = Environments(tmp_path / "cache", []), list[str]()
    bare = manifest(python="3.77.1")
    assert not environments.is_ready(bare)
    built = python(environments, bare, heard)
    assert built.is_relative_to(tmp_path / "cache")
    assert environments.is_ready(bare)
    assert "-m venv" in (tmp_path / "asked").read_text()
    assert not any("asks for" in line for line in heard)


@pytest.mark.parametrize(
    ("asked", "why"), [("3.8", "is too old to run models"), ("3.99", "is not on this machine")]
)
def test_a_model_whose_python_is_not_here_gets_the_servers_and_its_log_says_so(
    tmp_path: Path, manifest: Made, shelf: Path, asked: str, why: str
) -> None:
    environments, heard = Environments(tmp_path, []), list[str]()
    assert python(environments, manifest(python=asked)) == Path(sys.executable)
    own = manifest(python=asked, environment="own", requirements=("colour==1.0",))
    assert runs(python(environments, own, heard), "import colour; print(colour.RED)") == "1"
    assert heard[0].startswith(f"Python {asked}, which the model asks for, {why}: it gets 3.")
    assert heard[0] in environments.log_path(own).read_text()


def refusal(environments: Environments, wanted: Manifest, *, again: bool = False) -> str:
    with pytest.raises(Error) as caught:
        asyncio.run(environments.python(wanted, again=again))
    assert caught.value.code is Code.UNAVAILABLE
    return caught.value.message


def test_the_requirement_that_cannot_be_had_is_named_among_others(
    tmp_path: Path, manifest: Made, shelf: Path
) -> None:
    environments = Environments(tmp_path, [])
    wanted = manifest(environment="own", requirements=("colour==1.0", "shape==9.9"))
    message = refusal(environments, wanted)
    assert "shape==9.9: no version that matches" in message
    assert "the newest are 1.0" in message
    assert not environments.is_ready(wanted), "half of what a model needs is nothing"
    assert environments.offline_reason(wanted) == message
    missing = manifest(environment="own", requirements=("nothing-like-it==1.0",))
    assert "nothing-like-it==1.0 has no package for Python" in refusal(environments, missing)


def test_requirements_that_contradict_each_other_are_told_together(
    tmp_path: Path, manifest: Made, shelf: Path
) -> None:
    make_wheel(shelf, "needy", {"needy.py": b""}, requires=("shape==2.0",))
    make_wheel(shelf, "shape", {"shape.py": b"ROUND = 3\n"}, version="2.0")
    wanted = manifest(environment="own", requirements=("needy==1.0", "shape==1.0"))
    message = refusal(Environments(tmp_path, []), wanted)
    assert "needy==1.0, shape==1.0 cannot be installed together" in message
    assert "depends on shape==2.0" in message


def test_what_could_not_be_had_is_tried_again_when_asked_to(
    tmp_path: Path, manifest: Made, shelf: Path
) -> None:
    environments = Environments(tmp_path, [])
    wanted = manifest(environment="own", requirements=("late==1.0",))
    refusal(environments, wanted)
    make_wheel(shelf, "late", {"late.py": b"HERE = 1\n"})
    refusal(environments, wanted)
    found = asyncio.run(environments.python(wanted, again=True))
    assert runs(found, "import late; print(late.HERE)") == "1"
    assert environments.offline_reason(wanted) is None


def test_models_whose_requirements_contradict_each_other_get_environments_of_their_own(
    tmp_path: Path, manifest: Made, shelf: Path
) -> None:
    make_wheel(shelf, "shape", {"shape.py": b"ROUND = 3\n"}, version="2.0")
    environments = Environments(tmp_path, [])
    for version, said in (("1.0", "2"), ("2.0", "3")):
        found = python(environments, manifest(environment="own", requirements=(f"shape=={version}",)))
        assert runs(found, "import shape; print(shape.ROUND)") == said
