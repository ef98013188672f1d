"""The courier: tells receivers what they asked to be told, at least once, in the order it happened."""

import asyncio
import contextlib
import logging
import time
from collections.abc import Callable

from foretell.config import Config
from foretell.endpoint import Endpoint, Patience
from foretell.errors import Error
from foretell.ids import new_token
from foretell.loops.letters import Letter, account_secrets, headers, letter
from foretell.loops.receivers import Receiver, Receivers
from foretell.loops.steps import forever
from foretell.loops.verdicts import SECOND, reason, verdict
from foretell.outbound import Answer, Outbound
from foretell.seal import Seal
from foretell.store import DeliveryAttempt, Store
from foretell.store.webhooks import LEASE_SECONDS
from foretell.webhook import Delivery, DeliveryState, legible

POLL_SECONDS = 1.0
"""How long no news is trusted to be no news."""
TAKEN_MAX = 64
"""Deliveries taken from the table at once."""
TAKEN_WHEN_CROWDED_MAX = 8
CROWDED_SECONDS = 0.5
"""How long to wait for a receiver that is owed more than it takes, before taking those few."""
CARRIED_MAX = 512
"""Deliveries in memory: under way, or waiting for their receiver."""
PROBE_SECONDS = 30.0
"""How often it is looked whether a paused endpoint's turn has come."""
TIMEOUT_SECONDS_MAX = 30.0
SPARE_SECONDS = 5.0
"""How long before its lease ends a delivery must be over, so that no other courier sends it meanwhile."""

_log = logging.getLogger(__name__)


def _now() -> int:
    return time.time_ns() // 1_000


