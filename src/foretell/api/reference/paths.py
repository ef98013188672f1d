"""Paths: each route's operation as OpenAPI describes it."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from foretell.account import Scope
from foretell.api.operations import Access, Operation
from foretell.api.reference.refusals import SAYINGS, codes_of, envelopes, is_limited
from foretell.api.reference.samples import sample
from foretell.api.reference.schemas import Schema, Schemas, fields_of
from foretell.api.reference.words import LIMIT_HEADERS
from foretell.dialects.openai.errors import OpenAIErrorEnvelope
from foretell.dialects.skytells.messages import ErrorEnvelope, RepeatHeaders

ENVELOPES: Mapping[str, Any] = {"skytells": ErrorEnvelope, "openai": OpenAIErrorEnvelope}
_SMALL = {"a", "an", "the"}
_PARAMETER = re.compile(r"\{(\w+)(?::\w+)?\}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Described:
    """A route that says what it does. `path` is written as OpenAPI does; `same_as` is what it is an alias of."""

    method: str
    path: str
    operation: Operation
    access: Access
    scope: Scope
    id: str
    same_as: str | None


def described(routes: Iterable[tuple[str, str, Operation, Access, Scope]]) -> list[Described]:
    """The routes with their ids. One that does what an earlier one does is its alias."""
    found: list[Described] = []
    for method, path, operation, access, scope in routes:
        first = next((each for each in found if each.operation is operation), None)
        found.append(
            Described(
                method=method,
                path=_PARAMETER.sub(r"{\1}", path),
                operation=operation,
                access=access,
                scope=scope,
                id=_id(operation.summary) if first is None else f"{first.id}Alias",
                same_as=None if first is None else f"{first.method} {first.path}",
            )
        )
    return found


def path_item(route: Described, schemas: Schemas, examples: Mapping[str, Any]) -> Schema:
    """The operation object of a route. `examples` are bodies by model, beside the operation's own."""
    operation = route.operation
    found: Schema = {
        "operationId": route.id,
        "tags": [operation.tag],
        "summary": operation.summary,
        "parameters": _parameters(route),
        "responses": _responses(route, schemas),
        "security": _security(route),
    }
    description = f"The same as `{route.same_as}`." if route.same_as else operation.description
    if description:
        found["description"] = description
    body = _request_body(operation, schemas, examples)
    if body:
        found["requestBody"] = body
    return found


def _id(summary: str) -> str:
    words = re.findall(r"[A-Za-z]+", summary.replace("'s", ""))
    first, *rest = [word for word in words if word.lower() not in _SMALL]
    return str(first.lower() + "".join(word[0].upper() + word[1:] for word in rest))


def _security(route: Described) -> list[dict[str, list[str]]]:
    """How to show who calls, each with the scope that a key needs."""
    if route.access is Access.ANYONE:
        return []
    keys = [{name: [route.scope.value]} for name in ("key", "bearer")]
    return [*keys, {}] if route.access is Access.OPEN else keys


def _parameters(route: Described) -> list[Schema]:
    operation = route.operation
    found = [
        {
            "name": name,
            "in": "path",
            "required": True,
            "description": operation.path.get(name, "Its id."),
            "schema": {"type": "string", "minLength": 1},
        }
        for name in re.findall(r"\{(\w+)\}", route.path)
    ]
    headers = operation.headers or (RepeatHeaders if is_limited(operation) else None)
    for where, kind in (("query", operation.query), ("header", headers)):
        for name, schema, is_required in fields_of(kind):
            shown = name.replace("_", "-") if where == "header" else name
            found.append(_parameter(shown, where, schema, is_required=is_required))
    return found


def _parameter(name: str, where: str, schema: Schema, *, is_required: bool) -> Schema:
    rest = {key: each for key, each in schema.items() if key not in {"description", "examples"}}
    found = {"name": name, "in": where, "required": is_required, "schema": rest}
    if "description" in schema:
        found["description"] = schema["description"]
    if schema.get("examples"):
        found["example"] = schema["examples"][0]
    return found


def _request_body(operation: Operation, schemas: Schemas, examples: Mapping[str, Any]) -> Schema | None:
    if operation.body is not None:
        shown = {name: {"value": value} for name, value in operation.examples.items()}
        shown |= {name: {"value": value, "x-model": name} for name, value in examples.items()}
        schema = schemas.of(operation.body)
        shown = shown or {"An example": {"value": sample(schema, schemas.components)}}
        content: Schema = {"application/json": {"schema": schema, "examples": _keyed(shown)}}
        return {"required": True, "content": content}
    if operation.form is not None:
        fields = fields_of(operation.form)
        form = {
            "type": "object",
            "properties": {name: schema for name, schema, _ in fields},
            "required": [name for name, _, is_required in fields if is_required],
        }
        return {"required": True, "content": {"multipart/form-data": {"schema": form}}}
    return None


