"""The child's beginning, its end, and what it is made of."""

import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from child.node_end import CHILD, Child

FUNCTION = "predict.py:predict"


def pythons() -> list[str]:
    """The interpreters on this machine that the child is to run on, pyenv's too."""
    pyenv = Path.home() / ".pyenv" / "versions"
    kept = {path.parts[-3].rpartition(".")[0]: str(path) for path in pyenv.glob("3.*/bin/python3")}
    found = [kept.get(f"3.{minor}") or shutil.which(f"python3.{minor}") for minor in range(9, 15)]
    return [
        path
        for path in found
        if path and subprocess.run([path, "-c", ""], capture_output=True, check=False).returncode == 0
    ]


def test_the_first_word_is_hello(child: Child) -> None:
    hello = child.wait_for(lambda frame: True)
    version = ".".join(map(str, sys.version_info[:3]))
    assert hello == {"type": "hello", "pid": child.process.pid, "protocol": 1, "python": version}


def test_stop_ends_the_child_even_in_the_middle_of_a_run(child: Child) -> None:
    child.set_up("import time\ndef predict():\n    print('on')\n    time.sleep(100)\n", predictor=FUNCTION)
    child.begin()
    child.wait_for_log("on\n")
    child.send(type="stop")
    assert child.process.wait(5) == 0


def test_stop_does_not_wait_for_a_setup(child: Child) -> None:
    child.send(type="setup", folder=str(child.folder), predictor="x.py:X")
    child.send(type="stop")
    assert child.process.wait(5) in {0, 1}


def test_a_child_whose_node_hangs_up_ends(child: Child) -> None:
    child.set_up("import time\ndef predict():\n    print('on')\n    time.sleep(100)\n", predictor=FUNCTION)
    child.begin()
    child.wait_for_log("on\n")
    child.hang_up()
    assert child.process.wait(5) == 1


@pytest.mark.parametrize("body", [b"not json", b"[]", b"{}", b'{"type":"run"}', b"\xff"])
def test_a_child_that_hears_nonsense_ends_and_says_so(child: Child, body: bytes) -> None:
    child.send_bytes(body)
    assert child.process.wait(5) == 1
    assert b"the link to the node ended" in child.pipe("stderr")


def test_a_frame_of_an_unknown_type_is_passed_over(child: Child) -> None:
    child.send(type="from the future", id="a")
    assert child.set_up("def predict():\n    return 1\n", predictor=FUNCTION)["type"] == "ready"


def test_ctrl_c_does_not_end_the_child_and_sigterm_does(child: Child) -> None:
    child.set_up("def predict() -> int:\n    return 1\n", predictor=FUNCTION)
    child.process.send_signal(signal.SIGINT)
    assert child.run()["value"] == 1
    child.process.send_signal(signal.SIGTERM)
    assert child.process.wait(5) == -signal.SIGTERM


def test_a_crash_in_c_leaves_a_trace(child: Child) -> None:
    child.set_up("import ctypes\ndef predict():\n    ctypes.string_at(0)\n", predictor=FUNCTION)
    child.begin()
    assert child.process.wait(10) == -signal.SIGSEGV
    assert b"predict.py" in child.pipe("stderr")


@pytest.mark.parametrize("body", ["subprocess.Popen(['sleep', '100']).pid", "fork()"])
def test_what_a_predictor_starts_does_not_hold_the_link_open(child: Child, body: str) -> None:
    child.set_up(
        f"""
import os, signal, subprocess, time
def fork():
    pid = os.fork()
    if pid == 0:
        time.sleep(100)
        os._exit(0)
    return pid
def predict() -> int:
    return {body}
""",
        predictor=FUNCTION,
    )
    started = child.run()["value"]
    try:
        child.process.kill()
        child.wait_for_hang_up()
    finally:
        os.kill(started, signal.SIGKILL)


