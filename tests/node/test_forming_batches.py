"""Who meets in a batch, and when it enters."""

import asyncio
from typing import Any

import pytest

from foretell.model import Batching
from foretell.node.batches import Batches
from foretell.node.slots import Slots
from node.places import until

pytestmark = pytest.mark.anyio


class Door:
    """Batches before a replica with one place, and what its child was sent."""

    def __init__(self, **batching: Any) -> None:
        self.slots = Slots()
        self.slots.add(1)
        self.sent: list[dict[str, Any]] = []
        self.assigned: set[str] = set()
        self.leaving = asyncio.Event()
        settings = {"size": 4, "wait_ms": 1_000} | batching
        self.batches = Batches(Batching(**settings), self.slots, self.sent.append, self.assigned)

    def come(self, run_id: str, **given: Any) -> "asyncio.Task[None]":
        """A run that enters as soon as it may, and stays until `leaving`."""
        self.assigned.add(run_id)
        return asyncio.create_task(self._stay(run_id, given))

    async def _stay(self, run_id: str, given: dict[str, Any]) -> None:
        async with self.batches.member(run_id, given) as batch:
            await batch.enter({"id": run_id})
            await self.leaving.wait()
            self.assigned.discard(run_id)

    def entered(self) -> list[str]:
        return [each["id"] for each in self.sent if each["type"] in {"run", "member"}]


async def test_one_that_comes_alone_enters_at_once_as_a_run_like_any_other() -> None:
    door = Door()
    run = door.come("a")
    began = asyncio.get_running_loop().time()
    await until(door.entered)
    assert asyncio.get_running_loop().time() - began < 0.5
    assert door.sent == [{"type": "run", "id": "a"}]
    door.leaving.set()
    await run


async def test_those_that_are_known_to_be_coming_are_waited_for() -> None:
    door = Door()
    door.assigned.add("b")
    runs = [door.come("a")]
    asyncio.get_running_loop().call_later(0.05, lambda: runs.append(door.come("b")))
    await until(door.entered)
    assert door.sent[-1]["type"] == "batch" and door.sent[-1]["members"] == ["a", "b"]
    door.leaving.set()
    await asyncio.gather(*runs)


async def test_who_does_not_come_is_waited_for_no_longer_than_the_author_says() -> None:
    door = Door(wait_ms=50)
    door.assigned.add("never")
    run = door.come("a")
    await until(door.entered, seconds=2)
    door.leaving.set()
    await run


async def test_the_next_batch_enters_when_the_last_of_the_one_before_has_left() -> None:
    door = Door(size=2)
    runs = [door.come(each) for each in "abcd"]
    await until(lambda: len(door.entered()) == 2)
    door.leaving.set()
    await asyncio.gather(*runs)
    batches = [each["members"] for each in door.sent if each["type"] == "batch"]
    assert batches == [["a", "b"], ["c", "d"]]


async def test_a_batch_enters_without_those_that_left_before_it_was_sent() -> None:
    door = Door()
    staying = [door.come("a"), door.come("c")]

    async def leave() -> None:
        async with door.batches.member("b", {}):
            pass

    door.assigned.add("b")
    leaving = asyncio.create_task(leave())
    await asyncio.gather(leaving)
    await until(door.entered)
    assert sorted(door.entered()) == ["a", "c"]
    door.leaving.set()
    await asyncio.gather(*staying)


async def test_one_that_is_canceled_as_the_place_gets_free_leaves_it_to_the_next() -> None:
    door = Door()
    assert door.slots.take_at_once(1)
    canceled = door.come("a")
    await until(lambda: door.slots.are_asked_for)
    door.slots.free(1)
    canceled.cancel()
    await asyncio.wait({canceled})
    door.assigned.discard("a")
    run = door.come("b")
    await until(door.entered)
    assert door.entered() == ["b"]
    door.leaving.set()
    await run


async def test_when_the_replica_ends_nobody_waits_for_a_place_any_more() -> None:
    door = Door()
    assert door.slots.take_at_once(1)
    run = door.come("a")
    await until(lambda: door.slots.are_asked_for)
    door.slots.end()
    door.leaving.set()
    await asyncio.wait_for(run, 5)
