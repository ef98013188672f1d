"""How runs get into one child, one by one or in batches, and what they leave in it."""

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from functools import partial

from foretell.model import Manifest
from foretell.node.batches import Batches, Say
from foretell.node.channel import Channel
from foretell.node.conversation import Conversation
from foretell.node.processes import ticks
from foretell.node.slots import Slots
from foretell.node.trouble import ReplicaGone


class Entrance:
    """`batches`: where runs meet that go on together; None where each goes alone."""

    def __init__(self, slots: Slots, manifest: Manifest, say: Say, assigned: set[str]) -> None:
        """`assigned`: the runs that are in the child, or on their way."""
        self.capacity = max(1, manifest.concurrency)
        batching = manifest.batching
        self.batches = None if batching.size == 1 else Batches(batching, slots, say, assigned)
        self._batch_size = batching.size
        self._lives_on = not manifest.limits.restart_after_runs
        self._slots = slots
        self._conversation: Conversation | None = None
        self._entered_ticks = 0

    def open(self, conversation: Conversation, capacity: int) -> None:
        """The child is there, and takes so many runs at a time."""
        self._conversation, self.capacity = conversation, capacity
        self._slots.add(capacity)

    @property
    def seats(self) -> int:
        """How many predictions can be under way in it at a time."""
        return self.capacity * self._batch_size

    @asynccontextmanager
    async def slot(self, run_id: str, *, alone: bool = False) -> AsyncIterator[Channel]:
        """A place for a run, and what the child says about it. `alone`: nothing else runs beside it.

        Raises ReplicaGone when the replica ends before.
        """
        places = self.capacity if alone else 1
        await self._slots.take(places)
        channel: Channel | None = None
        try:
            with self.about(run_id) as channel:
                self._pass_on(channel, places)
                yield channel
        finally:
            if channel is None or not channel.is_left:
                self._slots.free(places)

    @contextmanager
    def about(self, run_id: str) -> Iterator[Channel]:
        """What the child says about a run that has its place, and is entered now. Raises ReplicaGone."""
        if self._conversation is None or self._conversation.is_over or self._slots.is_over:
            raise ReplicaGone
        self.note()
        with self._conversation.about(run_id) as channel:
            yield channel

    def enter_at_once(self, run_id: str) -> Channel | None:
        """The same without waiting for a place, which `leave` gives back. None: it has to be waited for."""
        conversation = self._conversation
        if conversation is None or conversation.is_over or self._slots.is_over or self.batches is not None:
            return None
        if not self._slots.take_at_once(1):
            return None
        self.note()
        channel = Channel()
        conversation.add(run_id, channel)
        self._pass_on(channel, 1)
        return channel

    def leave(self, run_id: str, channel: Channel) -> None:
        """A run that entered at once is over."""
        if self._conversation is not None:
            self._conversation.drop(run_id)
        if not channel.is_left:
            self._slots.free(1)

    def _pass_on(self, channel: Channel, places: int) -> None:
        """The next need not wait until all that the child has said of a run is heard."""
        if self._lives_on:
            channel.on_left = partial(self._slots.free, places)

    def note(self) -> None:
        """A run is entered now."""
        self._entered_ticks = ticks()

    def has_neighbours(self, run_id: str) -> bool:
        """Whether others go on in the same batch."""
        return self.batches is not None and self.batches.has_neighbours(run_id)

    def has_left_processes(self) -> bool:
        """Whether the run that entered last has started what still runs; with others beside it, nobody knows."""
        if self.capacity > 1 or self._conversation is None:
            return False
        return self._conversation.child.started_since(self._entered_ticks)
