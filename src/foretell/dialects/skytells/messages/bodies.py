"""What callers send: bodies, query parameters and headers."""

from typing import Annotated, Any, Literal

from msgspec import Meta, Struct, field

from foretell.audit import Action
from foretell.retention import SECONDS_MAX

WebhookAddress = Annotated[
    str,
    Meta(description="An http or https address.", max_length=2048, pattern=r"^https?://[\w.-]+(:\d+)?(/|$)"),
]
Day = Annotated[str, Meta(extra_json_schema={"anyOf": [{"format": "date"}, {"maxLength": 0}]})]
"""A date; nothing is the same as no date."""

EventNames = Annotated[list[Annotated[str, Meta(max_length=100)]], Meta(max_length=50)]


Duration = Annotated[
    str,
    Meta(
        pattern=r"^(([1-9][0-9]{0,2}[smhSMH]){1,3}|[1-9][0-9]{0,5}(\.[0-9]{1,6})?|0\.[1-9][0-9]{0,5})$",
        examples=["5m"],
    ),
]
Seconds = Annotated[float, Meta(ge=0.1, le=31_536_000)]


class WebhookWish(Struct):
    """Who is to be told, and of what."""

    url: Annotated[WebhookAddress | None, Meta(description="Where; nobody is told without it.")] = None
    events: Annotated[
        EventNames | None,
        Meta(
            description="`started`, `processing`, `completed`, `failed`, `canceled` or `*`, also with "
            "`prediction.` before them; none means every end."
        ),
    ] = None


class Create(Struct, kw_only=True):
    """What a prediction is to be. Null and absent are the same; unknown fields are ignored."""

    model: Annotated[
        str,
        Meta(
            description="A model's slug, `vendor/slug` or an alias, in any case.",
            pattern=r"\S",
            examples=["truefusion"],
        ),
    ]
    input: Annotated[
        dict[str, Any],
        Meta(
            description="What the model's `input_schema` asks for; every problem is told at once.",
            examples=[{"prompt": "a red fox in the snow"}],
        ),
    ]
    await_: Annotated[
        bool | None, Meta(description="Answer at the end, or unfinished when the time for waiting is up.")
    ] = field(default=None, name="await")
    wait: Annotated[bool | None, Meta(description="The same as `await`.")] = None
    stream: Annotated[
        bool | None,
        Meta(description="With `Accept: text/event-stream` the answer is the prediction's events."),
    ] = None
    webhook: Annotated[
        WebhookAddress | WebhookWish | Literal[""] | None,
        Meta(description="An address to be called at every end, or an address with the names of events."),
    ] = None
    webhook_events_filter: Annotated[
        EventNames | None,
        Meta(description="Names of events for a `webhook` that is an address; `completed` means any end."),
    ] = None
    safety_checker: Annotated[
        bool | None,
        Meta(
            description="Whether unsafe pictures are withheld; enters the input of a model that has the switch."
        ),
    ] = None
    safety_check: Annotated[bool | None, Meta(description="The same as `safety_checker`.")] = None
    gpu: Annotated[
        Annotated[str, Meta(max_length=64)] | None,
        Meta(description="The kind of machine to run on, where there is one.", examples=["H100"]),
    ] = None
    ttl: Annotated[
        Annotated[int, Meta(ge=1, le=SECONDS_MAX)] | None,
        Meta(
            description="Seconds from its end until its input, output, logs and files are purged. The server may "
            "purge them sooner."
        ),
    ] = None
    privacy: Annotated[
        Literal["private", "public"] | None,
        Meta(
            description="`public` lets anyone with its id read the prediction, but not its webhook and logs."
        ),
    ] = None
    dry_run: Annotated[
        bool | None,
        Meta(
            description="Create nothing: the answer is the input with its defaults, and what it may cost. Nothing "
            "else of the body matters then."
        ),
    ] = None
    cancel_after: Annotated[
        Seconds | Duration | None,
        Meta(
            description="After how long it is canceled, if it has not ended: in seconds, or `90s`, `5m`, `1h30m`. "
            "The header `Cancel-After` says the same; what is sooner counts.",
            examples=[300],
        ),
    ] = None
    queue_timeout: Annotated[
        Seconds | Duration | None,
        Meta(
            description="How long its run may take to begin; after that it fails as `expired`.", examples=[60]
        ),
    ] = None
    cancel_on_disconnect: Annotated[
        bool | None,
        Meta(description="Cancel it when the caller who awaits or streams it does not stay to its end."),
    ] = None


class RepeatHeaders(Struct):
    """Whether a request may be sent again, and for how long what it creates may live."""

    cancel_after: Annotated[
        Duration | None,
        Meta(
            description="After how long what is created is canceled, if it has not ended: seconds, or `90s`, `5m`, "
            "`1h30m`.",
            examples=["5m"],
        ),
    ] = None

    idempotency_key: Annotated[
        Annotated[str, Meta(min_length=1, max_length=255)] | None,
        Meta(
            description="A word of your own, new for each thing you want. The same body under the same key "
            "creates nothing more for 24 hours: the answer is about what the first request created, with "
            "`Idempotent-Replayed: true`.",
            examples=["order-4711"],
        ),
    ] = None


