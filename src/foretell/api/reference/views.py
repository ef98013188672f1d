"""Views: the document taken apart into what the pages show."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from foretell.api.reference.samples import resolved
from foretell.api.reference.schemas import Schema
from foretell.api.reference.snippets import snippets
from foretell.api.reference.tables import Row, kind, row, rows

_EXAMPLE_ID = "0191b3c4-8f6e-7a52-9d0c-5b2f6a7e1c3d"
_PREFIX = "#/components/schemas/"


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """Fields under a heading, such as those of a query."""

    title: str
    rows: list[Row]


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """An answer that is no refusal. `objects` are the schemas whose fields it has, by name."""

    status: str
    media: str
    kind: str
    objects: list[str]
    example: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StreamEvent:
    """A server-sent event and its data."""

    name: str
    description: str
    objects: list[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Refused:
    """A refusal: its status, its word, and when it is met."""

    status: str
    word: str
    when: str


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """An operation as its page shows it. `examples` are requests by language, `bodies` further bodies."""

    id: str
    method: str
    path: str
    aliases: list[str]
    summary: str
    description: str
    access: str
    tables: list[Table]
    examples: Mapping[str, str]
    bodies: Mapping[str, str]
    has_models: bool
    answers: list[Answer]
    events: list[StreamEvent]
    refusals: list[Refused]


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """A section of the reference: its operations, and the objects that these answer with."""

    name: str
    description: str
    views: list[View]
    objects: list[Table]


def section(document: Schema, tag: Schema) -> Section:
    """One section with everything in it."""
    views = [_view(document, *each) for each in _operations(document, tag["name"])]
    schemas = document["components"]["schemas"]
    named = {name for view in views for each in view.answers for name in each.objects}
    named |= {name for view in views for each in view.events for name in each.objects}
    objects = [Table(title=name, rows=list(rows(schemas[name], schemas))) for name in sorted(named)]
    return Section(name=tag["name"], description=tag["description"], views=views, objects=objects)


def refusals(document: Schema) -> list[Refused]:
    """Every refusal of this dialect."""
    found = [
        each["value"]["error"] | {"when": each["summary"]}
        for each in document["components"]["examples"].values()
    ]
    own = [each for each in found if "http_status" in each]
    return [
        Refused(status=str(each["http_status"]), word=each["error_id"], when=each["when"])
        for each in sorted(own, key=lambda each: each["http_status"])
    ]


def pretty(value: Any) -> str:
    """JSON for people."""
    return json.dumps(value, indent=2, ensure_ascii=False)


def _operations(document: Schema, tag: str) -> Iterator[tuple[str, str, Schema, list[str]]]:
    """Each operation of a section with its aliases, which are not shown by themselves."""
    every = [
        (method.upper(), path, operation)
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
    ]
    for method, path, operation in every:
        if tag in operation["tags"] and not operation["operationId"].endswith("Alias"):
            alias = f"{operation['operationId']}Alias"
            also = [f"{each[0]} {each[1]}" for each in every if each[2]["operationId"] == alias]
            yield method, path, operation, also


def _view(document: Schema, method: str, path: str, operation: Schema, aliases: list[str]) -> View:
    body = operation.get("requestBody", {}).get("content", {})
    shown = body.get("application/json", {}).get("examples", {}).values()
    bodies = {each["summary"]: each["value"] for each in shown if "x-model" not in each}
    url = document["servers"][0]["url"] + path.replace("{id}", _EXAMPLE_ID).replace("{", "").replace("}", "")
    form = body.get("multipart/form-data", {}).get("schema", {}).get("properties", {})
    return View(
        id=operation["operationId"],
        method=method,
        path=path,
        aliases=aliases,
        summary=operation["summary"],
        description=operation.get("description", ""),
        access=_access(operation),
        tables=list(_tables(document, operation)),
        examples=snippets(
            method,
            url,
            body=next(iter(bodies.values()), None),
            file=next((name for name, each in form.items() if each.get("format") == "binary"), ""),
            has_key=operation["security"] != [],
        ),
        bodies={name: pretty(each) for name, each in list(bodies.items())[1:]},
        has_models=any("x-model" in each for each in shown),
        answers=list(_answers(document, operation)),
        events=list(_events(document, operation)),
        refusals=list(_refusals(document, operation)),
    )


def _access(operation: Schema) -> str:
    if operation["security"] == []:
        return "No key is needed."
    scope = operation["security"][0]["key"][0]
    if {} in operation["security"]:
        return f"A key with the scope `{scope}` is needed, unless the thing is public."
    whose = (
        "An operator's key" if {"Operator", "Nodes", "Adding models"} & set(operation["tags"]) else "A key"
    )
    return f"{whose} with the scope `{scope}` is needed."


def _tables(document: Schema, operation: Schema) -> Iterator[Table]:
    schemas = document["components"]["schemas"]
    for where, title in (("path", "Path"), ("query", "Query"), ("header", "Headers")):
        found = [each for each in operation["parameters"] if each["in"] == where]
        if found:
            yield Table(title=title, rows=[_parameter(each, schemas) for each in found])
    for media, each in operation.get("requestBody", {}).get("content", {}).items():
        title = "Body" if media == "application/json" else f"Body ({media})"
        yield Table(title=title, rows=list(rows(each["schema"], schemas)))


def _parameter(parameter: Schema, schemas: dict[str, Schema]) -> Row:
    schema = {**parameter["schema"], "description": parameter.get("description", "")}
    return row(parameter["name"], schema, schemas, is_required=parameter["required"])


def _answers(document: Schema, operation: Schema) -> Iterator[Answer]:
    schemas = document["components"]["schemas"]
    for status, response in operation["responses"].items():
        if int(status) >= 400:
            continue
        for media, each in response.get("content", {"": {"schema": {}}}).items():
            if media == "text/event-stream":
                continue
            shown = [example["value"] for example in each.get("examples", {}).values()]
            yield Answer(
                status=status,
                media=media,
                kind=_kind(each["schema"], schemas) if media else response["description"],
                objects=list(_names(each["schema"])),
                example=pretty(shown[0]) if shown else "",
            )


def _kind(schema: Schema, schemas: dict[str, Schema]) -> str:
    """The type of an answer, by its name where it has one."""
    if "anyOf" in schema:
        return " or ".join(_kind(each, schemas) for each in schema["anyOf"])
    if isinstance(schema.get("items"), dict):
        return f"array of {_kind(schema['items'], schemas)}"
    return next(_names(schema), "") or kind(schema, schemas)


def _events(document: Schema, operation: Schema) -> Iterator[StreamEvent]:
    schemas = document["components"]["schemas"]
    for response in operation["responses"].values():
        stream = response.get("content", {}).get("text/event-stream", {"schema": {}})["schema"]
        for each in stream.get("anyOf", ()):
            fields = each["properties"]
            data = fields["data"].get("anyOf", [fields["data"]])[0]["contentSchema"]
            yield StreamEvent(
                name=fields.get("event", {}).get("const", ""),
                description=resolved(data.get("anyOf", [data])[0], schemas).get("description", ""),
                objects=list(_names(data)),
            )


def _refusals(document: Schema, operation: Schema) -> Iterator[Refused]:
    examples = document["components"]["examples"]
    for status, response in operation["responses"].items():
        if int(status) < 400:
            continue
        keys = response["content"]["application/json"]["examples"]
        words = {key.rpartition(".")[2]: examples[key]["summary"] for key in keys}
        for word, when in words.items():
            yield Refused(status=status, word=word, when=when)


def _names(schema: Schema) -> Iterator[str]:
    """The names of the schemas that this one is, or is made of."""
    if schema.get("$ref", "").startswith(_PREFIX):
        yield schema["$ref"].removeprefix(_PREFIX)
    if isinstance(schema.get("items"), dict):
        yield from _names(schema["items"])
    for each in schema.get("anyOf", ()):
        yield from _names(each)
