"""What a strictly decoding client demands of every answer, as JSON Schemas."""

from typing import Any

import httpx
import jsonschema_rs

_TEXT = {"type": "string"}
_TEXT_OR_NULL = {"type": ["string", "null"]}
_INSTANT = {"type": "string", "pattern": r"^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\.\d{6}Z$"}
_INSTANT_OR_NULL = {"anyOf": [_INSTANT, {"type": "null"}]}
_ADDRESS = {"type": "string", "pattern": "^https?://"}
_SENTENCE = {"type": "string", "minLength": 1}
_WORDS = {"type": "array", "items": _TEXT}


def _object(properties: dict[str, Any], **more: Any) -> dict[str, Any]:
    """An object with all of these properties, and perhaps others."""
    return {"type": "object", "properties": properties, "required": list(properties), **more}


_STORED = _object({"name": _TEXT, "type": _TEXT, "size": {"type": "integer"}, "url": _ADDRESS})
PREDICTION = _object(
    {
        "id": {"type": "string", "pattern": r"^[\w-]{1,160}$"},
        "status": {"enum": ["starting", "processing", "succeeded", "failed", "canceled", "cancelled"]},
        "type": {"enum": ["inference", "training"]},
        "stream": {"type": "boolean"},
        "input": {"type": "object"},
        "output": {"anyOf": [_WORDS, _TEXT, {"type": "null"}]},
        "result": {},
        "response": _TEXT_OR_NULL,
        "error": _TEXT_OR_NULL,
        "error_id": _TEXT_OR_NULL,
        "error_message": _TEXT_OR_NULL,
        "created_at": _INSTANT,
        "updated_at": _INSTANT,
        "started_at": _INSTANT_OR_NULL,
        "completed_at": _INSTANT_OR_NULL,
        "privacy": {"enum": ["public", "private"]},
        "source": {"enum": ["api", "cli", "web", "dashboard"]},
        "model": _object({"name": _TEXT, "type": {"enum": ["image", "video", "audio", "music", "text"]}}),
        "webhook": _object({"url": _TEXT_OR_NULL, "events": _WORDS}),
        "metrics": {"type": "object", "additionalProperties": {"type": "number"}},
        "metadata": _object(
            {
                "billing": _object({"credits_used": {"type": "number"}}),
                "storage": _object({"files": {"type": "array", "items": _STORED}}),
                "data_available": {"type": "boolean"},
            }
        ),
        "data_removed": {"type": "boolean"},
        "urls": _object({"get": _ADDRESS, "cancel": _ADDRESS, "stream": _ADDRESS, "delete": _ADDRESS}),
    }
)
LIST = _object(
    {
        "data": {"type": "array", "items": PREDICTION},
        "pagination": _object(
            {
                name: {"type": "integer", "minimum": 0}
                for name in ("current_page", "per_page", "total", "last_page")
            }
        ),
    }
)
_TOLD = PREDICTION["properties"] | {
    "status": {"enum": [*PREDICTION["properties"]["status"]["enum"], "started"]}
}
WEBHOOK = _object(_TOLD)
"""The body of a webhook: the prediction, whose status may be `started`."""
ENVELOPED = _object(
    _TOLD
    | {"type": {"type": "string", "pattern": r"^prediction\.\w+$"}, "created_at": _INSTANT, "data": WEBHOOK}
)
"""The same for names that begin with `prediction.`: the envelope's keys lie over the prediction's."""
DELIVERIES = _object(
    {
        "data": {
            "type": "array",
            "items": _object(
                {
                    "id": _TEXT,
                    "prediction_id": _TEXT,
                    "account": _TEXT,
                    "event": {"enum": ["started", "processing", "completed", "failed", "canceled"]},
                    "url": _ADDRESS,
                    "state": {"enum": ["pending", "paused", "delivered", "dead"]},
                    "reason": _TEXT_OR_NULL,
                    "created_at": _INSTANT,
                    "next_at": _INSTANT_OR_NULL,
                    "attempts": {
                        "type": "array",
                        "items": _object(
                            {
                                "at": _INSTANT,
                                "status": {"type": ["integer", "null"]},
                                "error": _TEXT_OR_NULL,
                                "seconds": {"type": "number"},
                                "answer": _TEXT_OR_NULL,
                            }
                        ),
                    },
                }
            ),
        }
    }
)
"""What a prediction's webhook was told."""
CHANGED = {"allOf": [PREDICTION, _object({"success": {"const": True}})]}
"""What a cancel and a delete answer."""
CREATED = {"allOf": [CHANGED, _object({"message": _SENTENCE, "data": PREDICTION})]}
"""What `POST /v1/predict` answers: the prediction, and the envelope's keys beside it."""
MODEL = _object(
    {
        "name": _TEXT,
        "description": _TEXT,
        "namespace": _TEXT,
        "type": {"enum": ["image", "video", "audio", "music", "text"]},
        "privacy": {"enum": ["public", "private"]},
        "img_url": _TEXT_OR_NULL,
        "vendor": _object(
            {
                "name": _TEXT,
                "description": _TEXT,
                "image_url": _TEXT,
                "verified": {"type": "boolean"},
                "slug": _TEXT,
                "metadata": {"type": ["object", "null"]},
            }
        ),
        "billable": {"type": "boolean"},
        "pricing": _object(
            {
                "amount": {"type": "number"},
                "currency": _TEXT,
                "unit": _TEXT,
                "criterias": {
                    "type": "array",
                    "items": _object(
                        {
                            "field": _TEXT,
                            "description": _TEXT,
                            "operator": {"const": "equals"},
                            "billable_price": {"type": "number"},
                            "unit": _TEXT,
                        }
                    ),
                },
            }
        ),
        "capabilities": _WORDS,
        "metadata": _object(
            {
                "edge_compatible": {"type": "boolean"},
                "openai_compatible": {"type": "boolean"},
                "cold_boot": {"type": "boolean"},
                "deployment_hardware": _object({"type": _TEXT, "slug": _TEXT}),
            }
        ),
        "status": {"enum": ["operational", "offline"]},
        "service": _object({"type": _TEXT, "inference_party": _TEXT}),
    }
)
ERROR = _object(
    {
        "status": {"const": False},
        "response": _TEXT,
        "error": _object(
            {
                "http_status": {"type": "integer", "minimum": 400, "maximum": 599},
                "message": {"type": "string", "minLength": 1},
                "details": _TEXT,
                "error_id": {"type": "string", "pattern": "^[A-Z_]+$"},
                "request_id": _TEXT,
            }
        ),
    },
    additionalProperties=False,
)


