"""A cancel reaches the run it is meant for, and no other."""

import time

import pytest

from child.node_end import Child

FUNCTION = "predict.py:predict"

BUSY = """
import time
from cog import CancelationException
def predict(rounds: int = 10000) -> str:
    print("on")
    {body}
    return "finished"
"""
LOOP = "for _ in range(rounds): time.sleep(0.001)"


def canceled(child: Child, body: str = LOOP) -> dict[str, object]:
    child.set_up(BUSY.format(body=body), predictor=FUNCTION)
    child.begin("a")
    child.wait_for_log("on\n")
    child.send(type="cancel", id="a")
    return child.ending("a")


def test_a_synchronous_run_ends_at_its_next_step(child: Child) -> None:
    begun = time.monotonic()
    assert canceled(child)["type"] == "canceled"
    assert time.monotonic() - begun < 5
    assert child.run("b", rounds=1)["value"] == "finished"


def test_a_predictor_may_clean_up_before_it_yields(child: Child) -> None:
    body = """try:
        for _ in range(rounds): time.sleep(0.001)
    except CancelationException:
        print("cleaning")
        print("cleaned")
        raise"""
    assert canceled(child, body)["type"] == "canceled"
    assert child.log() == "on\ncleaning\ncleaned\n"


def test_a_cancel_that_was_swallowed_is_raised_again(child: Child) -> None:
    body = """for attempt in range(2):
        try:
            for _ in range(rounds): time.sleep(0.001)
        except BaseException:
            print("swallowed", attempt)
    for _ in range(rounds): time.sleep(0.001)"""
    assert canceled(child, body)["type"] == "canceled"
    assert child.log() == "on\nswallowed 0\nswallowed 1\n"


def test_a_cancel_wrapped_in_a_librarys_own_exception_is_a_cancel_still(child: Child) -> None:
    body = """try:
        for _ in range(rounds): time.sleep(0.001)
    except BaseException as error:
        raise RuntimeError("it broke") from error"""
    assert canceled(child, body)["type"] == "canceled"


def test_a_run_that_finishes_in_spite_of_a_cancel_is_done(child: Child) -> None:
    body = """try:
        for _ in range(rounds): time.sleep(0.001)
    except BaseException:
        pass"""
    assert canceled(child, body)["value"] == "finished"


def test_a_generator_is_canceled_between_its_items(child: Child) -> None:
    child.set_up(
        "import time\ndef predict():\n    while True:\n        yield 'x'\n        time.sleep(0.001)\n",
        predictor=FUNCTION,
    )
    child.begin("a")
    child.wait_for(lambda frame: frame["type"] == "output")
    child.send(type="cancel", id="a")
    assert child.ending("a")["type"] == "canceled"


def test_a_predictor_that_prints_all_the_time_can_be_canceled(child: Child) -> None:
    assert canceled(child, "while True: print('y')")["type"] == "canceled"
    child.begin("b", rounds=1)
    child.send(type="cancel", id="b")
    assert child.ending("b")["type"] == "canceled"


def test_a_cancel_of_a_finished_or_unknown_run_is_of_no_matter(child: Child) -> None:
    child.set_up(BUSY.format(body=LOOP), predictor=FUNCTION)
    child.run("a", rounds=1)
    for id in ("a", "nobody"):
        child.send(type="cancel", id=id)
    assert child.run("b", rounds=20)["value"] == "finished"


def test_a_waiting_run_is_canceled_at_once_while_the_first_goes_on(child: Child) -> None:
    child.set_up(BUSY.format(body=LOOP), predictor=FUNCTION)
    child.begin("a")
    child.begin("b")
    child.wait_for_log("on\n")
    child.send(type="cancel", id="b")
    assert child.ending("b")["type"] == "canceled"
    assert child.log("b") == ""
    child.send(type="cancel", id="a")
    assert child.ending("a")["type"] == "canceled"


def test_a_cancel_in_the_moment_a_run_begins_ends_that_run_only(child: Child) -> None:
    child.set_up(BUSY.format(body="for _ in range(rounds): len(str(_))"), predictor=FUNCTION)
    for round in range(100):
        id = f"a{round}"
        child.begin(id, rounds=10**9)
        until = time.monotonic() + round * 1e-5
        while time.monotonic() < until:
            pass
        child.send(type="cancel", id=id)
        assert child.ending(id)["type"] == "canceled"
    assert child.run("b", rounds=1)["value"] == "finished"


def test_a_cancel_never_hits_the_run_after_the_one_it_was_for(child: Child) -> None:
    child.set_up(
        """
def predict(long: bool) -> str:
    for _ in range(20000 if long else 2000):
        len(str(_))
    return "finished"
""",
        predictor=FUNCTION,
    )
    for round in range(150):
        first, second = f"a{round}", f"b{round}"
        child.begin(first, long=False)
        child.begin(second, long=True)
        # Spread over the first run's life and its end, so that some land in the very moment between the two.
        until = time.monotonic() + (round % 30) * 5e-5
        while time.monotonic() < until:
            pass
        child.send(type="cancel", id=first)
        assert child.ending(second)["type"] == "done"
        assert child.ending(first)["type"] in {"done", "canceled"}


@pytest.mark.parametrize(
    "body",
    ["await asyncio.sleep(100)", "await asyncio.gather(asyncio.sleep(100), asyncio.sleep(99))"],
)
def test_an_asynchronous_run_is_canceled_and_its_neighbour_is_not(child: Child, body: str) -> None:
    child.set_up(
        f"""
import asyncio
async def predict(wait: bool) -> str:
    print("on")
    if wait:
        {body}
    return "finished"
""",
        predictor=FUNCTION,
        concurrency=2,
    )
    child.begin("a", wait=True)
    child.wait_for_log("on\n")
    child.begin("b", wait=True)
    child.wait_for_log("on\n", "b")
    child.send(type="cancel", id="a")
    assert child.ending("a")["type"] == "canceled"
    assert child.run("c", wait=False)["value"] == "finished"
    assert child.of("canceled", "b") == []


def test_an_asynchronous_run_that_swallowed_its_cancel_is_canceled_again(child: Child) -> None:
    child.set_up(
        """
import asyncio
async def predict() -> str:
    print("on")
    try:
        await asyncio.sleep(100)
    except asyncio.CancelledError:
        pass
    await asyncio.sleep(100)
    return "finished"
""",
        predictor=FUNCTION,
    )
    child.begin("a")
    child.wait_for_log("on\n")
    child.send(type="cancel", id="a")
    assert child.ending("a")["type"] == "canceled"


def test_an_asynchronous_generator_that_never_waits_can_be_canceled(child: Child) -> None:
    child.set_up("async def predict():\n    while True:\n        yield 'x'\n", predictor=FUNCTION)
    child.begin("a")
    child.wait_for(lambda frame: frame["type"] == "output")
    child.send(type="cancel", id="a")
    assert child.ending("a")["type"] == "canceled"
