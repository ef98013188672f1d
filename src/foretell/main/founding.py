"""What the first start makes: the data directory, the server's secret, the first account and its key."""

import contextlib
import os
import secrets
from pathlib import Path

from foretell.account import Account, Key, Role, key_digest, key_id_of, new_key
from foretell.config import Config
from foretell.ids import new_id
from foretell.session import new_link
from foretell.store import Store

DEFAULT_ACCOUNT = "default"
FIRST_KEY = "first"
FIXED_KEY = "configuration"
"""The name of the key that the setting `key` fixes."""
SECRET_BYTES = 32


def found_directory(data: Path) -> None:
    """Makes the data directory, for this user alone."""
    data.mkdir(mode=0o700, parents=True, exist_ok=True)


def secret(config: Config) -> bytes:
    """The server's secret: as configured, else the data directory's own, made at the first start."""
    if config.secret:
        return config.secret.encode()
    path = config.data_path / "secret"
    if not path.exists():
        _write_once(path, secrets.token_hex(SECRET_BYTES))
    return path.read_text().strip().encode()


async def found_account(store: Store, config: Config, *, is_served: bool, now: int) -> str | None:
    """Makes the account `default`, and where callers are served its keys; the first is returned this once.

    The account is an operator's: whoever starts a server first owns it. Applications get their own.
    A command that runs for a moment leaves keys alone: it need not know the one that the server is given.
    """
    account = await store.account(DEFAULT_ACCOUNT) or await store.create_account(
        DEFAULT_ACCOUNT, Role.OPERATOR
    )
    if not is_served:
        return None
    await _fix_key(store, config, account, now=now)
    if await store.keys(account.id):
        return None
    key_id, raw = new_key()
    await store.create_key(_key(key_id, raw, account, FIRST_KEY, now=now))
    return raw


async def offer_sign_in(store: Store, *, now: int) -> str | None:
    """The token of a link that signs the first account in to the dashboard, once."""
    account = await store.account(DEFAULT_ACCOUNT)
    if account is None:
        return None
    link, token = new_link(account.id, at=now)
    await store.offer_link(link)
    return token


async def _fix_key(store: Store, config: Config, account: Account, *, now: int) -> None:
    """Makes the configured key the only one that the configuration ever gave."""
    digest = key_digest(config.key) if config.key else None
    for key in await store.keys(account.id):
        if key.name == FIXED_KEY and key.revoked_at is None and key.sha256 != digest:
            await store.revoke_key(key.id)
    if digest is None:
        return
    known = await store.key_by_digest(digest)
    if known is not None:
        # What a start without it had ended counts again as soon as the configuration says it again.
        if known.name == FIXED_KEY and known.revoked_at is not None:
            await store.restore_key(known.id)
        return
    key_id = key_id_of(config.key) or new_key()[0]
    await store.create_key(_key(key_id, config.key, account, FIXED_KEY, now=now))


def _key(key_id: str, raw: str, account: Account, name: str, *, now: int) -> Key:
    return Key(
        id=key_id, account_id=account.id, name=name, sha256=key_digest(raw), last4=raw[-4:], created_at=now
    )


def _write_once(path: Path, text: str) -> None:
    """Writes a file for this user alone, whole or not at all; the first of several writers wins."""
    part = path.with_name(f"{path.name}.{new_id()}")
    descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    with contextlib.suppress(FileExistsError):
        os.link(part, path)
    part.unlink()
