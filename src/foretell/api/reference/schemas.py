"""Schemas: message types as JSON Schema, in the document's components or as parameters."""

import inspect
import types
import typing
from collections.abc import Mapping
from typing import Annotated, Any, NotRequired, Required, TypedDict, Union

import msgspec

REFERENCE = "#/components/schemas/{name}"
Schema = dict[str, Any]
DECIMAL = r"^-?[0-9]{1,9}(\.[0-9]{1,9})?$"


class Schemas:
    """The schemas of message types. `components` are those with names, as far as they were asked for.

    Each TypedDict is described by itself, with references to others, because msgspec knows at most one in a union.
    """

    def __init__(self, examples: Mapping[Any, Any] | None = None) -> None:
        self._examples = examples or {}
        self._names: dict[type, str] = {}
        self.components: dict[str, Schema] = {}

    def of(self, kind: Any) -> Schema:
        """The schema of a type, by reference where it has a name; a tuple is any one of its types."""
        if isinstance(kind, tuple):
            return {"anyOf": [self.of(each) for each in kind]}
        if kind is bytes:
            return {"type": "string", "format": "binary"}
        return self._generated(self._translated(kind))

    def _generated(self, kind: Any) -> Schema:
        (schema,), components = msgspec.json.schema_components([kind], ref_template=REFERENCE)
        for name, each in components.items():
            self.components.setdefault(name, _with_decimals(each))
        found: Schema = _with_decimals(schema)
        return found

    def _translated(self, kind: Any) -> Any:
        """The type with every TypedDict in it replaced by a reference to its schema."""
        if typing.is_typeddict(kind):
            return _exactly({"$ref": REFERENCE.format(name=self._named(kind))})
        origin, inner = typing.get_origin(kind), typing.get_args(kind)
        if origin is Annotated:
            return Annotated[(self._translated(inner[0]), *inner[1:])]
        if origin in {Union, types.UnionType}:
            return self._any_of(inner) if any(map(_has_messages, inner)) else kind
        if origin in {list, dict, NotRequired, Required}:
            return origin[tuple(self._translated(each) for each in inner)]
        return kind

    def _any_of(self, kinds: tuple[Any, ...]) -> Any:
        return _exactly({"anyOf": [self.of(each) for each in kinds]})

    def _named(self, kind: type) -> str:
        """The name of a TypedDict's schema, which is made at its first need."""
        if kind not in self._names:
            taken = kind.__name__ in self._names.values() or kind.__name__ in self.components
            self._names[kind] = name = f"{_package(kind)}{kind.__name__}" if taken else kind.__name__
            self.components[name] = {}
            self.components[name] = self._described(kind, name)
        return self._names[kind]

    def _described(self, kind: Any, name: str) -> Schema:
        hints = typing.get_type_hints(kind, include_extras=True)
        fields = {key: self._translated(_without_mark(each)) for key, each in hints.items()}
        fields = {
            key: each if key in kind.__required_keys__ else NotRequired[each] for key, each in fields.items()
        }
        copy = TypedDict(kind.__name__, fields)  # type: ignore[misc]
        copy.__doc__ = kind.__doc__
        _, components = msgspec.json.schema_components([copy], ref_template=REFERENCE)
        found: Schema = _with_decimals(components.pop(kind.__name__))
        for other, each in components.items():
            self.components.setdefault(other, _with_decimals(each))
        found["title"] = name
        found["properties"] = _in_order(found["properties"], list(hints))
        return found | ({"examples": [self._examples[kind]]} if kind in self._examples else {})


def fields_of(kind: Any) -> list[tuple[str, Schema, bool]]:
    """The name, the schema and whether it is required, of each field of a type for parameters or a form.

    That null and absence are the same is not said of a parameter, which cannot be null.
    """
    if kind is None:
        return []
    schema = msgspec.json.schema(kind)
    schema = schema["$defs"][schema["$ref"].rsplit("/", 1)[-1]]
    required = set(schema.get("required", ()))
    properties = schema["properties"]
    if typing.is_typeddict(kind):
        properties = _in_order(properties, list(typing.get_type_hints(kind)))
    return [(name, _without_null(each), name in required) for name, each in properties.items()]


def _without_null(schema: Schema) -> Schema:
    found = {name: each for name, each in schema.items() if name != "default" or each is not None}
    kinds = [each for each in found.get("anyOf", ()) if each != {"type": "null"}]
    if kinds and len(kinds) < len(found["anyOf"]):
        del found["anyOf"]
        return {**found, **(kinds[0] if len(kinds) == 1 else {"anyOf": kinds})}
    if None in found.get("enum", ()):
        found["enum"] = [each for each in found["enum"] if each is not None]
    if found.get("contentEncoding") == "base64":
        del found["contentEncoding"]
        found["format"] = "binary"
    return found


def _in_order(properties: Schema, names: list[str]) -> Schema:
    """msgspec sorts the keys of a TypedDict; they read better as they were written down."""
    return dict(sorted(properties.items(), key=lambda each: names.index(each[0])))


def _exactly(schema: Schema) -> Any:
    """A type that msgspec describes as this schema."""
    return Annotated[Any, msgspec.Meta(extra_json_schema=schema)]


def _with_decimals(schema: Any) -> Any:
    """The schema with every decimal as what it may come as: msgspec names the text alone."""
    if isinstance(schema, list):
        return [_with_decimals(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    if schema.get("format") == "decimal":
        rest = {key: each for key, each in schema.items() if key not in {"type", "format"}}
        return {**rest, "anyOf": [{"type": "number"}, {"type": "string", "pattern": DECIMAL}]}
    return {key: _with_decimals(each) for key, each in schema.items()}


def _has_messages(kind: Any) -> bool:
    return typing.is_typeddict(kind) or any(map(_has_messages, typing.get_args(kind)))


def _without_mark(kind: Any) -> Any:
    """The type without whether it is required, which the class knows."""
    is_marked = typing.get_origin(kind) in {NotRequired, Required}
    return typing.get_args(kind)[0] if is_marked else kind


def _package(kind: type) -> str:
    """The last package that a class is in, as a word before its name."""
    module = inspect.getmodule(kind)
    parts = [] if module is None else module.__name__.split(".")
    return "".join(part.title() for part in parts[-2:-1])
