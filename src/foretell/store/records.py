"""The facade's quieter half: models, files, deliveries, nodes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from foretell.endpoint import Endpoint, Patience
from foretell.file import File, Uploads
from foretell.prediction import Hold, Prediction
from foretell.store import (
    endpoints,
    files,
    inbox,
    nodes,
    orders,
    outlook,
    retention,
    schema,
    webhooks,
)
from foretell.store.announcing import Announced, announce
from foretell.store.inbox import Inbox
from foretell.store.nodes import NodeState, ReplicaState
from foretell.store.orders import Orders
from foretell.store.outlook import Outlook
from foretell.store.registry import Registry
from foretell.store.webhooks import Attempted, DeliveryAttempt, Due, Rendered
from foretell.store.writer import Verb
from foretell.webhook import Delivery, DeliveryState

RENDERED = Verb(webhooks.rendered, rank=20)
ATTEMPTED = Verb(webhooks.attempted, rank=21)
DUE = Verb(webhooks.due, rank=22, lasting=False)
ANNOUNCE = Verb(announce, rank=14, lasting=False)

BRIEF_FILES_MAX = 20
"""So many rows are written in no time."""


class Records(Registry):
    """Everything that is stored and is not a prediction."""

    async def announce_files(self, hold: Hold, announced: Sequence[File], *, has_run: bool = False) -> bool:
        """Writes rows of blobs that are about to be put; done twice is as good as once. False: the hold is lost.

        `has_run`: its run is over; so that it stores is written as well.
        """
        asked = Announced(hold, announced, has_run)
        is_brief = len(announced) <= BRIEF_FILES_MAX
        return await self._writer.submit(ANNOUNCE, asked, key=hold.prediction_id, is_brief=is_brief)

    async def announce_upload(self, file: File) -> None:
        """Writes the row of a blob that is about to be put; nobody sees it before it is settled."""
        await self._pass(files.announce_upload, file)

    async def settle_upload(
        self, file: File, *, lent_seconds: float | None = None, keep_seconds: int = 0
    ) -> bool:
        """The blob is there: from now on it is an upload. False when it was given up before.

        `lent_seconds`: after how long it is deleted at the latest; `keep_seconds`: when it is purged, 0 for never.
        """
        return await self._do(
            retention.settle_upload, file, lent_seconds=lent_seconds, keep_seconds=keep_seconds
        )

    async def file(self, file_id: str) -> File | None:
        """None when it was deleted; one whose data retention removed has `removed_at`."""
        return await self._ask(files.of_id, file_id)

    async def files_of(self, prediction_id: str) -> list[File]:
        return await self._ask(files.of_prediction, prediction_id)

    async def uploads(self, wanted: Uploads) -> list[File]:
        return await self._ask(files.uploads, wanted)

    async def count_uploads(self, wanted: Uploads) -> int:
        """How many there are, wherever the list begins and ends."""
        return await self._ask(files.count_uploads, wanted)

    async def delete_file(self, file_id: str) -> None:
        await self._do(files.delete, file_id)

    async def orphans(self, limit: int) -> list[File]:
        """Files whose blobs are to be erased."""
        return await self._pass(files.orphans, limit)

    async def files_between(self, first: str, beyond: str) -> list[tuple[str, bool]]:
        """Every id from `first` to before `beyond` that has a row, and whether its bytes have to be there."""
        return await self._ask(files.between, first, beyond)

    async def is_copied(self) -> bool:
        """Whether somebody, perhaps on another machine, makes a backup: then no blob is erased."""
        return await self._ask(files.is_copied)

    async def founded_at(self) -> int:
        """When the database was made."""
        return await self._ask(schema.founded_at)

    async def purge(self, limit: int) -> int:
        """Takes away up to `limit` parts of predictions, and uploads, whose time is over; how many it took."""
        return await self._do(retention.purge, limit)

    async def next_purge_at(self) -> int | None:
        """When something is to be purged next; None: nothing ever."""
        return await self._ask(retention.next_purge_at)

    async def erased(self, ids: Sequence[str]) -> None:
        """Says that the blobs of these files are gone."""
        await self._do(files.erased, list(ids))

    async def due(self, *, holder: str, limit: int) -> list[Delivery]:
        """Deliveries to attempt now; nobody else is given them for a minute."""
        return await self._writer.submit(DUE, Due(holder, limit))

    async def rendered(
        self, delivery_id: str, body: bytes, signature: str | None
    ) -> tuple[bytes, str | None]:
        """The bytes and signature to send: the first that were ever written for this delivery."""
        return await self._writer.submit(RENDERED, Rendered(delivery_id, body, signature))

    async def attempted(
        self,
        delivery_id: str,
        attempt: DeliveryAttempt,
        *,
        state: DeliveryState,
        pause_seconds: float | None,
        reason: str | None = None,
        patience: Patience | None = None,
    ) -> Endpoint | None:
        """Writes a try down. What was delivered or given up stays so.

        Gives the endpoint if it was paused or resumed by this; without `patience` the try says nothing of it.
        """
        asked = Attempted(delivery_id, attempt, state, pause_seconds, reason, patience)
        return await self._writer.submit(ATTEMPTED, asked)

    async def free_deliveries(self) -> None:
        """Makes those due that a courier took and never finished; only for when no courier lives."""
        await self._do(webhooks.free)

    async def resend(self, delivery_id: str, prediction_id: str) -> Delivery | None:
        """Makes a delivery due now, however it stands, unless a courier has it; None when there is no such."""
        return await self._do(webhooks.resend, delivery_id, prediction_id)

    async def redeliver(self, wanted: Inbox, *, limit: int) -> tuple[int, int]:
        """Makes due what was given up or kept, the oldest first; how many, and how many there are beyond `limit`."""
        return await self._do(inbox.redeliver, wanted, limit)

    async def probe(self) -> int:
        """Lets one delivery be tried at each paused endpoint whose turn it is, and gives up what was kept too long."""
        return await self._pass(inbox.probe)

    async def delivery(self, delivery_id: str) -> Delivery | None:
        return await self._ask(inbox.of_id, delivery_id)

    async def deliveries(self, prediction_id: str) -> list[Delivery]:
        return await self._ask(webhooks.of_prediction, prediction_id)

    async def delivery_page(self, wanted: Inbox, *, offset: int, limit: int) -> tuple[list[Delivery], int]:
        """A page of deliveries without their bodies, newest first; and how many there are."""
        return await self._ask(inbox.page, wanted, offset=offset, limit=limit)

    async def delivery_attempts(self, delivery_id: str) -> list[DeliveryAttempt]:
        return (await self._ask(webhooks.attempts_of, {delivery_id: None}))[delivery_id]

    async def attempts_of(self, deliveries: Sequence[Delivery]) -> dict[str, list[DeliveryAttempt]]:
        """The attempts of each of these deliveries by its id, in order: those that had been made when it was read."""
        return await self._ask(webhooks.attempts_of, {each.id: each.attempts for each in deliveries})

    async def endpoint_page(
        self, account_id: str | None, *, offset: int, limit: int
    ) -> tuple[list[Endpoint], int]:
        """A page of an account's endpoints, None: everybody's; and how many there are."""
        return await self._ask(endpoints.page, account_id, offset=offset, limit=limit)

    async def kept_for(self, endpoint_ids: Sequence[str]) -> Mapping[str, int]:
        """How many deliveries are kept for each of these endpoints while it is paused."""
        return await self._ask(endpoints.kept, endpoint_ids)

    async def resume_endpoint(self, endpoint_id: str, *, account_id: str | None) -> Endpoint | None:
        """What was kept for it is due; None when that account has no such endpoint."""
        return await self._do(endpoints.resume, endpoint_id, account_id)

    async def next_due_at(self) -> int | None:
        return await self._ask(webhooks.next_due_at)

    async def heartbeat(self, node: NodeState) -> list[Hold]:
        """Says that the node lives; gives the holds that it still has."""
        return await self._pass(nodes.heartbeat, node)

    async def living(self, *, within_seconds: float) -> list[NodeState]:
        """The nodes that say they live, each heard of within so long of the last word of any."""
        return await self._ask(lambda connection: nodes.living(connection, within_seconds))

    async def nodes(self) -> list[NodeState]:
        return await self._ask(nodes.all_nodes)

    async def held(self, node: str) -> list[Hold]:
        """The holds of a node's incarnation."""
        return await self._ask(nodes.holds_of, node)

    async def replica(self, row: ReplicaState) -> bool:
        """False when another replica of the version is on its way on that node; then nothing was written."""
        return await self._pass(nodes.replica, row)

    async def orders(self, node: str) -> Orders:
        """What operators want of a node, by its incarnation."""
        return await self._ask(orders.orders, node)

    async def pauses(self) -> dict[str, int]:
        """The models that are paused, and since when."""
        return await self._ask(orders.pauses)

    async def drain(self, node_id: str, *, drained: bool) -> bool:
        """Lets a node take nothing more, or work again; False: there is no such node."""
        return await self._do(orders.drain, node_id, drained=drained)

    async def unload(self, replica_id: str) -> bool:
        """Ends a replica after its runs; False: there is none such that is not over."""
        return await self._do(orders.unload, replica_id)

    async def pause(self, model: str, *, paused: bool) -> None:
        """Lets a model start nothing more, or start again."""
        await self._do(orders.pause, model, paused=paused)

    async def outlook(self, prediction: Prediction) -> Outlook | None:
        """What a prediction waits for; None once it has begun."""
        return await self._ask(outlook.outlook, prediction)

    async def outlooks(self, predictions: Sequence[Prediction]) -> dict[str, Outlook]:
        """The same of a page's, by id."""
        return await self._ask(outlook.outlooks, predictions)

    async def replicas(self, node: str | None = None) -> list[ReplicaState]:
        return await self._ask(nodes.replicas, node)
