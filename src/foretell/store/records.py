"""The facade's quieter half: models, accounts and keys, files, deliveries, nodes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Concatenate, ParamSpec, TypeVar

from foretell.account import Account, Key, Role
from foretell.allowance import Allowance
from foretell.file import File, Uploads
from foretell.ids import new_id
from foretell.model import Version
from foretell.prediction import Hold
from foretell.store import accounts, files, models, nodes, webhooks
from foretell.store.database import Connection, Transaction
from foretell.store.nodes import NodeState, ReplicaState
from foretell.store.reads import Readers
from foretell.store.webhooks import Attempted, DeliveryAttempt, Due, Rendered
from foretell.store.writer import Verb, Writer
from foretell.webhook import Delivery, DeliveryState

Given = ParamSpec("Given")
Found = TypeVar("Found")


def _each(transaction: Transaction, asked: Sequence[Callable[[Transaction], Any]]) -> list[Any]:
    return [each(transaction) for each in asked]


RENDERED = Verb(webhooks.rendered, rank=20)
ATTEMPTED = Verb(webhooks.attempted, rank=21)
DUE = Verb(webhooks.due, rank=22, lasting=False)
COLD = Verb(_each, rank=30)
PASSING = Verb(_each, rank=31, lasting=False)


class Records:
    """Everything that is stored and is not a prediction."""

    def __init__(self, writer: Writer, readers: Readers) -> None:
        self._writer = writer
        self._readers = readers

    async def register(self, version: Version, *, current: bool = True) -> None:
        """Writes the version, again if it is there; `current`: its model's name now means it."""
        await self._do(models.register, version, current=current)

    async def retire(self, names: Sequence[str]) -> None:
        """Takes models off the list; predictions that were made for them keep their versions."""
        await self._do(models.retire, names)

    async def models(self) -> list[Version]:
        return await self._ask(models.current_versions)

    async def version(self, version_id: str) -> Version | None:
        return await self._ask(models.of_id, version_id)

    async def create_account(self, name: str, role: Role, *, allowance: Allowance | None = None) -> Account:
        """Raises Error(CONFLICT) when the name is taken."""
        return await self._do(accounts.create, new_id(), name, role, allowance or Allowance())

    async def allow_account(self, account_id: str, allowance: Allowance) -> None:
        """From now on the account may ask for so much."""
        await self._do(accounts.allow_account, account_id, allowance)

    async def allow_key(self, key_id: str, allowance: Allowance) -> None:
        """From now on the key may ask for so much."""
        await self._do(accounts.allow_key, key_id, allowance)

    async def suspend(self, account_id: str, *, is_suspended: bool) -> None:
        """Lets the account's keys open nothing, or what they opened before."""
        await self._do(accounts.suspend, account_id, is_suspended=is_suspended)

    async def account(self, name_or_id: str) -> Account | None:
        return await self._ask(accounts.of_name, name_or_id)

    async def accounts(self) -> list[Account]:
        return await self._ask(accounts.all_accounts)

    async def create_key(self, key: Key) -> None:
        """Raises Error(CONFLICT) when there is such a key or no such account."""
        await self._do(accounts.create_key, key)

    async def key(self, key_id: str) -> Key | None:
        return await self._ask(accounts.key_of_id, key_id)

    async def key_by_digest(self, sha256: str) -> Key | None:
        return await self._ask(accounts.key_of_digest, sha256)

    async def keys(self, account_id: str | None) -> list[Key]:
        return await self._ask(accounts.keys_of, account_id)

    async def revoke_key(self, key_id: str) -> Key | None:
        """Ends the key and erases its sealed copy; None when there is none."""
        return await self._do(accounts.revoke_key, key_id)

    async def restore_key(self, key_id: str) -> None:
        """Makes an ended key valid again; what it signs with has to be sealed anew."""
        await self._do(accounts.restore_key, key_id)

    async def seal_key(self, key_id: str, sealed: bytes) -> None:
        """Keeps the first sealed copy; a revoked key gets none."""
        await self._do(accounts.seal_key, key_id, sealed)

    async def sealed_key(self, key_id: str) -> bytes | None:
        return await self._ask(accounts.sealed_key, key_id)

    async def signing_secret(self, key_id: str) -> bytes | None:
        """What the key's webhooks are signed with, sealed: its own secret, else the key itself."""
        return await self._ask(accounts.signing_secret, key_id)

    async def key_secret(self, key_id: str) -> bytes | None:
        return await self._ask(accounts.key_secret, key_id)

    async def set_key_secret(self, key_id: str, sealed: bytes | None) -> None:
        """Gives the key a secret of its own, or takes it away; a revoked key gets none."""
        await self._do(accounts.set_key_secret, key_id, sealed)

    async def touch_key(self, key_id: str) -> None:
        """Notes that the key was used, to the minute."""
        await self._pass(accounts.touch_key, key_id)

    async def webhook_secret(self, account_id: str) -> bytes | None:
        return await self._ask(accounts.webhook_secret, account_id)

    async def set_webhook_secret(self, account_id: str, sealed: bytes) -> None:
        await self._do(accounts.set_webhook_secret, account_id, sealed)

    async def add_file(self, file: File) -> None:
        await self._do(files.insert, [file])

    async def announce_files(self, announced: Sequence[File]) -> None:
        """Writes rows of blobs that are about to be put; done twice is as good as once."""
        await self._pass(files.announce, announced)

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
        return await self._ask(files.orphans, limit)

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
        self, delivery_id: str, attempt: DeliveryAttempt, *, state: DeliveryState, next_at: int | None
    ) -> None:
        """Writes a try down. What was delivered or given up stays so."""
        await self._writer.submit(ATTEMPTED, Attempted(delivery_id, attempt, state, next_at))

    async def free_deliveries(self) -> None:
        """Makes those due that a courier took and never finished; only for when no courier lives."""
        await self._do(webhooks.free)

    async def resend(self, delivery_id: str, prediction_id: str) -> Delivery | None:
        """Makes a delivery due now, however it stands, unless a courier has it; None when there is no such."""
        return await self._do(webhooks.resend, delivery_id, prediction_id)

    async def deliveries(self, prediction_id: str) -> list[Delivery]:
        return await self._ask(webhooks.of_prediction, prediction_id)

    async def delivery_attempts(self, delivery_id: str) -> list[DeliveryAttempt]:
        return await self._ask(webhooks.attempts_of, delivery_id)

    async def next_due_at(self) -> int | None:
        return await self._ask(webhooks.next_due_at)

    async def heartbeat(self, node: NodeState) -> list[Hold]:
        """Says that the node lives; gives the holds that it still has."""
        return await self._pass(nodes.heartbeat, node)

    async def nodes(self) -> list[NodeState]:
        return await self._ask(nodes.all_nodes)

    async def held(self, node: str) -> list[Hold]:
        """The holds of a node's incarnation."""
        return await self._ask(nodes.holds_of, node)

    async def replica(self, row: ReplicaState) -> bool:
        """False when another replica of the version is on its way on that node; then nothing was written."""
        return await self._pass(nodes.replica, row)

    async def replicas(self, node: str | None = None) -> list[ReplicaState]:
        return await self._ask(nodes.replicas, node)

    async def _do(
        self,
        write: Callable[Concatenate[Transaction, Given], Found],
        *given: Given.args,
        **named: Given.kwargs,
    ) -> Found:
        answer: Found = await self._writer.submit(
            COLD, lambda transaction: write(transaction, *given, **named)
        )
        return answer

    async def _pass(
        self,
        write: Callable[Concatenate[Transaction, Given], Found],
        *given: Given.args,
        **named: Given.kwargs,
    ) -> Found:
        answer: Found = await self._writer.submit(
            PASSING, lambda transaction: write(transaction, *given, **named)
        )
        return answer

    async def _ask(
        self,
        question: Callable[Concatenate[Connection, Given], Found],
        *given: Given.args,
        **named: Given.kwargs,
    ) -> Found:
        return await self._readers.ask(lambda connection: question(connection, *given, **named))