class CreateHeaders(RepeatHeaders):
    """How a create is to be answered."""

    prefer: Annotated[
        str | None,
        Meta(description="`wait=n` answers at the end or after n seconds.", examples=["wait=10"]),
    ] = None


class PredictionQuery(Struct):
    """How a prediction is to be answered."""

    stream: Annotated[bool, Meta(description="Answer with its events.")] = False


class StreamHeaders(Struct):
    """Where a stream is to begin."""

    last_event_id: Annotated[
        str | None,
        Meta(description="Go on behind the event with this id.", examples=["1:42"]),
    ] = None


class PredictionsQuery(Struct):
    """Which predictions are wanted."""

    page: Annotated[int, Meta(ge=1, le=1_000_000, description="Which page.")] = 1
    per_page: Annotated[int, Meta(ge=1, le=50, description="How many on a page.")] = 20
    from_: Annotated[
        Day | None,
        Meta(description="The first day, in UTC.", examples=["2026-01-31"]),
    ] = field(default=None, name="from")
    to: Annotated[
        Day | None,
        Meta(description="The last day, in UTC.", examples=["2026-02-28"]),
    ] = None
    model: Annotated[str | None, Meta(description="Only those of this model.")] = None
    status: Annotated[
        Literal["starting", "processing", "succeeded", "failed", "canceled", "cancelled"] | None,
        Meta(description="Only those in this state."),
    ] = None
    key: Annotated[str | None, Meta(description="Only those made with the key of this id.")] = None
    source: Annotated[
        str | None, Meta(description="Only those that came this way.", examples=["api", "dashboard"])
    ] = None
    text: Annotated[
        str | None,
        Meta(description="Only those that have this somewhere in their input; 200 characters count."),
    ] = None


class ModelQuery(Struct):
    """How much of a model is wanted."""

    fields: Annotated[
        str | None,
        Meta(
            description="What to add, with commas between: `input_schema`, `output_schema`, `examples`.",
            examples=["input_schema,output_schema"],
        ),
    ] = None


class ModelsQuery(ModelQuery):
    """Which models are wanted, and how much of them."""

    aliases: Annotated[
        bool,
        Meta(description="Also the names of others' models that models here answer to."),
    ] = False


class KeysQuery(Struct):
    """Whose keys are wanted."""

    account: Annotated[str | None, Meta(description="The name or id of an account; everybody's else.")] = None


class AuditQuery(Struct):
    """Which deeds are wanted."""

    account: Annotated[str | None, Meta(description="The name or id of who did it; anybody else.")] = None
    action: Annotated[
        Annotated[str, Meta(extra_json_schema={"enum": [each.value for each in Action]})] | None,
        Meta(description="What was done.", examples=["key.create"]),
    ] = None
    before: Annotated[str | None, Meta(description="Only those before the one with this id.")] = None
    limit: Annotated[int, Meta(ge=1, le=200, description="How many.")] = 50


class FilesQuery(Struct):
    """Which uploads are wanted. The first two are for callers with `x-api-key`, the others for OpenAI's."""

    page: Annotated[int, Meta(ge=1, le=1_000_000)] | None = None
    per_page: Annotated[int, Meta(ge=1, le=50)] | None = None
    purpose: Annotated[str | None, Meta(description="Only those uploaded for this.")] = None
    limit: Annotated[Annotated[int, Meta(ge=1, le=10_000)] | None, Meta(description="How many at once.")] = (
        None
    )
    order: Annotated[Literal["asc", "desc"] | None, Meta(description="Oldest or newest first.")] = None
    after: Annotated[str | None, Meta(description="The id of the last file of the page before.")] = None


class FileQuery(Struct):
    """How a file is to be sent."""

    download: Annotated[
        str | None, Meta(description="Have browsers save the file instead of showing it.", examples=["1"])
    ] = None


class FileHeaders(Struct):
    """Which part of a file is wanted."""

    range: Annotated[str | None, Meta(description="A range of bytes.", examples=["bytes=0-1023"])] = None
    if_none_match: Annotated[
        str | None, Meta(description="The `ETag` of a copy: 304 while it is the same.")
    ] = None
    if_range: Annotated[str | None, Meta(description="The `ETag` that the range was meant for.")] = None


class Upload(Struct):
    """A multipart body with a file in it."""

    file: Annotated[bytes, Meta(description="The file. Its name and content type are kept.")]
    purpose: Annotated[
        Annotated[str, Meta(pattern=r"^[\w-]{0,64}$")] | None,
        Meta(description="What it is for, such as `vision`; noted, and shown to OpenAI's clients."),
    ] = None
