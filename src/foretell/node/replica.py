"""A replica: one child holding one copy of a model's weights, from being wanted to being dead."""

import asyncio
import itertools
import logging
import math
import shutil
import time
from pathlib import Path
from typing import Any

from foretell.ids import new_id
from foretell.model import Version
from foretell.node.ahead import Ahead
from foretell.node.bell import Bell
from foretell.node.conversation import Conversation, opened
from foretell.node.entrance import Entrance
from foretell.node.folder import Folder
from foretell.node.frames import Ending
from foretell.node.leftovers import start_time
from foretell.node.load import Needs, needs, placed
from foretell.node.placement.wanted import start_of
from foretell.node.slots import Slots
from foretell.node.surroundings import Surroundings
from foretell.node.trouble import LoadFailed, ReplicaGone
from foretell.node.waits import Waits
from foretell.node.wear import Wear
from foretell.prediction import Phase, Prediction
from foretell.schema import InputSchema
from foretell.store.nodes import Readiness

TELL_SECONDS = 0.1
"""How long it may take until it is told that a run has left, where nobody waits for its place."""
KILL_SECONDS = 5.0
"""How long a killed process may take to be gone before it is given up as stuck in the kernel."""

log = logging.getLogger(__name__)
_numbers = itertools.count(1)


class Replica:
    """Loads at once. `changed` rings whenever its state, its room or its progress is another.

    `is_wanted`: somebody waits for room in it.
    """

    def __init__(
        self, version: Version, surroundings: Surroundings, folder: Folder, gpus: tuple[int, ...] = ()
    ) -> None:
        """`gpus`: which of the machine's it gets."""
        self.id = new_id()
        self.version = version
        self.state = Readiness.WANTED
        self.phase: tuple[Phase, float | None] = (Phase.LOADING, None)
        self.line = ""
        schema = InputSchema(version.input_schema)
        self.file_fields, self.secret_fields = schema.file_fields(), schema.secret_fields()
        # What one of several took ahead would wait for it while another rests.
        self.takes_ahead = version.manifest.limits.slots_max == 1
        self.gpus = gpus
        self.wear = Wear()
        self.assigned: set[str] = set()
        self.failure: LoadFailed | None = None
        self.was_forced = False
        self.changed = Bell()
        self.used_seconds = time.monotonic()
        self.load_seconds = 0.0
        self._loaded_seconds = math.inf
        self._surroundings = surroundings
        self._folder = folder
        self._conversation: Conversation | None = None
        self._listening: asyncio.Task[None] | None = None
        self._draining: asyncio.Task[None] | None = None
        self._slots = Slots()
        lives_on = not version.manifest.limits.restart_after_runs
        self.ahead = Ahead(self._slots, may=lives_on and version.manifest.batching.size == 1)
        self.entrance = Entrance(self._slots, version.manifest, self.say, self.assigned)
        self.is_wanted = False
        self._is_stopping = False
        self._life = asyncio.create_task(self._live(), name=f"replica of {version.model}")

    @property
    def is_over(self) -> bool:
        """Whether it takes nothing more."""
        is_ended = self._conversation is not None and self._conversation.is_over
        return is_ended or self.state in {Readiness.DRAINING, Readiness.DEAD}

    @property
    def room(self) -> int:
        """How many more predictions to take for it: with those that it `takes_ahead`, to keep it busy."""
        if self.is_over:
            return 0
        seats = self.entrance.seats
        places = 2 * seats + 1 if self.takes_ahead else seats
        return max(0, max(places, self.ahead.most) - len(self.assigned))

    @property
    def can_start(self) -> bool:
        """Whether one more prediction would run at once."""
        is_there = self.state is Readiness.READY and not self.is_over
        count = len(self.assigned)
        return is_there and (count < self.entrance.seats or count < self.ahead.most)

    @property
    def is_idle(self) -> bool:
        """Whether it is loaded and nothing needs it."""
        return self.state is Readiness.READY and not self.assigned

    @property
    def hardware(self) -> str:
        """What it runs on, by name."""
        there = self._surroundings.machine.room.gpus
        if self.gpus:
            return ", ".join(there[each].name for each in self.gpus)
        return "cpu" if there else self._surroundings.hardware

    @property
    def pid(self) -> int | None:
        return None if self._conversation is None else self._conversation.child.pid

    @property
    def is_loading(self) -> bool:
        """Whether it may still come to be loaded, and is not yet."""
        return self.state is not Readiness.READY and self.failure is None and not self.is_over

    async def ready(self) -> None:
        """Returns once it is loaded. Raises LoadFailed, and ReplicaGone when it was stopped before."""
        while self.is_loading:
            await self.changed.wait(1.0)
        if self.state is not Readiness.READY:
            raise self.failure or ReplicaGone()

    def waits_of(self, prediction: Prediction) -> Waits:
        """What one that is given to it has waited for: its time in the queue while this was loading was for that."""
        queued_seconds = ((prediction.held_at or 0) - prediction.created_at) / 1_000_000
        since_seconds = time.monotonic() - queued_seconds
        loading_seconds = min(self.load_seconds, self._loaded_seconds - since_seconds)
        if self.state is not Readiness.READY or loading_seconds <= 0:
            return Waits()
        return Waits(
            {Phase.QUEUED: max(0.0, queued_seconds - loading_seconds), Phase.LOADING: loading_seconds}
        )

    def observe(self, used: Ending) -> None:
        """A run took so long, and its process has held so much."""
        self.ahead.pace.observe(used.run_seconds)
        self.wear.peaked(math.ceil(used.memory_bytes / 1024**2))

    def leave(self, run_id: str) -> None:
        """That run needs it no more."""
        if run_id not in self.assigned:
            return
        self.assigned.discard(run_id)
        self.used_seconds = time.monotonic()
        is_urgent = self.is_wanted or self.state is not Readiness.READY
        self.is_wanted = False
        self.changed.ring_within(0.0 if is_urgent else TELL_SECONDS)

    def say(self, frame: dict[str, Any], *, at_once: bool = False) -> None:
        """Sends a frame to the child, if there still is one: with others of this turn of the loop, or `at_once`."""
        if self._conversation is not None:
            self._conversation.child.link.send(frame, at_once=at_once)

    def hear_all(self) -> None:
        """Reads what the process has written to its standard output and error so far."""
        if self._conversation is not None:
            self._conversation.hear_all()

    def drain(self, grace_seconds: float | None = None) -> None:
        """Takes no more runs and ends after the last one; those left after the grace are sent back."""
        if not self.is_over:
            self._move(Readiness.DRAINING)
            self._slots.end()
            self._draining = asyncio.create_task(self._drained(grace_seconds))

    async def stop(self, *, terminate_seconds: float) -> str:
        """Ends the process by SIGTERM, then by SIGKILL. Returns which it took: `terminated` or `killed`."""
        self._is_stopping = True
        if not self.is_over:
            self._move(Readiness.DRAINING)
            self._slots.end()
        if self._conversation is None:
            self._life.cancel()
            await self.gone()
            return "terminated"
        child = self._conversation.child
        child.terminate()
        _, alive = await asyncio.wait({child.exited}, timeout=terminate_seconds)
        child.kill()
        await self.gone()
        return "killed" if alive else "terminated"

    async def gone(self) -> None:
        """Waits until the process is no more, or is stuck beyond anybody's reach."""
        _, waiting = await asyncio.wait({self._life}, timeout=2 * KILL_SECONDS)
        if waiting:
            log.error("the process %s of %s cannot be killed", self.pid, self.version.model)

    async def _drained(self, grace_seconds: float | None) -> None:
        until_seconds = time.monotonic() + (float("inf") if grace_seconds is None else grace_seconds)
        while self._conversation is not None and self._conversation.is_busy:
            left_seconds = until_seconds - time.monotonic()
            if left_seconds <= 0:
                self._conversation.end(ReplicaGone())
                break
            await self.changed.wait(min(left_seconds, 1.0))
        await self.stop(terminate_seconds=self._surroundings.config.stop_terminate_seconds)

    async def _live(self) -> None:
        scratch = self._folder.new(f"replica-{next(_numbers)}")
        try:
            self._conversation = await self._load(scratch)
            if self._listening is not None:
                await asyncio.wait({self._listening})
        except LoadFailed as failure:
            self.failure = None if self._is_stopping else failure
        except asyncio.CancelledError:
            if not self._is_stopping:
                raise
        except Exception:
            log.exception("loading %s failed in a way that nobody foresaw", self.version.model)
            self.failure = LoadFailed("The model could not be loaded because of an error in the server.")
        finally:
            await self._end()
            shutil.rmtree(scratch, ignore_errors=True)

    async def _load(self, scratch: Path) -> Conversation:
        self._move(Readiness.FETCHING)
        self.version = await placed(self.version, self._surroundings)
        manifest = self.version.manifest
        found = await needs(self.version, self._surroundings, self._note)
        self._note(Phase.LOADING, None)
        self._move(Readiness.LOADING)
        began_seconds = time.monotonic()
        conversation = await self._started(found, scratch)
        frame = await conversation.ready(manifest.limits.load_timeout_seconds)
        self._loaded_seconds = time.monotonic()
        self.load_seconds = self._loaded_seconds - began_seconds
        machine = self._surroundings.machine
        await asyncio.to_thread(machine.weigh, conversation.child.pid, self.wear, self.gpus)
        self.wear.loaded_mb = self.wear.memory_mb
        if not self._is_stopping:
            self._move(Readiness.READY)
        capacity = max(1, frame.concurrency)
        self.ahead.open(conversation, capacity)
        self.entrance.open(conversation, capacity)
        return conversation

    async def _started(self, found: Needs, scratch: Path) -> Conversation:
        manifest = self.version.manifest
        what = await start_of(manifest, found, scratch, self._surroundings, self.gpus)
        try:
            conversation = self._conversation = await opened(what)
        except OSError as error:
            raise LoadFailed(f"The model's process could not be started: {error.strerror}.") from error
        child = conversation.child
        self._folder.record_child(child.pid, start_time(child.pid) or "")
        self._listening = asyncio.create_task(conversation.listen())
        child.link.send(
            {
                "type": "setup",
                "folder": manifest.folder,
                "predictor": manifest.predictor,
                "paths": list(manifest.paths),
                "weights": found.weights,
                "concurrency": manifest.concurrency,
            }
        )
        return conversation

    async def _end(self) -> None:
        if self._conversation is not None and self._listening is not None:
            child = self._conversation.child
            child.kill()
            await asyncio.wait({self._listening}, timeout=KILL_SECONDS)
            self._listening.cancel()
            child.close()
            self._folder.forget_child(child.pid)
        self._move(Readiness.DEAD)
        self._slots.end()

    def _note(self, phase: Phase, fraction: float | None, line: str = "") -> None:
        # Threads that fetch and build may say their last a moment too late.
        if phase is Phase.LOADING or self.state is Readiness.FETCHING:
            self.phase, self.line = (phase, fraction), line
            self.changed.ring()

    def _move(self, state: Readiness) -> None:
        self.state = state
        self.changed.ring()
