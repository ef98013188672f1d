"""One held prediction, step by step: fetch inputs, wait for the replica, run, take outputs, store, finish."""

import asyncio
import logging
import time
from typing import Any

from msgspec.structs import replace

from foretell.node.channel import Channel
from foretell.node.checks import Checks
from foretell.node.early import UnderWay
from foretell.node.entry import Entry
from foretell.node.extents import metrics
from foretell.node.fetch import Fetch
from foretell.node.fleet import Fleet
from foretell.node.folder import Folder, swept
from foretell.node.hearing import Answer, Hearing
from foretell.node.loaded import loaded
from foretell.node.outcome import (
    Measured,
    failed,
    internal,
    setup_failed,
    succeeded,
    what_was_used,
)
from foretell.node.outputs import Outputs
from foretell.node.previews import Previews
from foretell.node.record import Record
from foretell.node.replica import Replica
from foretell.node.shelf import Shelf
from foretell.node.stop import stop_run
from foretell.node.surroundings import Surroundings
from foretell.node.trouble import (
    BatchRaised,
    HoldLost,
    LoadFailed,
    Overran,
    ReplicaDied,
    ReplicaGone,
    RunFailed,
)
from foretell.node.uncovering import uncovered
from foretell.node.voice import Voice
from foretell.prediction import LOSSES_MAX, Hold, Phase, Prediction, is_for_loading

log = logging.getLogger(__name__)


