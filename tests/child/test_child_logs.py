"""What a predictor prints is the log of the run that printed it."""

import pytest

from child.node_end import Child

FUNCTION = "predict.py:predict"


def logged(child: Child, body: str) -> str:
    child.set_up(
        f"import os, subprocess, sys, threading\ndef predict() -> str:\n{body}\n    return ''\n",
        predictor=FUNCTION,
    )
    assert child.run()["type"] == "done"
    return child.log()


@pytest.mark.parametrize(
    ("body", "text"),
    [
        ("    print('a', 'b')", "a b\n"),
        ("    print('no newline', end='')", "no newline"),
        ("    sys.stdout.buffer.write(b'\\xc3\\xbc\\xff'); sys.stdout.flush()", "ü\N{REPLACEMENT CHARACTER}"),
        ("    print('half \\ud800')", "half ?\n"),
        ("    t = threading.Thread(target=print, args=['thread']); t.start(); t.join()", "thread\n"),
        ("    print('é' * 100000)", "é" * 100000 + "\n"),
        ("    sys.stdout.writelines(['a', 'b'])", "ab"),
        ("    print(sys.stdout.isatty(), sys.stdout.encoding, sys.stdout.fileno())", "False utf-8 1\n"),
    ],
)
def test_a_print_is_heard_as_it_was_said(child: Child, body: str, text: str) -> None:
    assert logged(child, body) == text


def test_stdout_and_stderr_are_told_apart_and_keep_their_order(child: Child) -> None:
    logged(child, "    print('out 1')\n    print('err', file=sys.stderr)\n    print('out 2')")
    heard = [(frame["source"], frame["text"]) for frame in child.of("log")]
    assert heard == [("stdout", "out 1\n"), ("stderr", "err\n"), ("stdout", "out 2\n")]


def test_all_of_a_runs_log_is_heard_before_its_end(child: Child) -> None:
    logged(child, "    for i in range(1000): print(i)")
    assert child.log() == "".join(f"{i}\n" for i in range(1000))
    assert child.frames[-1]["type"] == "done"


def test_a_print_is_heard_while_the_run_goes_on(child: Child) -> None:
    child.set_up(
        "import time\ndef predict():\n    print('on', end='')\n    time.sleep(100)\n", predictor=FUNCTION
    )
    child.begin()
    child.wait_for_log("on")


def test_what_setup_and_idle_threads_print_is_of_no_run(child: Child) -> None:
    child.set_up("""
import threading
def later():
    event.wait()
    print("later")
event = threading.Event()
class Predictor:
    def setup(self):
        print("setting up")
        self.thread = threading.Thread(target=later)
        self.thread.start()
    def predict(self) -> str:
        threading.Timer(0.2, event.set).start()
        return ""
""")
    child.run()
    child.wait_for_log("later\n", None)
    assert child.log(None) == "setting up\nlater\n"


def test_each_of_several_runs_at_once_has_its_own_log(child: Child) -> None:
    child.set_up(
        """
import asyncio
async def predict(name: str) -> str:
    for _ in range(20):
        print(name)
        await asyncio.sleep(0)
        await asyncio.get_running_loop().create_task(deep(name))
    return ""
async def deep(name):
    print("deep", name)
""",
        predictor=FUNCTION,
        concurrency=2,
    )
    for name in "ab":
        child.begin(name, name=name)
    for name in "ab":
        child.ending(name)
        assert child.log(name) == f"{name}\ndeep {name}\n" * 20


@pytest.mark.parametrize(
    "body",
    [
        "    os.write(1, b'raw')",
        "    subprocess.run(['echo', '-n', 'raw'])",
        "    os.system('echo -n raw')",
        "    sys.__stdout__.write('raw')",
        "    subprocess.run(['echo', '-n', 'raw'], stdout=sys.stdout)",
    ],
)
def test_what_goes_past_python_comes_by_the_pipe(child: Child, body: str) -> None:
    logged(child, body)
    child.hang_up()
    child.process.wait()
    assert child.pipe("stdout") == b"raw"


def test_a_forked_process_prints_to_the_pipe_and_cannot_speak_for_the_run(child: Child) -> None:
    logged(
        child,
        "    pid = os.fork()\n"
        "    if pid == 0:\n        print('forked', flush=True)\n        os._exit(0)\n    os.waitpid(pid, 0)",
    )
    assert child.log() == ""
    child.hang_up()
    child.process.wait()
    assert child.pipe("stdout") == b"forked\n"


def test_a_forked_process_that_tells_its_progress_is_not_heard_and_not_held_up(child: Child) -> None:
    child.set_up(
        """
import os
from foretell import metric, progress
def predict() -> int:
    pid = os.fork()
    if pid == 0:
        for i in range(100_000):
            progress(i / 100_000)
            metric("forked", "x" * 100)
        os._exit(5)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
""",
        predictor=FUNCTION,
    )
    assert child.run()["value"] == 5
    assert child.of("metric") == []


def test_a_redirected_print_goes_where_it_was_sent(child: Child) -> None:
    body = "    import contextlib, io\n    kept = io.StringIO()\n    with contextlib.redirect_stdout(kept):\n"
    assert logged(child, body + "        print('kept')\n    print(len(kept.getvalue()))") == "5\n"


def test_a_flood_that_the_node_does_not_read_is_dropped_with_a_notice(child: Child) -> None:
    child.set_up(
        """

def predict(mark: str) -> str:
    for i in range(200_000):
        print("x" * 100)
    open(mark, "w").close()
    return ""
""",
        predictor=FUNCTION,
    )
    mark = child.folder / "mark"
    child.begin(mark=str(mark))
    # Nobody reads the link meanwhile: the predictor gets to its end all the same.
    child.wait_until(mark.exists)
    assert child.ending()["type"] == "done"
    log = child.log()
    assert " lines dropped]" in log
    assert len(log) < 10e6
    assert child.ending()["memory_bytes"] < 100e6


def test_a_flood_of_single_letters_takes_no_more_memory_than_one_of_lines(child: Child) -> None:
    child.set_up(
        """
import sys
def predict(mark: str) -> str:
    for i in range(300_000):
        sys.stdout.write("a")
        sys.stderr.write("b")
    open(mark, "w").close()
    return ""
""",
        predictor=FUNCTION,
    )
    mark = child.folder / "mark"
    child.begin(mark=str(mark))
    child.wait_until(mark.exists)
    assert child.ending()["memory_bytes"] < 60e6


def test_a_long_log_that_the_node_reads_is_all_heard(child: Child) -> None:
    child.set_up(
        "def predict() -> str:\n    for i in range(50_000): print(i)\n    return ''\n", predictor=FUNCTION
    )
    child.run()
    assert child.log() == "".join(f"{i}\n" for i in range(50_000))
    assert len(child.of("log")) < 2000
