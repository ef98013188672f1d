"""The document: the whole API as OpenAPI 3.1, made from the routes, the messages and the models of the moment."""

import re
from collections.abc import Iterable, Sequence
from typing import Any

from starlette.routing import BaseRoute, Route

from foretell import __version__
from foretell.account import Scope
from foretell.api.operations import Access, Operation, access_of, operation_of, scope_of
from foretell.api.reference.paths import ENVELOPES, Described, described, path_item, refusal_examples
from foretell.api.reference.samples import sample_input
from foretell.api.reference.schemas import Schema, Schemas
from foretell.api.reference.words import HEADERS, LIMIT_HEADERS, OVERVIEW, SECTIONS
from foretell.api.versions import Known
from foretell.dialects.skytells import messages

_CREATE = messages.Create


def document(routes: Sequence[BaseRoute], models: Iterable[Known], *, origin: str) -> Schema:
    """The OpenAPI document. `models` are those that callers may ask for."""
    shown = [each for each in models if each.name == each.version.model]
    found = described(_said(routes))
    schemas = Schemas(messages.EXAMPLES)
    inputs = {input_key(each.name): input_schema(each) for each in shown}
    for kind in _types(found):
        schemas.of(kind)
    components = schemas.components
    components |= inputs
    _link(components, shown)
    examples = {each.name: _example(each, components) for each in shown}
    paths: dict[str, Schema] = {}
    for route in found:
        own = examples if route.operation.body is _CREATE else {}
        paths.setdefault(route.path, {})[route.method.lower()] = path_item(route, schemas, own)
    return {
        "openapi": "3.1.0",
        "info": _info(),
        "servers": [{"url": origin, "description": "This server."}],
        "tags": [{"name": name, "description": SECTIONS.get(name, "")} for name in sections(found)],
        "security": [{"key": []}, {"bearer": []}],
        "paths": paths,
        "components": {
            "schemas": components,
            "examples": refusal_examples(),
            "headers": _headers(),
            "securitySchemes": {
                "key": {"type": "apiKey", "in": "header", "name": "x-api-key"},
                "bearer": {"type": "http", "scheme": "bearer"},
            },
        },
    }


def sections(found: Iterable[Described]) -> list[str]:
    """The sections that have operations, in their order."""
    there = {each.operation.tag for each in found}
    return [*(name for name in SECTIONS if name in there), *sorted(there - set(SECTIONS))]


def input_key(model: str) -> str:
    """The name of a model's input among the schemas."""
    return f"input.{re.sub(r'[^A-Za-z0-9._-]', '_', model)}"


def input_schema(known: Known) -> Schema:
    """A model's input schema, with references that lead there from anywhere in the document."""
    schema = within(known.version.input_schema, input_key(known.name))
    return {**schema, "title": f"Input of {known.name}"}


def within(schema: Schema, key: str) -> Schema:
    """A schema with references that lead into it where it stands under `key` among the schemas."""
    found: Schema = _moved(schema, f"#/components/schemas/{key}/")
    return found


def _moved(value: Any, root: str) -> Any:
    if isinstance(value, list):
        return [_moved(each, root) for each in value]
    if not isinstance(value, dict):
        return value
    moved = {key: _moved(each, root) for key, each in value.items()}
    reference = moved.get("$ref")
    return moved | {"$ref": reference.replace("#/", root, 1)} if isinstance(reference, str) else moved


def _said(routes: Sequence[BaseRoute]) -> Iterable[tuple[str, str, Operation, Access, Scope]]:
    for route in routes:
        operation = operation_of(route.endpoint) if isinstance(route, Route) else None
        if isinstance(route, Route) and operation is not None:
            for method in sorted((route.methods or set()) - {"HEAD"}):
                endpoint = route.endpoint
                yield method, route.path, operation, access_of(endpoint), scope_of(endpoint, method)


def _types(found: Iterable[Described]) -> Iterable[Any]:
    yield from ENVELOPES.values()
    for each in found:
        said = each.operation
        every = (said.body, said.answer, *said.answers.values(), *said.stream.values())
        yield from (kind for kind in every if kind is not None)


def _example(known: Known, components: dict[str, Schema]) -> dict[str, Any]:
    given = sample_input(components[input_key(known.name)], components)
    return {"model": known.name, "input": given}


def _link(components: dict[str, Schema], models: list[Known]) -> None:
    """Says at the input of a create where each model's own schema is."""
    links = ", ".join(f"[{each.name}](#/components/schemas/{input_key(each.name)})" for each in models)
    schema = components[_CREATE.__name__]
    if links:
        schema["description"] = f"{schema['description']} The inputs of the models: {links}."


def _info() -> Schema:
    return {
        "title": "Foretell",
        "version": __version__,
        "summary": "A predictions platform that runs on your own machine.",
        "description": OVERVIEW,
        "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
    }


def _headers() -> Schema:
    always = {
        name: {"description": words, "schema": {"type": "string"}, "example": example, "required": True}
        for name, (words, example) in HEADERS.items()
    }
    limits = {
        name: {"description": words, "schema": {"type": "string"}} for name, words in LIMIT_HEADERS.items()
    }
    return always | limits
