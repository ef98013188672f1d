"""The JSON Schema that a type annotation in a model author's file stands for."""

from __future__ import annotations

import ast
from typing import Any

from foretell.signature import constant
from foretell.signature.source import Found, SignatureError, Source

Schema = dict[str, Any]

ITERATORS = {"Iterator", "Iterable", "Generator", "AsyncIterator", "AsyncIterable", "AsyncGenerator"}
CONCATENATED = {"ConcatenateIterator", "AsyncConcatenateIterator"}
DEPTH_MAX = 20

_SIMPLE: dict[str, Schema] = {
    "str": {"type": "string"},
    "int": {"type": "integer"},
    "float": {"type": "number"},
    "bool": {"type": "boolean"},
    "Path": {"type": "string", "format": "uri"},
    "URLPath": {"type": "string", "format": "uri"},
    "PathLike": {"type": "string", "format": "uri"},
    "File": {"type": "string", "format": "uri"},
    "Secret": {"type": "string", "format": "password", "writeOnly": True, "x-cog-secret": True},
    "Any": {},
    "object": {},
    "None": {"type": "null"},
}
_LISTS = {"list", "List", "Sequence"}
_MAPPINGS = {"dict", "Dict", "Mapping"}
_ENUMS = {"Enum", "StrEnum", "IntEnum"}


def schema(node: ast.expr, source: Source) -> Schema:
    """The schema of values of that type. Raises `SignatureError` for a type that has none."""
    return _Reading(source, 0).of(node)


def iterator_item(node: ast.expr, source: Source) -> tuple[str, ast.expr] | None:
    """The iterator's name and what it yields; None for what is no iterator."""
    head, arguments = _split(_unquoted(node, source))
    word = source.word(head)
    if word not in ITERATORS | CONCATENATED:
        return None
    return word, arguments[0] if arguments else ast.Name("str" if word in CONCATENATED else "Any", ast.Load())


def nullable(kind: Schema) -> Schema:
    """The same schema, with null allowed."""
    if is_nullable(kind):
        return kind
    if "anyOf" in kind:
        return {**kind, "anyOf": [*kind["anyOf"], {"type": "null"}]}
    if "type" not in kind:
        return kind
    more = {"enum": [*kind["enum"], None]} if "enum" in kind and None not in kind["enum"] else {}
    return {**kind, "type": [*types(kind), "null"], **more}


def is_nullable(kind: Schema) -> bool:
    return "null" in types(kind) or {"type": "null"} in kind.get("anyOf", [])


def types(kind: Schema) -> list[str]:
    """The JSON types that the schema names."""
    named = kind.get("type", [])
    return named if isinstance(named, list) else [named]


class _Reading:
    """A type in one file, at some depth of types within types."""

    def __init__(self, source: Source, depth: int) -> None:
        self._source = source
        self._depth = depth

    def of(self, node: ast.expr) -> Schema:
        node = _unquoted(node, self._source)
        if self._depth > DEPTH_MAX:
            raise self._error(node)
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.BitOr):
            return self._union([node.left, node.right])
        if isinstance(node, ast.Constant) and node.value is None:
            return {"type": "null"}
        found = self._source.find(node)
        return self._of_found(found, node) if found else self._of_word(node)

    def _of_found(self, found: Found, node: ast.expr) -> Schema:
        inner = _Reading(found.source, self._depth + 1)
        if isinstance(found.node, ast.ClassDef):
            return inner._of_class(found.node)
        if isinstance(found.node, ast.expr):
            return inner.of(found.node)
        raise self._error(node)

    def _of_word(self, node: ast.expr) -> Schema:
        head, arguments = _split(node)
        word = self._source.word(head)
        if word in _SIMPLE and not arguments:
            return dict(_SIMPLE[word])
        if word in _LISTS:
            return {"type": "array", "items": self._inner(arguments[0]) if arguments else {}}
        if word in _MAPPINGS:
            return self._mapping(arguments)
        if word in ("Optional", "Union"):
            return self._union([*arguments, *([ast.Constant(None)] if word == "Optional" else [])])
        if word == "Annotated" and arguments:
            return self._annotated(arguments)
        if word == "Literal" and arguments:
            return _choice([constant.evaluate(argument, self._source) for argument in arguments])
        raise self._error(node)

    def _inner(self, node: ast.expr) -> Schema:
        return _Reading(self._source, self._depth + 1).of(node)

    def _mapping(self, arguments: list[ast.expr]) -> Schema:
        values = self._inner(arguments[1]) if len(arguments) == 2 else {}
        return {"type": "object", **({"additionalProperties": values} if values else {})}

    def _annotated(self, arguments: list[ast.expr]) -> Schema:
        if any(self._source.word(mark) == "Opaque" for mark in arguments[1:]):
            return {"type": "object"}
        return self._inner(arguments[0])

    def _union(self, nodes: list[ast.expr]) -> Schema:
        members: list[Schema] = []
        for node in nodes:
            member = self._inner(node)
            members += [part for part in member.get("anyOf", [member]) if part not in members]
        real = [member for member in members if member != {"type": "null"}]
        whole = _united(real)
        return nullable(whole) if len(real) < len(members) else whole

    def _of_class(self, definition: ast.ClassDef) -> Schema:
        words = _base_words(definition, self._source)
        if words & _ENUMS:
            return _choice(self._members(definition))
        if not words & {"BaseModel", "TypedDict"} and not _is_dataclass(definition, self._source):
            raise SignatureError(
                self._source,
                definition,
                f"{definition.name} is neither a BaseModel, a dataclass, a TypedDict nor an Enum",
            )
        return self._object(definition)

    def _members(self, definition: ast.ClassDef) -> list[Any]:
        values = [statement.value for statement in definition.body if isinstance(statement, ast.Assign)]
        return [constant.evaluate(value, self._source) for value in values]

    def _object(self, definition: ast.ClassDef) -> Schema:
        properties: Schema = {}
        required: list[str] = []
        for owner, field in _fields(definition, self._source):
            name = field.target.id if isinstance(field.target, ast.Name) else ""
            properties[name] = {"title": title(name), **_Reading(owner, self._depth + 1).of(field.annotation)}
            required = [other for other in required if other != name]
            required += [name] if field.value is None and _is_total(definition) else []
        return {
            "type": "object",
            "title": definition.name,
            "properties": properties,
            **({"required": required} if required else {}),
        }

    def _error(self, node: ast.expr) -> SignatureError:
        text = ast.unparse(node)
        return SignatureError(self._source, node, f"`{text}` is not a type that an input or output can have")


