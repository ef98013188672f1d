"""Messages about predictions."""

from typing import Annotated, Any, Literal, NotRequired, TypedDict

from msgspec import Meta

from foretell.dialects.skytells.messages.fields import Id, Instant, Pagination
from foretell.dialects.skytells.messages.files import StoredFile

Output = str | list[str] | None
"""Files are a list of addresses, text is a string."""


class ModelOfPrediction(TypedDict):
    """The model that a prediction runs."""

    name: Annotated[str, Meta(description="The name it was asked for by.", examples=["truefusion"])]
    type: Annotated[Literal["image", "video", "audio", "music", "text"], Meta(description="What it makes.")]


class WebhookOfPrediction(TypedDict):
    """Where its events are told; `url` is null where nobody is told."""

    url: Annotated[str | None, Meta(description="The address that is called.")]
    events: Annotated[list[str], Meta(description="The names that were asked for, as they were spelled.")]


class Billing(TypedDict):
    """What it cost."""

    credits_used: Annotated[float, Meta(description="In credits; 0 for a model without a price.")]


class Storage(TypedDict):
    """What it left behind."""

    files: Annotated[list[StoredFile], Meta(description="The files of its output.")]


class Queue(TypedDict):
    """The queue that it waits in."""

    position: Annotated[int, Meta(description="How many are before it, itself included.")]
    estimate_seconds: Annotated[
        float | None,
        Meta(description="About how long until its run begins; null: nobody knows."),
    ]


class StepsDone(TypedDict):
    """How many steps of how many are done, where the model counts; `unit` is its word for one."""

    done: Annotated[float, Meta(description="It never falls.", examples=[3])]
    of: Annotated[float, Meta(examples=[25])]
    unit: Annotated[str, Meta(examples=["step", "page"])]


class Phases(TypedDict, total=False):
    """How long it was at what; only what it really waited for is there."""

    queued_seconds: float
    fetching_seconds: Annotated[float, Meta(description="Its files were fetched.")]
    downloading_seconds: Annotated[float, Meta(description="The model's weights were fetched.")]
    building_seconds: Annotated[float, Meta(description="The model's environment was built.")]
    loading_seconds: Annotated[float, Meta(description="The model was loaded.")]
    running_seconds: float
    storing_seconds: Annotated[float, Meta(description="Its outputs were stored.")]


class PredictionMetadata(TypedDict):
    """Facts about the prediction in words. Models and the server may add others."""

    billing: Billing
    storage: Storage
    data_available: Annotated[bool, Meta(description="Whether output and files are still kept.")]
    data_expires_at: NotRequired[
        Annotated[
            Instant, Meta(description="When output and files are purged, where they are not kept for ever.")
        ]
    ]
    removed: NotRequired[
        Annotated[
            list[Literal["inputs", "logs", "outputs"]], Meta(description="The parts that are no longer kept.")
        ]
    ]
    phase: NotRequired[
        Annotated[
            Literal[
                "queued", "paused", "fetching", "downloading", "building", "loading", "running", "storing"
            ],
            Meta(description="What a live prediction is at.", examples=["queued", "running"]),
        ]
    ]
    queue: NotRequired[Queue]
    download_percent: NotRequired[
        Annotated[int, Meta(description="How far the download of its model's weights is.")]
    ]
    building: NotRequired[
        Annotated[str, Meta(description="What is being installed.", examples=["Collecting torch==2.13.0"])]
    ]
    phases: NotRequired[Phases]
    progress: NotRequired[StepsDone]
    queue_position: NotRequired[
        Annotated[int, Meta(description="How many are before it in its queue, itself included.")]
    ]


class PredictionUrls(TypedDict):
    """Where to go on from here."""

    get: Annotated[str, Meta(description="The prediction.")]
    cancel: Annotated[str, Meta(description="POST here to cancel it.")]
    stream: Annotated[str, Meta(description="Its events.")]
    delete: Annotated[str, Meta(description="DELETE here to delete it.")]


class Prediction(TypedDict):
    """One run of a model. Every key is there in every state."""

    id: Id
    status: Annotated[
        Literal["starting", "processing", "succeeded", "failed", "canceled", "cancelled"],
        Meta(
            description="`succeeded`, `failed` and `canceled` are final. Official clients are answered "
            "`cancelled`."
        ),
    ]
    type: Annotated[Literal["inference"], Meta(description="Always `inference`.")]
    stream: Annotated[bool, Meta(description="Whether it was created to be streamed.")]
    input: Annotated[
        dict[str, Any], Meta(description="The input, with the model's defaults; secrets hidden.")
    ]
    output: Annotated[
        Output,
        Meta(
            description="Files are a list of addresses; text is a string, which grows while a streaming model "
            "runs. Null until then, and where it failed.",
            examples=[["http://127.0.0.1:8900/files/4b7e…/picture-1-x4c1.png"]],
        ),
    ]
    result: Annotated[Any, Meta(description="What the model returned as it is, with files as addresses.")]
    response: Annotated[str | None, Meta(description="Why it failed, in a sentence.")]
    error: Annotated[str | None, Meta(description="The same.")]
    error_id: Annotated[
        str | None, Meta(description="Why it failed, in a word for programs.", examples=["timed_out"])
    ]
    error_message: Annotated[str | None, Meta(description="The same as `error`.")]
    created_at: Instant
    started_at: Annotated[Instant | None, Meta(description="When its first run began.")]
    completed_at: Annotated[Instant | None, Meta(description="When it ended.")]
    updated_at: Annotated[Instant, Meta(description="When its state changed last.")]
    privacy: Annotated[
        Literal["private", "public"], Meta(description="Whether anyone with its id may read it.")
    ]
    source: Annotated[
        Literal["api", "cli", "dashboard", "web"],
        Meta(description="Where it was created; official clients see `web` for `dashboard`."),
    ]
    model: ModelOfPrediction
    webhook: WebhookOfPrediction
    metrics: Annotated[
        dict[str, float],
        Meta(
            description="Numbers: times in seconds (`predict_time`, `total_time`, `queue_time`, `load_time`, "
            "`cpu_time`), `progress` (0 to 100), `image_count`, `asset_count`, tokens, memory in MB, and what "
            "the model counts.",
            examples=[{"predict_time": 4.2, "total_time": 4.4, "image_count": 1, "progress": 100}],
        ),
    ]
    metadata: PredictionMetadata
    data_removed: Annotated[bool, Meta(description="True once output and files are gone.")]
    urls: PredictionUrls


class CreatedPrediction(Prediction):
    """The prediction, with the same in an envelope beside it: clients read either."""

    success: Annotated[bool, Meta(description="Always true.")]
    message: Annotated[str, Meta(examples=["Prediction starting"])]
    data: Prediction


class EndedPrediction(Prediction):
    """The last state of the prediction."""

    success: Annotated[bool, Meta(description="Always true.")]


class PredictionList(TypedDict):
    """A page of predictions, newest first."""

    data: list[Prediction]
    pagination: Pagination
