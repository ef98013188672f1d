"""The facade's part about people: accounts, keys, secrets, and who did what."""

from __future__ import annotations

from foretell.account import Account, Key, Role
from foretell.allowance import Allowance
from foretell.audit import Done
from foretell.ids import new_id
from foretell.retention import Retention
from foretell.session import Link, Session
from foretell.store import accounts, audit, sessions
from foretell.store.asking import Asking
from foretell.store.keys import NewSecret, change, keep, rotate


class People(Asking):
    """Accounts, keys, and what was done with them."""

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

    async def webhook_secrets(self, account_id: str, *, at: int) -> list[bytes]:
        """What the account's webhooks are signed with, sealed, the newest first: two for a while after a rotation."""
        return await self._ask(accounts.webhook_secrets, account_id, at)

    async def webhook_secret(self, account_id: str) -> tuple[bytes, int | None] | None:
        """The newest one, sealed, and until when the one before it signs as well; None before the first need."""
        return await self._ask(accounts.webhook_secret, account_id)

    async def begin_webhook_secret(self, account_id: str, sealed: bytes) -> None:
        """Gives the account its first secret; one that it has stays."""
        await self._do(accounts.begin_webhook_secret, account_id, sealed)

    async def set_webhook_secret(
        self, account_id: str, sealed: bytes, *, former_until_at: int | None = None
    ) -> None:
        """From now on this one signs; the one before it as well, until then."""
        await self._do(accounts.set_webhook_secret, account_id, sealed, former_until_at)

    async def change_key(self, key: Key) -> Key:
        """Lets the key do what `key` may from now on. Raises Error(CONFLICT) when it is revoked."""
        return await self._do(change, key)

    async def keep_of_key(self, key_id: str, retention: Retention) -> Key | None:
        """What is created with the key from now on is kept so long; None: there is no such key."""
        return await self._do(keep, key_id, retention)

    async def rotate_key(self, key_id: str, new: NewSecret) -> Key:
        """Gives the key another secret. Raises Error(CONFLICT) when it is revoked."""
        return await self._do(rotate, key_id, new)

    async def seal_former(self, key_id: str, sealed: bytes) -> None:
        """Keeps the first sealed copy of a former secret, until the new one is sealed."""
        await self._do(accounts.seal_former, key_id, sealed)

    async def audited(self, wanted: audit.Wanted) -> list[Done]:
        """Who did what, newest first."""
        return await self._ask(audit.page, wanted)

    async def forget_deeds(self, before: int, kept_max: int = audit.KEPT_MAX) -> int:
        """Takes away the oldest, some at a time; how many. 0: what is left is neither too old nor too much."""
        return await self._pass(audit.forget, before, kept_max)

    async def begin_session(self, session: Session) -> None:
        """Signs a browser in."""
        await self._do(sessions.begin, session)

    async def session(self, sha256: str) -> Session | None:
        """The session of this digest, also one that has ended and is not forgotten."""
        return await self._ask(sessions.of_digest, sha256)

    async def sessions(self, account_id: str, *, at: int) -> list[Session]:
        """An account's sessions that have not ended at that instant, the newest first."""
        return await self._ask(sessions.of_account, account_id, at)

    async def touch_session(self, session_id: str) -> None:
        """Notes that the session was used, to the minute."""
        await self._pass(sessions.touch, session_id)

    async def end_session(self, session_id: str, *, account_id: str | None) -> Session | None:
        """Signs a browser out; None when that account has no such session."""
        return await self._do(sessions.end, session_id, account_id)

    async def offer_link(self, link: Link) -> None:
        """From now on the link signs somebody in, once."""
        await self._do(sessions.offer, link)

    async def use_link(self, sha256: str) -> str | None:
        """The id of the account that a link signs in to; None when it does no more."""
        return await self._do(sessions.use, sha256)

    async def forget_sessions(self) -> int:
        """Takes away what has ended; how many."""
        return await self._pass(sessions.forget)
