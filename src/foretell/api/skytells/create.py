"""Create a prediction, and answer at once, at its end, or as a stream."""

from collections.abc import Mapping
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from foretell.api.operations import operation
from foretell.api.skytells.predicting import predicted
from foretell.api.skytells.streams import EVENTS
from foretell.dialects.skytells import messages
from foretell.errors import Code

REFUSALS = (
    Code.INVALID_PARAMETER,
    Code.INVALID_COMBINATION,
    Code.MISSING_FIELD,
    Code.INVALID_INPUT,
    Code.MODEL_NOT_FOUND,
    Code.FILE_NOT_FOUND,
    Code.PREDICTION_NOT_FOUND,
    Code.GONE,
    Code.RATE_LIMITED,
    Code.OVERLOADED,
    Code.UNAVAILABLE,
)
"""What a create may be refused with, beyond what every keyed route may."""

EXAMPLES: Mapping[str, Any] = {
    "A picture": {"model": "truefusion", "input": {"prompt": "a red fox in the snow"}},
    "Wait for the end": {"model": "truefusion", "input": {"prompt": "a red fox in the snow"}, "await": True},
    "Text, piece by piece": {
        "model": "deepbrain",
        "input": {"prompt": "Why is the sky blue?"},
        "stream": True,
    },
    "Tell a webhook": {
        "model": "truefusion",
        "input": {"prompt": "a red fox in the snow"},
        "webhook": {"url": "https://example.com/hook", "events": ["completed", "failed"]},
    },
    "What it would cost": {
        "model": "truefusion",
        "input": {"prompt": "a red fox in the snow"},
        "dry_run": True,
    },
}


@operation(
    "Create a prediction",
    tag="Predictions",
    description="The prediction is durable when it is answered, and runs after that. With `await` the answer "
    "comes at its end, with `stream` and `Accept: text/event-stream` it is its events. A prediction that fails "
    "after it was accepted is no HTTP error: its `status` is `failed`, and `error` says why.",
    body=messages.Create,
    headers=messages.CreateHeaders,
    examples=EXAMPLES,
    answer=(messages.CreatedPrediction, messages.DryRun),
    stream=EVENTS,
    errors=REFUSALS,
)
async def predict(request: Request) -> Response:
    """The prediction in the envelope: the bare object with `success`, `message` and `data` beside it."""
    return await predicted(request, is_enveloped=True)


@operation(
    "Create a bare prediction",
    tag="Predictions",
    description="The same as `POST /v1/predict`, with nothing beside the prediction in its answer.",
    body=messages.Create,
    headers=messages.CreateHeaders,
    examples=EXAMPLES,
    answer=(messages.Prediction, messages.DryRun),
    stream=EVENTS,
    errors=REFUSALS,
)
async def predictions(request: Request) -> Response:
    """The bare prediction."""
    return await predicted(request, is_enveloped=False)
