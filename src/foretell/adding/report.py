"""The report of an addition: its row, kept true while the work goes on."""

import asyncio
import contextlib
import logging
import time
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

from foretell.addition import Addition, State, Step, StepName
from foretell.errors import Error
from foretell.store import Store

BEAT_SECONDS = 5.0
"""How often a row says that somebody still works on it, when nothing else is to be said."""
PAUSE_SECONDS = 0.3
LOG_LINES_MAX = 4_000
LINE_CHARACTERS_MAX = 2_000

_log = logging.getLogger(__name__)


class Report:
    """What is known of an addition. `was_ended`: somebody else ended it, and nothing more is written."""

    def __init__(self, store: Store, addition: Addition) -> None:
        self.addition = addition
        self.was_ended = False
        self._store = store
        self._lines: deque[str] = deque(maxlen=LOG_LINES_MAX)
        self._changed = asyncio.Event()

    def know(self, **known: Any) -> None:
        """Sets what is known now: `model`, `version_id`, `prediction_id`."""
        self.addition = replace(self.addition, **known)
        self._changed.set()

    def say(self, line: str) -> None:
        """Adds a line to the log; the oldest go when there are too many."""
        self._lines.append(line.rstrip()[:LINE_CHARACTERS_MAX])
        self._changed.set()

    @contextmanager
    def step(self, name: StepName, says: str = "") -> Iterator["Doing"]:
        """A step that is under way until the block ends, and has failed when that raises: then it says `says` again."""
        last_at = self.addition.steps[-1].began_at if self.addition.steps else 0
        step = Step(name=name, says=says, began_at=max(_now(), last_at + 1))
        doing = Doing(self, step)
        self.say(f"== {name.value}")
        self._show(step)
        try:
            yield doing
        except BaseException as error:
            state = State.FAILED if isinstance(error, Exception) else State.CANCELED
            self._show(replace(doing.step, state=state, says=says, ended_at=_now()))
            raise
        if doing.step.says:
            self.say(doing.step.says)
        self._show(replace(doing.step, state=State.SUCCEEDED, fraction=None, ended_at=_now()))

    async def keep(self, task: asyncio.Task[Any]) -> None:
        """Writes the row whenever something changed, and now and then; cancels `task` when somebody else ended it."""
        while True:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(BEAT_SECONDS):
                    await self._changed.wait()
            self._changed.clear()
            try:
                is_ours = await self._store.write_addition(self._whole())
            except Error as error:
                _log.warning("how far an addition is could not be written: %s", error.message)
                is_ours = True
            if not is_ours:
                self.was_ended = True
                task.cancel()
                return
            await asyncio.sleep(PAUSE_SECONDS)

    async def end(self, state: State, error: str | None = None) -> None:
        """Writes how it ended."""
        if error:
            self.say(f"Error: {error}")
        self.know(state=state, error=error, prediction_id=None)
        await self._store.write_addition(self._whole())

    def _show(self, step: Step) -> None:
        self.addition = self.addition.with_step(step)
        self._changed.set()

    def _whole(self) -> Addition:
        return replace(self.addition, log="\n".join(self._lines) + "\n")


class Doing:
    """A step under way."""

    def __init__(self, report: Report, step: Step) -> None:
        self.step = step
        self._report = report

    def says(self, words: str, fraction: float | None = None) -> None:
        """What it is at, and how far."""
        self.step = replace(self.step, says=words, fraction=fraction)
        self._report._show(self.step)


def _now() -> int:
    return time.time_ns() // 1_000
