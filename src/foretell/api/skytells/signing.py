"""The secret that an account's webhooks are signed with by Standard Webhooks."""

import time
from typing import Annotated

import msgspec
from msgspec import Meta
from starlette.requests import Request
from starlette.responses import Response

from foretell.api.answers import answer
from foretell.api.deeds import deed
from foretell.api.operations import operation
from foretell.api.requests import body_of, caller, services
from foretell.audit import Action
from foretell.dialects.skytells import messages, timestamp
from foretell.webhook import new_secret

OVERLAP_SECONDS_MAX = 30 * 86_400
Overlap = Annotated[
    int,
    Meta(ge=0, le=OVERLAP_SECONDS_MAX, description="How long the secret before it signs as well."),
]


class SecretRotation(msgspec.Struct):
    """How a webhook secret is replaced."""

    overlap_seconds: Overlap = 0


_rotation = msgspec.json.Decoder(SecretRotation)


@operation("Get your webhook secret", tag="Webhooks", answer=messages.WebhookSecret)
async def get(request: Request) -> Response:
    """The secret of the caller's account, made now if it has none."""
    return answer(await shown(request, caller(request).account.id))


@operation(
    "Rotate your webhook secret",
    tag="Webhooks",
    description="For `overlap_seconds` deliveries carry two signatures: of the new secret, and of the one before it. "
    "One that an earlier rotation still let sign signs no more.",
    body=SecretRotation,
    examples={"At once": {}, "Within a day": {"overlap_seconds": 86_400}},
    answer=messages.WebhookSecret,
)
async def rotate(request: Request) -> Response:
    """A new secret for the caller's account."""
    wanted = await body_of(request, _rotation)
    return answer(await rotated(request, caller(request).account.id, wanted.overlap_seconds))


async def shown(request: Request, account_id: str) -> messages.WebhookSecret:
    """The account's secret, made now if it has none."""
    at = services(request)
    found = await at.store.webhook_secret(account_id)
    if found is None:
        await at.store.begin_webhook_secret(account_id, at.seal.seal(new_secret().encode()))
        found = await at.store.webhook_secret(account_id)
    assert found is not None
    sealed, former_until_at = found
    until_at = former_until_at if former_until_at is not None and former_until_at > _now() else None
    return {
        "secret": at.seal.open(sealed).decode(),
        "former_until_at": None if until_at is None else timestamp(until_at),
    }


async def rotated(request: Request, account_id: str, overlap_seconds: int) -> messages.WebhookSecret:
    """A new secret for the account; the one before it signs for `overlap_seconds` more."""
    at = services(request)
    until_at = _now() + overlap_seconds * 1_000_000 if overlap_seconds else None
    secret = new_secret()
    doing = at.store.by(deed(request, Action.ACCOUNT_SECRET, account_id))
    await doing.set_webhook_secret(account_id, at.seal.seal(secret.encode()), former_until_at=until_at)
    return await shown(request, account_id)


def _now() -> int:
    return time.time_ns() // 1_000
