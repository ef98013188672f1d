"""What a predictor takes and gives, as JSON Schema, read from its source without running it."""

from __future__ import annotations

import ast
from dataclasses import dataclass
from typing import Any

import jsonschema_rs

from foretell.signature import annotation, constant
from foretell.signature.source import Definition, Resolve, SignatureError, Source

Schema = dict[str, Any]
Function = ast.FunctionDef | ast.AsyncFunctionDef

DESCRIPTIVE = {"description", "deprecated"}
LIMITS = {
    "ge": "minimum",
    "le": "maximum",
    "min_length": "minLength",
    "max_length": "maxLength",
    "regex": "pattern",
}
INPUT_WORDS = {"default", "choices", "accept", *DESCRIPTIVE, *LIMITS}


@dataclass(frozen=True, slots=True)
class Signature:
    """`streaming`: it yields. `concurrency`: what its decorator says, None where it has none."""

    input_schema: Schema
    output_schema: Schema
    streaming: bool
    is_async: bool
    kind: str
    """"class" or "function"."""
    concurrency: int | None = None
    has_batch: bool = False
    """Whether a plain `def predict_batch` is beside it."""


def read(
    source: str,
    *,
    predictor: str,
    resolve: Resolve | None = None,
    schemas: tuple[Schema, Schema] | None = None,
) -> Signature:
    """The signature of `predict.py:Predictor` in that file's text. Raises `SignatureError`.

    `schemas`, of its input and its output, are what it takes and gives, whatever its parameters are.
    """
    file, _, name = predictor.partition(":")
    whole = Source(source, file=file, resolve=resolve)
    try:
        return _read(whole, name or "Predictor", schemas)
    except RecursionError as error:
        raise SignatureError(whole, None, "an expression is too deep to be read") from error


def _read(whole: Source, name: str, schemas: tuple[Schema, Schema] | None) -> Signature:
    found = whole.find(ast.Name(name, ast.Load()))
    if found is None or isinstance(found.node, ast.expr):
        raise SignatureError(whole, None, f"there is no class or function {name}")
    owner, function = _function(found.source, found.node)
    input_schema, output_schema = schemas or (
        _input_schema(function, owner, is_method=isinstance(found.node, ast.ClassDef)),
        _output_schema(function, owner),
    )
    return Signature(
        input_schema=input_schema,
        output_schema=output_schema,
        streaming=_yields(function, owner) or _is_decorated(function, owner, "streaming"),
        is_async=isinstance(function, ast.AsyncFunctionDef),
        kind="class" if isinstance(found.node, ast.ClassDef) else "function",
        concurrency=_concurrency(function, owner),
        has_batch=_has_batch(found.source, found.node),
    )


def _function(source: Source, node: Definition) -> tuple[Source, Function]:
    if not isinstance(node, ast.ClassDef):
        return source, node
    methods = _methods(source, node)
    found = [methods[name] for name in ("run", "predict") if name in methods]
    if not found:
        raise SignatureError(source, node, f"{node.name} has neither run() nor predict()")
    if len(found) > 1:
        raise SignatureError(source, node, f"{node.name} has both run() and predict(); keep run()")
    return found[0]


def _methods(source: Source, node: ast.ClassDef) -> dict[str, tuple[Source, Function]]:
    methods: dict[str, tuple[Source, Function]] = {}
    for base in reversed([source.find(base) for base in node.bases]):
        if base and isinstance(base.node, ast.ClassDef) and base.node is not node:
            methods.update(_methods(base.source, base.node))
    inner = source.within(node)
    own = [item for item in node.body if isinstance(item, ast.FunctionDef | ast.AsyncFunctionDef)]
    return {**methods, **{item.name: (inner, item) for item in own}}


def _input_schema(function: Function, source: Source, *, is_method: bool) -> Schema:
    properties: Schema = {}
    required: list[str] = []
    for order, (parameter, default) in enumerate(_parameters(function, source, is_method=is_method)):
        if parameter.arg in properties:
            raise SignatureError(
                source, parameter, f"{function.name}() has two inputs named '{parameter.arg}'"
            )
        described = _Input(parameter, default, source)
        properties[parameter.arg] = {**described.schema(), "x-order": order}
        required += [] if described.has_default else [parameter.arg]
    return {
        "type": "object",
        "title": "Input",
        "properties": properties,
        "required": required,
        "additionalProperties": False,
    }


def _parameters(
    function: Function, source: Source, *, is_method: bool
) -> list[tuple[ast.arg, ast.expr | None]]:
    arguments = function.args
    if arguments.vararg or arguments.kwarg or arguments.posonlyargs:
        raise SignatureError(source, function, f"{function.name}() must name each input: no *, ** or /")
    plain: list[ast.expr | None] = [None] * (len(arguments.args) - len(arguments.defaults))
    pairs = list(zip(arguments.args, [*plain, *arguments.defaults], strict=True))
    pairs += zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True)
    is_bound = is_method and not _is_decorated(function, source, "staticmethod")
    return pairs[1:] if is_bound else pairs


