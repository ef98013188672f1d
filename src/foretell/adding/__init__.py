"""Additions under way: models are added, tested and fetched while the server runs, step by step."""

import asyncio
import contextlib
import logging
import shutil
import time
from collections.abc import Awaitable, Callable
from typing import Any

from foretell.adding.bench import Bench
from foretell.adding.fetching import pull
from foretell.adding.new_version import add
from foretell.adding.report import BEAT_SECONDS, Report
from foretell.adding.testing import test
from foretell.adding.unloading import unload
from foretell.addition import Addition, State, Work
from foretell.audit import Deed
from foretell.errors import Code, Error
from foretell.ids import new_id
from foretell.snapshots import STAGED

__all__ = ["Additions", "Bench"]

AT_ONCE_MAX = 4
SILENT_SECONDS_MAX = 6 * BEAT_SECONDS
"""After so long without a word of whoever works on an addition, it is given up."""
TIDY_SECONDS = 5.0

_log = logging.getLogger(__name__)


class Additions:
    """What this process does with models for its operators, from `begin` to `close`."""

    def __init__(self, bench: Bench) -> None:
        self._bench = bench
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._tidying: asyncio.Task[None] | None = None

    async def begin(
        self, work: Work, source: str, *, account_id: str, deed: Callable[[str], Deed], name: str = ""
    ) -> Addition:
        """The addition, under way. `source` is a model's name but for `ADD`, where `name` is the one it is to have;
        for `TEST` the id of a version may follow it, after a colon.

        `deed` is what is written down when a version becomes current. Raises Error(OVERLOADED) when there are too many.
        """
        if len(self._tasks) >= AT_ONCE_MAX:
            message = f"{AT_ONCE_MAX} additions are under way; wait until one has ended."
            raise Error(Code.OVERLOADED, message, retry_after_seconds=10)
        now = time.time_ns() // 1_000
        model = name if work is Work.ADD else source.partition(":")[0]
        addition = Addition(
            id=new_id(),
            work=work,
            account_id=account_id,
            source=source,
            model=model,
            created_at=now,
            updated_at=now,
        )
        await self._bench.store.begin_addition(addition)
        report = Report(self._bench.store, addition)
        steps = {
            Work.ADD: lambda: add(self._bench, report, name=name, deed=deed),
            Work.TEST: lambda: test(self._bench, report, source),
            Work.PULL: lambda: pull(self._bench, report, source),
        }
        task = asyncio.create_task(self._carry_out(report, steps[work]), name=f"{work} {source}")
        self._tasks[addition.id] = task
        task.add_done_callback(lambda _: self._tasks.pop(addition.id, None))
        return addition

    async def cancel(self, addition_id: str) -> Addition | None:
        """Ends an addition, with nothing left of it; None: there is none of that id."""
        await self._bench.store.cancel_addition(addition_id)
        if task := self._tasks.get(addition_id):
            task.cancel()
            await asyncio.wait({task})
        return await self._bench.store.addition(addition_id)

    async def open(self, *, alone: bool) -> None:
        """Clears away what additions of dead processes left, and begins to clear what was removed.

        `alone`: no other process uses this database, so that whatever is under way is not any more.
        """
        await self._give_up(0.0 if alone else SILENT_SECONDS_MAX)
        known = await self._bench.store.known_versions()
        running = {
            each.id for each in await self._bench.store.additions(limit=100) if each.state is State.RUNNING
        }
        await asyncio.to_thread(self._bench.snapshots.sweep, known, running)
        self._tidying = asyncio.create_task(self._tidy(), name="removed models")

    async def close(self) -> None:
        """Ends what is under way, as failed."""
        tasks = [*self._tasks.values(), *([self._tidying] if self._tidying else [])]
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks)

    async def _carry_out(self, report: Report, work: Callable[[], Awaitable[None]]) -> None:
        own: asyncio.Task[Any] | None = asyncio.current_task()
        assert own is not None
        keeping = asyncio.create_task(report.keep(own))
        try:
            await work()
            await report.end(State.SUCCEEDED)
        except asyncio.CancelledError:
            if not report.was_ended:
                await asyncio.shield(report.end(State.FAILED, "The server was stopped before it had ended."))
            raise
        except Error as error:
            await report.end(State.FAILED, " ".join([error.message, *_more(error)]))
        except Exception as error:  # noqa: BLE001 - whatever happens, it must not stay under way
            _log.exception(
                "%s of %s met an error that nobody foresaw", report.addition.work, report.addition.source
            )
            await report.end(State.FAILED, f"An error in the server: {type(error).__name__}: {error}")
        finally:
            keeping.cancel()
            staging = self._bench.config.data_path / "models" / f"{STAGED}{report.addition.id}"
            await asyncio.shield(asyncio.to_thread(shutil.rmtree, staging, ignore_errors=True))

    async def _give_up(self, silent_seconds: float) -> None:
        """Ends what nobody works on any more, and takes away what it had begun."""
        store = self._bench.store
        for each in await store.abandoned_additions(silent_seconds):
            if each.prediction_id:
                await store.delete(each.prediction_id, account_id=None)
            if each.version_id:
                await store.withdraw(each.version_id)
            report = Report(store, each)
            for line in each.log.splitlines():
                report.say(line)
            await report.end(State.FAILED, "The server ended in the middle of it.")

    async def _tidy(self) -> None:
        while True:
            with contextlib.suppress(Error):
                await self._clear_removed()
            await asyncio.sleep(TIDY_SECONDS)

    async def _clear_removed(self) -> None:
        """Takes away the folders of removed versions that nothing that was accepted needs."""
        for version in await self._bench.store.unneeded_versions():
            await unload(self._bench.store, version.id)
            if version.manifest.is_snapshot:
                await self._bench.snapshots.erase(version)
            await self._bench.store.forget_version(version.id)


def _more(error: Error) -> list[str]:
    return [each for each in error.details if each not in error.message]
