"""Messages about money."""

from typing import Annotated, Any, Literal, NotRequired, TypedDict

from msgspec import Meta, Struct, field

from foretell.dialects.skytells.messages.bodies import Day
from foretell.dialects.skytells.messages.fields import Instant
from foretell.dialects.skytells.messages.models import PricingMessage

Nanocredits = Annotated[int, Meta(description="The same in whole 10⁻⁹ credits, exactly.")]


Seconds = Annotated[
    float | None,
    Meta(description="That share of those that succeeded took this long or less; null where none did."),
]


class EstimateMessage(TypedDict):
    """What a prediction may cost."""

    credits: Annotated[float, Meta(description="In credits.", ge=0)]
    nanocredits: Nanocredits
    is_upper_bound: Annotated[
        bool,
        Meta(
            description="False where neither the input nor the model's limits say how much there will be of what "
            "the price counts: such things count as none, and it may cost more."
        ),
    ]


class ModelOfDryRun(TypedDict):
    """The model that would run."""

    name: Annotated[str, Meta(examples=["truefusion"])]
    version: Annotated[str, Meta(description="The version that would be pinned.")]


class DryRun(TypedDict):
    """What a create would do. Nothing was created."""

    dry_run: Annotated[Literal[True], Meta(description="Always true.")]
    model: ModelOfDryRun
    input: Annotated[
        dict[str, Any], Meta(description="The input, with the model's defaults; secrets hidden.")
    ]
    estimate: EstimateMessage
    pricing: PricingMessage


class CapsMessage(TypedDict):
    """How much may be spent, in credits; null: any amount."""

    total_max: Annotated[float | None, Meta(description="Ever.")]
    month_max: Annotated[float | None, Meta(description="In a calendar month (UTC).")]
    total: Annotated[float, Meta(description="What has been spent, and is held, so far.")]
    month: Annotated[float, Meta(description="The same of this month's predictions.")]


class BalanceMessage(TypedDict):
    """What an account has, in credits. Without a budget `available` is negative: what it owes."""

    is_budgeted: Annotated[bool, Meta(description="Whether only what is available can be spent.")]
    available: float
    held: Annotated[float, Meta(description="Kept for predictions under way.")]
    granted: float
    spent: float
    available_nanocredits: Annotated[int, Meta(description="`available` in whole 10⁻⁹ credits, exactly.")]


class TransferMessage(TypedDict):
    """Credits that went from one book to another: what the four gain sums to zero."""

    id: str
    kind: Annotated[
        Literal["grant", "opening", "hold", "settle"],
        Meta(description="`opening` writes off what was spent before the account had a budget."),
    ]
    prediction_id: str | None
    available: float
    held: float
    granted: Annotated[float, Meta(description="Negative where credits come from outside.")]
    spent: float
    note: str | None
    created_at: Instant


class CreditsMessage(TypedDict):
    """An account's credits."""

    account: Annotated[str, Meta(description="Its name.")]
    balance: BalanceMessage
    caps: CapsMessage
    transfers: Annotated[list[TransferMessage], Meta(description="The newest first.")]


class UsageQuery(Struct):
    """Which usage is wanted."""

    from_: Annotated[
        Day | None, Meta(description="The first day, in UTC; 366 days at most.", examples=["2026-01-31"])
    ] = field(default=None, name="from")
    to: Annotated[Day | None, Meta(description="The last day, in UTC.", examples=["2026-02-28"])] = None
    group_by: Annotated[
        str,
        Meta(
            description="What to tell apart, with commas between: `day`, `model`, `key`, `account`.",
            examples=["day,model"],
        ),
    ] = "day"
    account: Annotated[
        str | None,
        Meta(description="For operators: another account's, by its name or id; `*` is everybody's."),
    ] = None
    durations: Annotated[
        bool, Meta(description="Also how long those took that succeeded, from create to end.")
    ] = False
    format: Annotated[
        Literal["json", "csv"], Meta(description="`csv` is for spreadsheets: a line for each group.")
    ] = "json"


class UsageMessage(TypedDict):
    """What was created in the period and charged for, of one group."""

    day: NotRequired[Annotated[str, Meta(description="In UTC, such as 2026-01-31.")]]
    model: NotRequired[Annotated[str, Meta(description="The model's name.")]]
    key: NotRequired[Annotated[str | None, Meta(description="The key's id; null for none.")]]
    account: NotRequired[Annotated[str, Meta(description="The account's id.")]]
    predictions: Annotated[int, Meta(description="How many were created.")]
    succeeded: int
    failed: int
    canceled: int
    credits_used: Annotated[float, Meta(description="What they were charged, in credits.")]
    nanocredits_used: Nanocredits
    seconds_p50: NotRequired[Seconds]
    seconds_p95: NotRequired[Seconds]
    seconds_p99: NotRequired[Seconds]


class UsageList(TypedDict):
    """The usage of a period, by group, and all of it."""

    data: list[UsageMessage]
    total: UsageMessage
    balance: Annotated[
        BalanceMessage | None, Meta(description="That account's, as it is now; null for everybody's.")
    ]