class _Input:
    """One parameter and what is said of it."""

    def __init__(self, parameter: ast.arg, default: ast.expr | None, source: Source) -> None:
        self._source = source
        self._node = parameter
        self._words = self._read_words(default)
        if parameter.annotation is None:
            raise self._error("has no type")
        self._kind = annotation.schema(parameter.annotation, source)
        if "default" not in self._words and annotation.is_nullable(self._kind):
            self._words["default"] = None
        self.has_default = "default" in self._words

    def schema(self) -> Schema:
        """Its property of the input schema. Raises `SignatureError`."""
        schema = {
            "title": annotation.title(self._node.arg),
            **self._kind,
            **self._choices(),
            **self._limits(),
        }
        schema |= {word: self._words[word] for word in DESCRIPTIVE if self._words.get(word)}
        if self._words.get("accept"):
            schema["x-accept"] = self._words["accept"]
        if self.has_default:
            schema = schema if self._words["default"] is not None else annotation.nullable(schema)
            schema["default"] = _listed(self._words["default"])
        self._check(schema)
        return schema

    def _read_words(self, node: ast.expr | None) -> dict[str, Any]:
        if node is None:
            return {}
        node, source = _described(node, self._source)
        if not (isinstance(node, ast.Call) and _is_input(node, source)):
            return self._with_default({"default": constant.evaluate(node, source)})
        words = {"default": node.args[0]} if node.args else {}
        words |= {word.arg or "**": word.value for word in node.keywords}
        unknown = [word for word in words if word not in INPUT_WORDS]
        if unknown or len(node.args) > 1:
            raise self._error(f"cannot be described by {', '.join(unknown) or 'more than one bare value'}")
        return self._with_default({word: constant.evaluate(value, source) for word, value in words.items()})

    def _with_default(self, words: dict[str, Any]) -> dict[str, Any]:
        if isinstance(words.get("default"), list | dict | set):
            raise self._error("has a default that a run could change; use None, or a tuple")
        if words.get("default") is ...:
            del words["default"]
        return words

    def _choices(self) -> Schema:
        choices = self._words.get("choices")
        if choices is None:
            return {}
        if not isinstance(choices, list | tuple) or not choices:
            raise self._error("has choices that are not a list of values")
        if self._is_array:
            return {"items": {**self._kind["items"], "enum": list(choices)}}
        null = [None] if annotation.is_nullable(self._kind) and None not in choices else []
        return {"enum": [*choices, *null]}

    @property
    def _is_array(self) -> bool:
        return "array" in annotation.types(self._kind)

    def _limits(self) -> Schema:
        limits = {LIMITS[word]: self._words[word] for word in LIMITS if self._words.get(word) is not None}
        if self._is_array:
            return {name.replace("Length", "Items"): value for name, value in limits.items()}
        is_number = bool({"integer", "number"} & set(annotation.types(self._kind)))
        if {"minimum", "maximum"} & set(limits) and not is_number:
            raise self._error("has ge or le, and is not a number")
        return limits

    def _check(self, schema: Schema) -> None:
        try:
            validator = jsonschema_rs.validator_for(schema)
        except (ValueError, jsonschema_rs.ValidationError) as error:
            raise self._error(f"makes no schema: {error}") from error
        meant = [*schema.get("enum", []), *([schema["default"]] if "default" in schema else [])]
        if not all(validator.is_valid(value) for value in meant):
            raise self._error("has a default or a choice that it would itself refuse")

    def _error(self, problem: str) -> SignatureError:
        return SignatureError(self._source, self._node, f"the input {self._node.arg} {problem}")


def _described(node: ast.expr, source: Source) -> tuple[ast.expr, Source]:
    """The `Input(...)` that a name stands for, with the file that has it; what is no such name, as it is."""
    found = source.find(node)
    if found and isinstance(found.node, ast.expr) and _is_input(found.node, found.source):
        return found.node, found.source
    return node, source


def _is_input(node: ast.expr, source: Source) -> bool:
    return isinstance(node, ast.Call) and source.word(node.func) == "Input"


def _output_schema(function: Function, source: Source) -> Schema:
    node = function.returns
    if node is None:
        return {}
    iterator = annotation.iterator_item(node, source)
    if iterator is None:
        return _titled(annotation.schema(node, source))
    word, item = iterator
    display = {"x-cog-array-display": "concatenate"} if word in annotation.CONCATENATED else {}
    items = annotation.schema(item, source)
    return {"title": "Output", "type": "array", "items": items, "x-cog-array-type": "iterator", **display}


def _titled(kind: Schema) -> Schema:
    # What says nothing about its parts says nothing: such an output is any JSON.
    return {} if kind in ({}, {"type": "object"}, {"type": "null"}) else {"title": "Output", **kind}


def _yields(function: Function, source: Source) -> bool:
    if function.returns is not None and annotation.iterator_item(function.returns, source):
        return True
    waiting: list[ast.AST] = list(function.body)
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.Yield | ast.YieldFrom):
            return True
        if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda | ast.ClassDef):
            waiting.extend(ast.iter_child_nodes(node))
    return False


def _is_decorated(function: Function, source: Source, word: str) -> bool:
    return any(source.word(decorator) == word for decorator in function.decorator_list)


def _concurrency(function: Function, source: Source) -> int | None:
    for decorator in function.decorator_list:
        if isinstance(decorator, ast.Call) and source.word(decorator.func) == "concurrent":
            value = next((word.value for word in decorator.keywords if word.arg == "max"), None)
            return int(constant.evaluate(value, source)) if value is not None else 1
    return None


def _has_batch(source: Source, node: Definition) -> bool:
    found = _methods(source, node).get("predict_batch") if isinstance(node, ast.ClassDef) else None
    return found is not None and isinstance(found[1], ast.FunctionDef)


def _listed(value: Any) -> Any:
    return [_listed(item) for item in value] if isinstance(value, tuple) else value
