"""Webhooks: which events a subscription means, how bodies are signed, and when a delivery is tried again."""

import base64
import hashlib
import hmac
import secrets
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from foretell.errors import Code, Error


class WebhookEvent(StrEnum):
    """The canonical events; each fires at most once per prediction."""

    STARTED = "started"
    PROCESSING = "processing"
    COMPLETED = "completed"
    FAILED = "failed"
    CANCELED = "canceled"


class DeliveryState(StrEnum):
    """Where a delivery stands."""

    PENDING = "pending"
    PAUSED = "paused"
    """Its endpoint is paused: it is kept until that is resumed."""
    DELIVERED = "delivered"
    DEAD = "dead"


TERMINAL_EVENTS = (WebhookEvent.COMPLETED, WebhookEvent.FAILED, WebhookEvent.CANCELED)
RETRY_SECONDS = (5, 30, 120, 600, 3_600, 21_600, 86_400)
"""How long to wait after the first, second, … failed attempt of a terminal event, ± 20 %."""
PROGRESS_RETRY_SECONDS = (5,)
"""The same for `started` and `processing`."""
SECRET_BYTES = 32
TOLERANCE_SECONDS = 300
"""How far a signed timestamp may be from now, by Standard Webhooks 1.0.0."""
ANSWER_BYTES_MAX = 1_024
"""How much of a receiver's answer is kept."""

_NAMES = {
    "started": (WebhookEvent.STARTED,),
    "starting": (WebhookEvent.STARTED,),
    "start": (WebhookEvent.STARTED,),
    "processing": (WebhookEvent.PROCESSING,),
    "completed": (WebhookEvent.COMPLETED,),
    "succeeded": (WebhookEvent.COMPLETED,),
    "failed": (WebhookEvent.FAILED,),
    "canceled": (WebhookEvent.CANCELED,),
    "cancelled": (WebhookEvent.CANCELED,),
    "*": tuple(WebhookEvent),
}
_UNSEEN = ("Cc", "Cf", "Cs", "Zl", "Zp")
"""Categories of characters that are not seen but change what is: controls, directions, separators."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """One event that one prediction owes one receiver. `body` is None until the first attempt renders it."""

    id: str
    prediction_id: str
    account_id: str
    key_id: str | None
    event: WebhookEvent
    url: str
    state: DeliveryState
    attempts: int
    next_at: int
    body: bytes | None
    signature: str | None
    created_at: int
    reason: str | None = None
    """Why it is dead."""
    is_forced: bool = False
    """Somebody asked for it by hand, or it is a probe: it is tried though its endpoint is paused."""

    @property
    def is_erased(self) -> bool:
        """Whether what it said was erased with its prediction: it cannot be said again."""
        return self.attempts > 0 and self.body is None


def canonical_events(names: list[str], *, filtered: bool = False) -> tuple[WebhookEvent, ...]:
    """The events that `names` ask for; none named means the terminal ones, unknown names never fire.

    `filtered`: the names came as `webhook_events_filter`, where `completed` means any terminal state.
    """
    if not names:
        return TERMINAL_EVENTS
    events: dict[WebhookEvent, None] = {}
    for name in names:
        word = name.strip().lower().removeprefix("prediction.")
        found = TERMINAL_EVENTS if filtered and word == "completed" else _NAMES.get(word, ())
        events.update(dict.fromkeys(found))
    return tuple(events)


def body_spelling(names: list[str], *, plain: bool) -> str:
    """How a body spells a cancel: `canceled` or `cancelled`.

    `plain`: the subscription came as a string or as `webhook_events_filter`.
    """
    words = {name.strip().lower() for name in names}
    documented = words & {"succeeded", "processing"} and not words & {"started", "completed", "cancelled"}
    return "canceled" if plain or documented else "cancelled"


def wants_envelope(names: tuple[str, ...]) -> bool:
    """Whether the payload is wrapped as `{type, created_at, data}`: a name with `prediction.` asks it."""
    return any(name.strip().lower().startswith("prediction.") for name in names)


def hex_signature(body: bytes, key: bytes) -> str:
    """`X-Skytells-Signature`: lower-case hex HMAC-SHA256 of the raw body."""
    return hmac.new(key, body, hashlib.sha256).hexdigest()


def standard_signature(delivery_id: str, timestamp_seconds: int, body: bytes, secret: str) -> str:
    """One of `webhook-signature` of Standard Webhooks 1.0.0; `secret` is `whsec_` + standard base64."""
    try:
        key = base64.b64decode(secret.removeprefix("whsec_"), validate=True)
    except ValueError as error:
        raise Error(Code.INVALID_PARAMETER, "A webhook secret is 'whsec_' followed by base64.") from error
    signed = f"{delivery_id}.{timestamp_seconds}.".encode() + body
    return "v1," + base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()


def new_secret() -> str:
    """A secret to sign with by Standard Webhooks."""
    return "whsec_" + base64.b64encode(secrets.token_bytes(SECRET_BYTES)).decode()


def is_standard(delivery_id: str, timestamp: str, body: bytes, signatures: str, secret: str) -> bool:
    """Whether one of the `signatures` of a `webhook-signature` header is made with `secret`."""
    if not timestamp.isascii() or not timestamp.isdigit() or len(timestamp) > 15:
        return False
    expected = standard_signature(delivery_id, int(timestamp), body, secret).encode()
    return any(hmac.compare_digest(each.encode(), expected) for each in signatures.split())


def legible(answer: bytes) -> str:
    """The beginning of what a receiver answered, as text that commands no terminal and no page; 1 KB at most."""
    text = answer[:ANSWER_BYTES_MAX].decode(errors="replace")
    shown = "".join(each for each in text if each in "\n\t" or unicodedata.category(each) not in _UNSEEN)
    return shown.encode()[:ANSWER_BYTES_MAX].decode(errors="ignore").strip()


def retry_seconds(event: WebhookEvent, attempts: int) -> int | None:
    """How long to wait after `attempts` failed tries; None when there is none left."""
    schedule = RETRY_SECONDS if event in TERMINAL_EVENTS else PROGRESS_RETRY_SECONDS
    return schedule[attempts - 1] if attempts <= len(schedule) else None


def payload(
    flat: Mapping[str, Any], names: tuple[str, ...], *, event: WebhookEvent, at: str
) -> Mapping[str, Any]:
    """The body of a delivery: the prediction itself, with the envelope's keys merged over it when asked for.

    `flat` is the prediction as its dialect renders it. The `started` event's body says `started`, because
    the official listener routes on it.
    """
    if event is WebhookEvent.STARTED:
        flat = {**flat, "status": "started"}
    if not wants_envelope(names):
        return flat
    word = "started" if event is WebhookEvent.STARTED else flat["status"]
    return {**flat, "type": f"prediction.{word}", "created_at": at, "data": flat}
