"""Messages to and from operators."""

from typing import Annotated, Literal, TypedDict

from msgspec import Meta

from foretell.dialects.skytells.messages.fields import Instant

RequestsPerMinute = Annotated[
    int | None,
    Meta(description="Predictions that may be created within 60 seconds; null: no limit of its own."),
]
ConcurrencyMax = Annotated[
    int | None, Meta(description="Predictions that may be live on one model; null: no limit of its own.")
]


class AccountMessage(TypedDict):
    """An account: whose predictions, files and keys are kept apart from others'."""

    id: str
    name: Annotated[str, Meta(examples=["default"])]
    role: Literal["member", "operator"]
    created_at: Instant
    suspended_at: Annotated[Instant | None, Meta(description="Since when its keys are refused.")]
    requests_per_minute: RequestsPerMinute
    concurrency_max: ConcurrencyMax


class AccountList(TypedDict):
    """Every account."""

    data: list[AccountMessage]


class KeySecret(TypedDict):
    """What a key's webhooks are signed with."""

    secret: Annotated[str | None, Meta(description="The key's own secret; null while the key itself signs.")]


class KeyMessage(TypedDict):
    """An API key without its secret."""

    id: str
    name: str
    account: Annotated[str, Meta(description="The name of its account.")]
    last4: Annotated[
        str, Meta(description="The last characters of the key, to tell it by.", examples=["x9Qd"])
    ]
    scopes: Annotated[list[str], Meta(description="What it may do.", examples=[["manage", "read", "run"]])]
    models: Annotated[
        list[str] | None,
        Meta(description="Names and globs of the models that it may run; null: every model."),
    ]
    created_at: Instant
    last_used_at: Annotated[Instant | None, Meta(description="To the minute.")]
    expires_at: Annotated[Instant | None, Meta(description="From when on it is refused.")]
    revoked_at: Instant | None
    former_until_at: Annotated[
        Instant | None, Meta(description="Until when its former secret opens as well, after a rotation.")
    ]
    requests_per_minute: RequestsPerMinute
    concurrency_max: ConcurrencyMax


class KeyList(TypedDict):
    """Every key."""

    data: list[KeyMessage]


class NewKeyMessage(KeyMessage):
    """A new key, with its secret: it is shown this once."""

    key: Annotated[str, Meta(description="What callers send.", examples=["sk-…"])]


class AuditMessage(TypedDict):
    """Something that somebody did."""

    id: str
    at: Instant
    account: Annotated[str, Meta(description="The name of the account that did it.")]
    key_id: Annotated[
        str | None, Meta(description="The key it was done with; null: on the server's machine.")
    ]
    action: Annotated[str, Meta(description="What was done.", examples=["key.create"])]
    subject: Annotated[str, Meta(description="To what: an id or a name.")]
    request_id: Annotated[str, Meta(description="The id of the request that did it.")]
    address: Annotated[str, Meta(description="Where it came from.", examples=["127.0.0.1"])]


class AuditList(TypedDict):
    """What was done, newest first."""

    data: list[AuditMessage]
