"""Early runs: the child is at a prediction while that is being written, because somebody waits for what it says.

Nothing of it is heard before it is written, as one that has begun. Then it is a run like any other.
"""

import asyncio
import time
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from typing import Any, Protocol

from foretell.config import Config
from foretell.errors import Error
from foretell.node.channel import Channel
from foretell.node.checks import is_judged
from foretell.node.folder import Folder
from foretell.node.replica import Replica
from foretell.node.stop import stop_run
from foretell.node.surroundings import Surroundings
from foretell.node.trouble import ReplicaGone
from foretell.prediction import NewPrediction, Prediction, is_for_loading
from foretell.store import Store
from foretell.store.creates import Created


class UnderWay(Protocol):
    """A run that the child has been sent already."""

    @property
    def id(self) -> str: ...

    @property
    def replica(self) -> Replica: ...

    @property
    def began_seconds(self) -> float | None:
        """When it began, by the clock that nobody sets."""
        ...

    def going_on(self) -> AbstractAsyncContextManager[Channel]:
        """What the child says of it from here on, until it is over."""
        ...


class EarlyRun:
    """One of them, and the place in which it is created.

    `go_on` is given it with its prediction when that was created, `abandon` when it could not be.
    """

    is_running = True
    has_begun = True

    def __init__(
        self,
        prediction: Prediction,
        replica: Replica,
        channel: Channel,
        *,
        go_on: "Callable[[EarlyRun, Prediction], object]",
        abandon: "Callable[[EarlyRun], object]",
    ) -> None:
        assert prediction.node is not None
        self.id = prediction.id
        self.node = prediction.node
        self.replica = replica
        self.began_seconds = time.monotonic()
        self.written: asyncio.Future[Prediction] = asyncio.get_running_loop().create_future()
        self.channel = channel
        self._go_on = go_on
        self._abandon = abandon

    def create(self, new: NewPrediction, store: Store) -> "asyncio.Future[Created] | None":
        """Writes it, as one that has begun. None: it was refused."""
        try:
            creating = store.creating(new, place=self)
        except Error as error:
            self.written.set_exception(error)
            return None
        creating.add_done_callback(lambda _: self._settle(creating.exception()))
        return creating

    def start(self, prediction: Prediction) -> None:
        # Before anything is heard of it, so that who waits does not miss it. They may have gone: it goes on.
        if not self.written.done():
            self.written.set_result(prediction)
        self._go_on(self, prediction)

    def give_up(self) -> None:
        self._abandon(self)

    def run(self, new: NewPrediction, *, may_land: bool) -> None:
        """It does already."""

    def _settle(self, trouble: BaseException | None) -> None:
        if trouble is not None and not self.written.done():
            self.written.set_exception(trouble)

    def going_on(self) -> "GoingOn":
        return GoingOn(self)


class GoingOn:
    """An early run while it is heard."""

    def __init__(self, run: EarlyRun) -> None:
        self._run = run

    async def __aenter__(self) -> Channel:
        return self._run.channel

    async def __aexit__(self, *_: object) -> None:
        self._run.replica.entrance.leave(self._run.id, self._run.channel)


class EarlyRuns:
    """A node's, until they are written; from then on `go_on` has them."""

    def __init__(
        self, surroundings: Surroundings, folder: Folder, go_on: Callable[[EarlyRun, Prediction], object]
    ) -> None:
        self._surroundings = surroundings
        self._folder = folder
        self._go_on = go_on
        self._creating: set[asyncio.Future[Created]] = set()
        self._abandoned: set[asyncio.Task[None]] = set()

    async def all_written(self) -> None:
        """Returns once nothing is being written any more."""
        while self._creating:
            await asyncio.wait(self._creating)

    def run(
        self, new: NewPrediction, prediction: Prediction, replica: Replica
    ) -> "asyncio.Future[Prediction] | None":
        """Sends a prediction to the child and writes it meanwhile; `prediction` is what it will be, held.

        What was written, then; None where it is to be written first: what a model yields in haste would keep the
        writer's thread from its work, where the event loop does not write itself.
        """
        if replica.version.streaming and not self._surroundings.store.writes_at_once:
            return None
        channel = replica.entrance.enter_at_once(new.id)
        if channel is None:
            return None
        replica.say(frame_of(prediction, self._folder), at_once=True)
        run = EarlyRun(prediction, replica, channel, go_on=self._go_on, abandon=self._abandon)
        creating = run.create(new, self._surroundings.store)
        if creating is not None:
            self._creating.add(creating)
            creating.add_done_callback(self._creating.discard)
        return run.written

    def _abandon(self, run: EarlyRun) -> None:
        task = asyncio.create_task(abandoned(run, self._surroundings.config))
        self._abandoned.add(task)
        task.add_done_callback(self._abandoned.discard)


def frame_of(prediction: Prediction, folder: Folder) -> dict[str, Any]:
    """What tells the child to run it."""
    place = f"{folder.path}/{prediction.id}-{prediction.attempt}"
    return {"type": "run", "id": prediction.id, "input": prediction.input, "folder": place}


def is_plain(prediction: Prediction, replica: Replica, config: Config) -> bool:
    """Whether nothing is to be done but to run it."""
    if prediction.losses or is_for_loading(prediction) or is_judged(prediction, replica.version, config):
        return False
    fields = (*replica.file_fields, *replica.secret_fields)
    return not any(prediction.input.get(each) for each in fields)


async def abandoned(run: UnderWay, config: Config) -> None:
    """Stops what could not be written: nobody will ask for its end."""
    try:
        async with run.going_on() as channel:
            await stop_run(run.replica, run.id, channel, config)
    except ReplicaGone:
        pass
    finally:
        run.replica.leave(run.id)
