"""Who hears the node while the predictor is at work and while it rests."""

import sys
import time
from pathlib import Path

import pytest

from child.node_end import Child, Frame

FUNCTION = "predict.py:predict"
SLEEPER = """
import time
def predict(seconds: float = 0) -> str:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        time.sleep(0.001)
    return "slept"
"""


def test_runs_that_were_sent_together_are_answered_in_their_order(child: Child) -> None:
    child.set_up(SLEEPER, predictor=FUNCTION)
    names = [f"run-{number}" for number in range(500)]
    child.send_all([asked(child, each, seconds=0.002 if each.endswith("50") else 0) for each in names])
    child.ending(names[-1])
    assert [each["id"] for each in child.frames if each["type"] == "done"] == names


def test_an_answer_does_not_wait_for_the_long_run_behind_it(child: Child) -> None:
    child.set_up(SLEEPER, predictor=FUNCTION)
    quick = [asked(child, f"quick-{number}") for number in range(50)]
    child.send_all([*quick, asked(child, "long", seconds=600)])
    for each in quick:
        assert child.ending(each["id"])["type"] == "done"
    child.send(type="cancel", id="long")
    assert child.ending("long")["type"] == "canceled"


def test_what_is_said_while_a_run_goes_on_is_heard_before_its_end(child: Child) -> None:
    child.set_up(SLEEPER, predictor=FUNCTION)
    child.send_all([asked(child, "long", seconds=600), asked(child, "behind")])
    child.send(**asked(child, "later"))
    for each in ("later", "behind"):
        child.send(type="cancel", id=each)
        assert child.ending(each)["type"] == "canceled"
    child.send(type="cancel", id="long")
    assert child.ending("long")["type"] == "canceled"
    assert child.run("after")["type"] == "done"


def test_what_is_said_in_the_middle_of_many_runs_is_heard_before_their_end(child: Child) -> None:
    child.set_up(SLEEPER, predictor=FUNCTION)
    names = [f"run-{number}" for number in range(400)]
    child.send_all([asked(child, each, seconds=0.003) for each in names])
    child.ending(names[0])
    child.send(type="cancel", id=names[-1])
    assert child.ending(names[-1])["type"] == "canceled"
    assert not child.of("done", names[-2])


def test_long_and_quick_runs_may_follow_one_another(child: Child) -> None:
    child.set_up(SLEEPER, predictor=FUNCTION)
    for number in range(30):
        assert child.run(f"long-{number}", seconds=0.012)["type"] == "done"
        assert child.run(f"quick-{number}")["type"] == "done"


@pytest.mark.parametrize("define", ["def", "async def"])
def test_setup_and_runs_are_in_the_main_thread(child: Child, define: str) -> None:
    child.set_up(
        f"""
import signal
class Predictor:
    def setup(self):
        signal.signal(signal.SIGUSR1, lambda *_: self.heard.append("setup"))
    {define} predict(self) -> list:
        self.heard = []
        signal.raise_signal(signal.SIGUSR1)
        signal.signal(signal.SIGUSR2, lambda *_: self.heard.append("run"))
        signal.raise_signal(signal.SIGUSR2)
        return self.heard
"""
    )
    assert child.run()["value"] == ["setup", "run"]


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="the switches are counted in /proc")
@pytest.mark.parametrize("code", [SLEEPER, SLEEPER.replace("def predict", "async def predict")])
def test_a_child_with_nothing_to_do_sleeps(child: Child, code: str) -> None:
    child.set_up(code, predictor=FUNCTION)
    child.run("quick")
    child.run("long", seconds=0.03)

    def is_asleep() -> bool:
        before = switches(child.process.pid)
        time.sleep(0.3)
        return switches(child.process.pid) == before

    child.wait_until(is_asleep)
    assert child.run("again")["type"] == "done"


def asked(child: Child, name: str, **given: object) -> Frame:
    return {"type": "run", "id": name, "input": given, "folder": str(child.folder / "runs" / name)}


def switches(pid: int) -> int:
    """How often its threads have been given a processor."""
    threads = Path(f"/proc/{pid}/task").iterdir()
    lines = (line for each in threads for line in (each / "status").read_text().splitlines())
    return sum(int(line.split()[1]) for line in lines if "ctxt_switches" in line)
