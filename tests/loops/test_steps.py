"""Loops that go on, whatever happens in one of their steps."""

import asyncio
import logging

import pytest

from foretell.loops import forever, steps

pytestmark = pytest.mark.anyio


async def test_a_step_that_fails_is_logged_and_taken_again(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(steps, "BACKOFF_SECONDS", (0.01, 0.02))
    taken, done = 0, asyncio.Event()

    async def step() -> float:
        nonlocal taken
        taken += 1
        if taken < 4:
            raise ValueError("a bad day")
        done.set()
        return 0.01

    with caplog.at_level(logging.ERROR):
        task = asyncio.create_task(forever(step))
        await asyncio.wait_for(done.wait(), 5)
        task.cancel()
    assert [str(each.exc_info[1]) for each in caplog.records if each.exc_info] == ["a bad day"] * 3


async def test_a_loop_waits_as_its_step_says_and_wakes_early_for_news() -> None:
    news, waited = asyncio.Event(), list[float]()

    async def step() -> float:
        return 3_600

    async def wait(seconds: float) -> None:
        waited.append(seconds)
        if len(waited) == 3:
            news.set()
            await asyncio.Event().wait()

    task = asyncio.create_task(forever(step, wait=wait))
    await asyncio.wait_for(news.wait(), 5)
    task.cancel()
    assert waited == [3_600] * 3


async def test_a_loop_ends_when_it_is_canceled() -> None:
    async def step() -> float:
        return 3_600

    task = asyncio.create_task(forever(step))
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
