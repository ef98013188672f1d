"""The phases of a prediction that has ended, as stretches of time: figures and traces tell the same ones."""

import msgspec

from foretell.prediction import Phase, Prediction

_BEFORE_A_RUN = (Phase.FETCHING, Phase.DOWNLOADING, Phase.BUILDING, Phase.LOADING)
_QUEUED, _RUNNING, _STORING = (each.value for each in (Phase.QUEUED, Phase.RUNNING, Phase.STORING))
_PER_SECOND = 1_000_000


class Span(msgspec.Struct, frozen=True):
    """What a prediction did, and from when until when (microseconds since the epoch)."""

    phase: str
    start_at: int
    end_at: int

    @property
    def seconds(self) -> float:
        return (self.end_at - self.start_at) / _PER_SECOND


def spans(prediction: Prediction) -> list[Span]:
    """The phases that it had, in their order; they do not overlap. One that never began was only queued."""
    ended_at = prediction.completed_at or prediction.updated_at
    # What was waited for before the run is known by how long it took; it came in this order.
    waited = prediction.metadata.get("phases") or {}
    at = min(prediction.held_at or ended_at, ended_at)
    if "queued_seconds" in waited:
        at = min(at, prediction.created_at + int(waited["queued_seconds"] * _PER_SECOND))
    found = [Span(_QUEUED, prediction.created_at, at)]
    for phase in _BEFORE_A_RUN if waited else ():
        if seconds := waited.get(f"{phase.value}_seconds"):
            start_at, at = at, min(at + int(seconds * _PER_SECOND), ended_at)
            found.append(Span(phase.value, start_at, at))
    if prediction.started_at is not None:
        start_at = max(prediction.started_at, at)
        run_at = start_at + int(prediction.metrics.get("predict_time", 0.0) * _PER_SECOND)
        stored_at = min(run_at, ended_at) if "predict_time" in prediction.metrics else ended_at
        found.append(Span(_RUNNING, min(start_at, stored_at), stored_at))
        found.append(Span(_STORING, stored_at, ended_at))
    return found
