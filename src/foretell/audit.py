"""Deeds: what people do that others may later have to know of."""

from dataclasses import dataclass
from enum import StrEnum


class Action(StrEnum):
    """What was done; its subject is a name or an id of the thing before the dot."""

    ACCOUNT_CREATED = "account.create"
    ACCOUNT_CHANGED = "account.change"
    ACCOUNT_SUSPENDED = "account.suspend"
    ACCOUNT_RESUMED = "account.resume"
    ACCOUNT_SECRET = "account.webhook_secret"
    CREDITS_ADDED = "credits.add"
    CREDITS_CAPPED = "credits.cap"
    KEY_CREATED = "key.create"
    KEY_CHANGED = "key.change"
    KEY_ROTATED = "key.rotate"
    KEY_REVOKED = "key.revoke"
    KEY_SECRET = "key.webhook_secret"
    SESSION_BEGUN = "session.begin"
    SESSION_ENDED = "session.end"
    LINK_OFFERED = "session.link"
    MODEL_REGISTERED = "model.register"
    MODEL_ROLLED_BACK = "model.rollback"
    MODEL_REMOVED = "model.remove"
    MODEL_PAUSED = "model.pause"
    MODEL_RESUMED = "model.resume"
    NODE_DRAINED = "node.drain"
    NODE_RESUMED = "node.resume"
    REPLICA_UNLOADED = "replica.unload"
    PREDICTION_DELETED = "prediction.delete"
    FILE_DELETED = "file.delete"


@dataclass(frozen=True, slots=True, kw_only=True)
class Deed:
    """What somebody did: as which account, with which key (None: on the server's own machine), from where."""

    account_id: str
    key_id: str | None
    action: Action
    subject: str
    request_id: str
    address: str


@dataclass(frozen=True, slots=True)
class Done:
    """A deed as it was written down."""

    id: str
    at: int
    deed: Deed
