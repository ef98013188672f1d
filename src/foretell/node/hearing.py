"""What a run says until it ends, made into an answer."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

import msgspec

from foretell.chat import merged
from foretell.node.channel import Channel
from foretell.node.frames import (
    Canceled,
    Delta,
    Done,
    Ending,
    Failed,
    Frame,
    Items,
    Log,
    Metric,
    Output,
    Preview,
    Progress,
)
from foretell.node.outputs import Outputs, Taken
from foretell.node.previews import Previews
from foretell.node.recorded import Recorded
from foretell.node.trouble import BatchRaised, Overran, RunFailed
from foretell.node.voice import Voice

RESULT_BYTES_MAX = 64 * 1024**2
"""What a run may yield and say in all, as JSON."""
DELTA_BYTES_MAX = 256 * 1024
MESSAGE_CHARACTERS_MAX = 4_000
FAILURES = {"raised", "bad_output", "too_large", "input_too_long"}

Publish = Callable[[list[Taken]], Awaitable[None]]
"""Makes files readable while the run goes on."""


@dataclass(slots=True)
class Answer:
    """A run that ended well: the value with `{"$file": id}` for files, and its use."""

    value: Any
    used: Ending


@dataclass(slots=True)
class Hearing:
    """One run being heard. `joined`: what it yields is one text; without `publish`, files come at the end."""

    voice: Voice
    outputs: Outputs
    previews: Previews
    joined: bool
    publish: Publish | None = None
    recorded: Recorded = field(default_factory=Recorded)
    used: Ending | None = None
    _items: list[Any] = field(default_factory=list)
    _deltas: list[dict[str, Any]] = field(default_factory=list)
    _bytes: int = 0

    @property
    def message(self) -> dict[str, Any]:
        """What the run has said beside its output, put together; empty if it said nothing."""
        return merged(self._deltas)

    async def answer(self, channel: Channel) -> Answer:
        """Raises RunFailed, BatchRaised, and what ends the channel. Overran: the run has to be stopped, too."""
        while not isinstance(frame := await channel.receive(), Ending):
            await self._hear(frame)
            if channel.said and isinstance(frame, Items):
                # It is told, and others are heard, before the many that are there by now.
                await asyncio.sleep(0)
        self.used = frame
        match frame:
            case Done():
                return Answer(await self._value(frame), frame)
            case Failed():
                if frame.traceback:
                    self.voice.log("stderr", frame.traceback)
                code = frame.code if frame.code in FAILURES else "raised"
                message = self.voice.hidden(frame.message)[:MESSAGE_CHARACTERS_MAX]
                kind = BatchRaised if frame.code == "batch" else RunFailed
                raise kind(code, message or "The model raised an error.")
            case Canceled():
                raise RunFailed("raised", "The model canceled itself.")

    def take_logs(self, channel: Channel) -> None:
        """Takes what was printed and not heard yet."""
        for frame in channel.waiting():
            if isinstance(frame, Log):
                self._log(frame)
            else:
                channel.push(frame)

    def count(self, frame: Frame) -> None:
        """Takes a metric that came too late to be heard, while the run was being stopped."""
        if isinstance(frame, Metric):
            self.recorded.take(frame)

    def _log(self, frame: Log) -> None:
        self.voice.log("stderr" if frame.source == "stderr" else "stdout", frame.text)

    async def _hear(self, frame: Frame) -> None:
        match frame:
            case Log():
                self._log(frame)
            case Progress():
                self.voice.advance(frame.fraction, frame.steps)
            case Metric():
                self.recorded.take(frame)
            case Items() | Output():
                await self._yielded(frame)
            case Delta():
                self._said(frame)
            case Preview():
                if (image := await self.previews.take(frame.path)) is not None:
                    self.voice.preview(image)

    def _said(self, frame: Delta) -> None:
        if self._weigh(frame.delta) > DELTA_BYTES_MAX:
            raise Overran("too_large", f"A delta is larger than {DELTA_BYTES_MAX / 1e3:.0f} KB.")
        self._deltas.append(frame.delta)
        self.voice.delta(frame.delta)

    def _weigh(self, value: Any) -> int:
        size = len(msgspec.json.encode(value))
        self._bytes += size
        if self._bytes > RESULT_BYTES_MAX:
            raise Overran("too_large", f"The output is larger than {RESULT_BYTES_MAX / 1e6:.0f} MB.")
        return size

    async def _yielded(self, frame: Items | Output) -> None:
        if isinstance(frame, Items):
            self._weigh(frame.values)
            self._items += frame.values
            self.voice.outputs(frame.values)
            return
        self._weigh(frame.value)
        before = len(self.outputs.taken)
        value = await self.outputs.take(frame.value, frame.files)
        self._items.append(value)
        if frame.files:
            if self.publish is None:
                return
            await self.publish(self.outputs.taken[before:])
        self.voice.outputs([value])

    async def _value(self, frame: Done) -> Any:
        if frame.value is not msgspec.UNSET:
            return await self.outputs.take(frame.value, frame.files)
        if self.joined and all(isinstance(each, str) for each in self._items):
            return "".join(self._items)
        return self._items
