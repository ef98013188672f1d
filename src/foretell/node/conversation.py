"""What is said between a replica and its child: frames and prints, each to the run it is about."""

import asyncio
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager
from typing import Any

from foretell.node.channel import Channel
from foretell.node.frames import Ending, Frame, Log, Ready, SetupFailed
from foretell.node.link import BrokenLink
from foretell.node.placement.local import Child, Start, death_sentence, start
from foretell.node.tail import Tail
from foretell.node.trouble import LoadFailed, ReplicaDied, RunFailed

LAST_WORDS_SECONDS = 0.5
"""How long what a dead child said before it died is waited for; its grandchildren may hold the link open."""
MESSAGE_CHARACTERS_MAX = 4_000
EXIT_SECONDS = 1.0
"""How long a child may live on without its link."""


class Conversation:
    """One child's life of talk, from its start to its death."""

    child: Child

    def __init__(self) -> None:
        self.setup_log = Tail()
        self._loaded: asyncio.Future[Ready] = asyncio.get_running_loop().create_future()
        self._channels: dict[str, Channel] = {}
        self._heard: set[str] = set()
        self._why: str | None = None
        self._heard_at = -1
        self.is_over = False

    @property
    def is_busy(self) -> bool:
        """Whether somebody still hears what it has said."""
        return bool(self._heard)

    @contextmanager
    def about(self, run_id: str) -> Iterator[Channel]:
        """What the child says about that run; outside, it is dropped."""
        channel = Channel()
        self.add(run_id, channel)
        try:
            yield channel
        finally:
            self.drop(run_id)

    def add(self, run_id: str, channel: Channel) -> None:
        """From now on `channel` gets what the child says about that run."""
        self._channels[run_id] = channel
        self._heard.add(run_id)

    def drop(self, run_id: str) -> None:
        """What the child still says about that run is dropped."""
        self._heard.discard(run_id)
        channel = self._channels.pop(run_id, None)
        if channel is not None:
            channel.on_change = None
            if channel.is_full:
                # Who still puts into it must not wait for a listener that has gone.
                channel.end(ReplicaDied())

    async def ready(self, timeout_seconds: float) -> Ready:
        """The child's word that it has loaded. Raises LoadFailed."""
        await asyncio.wait({self._loaded}, timeout=timeout_seconds)
        if not self._loaded.done():
            self.child.drain()
            message = f"The model did not load within {timeout_seconds:g} seconds."
            self._loaded.set_exception(LoadFailed(message, self.setup_log.text()))
        return self._loaded.result()

    async def listen(self) -> None:
        """Hears the child out until it is dead, then ends all talk about its runs."""
        pump = asyncio.create_task(self._pump())
        try:
            await asyncio.wait({self.child.exited})
            await asyncio.wait({pump}, timeout=LAST_WORDS_SECONDS)
        finally:
            pump.cancel()
        self.child.drain()
        how = self._why or death_sentence(self.child.exited.result())
        if not self._loaded.done():
            message = f"The model's process {how} while it was loading."
            self._loaded.set_exception(LoadFailed(message, self.setup_log.text()))
            self._loaded.exception()  # nobody may be waiting any more, and that is fine
        self.end(ReplicaDied(how))

    def end(self, reason: Exception) -> None:
        """Nothing more will be heard about any run."""
        self.is_over = True
        for channel in tuple(self._channels.values()):
            channel.end(reason)

    def hear_all(self) -> None:
        """Reads what the process wrote on its standard output and error before what it has said last."""
        if self._heard_at != self.child.link.arrivals:
            self._heard_at = self.child.link.arrivals
            self.child.drain()

    def hear(self, source: str, text: str) -> None:
        """Takes what the process wrote on its own standard output or error, below Python."""
        if not self._loaded.done():
            self.setup_log.add(text)
        elif len(self._channels) == 1:
            (run_id, channel), *_ = self._channels.items()
            channel.push(Log(run_id, source, text))

    async def _pump(self) -> None:
        try:
            await self.child.link.listen(self._pass_on)
        except BrokenLink as error:
            self._why = f"sent {error}"
            self.end(RunFailed("bad_output", f"The model's process sent {error}."))
            self.child.kill()
            return
        await asyncio.wait({self.child.exited}, timeout=EXIT_SECONDS)
        if not self.child.exited.done():
            self._why = "closed its link to the server"
            self.child.kill()

    def _pass_on(self, frame: Frame) -> Coroutine[Any, Any, None] | None:
        """Gives the frame to whom it is for; the wait for room, if that has no more by now."""
        channel = self._channels.get(getattr(frame, "id", None) or "")
        if channel is not None:
            channel.push(frame)
            if channel.on_left is not None and isinstance(frame, Ending):
                self._let_go(frame.id, channel)
                return None
            return channel.room() if channel.is_full else None
        if not self._loaded.done():
            self._hear_setup(frame)
        return None

    def _let_go(self, run_id: str, channel: Channel) -> None:
        """What comes now is another's, though its own is still being listened to."""
        self.hear_all()
        self._channels.pop(run_id, None)
        channel.leave()

    def _hear_setup(self, frame: Frame) -> None:
        match frame:
            case Ready():
                self._loaded.set_result(frame)
            case SetupFailed():
                self.child.drain()
                self.setup_log.add(frame.traceback)
                message = f"The model's setup failed: {frame.message or 'it did not say why'}"
                self._loaded.set_exception(
                    LoadFailed(message[:MESSAGE_CHARACTERS_MAX], self.setup_log.text())
                )
            case Log():
                self.setup_log.add(frame.text)


async def opened(what: Start) -> Conversation:
    """Starts a child and begins to talk with it. Raises OSError when it cannot be started."""
    conversation = Conversation()
    conversation.child = await start(what, conversation.hear)
    return conversation
