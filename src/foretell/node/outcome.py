"""How an attempt is written down: its status, and what it took."""

import logging
import time
from dataclasses import dataclass, field
from typing import Any

from foretell.chatter import Chatter
from foretell.file import File
from foretell.model import Version
from foretell.node.frames import Ending
from foretell.node.hearing import Hearing
from foretell.node.trouble import LoadFailed, RunFailed
from foretell.node.waits import Waits
from foretell.prediction import Failure, Outcome, Prediction, Status, Steps, Used
from foretell.pricing import USED, cost_nanocredits

predictions_log = logging.getLogger("foretell.predictions")
_chatter = Chatter()
LOG_END_CHARACTERS = 2_000
"""How much of a setup's log stands in the message of a prediction that failed by it."""


@dataclass(slots=True)
class Measured:
    """One attempt's figures as they become known; its beginning and end are by the clock that nobody sets.

    Of a batch of `batch_size` runs, each gets an equal part of the time.
    """

    prediction: Prediction
    version: Version
    hardware: str
    load_seconds: float = 0.0
    began_seconds: float | None = None
    ended_seconds: float | None = None
    progress: float = 0.0
    steps: Steps | None = None
    own: dict[str, float] = field(default_factory=dict)
    extents: dict[str, float] = field(default_factory=dict)
    used: Ending | None = None
    metadata: dict[str, Any] = field(default_factory=dict)
    gpu_memory_mb: int = 0
    batch_size: int = 1
    waits: Waits = field(default_factory=Waits)

    def hear(self, hearing: Hearing) -> None:
        """Takes what was heard of the run by its end."""
        self.used, self.own = hearing.used, hearing.recorded.numbers
        self.progress, self.steps = hearing.voice.progress, hearing.voice.steps
        said = {"message": hearing.message, "recorded": hearing.recorded.notes}
        self.metadata |= {name: each for name, each in said.items() if each}


def succeeded(measured: Measured, result: Any, files: list[File], *, at: int) -> Outcome:
    """The outcome of a run that ended well, with what it costs."""
    prediction = measured.prediction
    # What a model says of its own recordings is more exact than what their headers say.
    metrics = _metrics(measured, at)
    if measured.extents:
        metrics = measured.extents | metrics
    if files:
        metrics |= _counts(files, model_type=prediction.model_type)
    metrics["progress"] = 100
    return Outcome(
        status=Status.SUCCEEDED,
        result=result,
        metrics=metrics,
        metadata=_metadata(measured),
        cost_nanocredits=0 if prediction.pricing is None else _cost(prediction, metrics),
    )


def failed(measured: Measured, error: RunFailed, *, at: int) -> Outcome:
    """The outcome of a run that failed: it costs nothing."""
    return Outcome(
        status=Status.FAILED,
        failure=Failure(error.code, error.message),
        metrics=_metrics(measured, at) | {"progress": measured.progress},
        metadata=_metadata(measured),
    )


def what_was_used(measured: Measured, *, at: int) -> Used:
    """The time and the tokens of a run that was canceled in the middle, and what they cost."""
    prediction = measured.prediction
    used = {name: value for name, value in _metrics(measured, at).items() if name in USED}
    cost = cost_nanocredits(prediction.pricing, used, prediction.input, model_type=prediction.model_type)
    return Used(used, cost)


def internal() -> RunFailed:
    """What an error that nobody foresaw looks like to the caller."""
    return RunFailed("internal", "The prediction failed because of an error in the server.")


def setup_failed(error: LoadFailed) -> RunFailed:
    """A failed load as a failed prediction."""
    if not error.log.strip():
        return RunFailed("setup_failed", error.message)
    end = error.log.strip()[-LOG_END_CHARACTERS:]
    return RunFailed("setup_failed", f"{error.message}\n\nThe end of its setup log:\n{end}")


def tell_ended(prediction: Prediction, outcome: Outcome) -> None:
    """Logs how a prediction ended; of those that went well, not all where they are too many to read."""
    unsaid = _chatter.unsaid() if outcome.failure is None else 0
    if unsaid is None:
        return
    seconds = round(outcome.metrics.get("total_time", 0.0), 3)
    found = {"prediction_id": prediction.id, "model": prediction.model, "status": outcome.status.value}
    trouble = {} if outcome.failure is None else {"error_code": outcome.failure.code}
    found |= {"left_out": str(unsaid)} if unsaid else {}
    words = f"{outcome.status.value} {prediction.id} of {prediction.model} after {seconds} s"
    predictions_log.info(words, extra=found | trouble | {"seconds": seconds, "node": prediction.node})


def _cost(prediction: Prediction, metrics: dict[str, float]) -> int:
    counted = metrics | {"prediction_count": 1}
    return cost_nanocredits(prediction.pricing, counted, prediction.input, model_type=prediction.model_type)


def _metrics(measured: Measured, at: int) -> dict[str, float]:
    prediction = measured.prediction
    found = dict(measured.own)
    found["total_time"] = _seconds(prediction.created_at, at)
    found["queue_time"] = _seconds(prediction.created_at, prediction.held_at)
    found["load_time"] = _to_micros(measured.load_seconds)
    if measured.began_seconds is not None:
        ended_seconds = time.monotonic() if measured.ended_seconds is None else measured.ended_seconds
        found["predict_time"] = _to_micros((ended_seconds - measured.began_seconds) / measured.batch_size)
    if measured.batch_size > 1:
        found["batch_size"] = measured.batch_size
    if measured.used is not None:
        # What the child says it says to the microsecond.
        found["cpu_time"] = measured.used.cpu_seconds
        found["memory_peak_mb"] = measured.used.memory_bytes * 10 // 1024**2 / 10
        if measured.gpu_memory_mb:
            found["gpu_memory_peak_mb"] = measured.gpu_memory_mb
        if measured.used.run_seconds:
            found["predict_time"] = measured.used.run_seconds
    return found


def _counts(files: list[File], *, model_type: str) -> dict[str, float]:
    """How many there are of each kind. A moving picture that is a video model's is a video."""
    kinds = ["video" if _is_clip(each, model_type) else each.content_type.partition("/")[0] for each in files]
    found: dict[str, float] = {"asset_count": len(files)}
    return found | {f"{kind}_count": kinds.count(kind) for kind in ("image", "video") if kind in kinds}


def _is_clip(file: File, model_type: str) -> bool:
    return model_type == "video" and file.content_type == "image/gif"


def _metadata(measured: Measured) -> dict[str, Any]:
    waited = measured.waits.told()
    said = {"hardware": measured.hardware} | measured.metadata
    if measured.steps is not None:
        said["progress"] = measured.steps.told()
    if waited:
        said["phases"] = waited
    return said


def _seconds(start_at: int, end_at: int | None) -> float:
    return max(0, (end_at or start_at) - start_at) / 1_000_000


def _to_micros(seconds: float) -> float:
    """To six places. `round` writes a decimal for it, which takes four times as long."""
    return int(seconds * 1_000_000 + 0.5) / 1_000_000