INFERENCE_ERROR = _object(
    {
        "error": _object(
            {
                "message": _SENTENCE,
                "type": _SENTENCE,
                "code": _TEXT_OR_NULL,
                "error_id": {"type": "string", "pattern": "^[A-Z_]+$"},
                "status": {"type": "integer", "minimum": 400, "maximum": 599},
                "param": _TEXT_OR_NULL,
                "request_id": _TEXT,
                "details": {"type": "object"},
            }
        )
    },
    additionalProperties=False,
)
"""The same on the routes that speak as OpenAI's do."""


def model(*fields: str) -> dict[str, Any]:
    """A model's schema when it was asked for with these `fields`, and without the others."""
    schemas = {"input_schema": _object({"type": {"const": "object"}, "properties": {"type": "object"}})}
    schemas["output_schema"] = {"type": "object"}
    unwanted = [{"required": [name]} for name in schemas if name not in fields]
    wanted = _object({name: schemas[name] for name in fields})
    return {"allOf": [MODEL, wanted, *({"not": each} for each in unwanted)]}


def check(schema: dict[str, Any], body: Any) -> None:
    """Fails with every place where `body` is not what a strict client decodes."""
    problems = [
        f"{each.instance_path}: {each.message}"
        for each in jsonschema_rs.validator_for(schema).iter_errors(body)
    ]
    assert not problems, problems


def success(answer: httpx.Response, schema: dict[str, Any]) -> Any:
    """The body of a 200 that no official client takes for a failure: JSON of this schema, without a boolean status."""
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"].startswith("application/json")
    body = answer.json()
    check(schema, body)
    assert not isinstance(body.get("status"), bool)
    return body


def check_refusal(answer: httpx.Response, status: int, error_id: str) -> None:
    """Fails unless the answer is this refusal, in the envelope, with the id of its request."""
    assert (answer.status_code, answer.json()["error"]["error_id"]) == (status, error_id), answer.text
    check(ERROR, answer.json())
    assert answer.json()["error"]["http_status"] == status
    assert answer.headers["content-type"] == "application/json"
    assert answer.headers["x-request-id"] == answer.json()["error"]["request_id"]