class Run:
    """An attempt of this node. `lose` tells it that its hold is gone: it stops and writes nothing more.

    `under_way`: the child has it already.
    """

    def __init__(
        self,
        prediction: Prediction,
        replica: Replica,
        surroundings: Surroundings,
        folder: Folder,
        fleet: Fleet,
        under_way: UnderWay | None = None,
    ) -> None:
        assert prediction.hold is not None
        self.id = prediction.id
        self.hold: Hold = prediction.hold
        self.prediction = prediction
        # What is kept of a secret input is not the secret: it ends as it was held.
        self._record = Record(prediction, surroundings.store)
        self.is_lost = False
        self._is_ending = False
        self._replica = replica
        self._surroundings = surroundings
        self._under_way = under_way
        # Made by whoever has something to put into it: most runs have nothing.
        self._path = folder.path / f"{prediction.id}-{prediction.attempt}"
        self._kept = self._path.with_name(f"{self._path.name}-kept")
        self._voice = Voice(self.hold, surroundings)
        self._outputs = Outputs(
            prediction,
            self._path,
            self._kept,
            bytes_max=surroundings.config.output_bytes_max,
            clock=surroundings.clock,
        )
        self._shelf = Shelf(prediction, surroundings)
        self._is_stored = False
        self._has_stopped = False
        self._hearing: Hearing | None = None
        self._measured = Measured(prediction, replica.version, replica.hardware)
        self._entry = Entry(self._measured, replica, surroundings.store, under_way, self.lose)
        self._checks = Checks(self._measured, surroundings, fleet, self._path)
        replica.assigned.add(self.id)
        self.task = asyncio.create_task(self._live(), name=f"run {prediction.id}")

    @property
    def has_begun(self) -> bool:
        return self._entry.has_begun

    def lose(self) -> None:
        """Stops it wherever it is; by force, if its model does not yield."""
        # While its last write is under way, the hold may be gone just because that was done.
        if not self.is_lost and not self._is_ending:
            self.is_lost = True
            self.task.cancel()

    async def give_back(self) -> None:
        """Sends the prediction back to the queue without a loss, and stops."""
        await self._surroundings.store.release(self.hold)
        self.lose()

    async def _live(self) -> None:
        try:
            await self._carry_out()
        except asyncio.CancelledError:
            if not self.is_lost:
                raise
            await self._account()
        except HoldLost:
            self.is_lost = True
        except Exception as error:  # noqa: BLE001 - whatever happens, it must not stay held
            await self._settle(error)
        finally:
            self._replica.leave(self.id)
            await self._clean_up()

    async def _carry_out(self) -> None:
        if self._under_way is not None:
            answer = await self._ran(self.prediction.input)
            self._replica.leave(self.id)
            await self._stored(answer.value)
            return
        self._measured.waits = self._replica.waits_of(self.prediction)
        given = await self._fetched()
        async with self._checks.prompt(given) as is_filtered:
            await loaded(self._replica, self._measured, self._note)
            if await is_filtered or is_for_loading(self.prediction):
                await self._withhold()
                return
        answer = await self._ran(given)
        # Before it leaves, so that its model is not unloaded for the one that judges.
        value = await self._checks.words(answer.value)
        self._replica.leave(self.id)
        await self._stored(value)

    async def _fetched(self) -> dict[str, Any]:
        if secrets := self._replica.secret_fields:
            self.prediction, self._voice.curtain = uncovered(self.prediction, secrets, self._surroundings)
        fields = self._replica.file_fields
        if not any(self.prediction.input.get(field) for field in fields):
            return self.prediction.input
        await self._note(Phase.FETCHING)
        return await Fetch(self.prediction, self._path, self._surroundings).input(fields)

    async def _withhold(self) -> None:
        """Ends it with an empty answer, for what was asked is not put to the model: that costs nothing."""
        await self._entry.begin()
        self._measured.ended_seconds = self._measured.began_seconds
        await self._voice.end()
        self._is_ending = True
        outcome = succeeded(self._measured, "", [], at=self._surroundings.clock())
        await self._record.finish(replace(outcome, cost_nanocredits=0))

    async def _ran(self, given: dict[str, Any]) -> Answer:
        try:
            return await self._entered(given)
        except BatchRaised:
            self._entry.is_alone = True
            return await self._entered(given)

    async def _entered(self, given: dict[str, Any]) -> Answer:
        async with self._entry.entered(given, self._path) as channel:
            try:
                await self._begun(channel)
                return await self._answer(channel)
            except Overran as error:
                # The caller's answer does not wait for the stop.
                await self._fail(error)
                await self._stop(channel)
                raise HoldLost from error
            except asyncio.CancelledError:
                await self._stop(channel)
                raise

    async def _begun(self, channel: Channel) -> None:
        """Lets nothing be heard of the run before it is written that it has begun; stops it where it cannot be."""
        try:
            await self._entry.begun()
        except Exception as error:
            # It is known already: to be told so once more must not end the stopping.
            self.is_lost = isinstance(error, HoldLost)
            await self._stop(channel)
            raise

    async def _answer(self, channel: Channel) -> Answer:
        version = self._replica.version
        joined = version.output_schema.get("x-cog-array-display") == "concatenate"
        # A picture that is to be checked is shown to nobody before.
        publish = None if self._checks.hide_pictures else self._shelf.publish
        previews = Previews(self._path, shown=not self._checks.hide_pictures)
        hearing = self._hearing = Hearing(self._voice, self._outputs, previews, joined, publish)
        seconds = version.manifest.limits.run_timeout_seconds
        try:
            async with asyncio.timeout(seconds):
                return await hearing.answer(channel)
        except TimeoutError as error:
            raise Overran("timeout", f"The run took longer than {seconds:g} seconds.") from error
        finally:
            self._replica.hear_all()
            hearing.take_logs(channel)
            self._measured.ended_seconds = time.monotonic()
            self._measured.hear(hearing)
            if hearing.used is not None:
                self._replica.observe(hearing.used)
                self._measured.gpu_memory_mb = self._replica.wear.gpu_memory_peak_mb

    async def _stop(self, channel: Channel) -> None:
        self._has_stopped = True
        count = None if self._hearing is None else self._hearing.count
        stopped = await stop_run(self._replica, self.id, channel, self._surroundings.config, count)
        await self._tell_stopped(stopped.stage, round(stopped.seconds, 3))

    async def _account(self) -> None:
        """Says what a run had used that was over when the prediction was canceled: nothing had to be stopped."""
        if self.has_begun and not self._has_stopped:
            await self._tell_stopped("finished", 0.0)

    async def _tell_stopped(self, stage: str, seconds: float) -> None:
        used = what_was_used(self._measured, at=self._surroundings.clock())
        await self._record.stopped(stage, seconds, used)

    async def _stored(self, value: Any) -> None:
        shelf = self._shelf
        if self._outputs.taken and self._checks.hide_pictures:
            await self._note(Phase.STORING)
        value = await self._checks.pictures(value, self._outputs)
        await shelf.keep(value, self._outputs.taken)
        await self._voice.end()
        self._is_ending = True
        self._measured.extents = metrics(each.extent for each in self._outputs.taken)
        outcome = succeeded(self._measured, value, shelf.files, at=self._surroundings.clock())
        self._is_stored = await self._record.finish(outcome, shelf.files)

    async def _settle(self, error: Exception) -> None:
        """What follows from an error: a failed prediction, or one that goes back to the queue."""
        match error:
            case RunFailed():
                await self._fail(error)
            case LoadFailed():
                self._voice.log("stderr", error.log)
                await self._fail(setup_failed(error))
            case ReplicaGone():
                self._is_ending = True
                await self._record.release()
            case ReplicaDied():
                await self._died(error)
            case _:
                log.exception("prediction %s met an error that nobody foresaw", self.id, exc_info=error)
                await self._fail(internal())

    async def _died(self, error: ReplicaDied) -> None:
        if self.prediction.losses + 1 < LOSSES_MAX:
            self._is_ending = True
            await self._record.release(lost=True)
            return
        lost = f"The prediction was lost {LOSSES_MAX} times, and no longer tried."
        await self._fail(RunFailed("worker_lost", f"The model's process {error}. {lost}"))

    async def _fail(self, error: RunFailed) -> None:
        await self._voice.end()
        self._is_ending = True
        await self._record.finish(failed(self._measured, error, at=self._surroundings.clock()))

    async def _note(self, phase: Phase) -> None:
        self._measured.waits.enter(phase)
        await self._record.note(phase)

    async def _clean_up(self) -> None:
        try:
            if not self._is_stored:
                await self._shelf.clear()
            await self._voice.forget_previews()
        except Exception:
            log.exception("what prediction %s leaves could not be taken away", self.id)
        await swept(self._path)
        if self._outputs.has_kept:
            await swept(self._kept)
