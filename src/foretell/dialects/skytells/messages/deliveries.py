"""Messages about deliveries: what a webhook was told, and how that went."""

from typing import Annotated, Literal, TypedDict

from msgspec import Meta

from foretell.dialects.skytells.messages.fields import Address, Instant


class DeliveryAttemptMessage(TypedDict):
    """One try."""

    at: Instant
    status: Annotated[int | None, Meta(description="What the receiver answered; null when it did not.")]
    error: Annotated[str | None, Meta(description="What went wrong, if anything.")]
    seconds: Annotated[float, Meta(ge=0, description="How long it took.")]


class DeliveryMessage(TypedDict):
    """One event that one prediction owes its receiver."""

    id: Annotated[str, Meta(description="Its id, which the receiver finds in `webhook-id`.")]
    event: Literal["started", "processing", "completed", "failed", "canceled"]
    url: Address
    state: Annotated[
        Literal["pending", "delivered", "dead"],
        Meta(description="`dead`: its schedule has ended, or the receiver is gone."),
    ]
    created_at: Instant
    next_at: Annotated[Instant | None, Meta(description="When it is tried next; null when it is not.")]
    attempts: list[DeliveryAttemptMessage]


class DeliveryList(TypedDict):
    """What a prediction's webhook was told, in the order it happened."""

    data: list[DeliveryMessage]