def test_our_cog_and_foretell_win_over_installed_ones(tmp_path: Path) -> None:
    for name in ("cog", "foretell"):
        (tmp_path / "site" / name).mkdir(parents=True)
        (tmp_path / "site" / name / "__init__.py").write_text("raise ImportError('the wrong one')")
    code = "import cog, foretell\ndef predict() -> list:\n    return [cog.__file__, foretell.__file__]\n"
    with Child(tmp_path / "child", environment={"PYTHONPATH": str(tmp_path / "site")}) as child:
        child.set_up(code, predictor=FUNCTION, paths=[str(tmp_path / "site")])
        assert child.run()["value"] == [str(CHILD / name / "__init__.py") for name in ("cog", "foretell")]


def test_the_servers_own_modules_cannot_be_imported(child: Child) -> None:
    child.set_up("import foretell.store\ndef predict(): ...\n", predictor=FUNCTION)
    assert child.frames[-1]["message"].startswith("ModuleNotFoundError")


def test_a_predictor_sees_the_modules_of_its_folder_and_of_its_paths(child: Child) -> None:
    (child.folder / "model").mkdir()
    (child.folder / "model" / "link.py").write_text("name = 'link of the model'")
    (child.folder / "shared").mkdir()
    (child.folder / "shared" / "session.py").write_text("name = 'session of the shared folder'")
    code = "import link, session\ndef predict() -> str:\n    return link.name + ', ' + session.name\n"
    child.set_up(code, predictor=FUNCTION, paths=[str(child.folder / "shared")])
    assert child.run()["value"] == "link of the model, session of the shared folder"


def test_what_a_predictor_defines_can_be_pickled_to_a_process_it_starts(child: Child) -> None:
    child.set_up(
        """
import multiprocessing
from cog import Path
def length(path):
    return len(str(path))
def predict() -> list:
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        return pool.map(length, [Path("abc")])
""",
        predictor=FUNCTION,
    )
    assert child.run()["value"] == [3]


@pytest.mark.parametrize("python", pythons(), ids=str)
def test_the_child_runs_on_every_python_from_3_9_on(python: str, tmp_path: Path) -> None:
    code = """
from __future__ import annotations
import asyncio, time
from typing import Optional
from cog import BaseModel, BasePredictor, ConcatenateIterator, Input, Path, Secret
from foretell import progress
class Output(BaseModel):
    text: str
    image: Optional[Path] = None
class Predictor(BasePredictor):
    def predict(self, n: int | None = Input(default=None, ge=1), file: Path | None = None,
                wait: bool = False) -> Output:
        progress(0.5)
        while wait:
            time.sleep(0.001)
        return Output(text=f"{n!r} {type(file).__name__}", image=file)
"""
    with Child(tmp_path, python=python) as child:
        assert child.set_up(code)["type"] == "ready"
        (tmp_path / "a.png").write_text("a")
        done = child.run("a", n=3.0, file=str(tmp_path / "a.png"))
        assert done["value"] == {"text": "3 Path", "image": None}
        assert done["files"] == [{"at": ["image"], "path": "out/0-a.png"}]
        child.begin("b", wait=True)
        child.wait_for(lambda frame: frame["type"] == "progress" and frame["id"] == "b")
        child.send(type="cancel", id="b")
        assert child.ending("b")["type"] == "canceled"


@pytest.mark.parametrize("python", pythons(), ids=str)
def test_streaming_works_on_every_python_from_3_9_on(python: str, tmp_path: Path) -> None:
    code = """
import asyncio
from cog import AsyncConcatenateIterator
async def predict(n: int) -> AsyncConcatenateIterator[str]:
    for i in range(n):
        print(i)
        yield str(i)
        await asyncio.sleep(0.001)
"""
    with Child(tmp_path, python=python) as child:
        assert child.set_up(code, predictor=FUNCTION)["streaming"] is True
        assert child.run("a", n=3.0)["type"] == "done"
        assert child.values("a") == ["0", "1", "2"]
        child.begin("b", n=100000)
        child.wait_for_log("5\n", "b")
        child.send(type="cancel", id="b")
        assert child.ending("b")["type"] == "canceled"
