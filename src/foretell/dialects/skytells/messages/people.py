"""Messages about who calls, and who is signed in."""

from typing import Annotated, Literal, TypedDict

from msgspec import Meta

from foretell.dialects.skytells.messages.fields import Address, Instant


class WhoMessage(TypedDict):
    """Whom a request acts for."""

    id: str
    name: Annotated[str, Meta(examples=["default"])]
    role: Annotated[Literal["member", "operator"], Meta(description="An operator sees everything.")]
    scopes: Annotated[list[Literal["manage", "read", "run"]], Meta(description="What the caller may do.")]
    models: Annotated[list[str] | None, Meta(description="The models that it may run; null: every model.")]
    key_id: Annotated[str | None, Meta(description="The key that was used, also to sign in.")]
    csrf_token: Annotated[
        str | None, Meta(description="For pages of this server: what to send as `X-CSRF-Token`.")
    ]


class SessionMessage(TypedDict):
    """A browser that is signed in."""

    id: str
    created_at: Instant
    seen_at: Annotated[Instant, Meta(description="When it was last used, to the minute.")]
    ends_at: Annotated[Instant, Meta(description="When it ends if it is not used again.")]
    key_id: Annotated[str | None, Meta(description="The key it was begun with; null: a link.")]
    agent: Annotated[str, Meta(description="What the browser calls itself.")]
    address: Annotated[str, Meta(description="Where it was begun.", examples=["127.0.0.1"])]
    is_current: Annotated[bool, Meta(description="Whether it is the one that asks.")]


class SessionList(TypedDict):
    """Every browser that is signed in."""

    data: list[SessionMessage]


class LinkMessage(TypedDict):
    """A link that signs somebody in, once."""

    url: Address
    expires_at: Instant
