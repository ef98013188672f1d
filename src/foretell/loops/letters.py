"""What a delivery says: its body, written once, and the headers of one attempt."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import msgspec
from msgspec.structs import replace

from foretell import __version__
from foretell.dialects import skytells
from foretell.dialects.skytells import messages
from foretell.errors import Error
from foretell.prediction import Phase, Prediction, Status
from foretell.schema import without_secrets
from foretell.seal import Seal
from foretell.store import Store
from foretell.webhook import TERMINAL_EVENTS, Delivery, hex_signature, new_secret, payload, standard_signature

DATA_CHARACTERS_MAX = 1_024
"""A longer `data:` URI of an input is not repeated in a body: receivers expect some kilobytes."""

_DATA = re.compile(r"data:[^,]{0,200},")


@dataclass(frozen=True, slots=True)
class Letter:
    """The bytes of every attempt of a delivery, and their `X-Skytells-Signature` if its key can sign."""

    body: bytes
    signature: str | None


async def letter(store: Store, seal: Seal, delivery: Delivery) -> Letter | None:
    """What the delivery says: what its first attempt said, or if this is the first, what there is to say now.

    None when there is nothing left to say, because the prediction is gone, or what was said of it erased.
    """
    if delivery.is_erased:
        return None
    if delivery.body is not None:
        return Letter(delivery.body, delivery.signature)
    prediction = await store.get(delivery.prediction_id, deleted=True)
    asked = None if prediction is None else prediction.webhook
    if prediction is None or asked is None:
        return None
    told_of = _as_told(await _without_secrets(store, prediction), delivery)
    flat = skytells.render(told_of, await store.files_of(prediction.id), spelling=asked.spelling)
    at = skytells.timestamp(delivery.created_at)
    told = payload(_short(flat), asked.names, event=delivery.event, at=at)
    body = msgspec.json.encode(told)
    key = await _signing_key(store, seal, delivery)
    signature = None if key is None else hex_signature(body, key)
    return Letter(*await store.rendered(delivery.id, body, signature))


def headers(
    delivery: Delivery, written: Letter, *, secrets: Sequence[str], now_seconds: int
) -> dict[str, str]:
    """The headers of the next attempt, signed also by Standard Webhooks 1.0.0 under each of `secrets`."""
    signed = [standard_signature(delivery.id, now_seconds, written.body, each) for each in secrets]
    found = {
        "Content-Type": "application/json; charset=utf-8",
        "User-Agent": f"Foretell/{__version__}",
        "X-Foretell-Event": delivery.event.value,
        "X-Foretell-Delivery": delivery.id,
        "X-Foretell-Attempt": str(delivery.attempts + 1),
        "webhook-id": delivery.id,
        "webhook-timestamp": str(now_seconds),
        "webhook-signature": " ".join(signed),
    }
    return found if written.signature is None else found | {"X-Skytells-Signature": written.signature}


async def account_secrets(store: Store, seal: Seal, account_id: str, *, at: int) -> list[str]:
    """The account's `whsec_` secrets, the newest first, one made now if it has none; two while one replaces another."""
    sealed = await store.webhook_secrets(account_id, at=at)
    if not sealed:
        made = seal.seal(new_secret().encode())
        await store.begin_webhook_secret(account_id, made)
        # Somebody else may have made one at the same time: the stored one counts.
        sealed = await store.webhook_secrets(account_id, at=at) or [made]
    return [seal.open(each).decode() for each in sealed]


async def _without_secrets(store: Store, prediction: Prediction) -> Prediction:
    """The prediction with the secrets of its input hidden, as its version's schema marks them."""
    version = await store.version(prediction.version_id)
    if version is None:
        return prediction
    return replace(prediction, input=without_secrets(version.input_schema, prediction.input))


async def _signing_key(store: Store, seal: Seal, delivery: Delivery) -> bytes | None:
    """The key's own secret, else the raw key that created the prediction.

    None for a dashboard's, and once the key is revoked.
    """
    sealed = None if delivery.key_id is None else await store.signing_secret(delivery.key_id)
    if sealed is None:
        return None
    try:
        return seal.open(sealed)
    except Error:  # sealed under a secret that this server no longer has
        return None


def _as_told(prediction: Prediction, delivery: Delivery) -> Prediction:
    """The prediction as it was at the event: one that began says so also when it has ended since."""
    if delivery.event in TERMINAL_EVENTS or prediction.status is Status.PROCESSING:
        return prediction
    return replace(
        prediction,
        status=Status.PROCESSING,
        phase=Phase.RUNNING,
        progress=0.0,
        started_at=prediction.started_at or delivery.created_at,
        completed_at=None,
        updated_at=delivery.created_at,
        result=None,
        failure=None,
        metrics={},
        cost_nanocredits=0,
    )


def _short(flat: messages.Prediction) -> messages.Prediction:
    return {**flat, "input": _without_data(flat["input"])}


def _without_data(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _without_data(each) for name, each in value.items()}
    if isinstance(value, list):
        return [_without_data(each) for each in value]
    if isinstance(value, str) and len(value) > DATA_CHARACTERS_MAX and (match := _DATA.match(value)):
        return f"{match[0]}… ({len(value)} characters)"
    return value
