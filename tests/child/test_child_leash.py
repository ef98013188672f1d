"""Nothing of a child is left when its node has gone without a word."""

import socket
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from child.node_end import CHILD, Child

FUNCTION = "predict.py:predict"
HELPER = """
import os, subprocess, sys, time
from concurrent.futures import ThreadPoolExecutor
def forked():
    pid = os.fork()
    if pid == 0:
        time.sleep(600)
    return pid
def forked_away():
    read, write = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.setsid()
        if os.fork() == 0:
            os.write(write, str(os.getpid()).encode())
            {then}
            time.sleep(600)
        os._exit(0)
    os.waitpid(pid, 0)
    return int(os.read(read, 20))
def forked_in_a_thread_that_has_ended():
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(forked).result()
def predict() -> int:
    return {how}()
"""

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="the kernel's leash is Linux's")


@pytest.mark.parametrize(
    ("how", "then"),
    [
        ("forked", "pass"),
        ("forked_away", "pass"),
        ("forked_away", "os.execv('/bin/sleep', ['sleep', '600'])"),
        ("forked_away", "os.fork()"),
        ("forked_in_a_thread_that_has_ended", "pass"),
    ],
)
def test_what_a_predictor_has_forked_lives_as_long_as_the_child_and_no_longer(
    child: Child, how: str, then: str
) -> None:
    child.set_up(HELPER.format(how=how, then=then), predictor=FUNCTION)
    forked = psutil.Process(child.run()["value"])
    child.wait_until(lambda: then != "os.fork()" or bool(forked.children()))
    away = [forked, *forked.children()]
    assert child.run("b")["type"] == "done"
    assert all(is_alive(each) for each in away)
    child.process.kill()
    child.process.wait()
    child.wait_until(lambda: not any(is_alive(each) for each in away))


def test_a_forked_process_may_close_all_that_it_has_open_and_fork_again(child: Child) -> None:
    child.set_up(
        """
import os
def predict() -> int:
    pid = os.fork()
    if pid == 0:
        os.closerange(3, 200)
        read, write = os.pipe()
        for _ in range(40):
            os.dup(read), os.dup(write)
        again = os.fork()
        if again == 0:
            os.write(write, b"x" * 100)
            os._exit(7)
        os._exit(os.waitstatus_to_exitcode(os.waitpid(again, 0)[1]))
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
""",
        predictor=FUNCTION,
    )
    assert child.run()["value"] == 7


def test_a_forked_process_that_comes_back_from_the_predictor_ends(child: Child) -> None:
    child.set_up("import os\ndef predict() -> int:\n    return os.fork()\n", predictor=FUNCTION)
    forked = psutil.Process(child.run()["value"])
    child.wait_until(lambda: not is_alive(forked))
    assert child.run("b")["type"] == "done"
    assert len(child.frames) == 4


def test_a_child_dies_with_its_parent_though_the_link_is_still_open(tmp_path: Path) -> None:
    node, theirs = socket.socketpair()
    code = "import subprocess, sys; subprocess.Popen(sys.argv[2:], pass_fds=[int(sys.argv[1])]).pid; input()"
    with node, theirs:
        end = str(theirs.fileno())
        parent = subprocess.Popen(
            [sys.executable, "-c", code, end, sys.executable, str(CHILD), "--fd", end],
            pass_fds=[theirs.fileno()],
            stdin=subprocess.PIPE,
            cwd=tmp_path,
        )
        node.settimeout(10)
        assert b"hello" in node.recv(4096)
        parent.kill()
        parent.wait()
        theirs.close()
        # The child's was the last open end on the other side.
        assert node.recv(4096) == b""


def is_alive(process: psutil.Process) -> bool:
    try:
        return process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False
