"""What a prediction is, and the table of moves by which its status may change."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated, Any

import msgspec

from foretell.file import File
from foretell.pricing import Pricing
from foretell.retention import Retention


class Status(StrEnum):
    """The five states a caller sees."""

    STARTING = "starting"
    PROCESSING = "processing"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELED = "canceled"

    @property
    def is_terminal(self) -> bool:
        return self in TERMINAL


TERMINAL = frozenset({Status.SUCCEEDED, Status.FAILED, Status.CANCELED})


class Move(StrEnum):
    """The verbs that change a prediction's status or its hold."""

    TAKE = "take"
    BEGIN = "begin"
    RELEASE = "release"
    SUCCEED = "succeed"
    FAIL = "fail"
    CANCEL = "cancel"
    EXPIRE = "expire"


@dataclass(frozen=True, slots=True)
class Rule:
    """Where a move may start and where it leads; a `held` move counts only under the current hold."""

    sources: tuple[Status, ...]
    target: Status
    held: bool


MOVES: Mapping[Move, Rule] = {
    Move.TAKE: Rule((Status.STARTING,), Status.STARTING, held=False),
    Move.BEGIN: Rule((Status.STARTING,), Status.PROCESSING, held=True),
    Move.RELEASE: Rule((Status.STARTING, Status.PROCESSING), Status.STARTING, held=True),
    Move.SUCCEED: Rule((Status.PROCESSING,), Status.SUCCEEDED, held=True),
    Move.FAIL: Rule((Status.STARTING, Status.PROCESSING), Status.FAILED, held=True),
    Move.CANCEL: Rule((Status.STARTING, Status.PROCESSING), Status.CANCELED, held=False),
    Move.EXPIRE: Rule((Status.STARTING,), Status.FAILED, held=False),
}

LOSSES_MAX = 3
"""A prediction whose node or replica vanished this often fails as `worker_lost`."""
DASHBOARD = "dashboard"
"""The source of predictions that somebody made in the server's own pages."""


class Phase(StrEnum):
    """What a live prediction is waiting for or doing, for the person who waits."""

    QUEUED = "queued"
    FETCHING = "fetching"
    DOWNLOADING = "downloading"
    BUILDING = "building"
    LOADING = "loading"
    RUNNING = "running"
    STORING = "storing"


class Steps(msgspec.Struct, frozen=True):
    """How many of how many a run has done, as its model counts; `unit` is the word for one of them."""

    done: Annotated[int, msgspec.Meta(ge=0, le=2**53)] | Annotated[float, msgspec.Meta(ge=0, le=2**53)]
    of: Annotated[int, msgspec.Meta(gt=0, le=2**53)] | Annotated[float, msgspec.Meta(gt=0, le=2**53)]
    unit: Annotated[str, msgspec.Meta(pattern=r"^\w[\w -]{0,23}\Z")] = "step"

    def is_after(self, before: "Steps | None") -> bool:
        return before is None or self.done > before.done

    def told(self) -> dict[str, Any]:
        """As callers read it."""
        return {"done": min(self.done, self.of), "of": self.of, "unit": self.unit}


class Hold(msgspec.Struct, frozen=True):
    """The right of one node incarnation to run one attempt; a write under one no longer current is void."""

    prediction_id: str
    node: str
    attempt: int


@dataclass(frozen=True, slots=True)
class Failure:
    """Why a prediction failed: a code for programs and a sentence for the caller."""

    code: str
    message: str


@dataclass(frozen=True, slots=True)
class Subscription:
    """Where and about what a caller wants to be told.

    `names` are the caller's own words, echoed back; `events` the canonical ones among them;
    `spelling` decides `canceled`/`cancelled` in the body.
    """

    url: str
    names: tuple[str, ...]
    events: tuple[str, ...]
    spelling: str


class NewPrediction(msgspec.Struct, frozen=True, kw_only=True):
    """A validated request, ready to be written. `input` is complete: defaults are filled in.

    `request` is what the dialect it was asked in needs to answer for it again, beside the input.
    `pricing` is what it will cost, whatever its model costs by then; None: nothing. `hold_nanocredits` is kept
    for it until that is known. `retention` is how long it is kept, whatever the settings are by then; None: for ever.
    `cancel_after_seconds` is after how long it is canceled, if it still lives; `queue_seconds` how long it may wait
    for a run to begin.
    """

    id: str
    account_id: str
    key_id: str | None
    model: str
    model_type: str
    version_id: str
    lane: str
    input: dict[str, Any]
    input_hash: str
    origin: str
    source: str = "api"
    privacy: str = "private"
    stream: bool = False
    priority: int = 0
    webhook: Subscription | None = None
    request: dict[str, Any] | None = None
    pricing: Pricing | None = None
    hold_nanocredits: int = 0
    retention: Retention | None = None
    cancel_after_seconds: float | None = None
    queue_seconds: float | None = None


class Prediction(msgspec.Struct, frozen=True, kw_only=True):
    """One prediction as stored. `input` and what follows are there only when its body was read with it.

    `files`: what it gave, in order, where that is known without reading it: as it ends, to whoever waits here.
    """

    id: str
    account_id: str
    key_id: str | None
    model: str
    model_type: str
    version_id: str
    lane: str
    status: Status
    node: str | None
    attempt: int
    losses: int
    priority: int
    created_at: int
    held_at: int | None
    started_at: int | None
    completed_at: int | None
    updated_at: int
    origin: str
    source: str
    privacy: str
    stream: bool
    phase: Phase | None
    progress: float
    steps: Steps | None = None
    cost_nanocredits: int
    data_removed_at: int | None
    deleted_at: int | None
    input: dict[str, Any] = {}
    result: Any = None
    failure: Failure | None = None
    metrics: dict[str, float] = {}
    metadata: dict[str, Any] = {}
    webhook: Subscription | None = None
    request: dict[str, Any] | None = None
    pricing: Pricing | None = None
    retention: Retention | None = None
    files: tuple[File, ...] | None = None

    @property
    def hold(self) -> Hold | None:
        return None if self.node is None else Hold(self.id, self.node, self.attempt)


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """How an attempt ended. `result` is the model's own JSON, with each file as `{"$file": file_id}`."""

    status: Status
    result: Any = None
    failure: Failure | None = None
    metrics: dict[str, float] = msgspec.field(default_factory=dict)
    metadata: dict[str, Any] = msgspec.field(default_factory=dict)
    cost_nanocredits: int = 0


@dataclass(frozen=True, slots=True)
class Used:
    """What a run had used when it was canceled in the middle, and what that costs."""

    metrics: dict[str, float]
    cost_nanocredits: int


TRIAL = "trial"
"""The source of a prediction by which an operator tries a version: free, and in nobody's usage. Its `request` may say
`{"load_only": true}`: then it ends as soon as its model is loaded."""

FILE_KEY = "$file"
"""In a stored result, `{FILE_KEY: id}` stands for a file; dialects put its URL there."""


def is_for_loading(prediction: Prediction) -> bool:
    """Whether it is a trial that wants its model loaded, and nothing run."""
    return prediction.source == TRIAL and bool((prediction.request or {}).get("load_only"))
