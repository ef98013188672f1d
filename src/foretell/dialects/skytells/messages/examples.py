"""Examples of messages, for the reference; each is checked against its type."""

from collections.abc import Mapping
from typing import Any

from foretell.dialects.skytells.messages.files import DeletedFile, UploadedFile
from foretell.dialects.skytells.messages.models import Model
from foretell.dialects.skytells.messages.predictions import (
    CreatedPrediction,
    EndedPrediction,
    Prediction,
    PredictionList,
)

_HERE = "http://127.0.0.1:8900"
_ID = "0191b3c4-8f6e-7a52-9d0c-5b2f6a7e1c3d"
_AT = f"{_HERE}/v1/predictions/{_ID}"
_PICTURE = f"{_HERE}/files/5mFJx0T3nqYb1c8VdLwK2A/picture-1-x4c1.png"

PREDICTION: Prediction = {
    "id": _ID,
    "status": "succeeded",
    "type": "inference",
    "stream": False,
    "input": {"prompt": "a red fox in the snow"},
    "output": [_PICTURE],
    "result": [_PICTURE],
    "response": None,
    "error": None,
    "error_id": None,
    "error_message": None,
    "created_at": "2026-03-04T21:20:58.000000Z",
    "started_at": "2026-03-04T21:20:58.200000Z",
    "completed_at": "2026-03-04T21:21:02.400000Z",
    "updated_at": "2026-03-04T21:21:02.400000Z",
    "privacy": "private",
    "source": "api",
    "model": {"name": "truefusion", "type": "image"},
    "webhook": {"url": None, "events": []},
    "metrics": {
        "queue_time": 0.2,
        "predict_time": 4.2,
        "total_time": 4.4,
        "asset_count": 1,
        "image_count": 1,
        "progress": 100,
    },
    "metadata": {
        "billing": {"credits_used": 0.0},
        "storage": {
            "files": [
                {"name": "picture-1-x4c1.png", "type": "image/png", "size": 287418, "url": _PICTURE},
            ]
        },
        "data_available": True,
    },
    "data_removed": False,
    "urls": {"get": _AT, "cancel": f"{_AT}/cancel", "stream": f"{_AT}/stream", "delete": f"{_AT}/delete"},
}

STARTING: Prediction = {
    **PREDICTION,
    "status": "starting",
    "output": None,
    "result": None,
    "started_at": None,
    "completed_at": None,
    "updated_at": PREDICTION["created_at"],
    "metrics": {},
    "metadata": {
        "billing": {"credits_used": 0.0},
        "storage": {"files": []},
        "data_available": True,
        "phase": "queued",
    },
}

CREATED: CreatedPrediction = {
    **STARTING,
    "success": True,
    "message": "Prediction starting",
    "data": STARTING,
}

ENDED: EndedPrediction = {
    **STARTING,
    "status": "canceled",
    "completed_at": PREDICTION["completed_at"],
    "updated_at": PREDICTION["updated_at"],
    "metadata": {
        "billing": {"credits_used": 0.0},
        "storage": {"files": []},
        "data_available": True,
    },
    "success": True,
}

PREDICTIONS: PredictionList = {
    "data": [PREDICTION],
    "pagination": {"current_page": 1, "per_page": 20, "total": 1, "last_page": 1},
}

FILE: UploadedFile = {
    "id": "9kQ2hVbYw7RzE1tXcN4s0g",
    "object": "file",
    "name": "fox-1f2e3d.png",
    "type": "image/png",
    "size": 48213,
    "url": f"{_HERE}/files/9kQ2hVbYw7RzE1tXcN4s0g/fox-1f2e3d.png",
    "sha256": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
    "created_at": "2026-03-04T21:20:58.000000Z",
    "urls": {
        "get": f"{_HERE}/v1/files/9kQ2hVbYw7RzE1tXcN4s0g",
        "delete": f"{_HERE}/v1/files/9kQ2hVbYw7RzE1tXcN4s0g",
    },
}

DELETED_FILE: DeletedFile = {**FILE, "success": True}

MODEL: Model = {
    "name": "TrueFusion",
    "description": "Draws one everyday thing on a white ground.",
    "namespace": "truefusion",
    "type": "image",
    "privacy": "public",
    "img_url": None,
    "vendor": {
        "name": "Foretell",
        "description": "",
        "image_url": "",
        "verified": True,
        "slug": "foretell",
        "metadata": None,
    },
    "billable": False,
    "pricing": {"amount": 0.0, "currency": "USD", "unit": "prediction", "criterias": []},
    "capabilities": ["text-to-image"],
    "metadata": {
        "edge_compatible": False,
        "openai_compatible": False,
        "cold_boot": True,
        "deployment_hardware": {"type": "cpu", "slug": "local"},
        "version": "d2d85c36bfeb7837000ce12f2ca386cc5e8bb9d4b0c25c16d394a701d12de239",
        "streaming": False,
        "license": "Apache-2.0",
        "offline_reason": None,
    },
    "status": "operational",
    "service": {"type": "prediction_serving", "inference_party": "self_hosted"},
}

EXAMPLES: Mapping[Any, Any] = {
    Prediction: PREDICTION,
    CreatedPrediction: CREATED,
    EndedPrediction: ENDED,
    PredictionList: PREDICTIONS,
    UploadedFile: FILE,
    DeletedFile: DELETED_FILE,
    Model: MODEL,
}
"""An example of each message that one put together from its fields would misrepresent."""
