"""Messages about deliveries: what webhooks were told, how that went, and the endpoints that they go to."""

from typing import Annotated, Literal, TypedDict

from msgspec import Meta, Struct

from foretell.dialects.skytells.messages.fields import Address, Instant, Pagination

Event = Literal["started", "processing", "completed", "failed", "canceled"]
State = Literal["pending", "paused", "delivered", "dead"]
Since = Annotated[
    Annotated[
        str,
        Meta(extra_json_schema={"anyOf": [{"format": "date-time"}, {"format": "date"}, {"maxLength": 0}]}),
    ]
    | None,
    Meta(
        description="Only those that came about then or later: a date or an instant, in UTC where it does not say.",
        examples=["2026-01-31T12:00:00Z"],
    ),
]
Begins = Annotated[
    str | None,
    Meta(description="Only those whose URL begins so.", examples=["https://shop.example/hooks/"]),
]


class DeliveriesQuery(Struct):
    """Which deliveries are wanted."""

    page: Annotated[int, Meta(ge=1, le=1_000_000, description="Which page.")] = 1
    per_page: Annotated[int, Meta(ge=1, le=50, description="How many on a page.")] = 20
    state: Annotated[State | None, Meta(description="Only those that stand so.")] = None
    event: Annotated[Event | None, Meta(description="Only those about this event.")] = None
    prediction: Annotated[str | None, Meta(description="Only those about this prediction.")] = None
    url: Begins = None
    since: Since = None


class EndpointsQuery(Struct):
    """Which endpoints are wanted."""

    page: Annotated[int, Meta(ge=1, le=1_000_000, description="Which page.")] = 1
    per_page: Annotated[int, Meta(ge=1, le=50, description="How many on a page.")] = 20


class DeliveryAttemptMessage(TypedDict):
    """One try."""

    at: Instant
    status: Annotated[int | None, Meta(description="What the receiver answered; null when it did not.")]
    error: Annotated[str | None, Meta(description="What went wrong, if anything.")]
    seconds: Annotated[float, Meta(ge=0, description="How long it took.")]
    answer: Annotated[
        str | None,
        Meta(description="How its answer began, 1 KB at most, without control characters; null without one."),
    ]


class DeliveryMessage(TypedDict):
    """One event that one prediction owes its receiver."""

    id: Annotated[str, Meta(description="Its id, which the receiver finds in `webhook-id`.")]
    prediction_id: str
    account: Annotated[str, Meta(description="The name of its account.")]
    event: Event
    url: Address
    state: Annotated[
        State,
        Meta(
            description="`paused`: kept while its endpoint is paused. `dead`: its schedule has ended, or the receiver "
            "is gone."
        ),
    ]
    reason: Annotated[str | None, Meta(description="Why it is dead.")]
    created_at: Instant
    next_at: Annotated[Instant | None, Meta(description="When it is tried next; null when it is not.")]
    attempts: Annotated[list[DeliveryAttemptMessage], Meta(description="The newest 100, in order.")]


class DeliveryList(TypedDict):
    """What a prediction's webhook was told, in the order it happened."""

    data: list[DeliveryMessage]


class DeliveryPage(TypedDict):
    """A page of deliveries, newest first."""

    data: list[DeliveryMessage]
    pagination: Pagination


class WholeDelivery(DeliveryMessage):
    """A delivery with what it says."""

    body: Annotated[
        str | None,
        Meta(
            description="The very text that every attempt sends; null before the first and once it is erased."
        ),
    ]
    signature: Annotated[
        str | None, Meta(description="`X-Skytells-Signature` of every attempt; null where no key signs.")
    ]


class RedeliveryWish(Struct):
    """Which deliveries are to be sent again, of those that were given up or are kept."""

    url: Begins = None
    since: Since = None
    prediction: Annotated[str | None, Meta(description="Only those about this prediction.")] = None


class Redelivered(TypedDict):
    """How many deliveries are sent again."""

    redelivered: Annotated[int, Meta(ge=0)]
    left: Annotated[int, Meta(ge=0, description="How many more there are: ask again for them.")]


class EndpointMessage(TypedDict):
    """What webhooks go to: an address without its query."""

    id: str
    account: Annotated[str, Meta(description="The name of its account.")]
    url: Address
    state: Annotated[
        Literal["active", "failing", "paused"],
        Meta(description="`paused`: it has only failed for long, and what it is owed is kept."),
    ]
    reason: Annotated[str | None, Meta(description="Why it is paused.")]
    failures: Annotated[int, Meta(ge=0, description="Attempts that failed since the last that succeeded.")]
    given_up: Annotated[int, Meta(ge=0, description="Deliveries about an end given up since then.")]
    kept: Annotated[int, Meta(ge=0, description="Deliveries kept while it is paused.")]
    failing_since: Instant | None
    paused_at: Instant | None
    next_probe_at: Annotated[
        Instant | None, Meta(description="When one delivery is tried; if that succeeds, it is resumed.")
    ]
    last_success_at: Annotated[Instant | None, Meta(description="To the minute.")]
    last_failure_at: Instant | None


class EndpointPage(TypedDict):
    """A page of endpoints."""

    data: list[EndpointMessage]
    pagination: Pagination


class WebhookSecret(TypedDict):
    """What an account's webhooks are signed with by Standard Webhooks."""

    secret: Annotated[
        str, Meta(pattern="^whsec_", description="The secret, in standard base64.", examples=["whsec_…"])
    ]
    former_until_at: Annotated[
        Instant | None, Meta(description="Until when the secret before it signs as well, after a rotation.")
    ]
