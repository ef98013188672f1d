"""What a run says of itself: how far it is, and what it counts."""

import time

import pytest

from child.node_end import Child


def test_progress_never_falls_and_metrics_are_sent_as_they_come(child: Child) -> None:
    child.set_up("""
from cog import BasePredictor, current_scope
from foretell import metric, progress
class Predictor(BasePredictor):
    def predict(self) -> str:
        for fraction in (0.5, 0.25, 7):
            progress(fraction)
            metric("step", fraction, "append")
        self.record_metric("tokens", 3, mode="incr")
        self.scope.record_metric("seed", 1)
        current_scope().metrics["images"] = 2
        return str(current_scope().context)
""")
    assert child.run()["value"] == "{}"
    fractions = [frame["fraction"] for frame in child.of("progress")]
    assert fractions == sorted(fractions) and fractions[-1] == 1.0
    metrics = [(frame["name"], frame["value"], frame["mode"]) for frame in child.of("metric")]
    assert metrics[-3:] == [("tokens", 3, "add"), ("seed", 1, "replace"), ("images", 2, "replace")]


def test_steps_are_told_with_their_share_and_neither_falls(child: Child) -> None:
    child.set_up("""
import time
from foretell import progress
SAID = [(0, 4), (1, 4), (0.5,), (1, 2), (3, 4), (2, 2), (9, 4)]
class Predictor:
    def predict(self) -> str:
        for said in SAID:
            progress(*said, unit="page")
            time.sleep(0.15)
        progress(0, 0)
        return ""
""")
    child.run()
    told = [(each["fraction"], *each["steps"].values()) for each in child.of("progress")]
    assert told == [
        (0, 0, 4, "page"),
        (0.25, 1, 4, "page"),
        (0.5, 1, 4, "page"),
        (0.75, 3, 4, "page"),
        (1, 4, 4, "page"),
    ]


def test_steps_need_not_be_all_of_the_run(child: Child) -> None:
    child.set_up(
        "from foretell import progress\ndef predict() -> str:\n    progress(10, 20, share=0.25)\n    return ''\n",
        predictor="predict.py:predict",
    )
    child.run()
    [told] = child.of("progress")
    assert (told["fraction"], told["steps"]["done"], told["steps"]["of"]) == (0.25, 10, 20)


def test_a_flood_of_progress_is_thinned_and_ends_with_the_last(child: Child) -> None:
    child.set_up(
        """
from foretell import progress
def predict() -> str:
    for i in range(20000):
        progress(i / 20000)
    return ""
""",
        predictor="predict.py:predict",
    )
    child.run()
    assert len(child.of("progress")) < 500
    assert child.of("progress")[-1]["fraction"] == 19999 / 20000


def test_quick_steps_are_told_ten_times_a_second_and_the_newest_even_if_no_more_comes(child: Child) -> None:
    child.set_up(
        """
import time
from foretell import progress
def predict() -> str:
    for step in range(60):
        progress(step + 1, 60)
        time.sleep(0.01)
    time.sleep(600)
""",
        predictor="predict.py:predict",
    )
    child.begin()
    began_seconds = time.monotonic()
    child.wait_for(lambda frame: frame["type"] == "progress" and frame["steps"]["done"] == 60)
    # On a machine that is busy each step takes longer: so the time that it took is what counts.
    assert len(child.of("progress")) <= 2 + (time.monotonic() - began_seconds) / 0.1


def test_what_is_printed_does_not_wait_for_the_next_progress(child: Child) -> None:
    child.set_up(
        """
import time
from foretell import progress
def predict() -> str:
    for step in range(0, 20, 2):
        progress(step + 1, 20)
        time.sleep(0.03)
        progress(step + 2, 20)
        time.sleep(0.03)
        print(time.time())
        time.sleep(0.1)
    return ""
""",
        predictor="predict.py:predict",
    )
    child.begin()
    late: list[float] = []
    while len(late) < 10:
        heard = len(child.log().splitlines())
        child.wait_for(lambda _, heard=heard: len(child.log().splitlines()) > heard)
        late += [time.time() - float(line) for line in child.log().splitlines()[heard:]]
    assert sorted(late)[len(late) // 2] < 0.03


def test_progress_outside_of_a_run_is_heard_by_nobody(child: Child) -> None:
    ready = child.set_up("""
from foretell import metric, progress
class Predictor:
    def setup(self):
        progress(0.5)
        metric("a", 1)
    def predict(self) -> str:
        return ""
""")
    assert ready["type"] == "ready"


@pytest.mark.parametrize(
    "call",
    [
        "progress(float('nan'))",
        "progress(1, float('inf'))",
        "progress(float('nan'), 4)",
        "progress(1, -4)",
        "progress(1, 10**40)",
        "progress(1, 4, unit='\\x1b[31m')",
        "progress(1, 4, unit='')",
        "metric('a', 1, 'sideways')",
        "metric('a', {1})",
    ],
)
def test_nonsense_said_about_a_run_is_the_predictors_error(child: Child, call: str) -> None:
    child.set_up(
        f"from foretell import *\ndef predict() -> str:\n    {call}\n", predictor="predict.py:predict"
    )
    assert child.run()["code"] == "raised"
