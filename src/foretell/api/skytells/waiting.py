"""Waiting: what a prediction that has not begun waits for, as its caller reads it."""

from typing import Any, cast

from foretell.dialects.skytells import messages
from foretell.prediction import Phase, Prediction
from foretell.store import Outlook

PAUSED = "paused"
"""In place of `queued`, where an operator lets the model start nothing."""


def phase(prediction: Prediction, outlook: Outlook | None) -> str | None:
    """What it is at; None where nothing is known."""
    if outlook is not None and outlook.is_paused:
        return PAUSED
    return None if prediction.phase is None else prediction.phase.value


def waiting(prediction: Prediction, outlook: Outlook | None) -> dict[str, Any]:
    """What `metadata` and the events of a stream say of it, beside the phase."""
    if outlook is None:
        return {}
    if outlook.position is not None:
        queue = {"position": outlook.position, "estimate_seconds": outlook.estimate_seconds}
        return {"queue": queue, "queue_position": outlook.position}
    said: dict[str, Any] = {}
    if prediction.phase is Phase.DOWNLOADING and outlook.percent is not None:
        said["download_percent"] = outlook.percent
    if prediction.phase is Phase.BUILDING and outlook.line:
        said["building"] = outlook.line
    return said


def add_waiting(body: messages.Prediction, prediction: Prediction, outlook: Outlook | None) -> None:
    """Adds all of it to a rendered prediction."""
    found = phase(prediction, outlook)
    said = waiting(prediction, outlook) | ({} if found is None else {"phase": found})
    body["metadata"] = cast(messages.PredictionMetadata, {**body["metadata"], **said})