class Courier:
    """One process's courier. Any number may work on one store: a delivery is with one of them at a time."""

    def __init__(
        self, store: Store, seal: Seal, outbound: Outbound, config: Config, *, clock: Callable[[], int] = _now
    ) -> None:
        self._store = store
        self._seal = seal
        self._outbound = outbound
        self._clock = clock
        self._timeout_seconds = min(config.webhook_timeout_seconds, TIMEOUT_SECONDS_MAX)
        self._closing_seconds = min(config.shutdown_seconds, self._timeout_seconds)
        self._patience = Patience(config.webhook_dead_max, config.webhook_failing_seconds_max)
        self._slots = asyncio.Semaphore(config.webhook_concurrency)
        self._name = new_token(64)
        self._receivers = Receivers()
        self._carried: set[asyncio.Task[None]] = set()
        self._last: dict[str, asyncio.Task[None]] = {}

    async def run(self) -> None:
        """Delivers until canceled; what is under way then may end, within `shutdown_seconds`."""
        with self._store.notices.subscribe("deliveries") as news:
            probing = asyncio.create_task(forever(self.probe))
            try:
                await forever(self.step, wait=news.wait)
            finally:
                probing.cancel()
                await self._close()

    async def probe(self) -> float:
        """Has paused endpoints tried whose turn it is; how long to wait before looking again."""
        await self._store.probe()
        return PROBE_SECONDS

    async def step(self) -> float:
        """Takes what is due and begins to deliver it; how long to wait before looking again."""
        limit = await self._room()
        found = await self._store.due(holder=self._name, limit=limit)
        lease_ends = time.monotonic() + LEASE_SECONDS - SPARE_SECONDS
        for delivery in found:
            self._carry(delivery, lease_ends)
        return 0 if len(found) == limit else POLL_SECONDS

    async def _room(self) -> int:
        """How many deliveries to take, after waiting a little if a receiver is owed more than it takes.

        Then only a few: among them may be some for others.
        """
        deadline = time.monotonic() + CROWDED_SECONDS
        while self._is_crowded() and (left := deadline - time.monotonic()) > 0:
            await asyncio.wait(self._carried, timeout=left, return_when=asyncio.FIRST_COMPLETED)
        return TAKEN_WHEN_CROWDED_MAX if self._is_crowded() else TAKEN_MAX

    def _is_crowded(self) -> bool:
        room = min(CARRIED_MAX - len(self._carried), self._receivers.room)
        return bool(self._carried) and room < TAKEN_MAX

    def _carry(self, delivery: Delivery, lease_ends: float) -> None:
        """Begins a delivery, unless its receiver has no room: then it stays in the table for a minute."""
        receiver = self._receivers.of(delivery.url)
        if not receiver.takes_more or len(self._carried) >= CARRIED_MAX:
            return
        receiver.waiting += 1
        earlier = self._last.get(delivery.prediction_id)
        task = asyncio.create_task(self._deliver(delivery, receiver, earlier, lease_ends))
        self._carried.add(task)
        self._last[delivery.prediction_id] = task
        task.add_done_callback(lambda ended: self._forget(ended, delivery.prediction_id))

    def _forget(self, task: asyncio.Task[None], prediction_id: str) -> None:
        self._carried.discard(task)
        if self._last.get(prediction_id) is task:
            del self._last[prediction_id]

    async def _deliver(
        self, delivery: Delivery, receiver: Receiver, earlier: asyncio.Task[None] | None, lease_ends: float
    ) -> None:
        try:
            if earlier is not None:
                await asyncio.wait([earlier])
            async with receiver.slots, self._slots:
                lasts = time.monotonic() + self._timeout_seconds < lease_ends
                if lasts and not receiver.is_paused:
                    await self._attempt(delivery, receiver)
        except Exception:  # noqa: BLE001 the row is still there, and is due again when its lease ends
            _log.exception("Delivery %s could not be attempted.", delivery.id)
        finally:
            receiver.waiting -= 1

    async def _attempt(self, delivery: Delivery, receiver: Receiver) -> None:
        """Tries once, and writes down how it went."""
        written = await letter(self._store, self._seal, delivery)
        if written is None:
            await self._give_up(delivery)
            return
        at, begun = self._clock(), time.monotonic()
        answer, problem = await self._sent(delivery, written, at)
        seconds = time.monotonic() - begun
        status = None if answer is None else answer.status
        retry_after = "" if answer is None else answer.headers.get("retry-after", "")
        state, pause_seconds = verdict(delivery, status, now=self._clock(), retry_after=retry_after)
        receiver.note(succeeded=state is DeliveryState.DELIVERED)
        said = None if answer is None else legible(answer.body)
        attempt = DeliveryAttempt(at=at, status=status, error=problem, seconds=seconds, answer=said)
        why = reason(delivery, status) if state is DeliveryState.DEAD else None
        changed = await self._store.attempted(
            delivery.id,
            attempt,
            state=state,
            pause_seconds=pause_seconds,
            reason=why,
            patience=self._patience,
        )
        if changed is not None:
            _tell(changed)

    async def _give_up(self, delivery: Delivery) -> None:
        """There is nothing to say, which is no fault of the receiver's."""
        gone = "What it said was erased." if delivery.is_erased else "The prediction is gone."
        attempt = DeliveryAttempt(at=self._clock(), status=None, error=gone, seconds=0.0)
        await self._store.attempted(
            delivery.id, attempt, state=DeliveryState.DEAD, pause_seconds=None, reason=gone
        )

    async def _sent(self, delivery: Delivery, written: Letter, at: int) -> tuple[Answer | None, str | None]:
        """What the receiver answered, and what went wrong, if anything."""
        secrets = await account_secrets(self._store, self._seal, delivery.account_id, at=at)
        named = headers(delivery, written, secrets=secrets, now_seconds=at // SECOND)
        try:
            answer = await self._outbound.post(delivery.url, written.body, named, self._timeout_seconds)
        except Error as error:
            return None, error.message
        delivered = 200 <= answer.status < 300
        return answer, None if delivered else f"The receiver answered {answer.status}."

    async def _close(self) -> None:
        if not self._carried:
            return
        with contextlib.suppress(asyncio.CancelledError):
            await asyncio.wait(self._carried, timeout=self._closing_seconds)
        for task in self._carried:
            task.cancel()
        await asyncio.gather(*self._carried, return_exceptions=True)


def _tell(endpoint: Endpoint) -> None:
    if endpoint.paused_at is None:
        _log.warning("The webhook endpoint %s takes deliveries again and is resumed.", endpoint.url)
    else:
        why = endpoint.reason
        _log.warning("The webhook endpoint %s is paused, what it is owed is kept: %s", endpoint.url, why)