def _keyed(shown: Schema) -> Schema:
    """Examples under sound keys, with their names as summaries."""
    return {
        re.sub(r"\W+", "_", name).strip("_").lower(): {"summary": name, **each}
        for name, each in shown.items()
    }


def _responses(route: Described, schemas: Schemas) -> Schema:
    operation = route.operation
    answers = dict(operation.answers) or {200: operation.answer}
    found = {str(status): _answer(route, status, kind, schemas) for status, kind in answers.items()}
    refusals: dict[int, dict[str, str]] = {}
    for code in codes_of(operation, route.access, route.path):
        for dialect, (status, body) in envelopes(code, route.path).items():
            refusals.setdefault(status, {})[example_key(dialect, body)] = dialect
    for status, examples in sorted(refusals.items()):
        found[str(status)] = _refusal(status, examples, schemas)
    return found


def example_key(dialect: str, body: Mapping[str, Any]) -> str:
    """The name in the document's components of the example of a refusal."""
    word: str = body["error"]["error_id"]
    return word if dialect == "skytells" else f"{dialect}.{word}"


def _answer(route: Described, status: int, kind: Any, schemas: Schemas) -> Schema:
    operation = route.operation
    found: Schema = {
        "description": "The file is what the caller has already." if status == 304 else _meaning(status),
        "headers": _headers(*(LIMIT_HEADERS if is_limited(operation) else ())),
    }
    if kind is None:
        return found
    content: Schema = {}
    if kind is bytes:
        content = {media: {"schema": schemas.of(bytes)} for media in operation.media}
    else:
        schema = schemas.of(kind)
        shown = {name: {"value": value} for name, value in operation.answer_examples.items()}
        examples = _keyed(shown) or {"example": {"value": sample(schema, schemas.components)}}
        content["application/json"] = {"schema": schema, "examples": examples}
        content |= {media: {"schema": {"type": "string"}} for media in operation.media}
    if operation.stream:
        content["text/event-stream"] = _events(operation, schemas)
    return {**found, "content": content}


def _events(operation: Operation, schemas: Schemas) -> Schema:
    """Server-sent events, each described as an object of its fields."""
    return {
        "schema": {
            "description": "Server-sent events; the schema is that of each of them.",
            "anyOf": [_event(name, kind, schemas) for name, kind in operation.stream.items()],
        },
    }


def _event(name: str, kind: Any, schemas: Schemas) -> Schema:
    """An event. A stream whose events have no names ends with a word that is no JSON."""
    data: Schema = {
        "type": "string",
        "contentMediaType": "application/json",
        "contentSchema": schemas.of(kind),
    }
    if not name:
        data = {"anyOf": [data, {"const": "[DONE]"}]}
    called: Schema = {"event": {"const": name}} if name else {}
    return {
        "type": "object",
        "required": ["data", *called],
        "properties": {**called, "data": data, "id": {"type": "string"}},
    }


def _refusal(status: int, examples: Mapping[str, str], schemas: Schemas) -> Schema:
    headers = {401: ("www-authenticate",), 429: ("retry-after", *LIMIT_HEADERS)}.get(status, ())
    kinds = tuple(ENVELOPES[dialect] for dialect in dict.fromkeys(examples.values()))
    words = dict.fromkeys(key.rpartition(".")[2] for key in examples)
    return {
        "description": f"{_meaning(status)}: {', '.join(f'`{word}`' for word in words)}",
        "headers": _headers(*headers),
        "content": {
            "application/json": {
                "schema": schemas.of(kinds[0] if len(kinds) == 1 else kinds),
                "examples": {key: {"$ref": f"#/components/examples/{key}"} for key in examples},
            }
        },
    }


def _headers(*names: str) -> Schema:
    """What every answer carries, and these."""
    return {name: {"$ref": f"#/components/headers/{name}"} for name in ("x-request-id", *names)}


def _meaning(status: int) -> str:
    return HTTPStatus(status).phrase


def refusal_examples() -> dict[str, Schema]:
    """Every refusal in every dialect, for the document's components."""
    found = {}
    for code, (when, _, _) in SAYINGS.items():
        for dialect, (_, body) in envelopes(code, "/v1/models").items():
            found[example_key(dialect, body)] = {"summary": when, "value": body}
    return found