def title(name: str) -> str:
    """`num_steps` as a heading: `Num Steps`."""
    return " ".join(part[:1].upper() + part[1:] for part in name.split("_") if part)


def _split(node: ast.expr) -> tuple[ast.expr, list[ast.expr]]:
    if not isinstance(node, ast.Subscript):
        return node, []
    return node.value, list(node.slice.elts) if isinstance(node.slice, ast.Tuple) else [node.slice]


def _unquoted(node: ast.expr, source: Source) -> ast.expr:
    if not (isinstance(node, ast.Constant) and isinstance(node.value, str)):
        return node
    try:
        return ast.copy_location(ast.parse(node.value, mode="eval").body, node)
    except SyntaxError as error:
        raise SignatureError(source, node, f"{node.value!r} is not a type") from error


def _choice(values: list[Any]) -> Schema:
    names: dict[type, str] = {
        str: "string",
        bool: "boolean",
        int: "integer",
        float: "number",
        type(None): "null",
    }
    found = list(dict.fromkeys(names[type(value)] for value in values if type(value) in names))
    return {"type": found[0] if len(found) == 1 else found, "enum": values}


def _united(members: list[Schema]) -> Schema:
    if len(members) == 1:
        return members[0]
    if {} in members:
        return {}
    if all(set(member) == {"type"} for member in members):
        return {"type": list(dict.fromkeys(kind for member in members for kind in types(member)))}
    return {"anyOf": members}


def _base_words(definition: ast.ClassDef, source: Source) -> set[str]:
    words = {source.word(base) for base in definition.bases}
    for owner, base in _bases(definition, source):
        words |= _base_words(base, owner)
    return words


def _bases(definition: ast.ClassDef, source: Source) -> list[tuple[Source, ast.ClassDef]]:
    found = [source.find(base) for base in definition.bases]
    return [
        (one.source, one.node)
        for one in found
        if one and isinstance(one.node, ast.ClassDef) and one.node is not definition
    ]


def _fields(definition: ast.ClassDef, source: Source) -> list[tuple[Source, ast.AnnAssign]]:
    inherited = [field for owner, base in _bases(definition, source) for field in _fields(base, owner)]
    own = [(source, statement) for statement in definition.body if isinstance(statement, ast.AnnAssign)]
    return [*inherited, *[pair for pair in own if "ClassVar" not in ast.unparse(pair[1].annotation)]]


def _is_dataclass(definition: ast.ClassDef, source: Source) -> bool:
    decorators = (item.func if isinstance(item, ast.Call) else item for item in definition.decorator_list)
    return any(source.word(decorator) == "dataclass" for decorator in decorators)


def _is_total(definition: ast.ClassDef) -> bool:
    total = next((word.value for word in definition.keywords if word.arg == "total"), None)
    return not (isinstance(total, ast.Constant) and total.value is False)
