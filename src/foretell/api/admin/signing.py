"""What an account's webhooks are signed with, and a key's, where that is not the key itself."""

import secrets

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from foretell.api.admin.accounts import existing
from foretell.api.answers import answer
from foretell.api.deeds import deed
from foretell.api.operations import operation
from foretell.api.requests import body_of, services
from foretell.api.skytells import signing
from foretell.audit import Action
from foretell.dialects.skytells import messages
from foretell.errors import Code, Error
from foretell.store import Store

SECRET_BYTES = 32
SECRET_CHARACTERS = range(8, 257)
"""How long a secret may be: no shorter than can be guessed, no longer than anybody's is."""


class KeySecretWish(msgspec.Struct):
    """A secret to sign with from now on: a given one, or a new one; `remove` goes back to the key itself."""

    secret: str | None = None
    rotate: bool = False
    remove: bool = False


class SecretWish(msgspec.Struct):
    """Whether a webhook secret is to be made anew, and how long the one before it is to sign as well."""

    rotate: bool = False
    overlap_seconds: signing.Overlap = 0


_account_wish = msgspec.json.Decoder(SecretWish)
_wish = msgspec.json.Decoder(KeySecretWish)


@operation(
    "Get a webhook secret",
    tag="Operator",
    description="What Standard Webhooks' signatures of the account are made with. After a rotation the secret before "
    "it signs as well, for `overlap_seconds`.",
    path={"account": "Its name or id."},
    body=SecretWish,
    examples={
        "As it is": {},
        "A new one": {"rotate": True},
        "A new one within a day": {"rotate": True, "overlap_seconds": 86_400},
    },
    answer=messages.WebhookSecret,
    errors=(Code.NOT_FOUND, Code.INVALID_PARAMETER),
)
async def account_secret(request: Request) -> Response:
    """The account's secret, made at its first need or when a new one is wished for."""
    wish = await body_of(request, _account_wish)
    account = await existing(services(request).store, request.path_params["account"])
    if wish.rotate:
        return answer(await signing.rotated(request, account.id, wish.overlap_seconds))
    return answer(await signing.shown(request, account.id))


@operation(
    "Get what a key's webhooks are signed with",
    tag="Operator",
    description="A secret of the key's own signs `X-Skytells-Signature` in the place of the key.",
    path={"key": "Its id."},
    body=KeySecretWish,
    examples={
        "As it is": {},
        "A new one": {"rotate": True},
        "One that receivers have": {"secret": "a secret of ours"},
        "None": {"remove": True},
    },
    answer=messages.KeySecret,
    errors=(Code.NOT_FOUND, Code.CONFLICT, Code.INVALID_PARAMETER, Code.INVALID_COMBINATION),
)
async def key_secret(request: Request) -> Response:
    """The key's own secret, after what was wished for; null while the key itself signs."""
    wish = await body_of(request, _wish)
    wished = (wish.secret is not None) + wish.rotate + wish.remove
    if wished > 1:
        raise Error(Code.INVALID_COMBINATION, "Wish for one of 'secret', 'rotate' and 'remove'.")
    at = services(request)
    key_id = await _existing(at.store, request.path_params["key"], is_to_change=wished == 1)
    doing = at.store.by(deed(request, Action.KEY_SECRET, key_id))
    if wish.remove:
        await doing.set_key_secret(key_id, None)
    elif wished:
        secret = secrets.token_hex(SECRET_BYTES) if wish.secret is None else _sound(wish.secret)
        await doing.set_key_secret(key_id, at.seal.seal(secret.encode()))
    sealed = await at.store.key_secret(key_id)
    shown: messages.KeySecret = {"secret": None if sealed is None else at.seal.open(sealed).decode()}
    return answer(shown)


async def _existing(store: Store, key_id: str, *, is_to_change: bool) -> str:
    """The key's id. Raises Error(NOT_FOUND), or Error(CONFLICT) when a revoked key is to be given a secret."""
    key = await store.key(key_id)
    if key is None:
        raise Error(Code.NOT_FOUND, f"There is no key '{key_id}'.")
    if is_to_change and key.revoked_at is not None:
        raise Error(Code.CONFLICT, f"The key '{key.name}' is revoked and signs no more.")
    return key.id


def _sound(secret: str) -> str:
    if len(secret) not in SECRET_CHARACTERS or not secret.isprintable():
        least, most = SECRET_CHARACTERS[0], SECRET_CHARACTERS[-1]
        raise Error(Code.INVALID_PARAMETER, f"A webhook secret has {least} to {most} printable characters.")
    return secret
