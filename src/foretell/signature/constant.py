"""The value of an expression in a model author's file, where it can be known without running it."""

from __future__ import annotations

import ast
import operator
from collections.abc import Callable
from typing import Any

from foretell.signature.source import SignatureError, Source

DEPTH_MAX = 50
SIZE_MAX = 10_000

_BINARY: dict[type[ast.operator], Callable[[Any, Any], Any]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.FloorDiv: operator.floordiv,
    ast.Mod: operator.mod,
    ast.Pow: operator.pow,
    ast.BitOr: operator.or_,
}
_UNARY: dict[type[ast.unaryop], Callable[[Any], Any]] = {
    ast.USub: operator.neg,
    ast.UAdd: operator.pos,
    ast.Not: operator.not_,
}
_FUNCTIONS: dict[str, Callable[..., Any]] = {
    function.__name__: function
    for function in (list, tuple, sorted, set, dict, len, min, max, sum, round, abs, int, float, str, range)
}
_METHODS = {"keys", "values", "items", "copy", "join", "split", "lower", "upper", "strip"}


class _Unknown:
    """A part whose value is not known; a whole that has one is known as far as it goes."""

    def __init__(self, error: SignatureError) -> None:
        self.error = error


def evaluate(node: ast.expr, source: Source) -> Any:
    """The value. Raises `SignatureError`, at the part that cannot be known."""
    value = _Evaluation(source, {}, 0).value(node)
    _raise_unknown(value)
    return value


class _Evaluation:
    """One expression in one file; `names` are those that a comprehension binds."""

    def __init__(self, source: Source, names: dict[str, Any], depth: int) -> None:
        self._source = source
        self._names = names
        self._depth = depth

    def value(self, node: ast.expr) -> Any:
        evaluate_kind = getattr(self, f"_{type(node).__name__.lower()}", None)
        if evaluate_kind is None or self._depth > DEPTH_MAX:
            raise self._error(node)
        return evaluate_kind(node)

    def _constant(self, node: ast.Constant) -> Any:
        return node.value

    def _list(self, node: ast.List) -> list[Any]:
        return self._items(node.elts)

    def _tuple(self, node: ast.Tuple) -> tuple[Any, ...]:
        return tuple(self._items(node.elts))

    def _set(self, node: ast.Set) -> set[Any]:
        items: set[Any] = self._attempt(node, lambda: set(self._items(node.elts)))
        return items

    def _dict(self, node: ast.Dict) -> dict[Any, Any]:
        whole: dict[Any, Any] = {}
        for key, value in zip(node.keys, node.values, strict=True):
            if key is None:
                self._attempt(value, whole.update, self.value(value))
            else:
                whole[self._hashable(key)] = self._known(value)
        return whole

    def _hashable(self, node: ast.expr) -> Any:
        value = self.value(node)
        self._attempt(node, hash, value)
        return value

    def _name(self, node: ast.Name) -> Any:
        if node.id in self._names:
            return self._names[node.id]
        return self._found(node)

    def _attribute(self, node: ast.Attribute) -> Any:
        # An Enum's member stands for its value already.
        is_value = node.attr == "value" and isinstance(node.value, ast.Attribute)
        return self._found(node.value if is_value and self._source.find(node) is None else node)

    def _unaryop(self, node: ast.UnaryOp) -> Any:
        act = _UNARY.get(type(node.op))
        if act is None:
            raise self._error(node)
        return self._attempt(node, act, self.value(node.operand))

    def _binop(self, node: ast.BinOp) -> Any:
        act = _BINARY.get(type(node.op))
        left, right = self.value(node.left), self.value(node.right)
        if act is None or _could_be_huge(node.op, left, right):
            raise self._error(node)
        return self._attempt(node, act, left, right)

    def _subscript(self, node: ast.Subscript) -> Any:
        whole = self.value(node.value)
        if isinstance(node.slice, ast.Slice):
            parts = (node.slice.lower, node.slice.upper, node.slice.step)
            return self._attempt(node, operator.getitem, whole, slice(*(p and self.value(p) for p in parts)))
        return self._attempt(node, operator.getitem, whole, self.value(node.slice))

    def _joinedstr(self, node: ast.JoinedStr) -> str:
        return "".join(str(self.value(part)) for part in node.values)

    def _formattedvalue(self, node: ast.FormattedValue) -> str:
        if node.format_spec is not None or node.conversion != -1:
            raise self._error(node)
        return str(self.value(node.value))

    def _listcomp(self, node: ast.ListComp) -> list[Any]:
        return self._comprehended(node)

    def _generatorexp(self, node: ast.GeneratorExp) -> list[Any]:
        return self._comprehended(node)

    def _call(self, node: ast.Call) -> Any:
        if node.keywords:
            raise self._error(node)
        arguments = self._items(node.args)
        if isinstance(node.func, ast.Attribute) and node.func.attr in _METHODS:
            method = self._attempt(node, getattr, self.value(node.func.value), node.func.attr)
            return self._attempt(node, lambda *given: _frozen(method(*given)), *arguments)
        function = _FUNCTIONS.get(node.func.id) if isinstance(node.func, ast.Name) else None
        if function is None:
            raise self._error(node)
        return self._attempt(node, lambda *given: _frozen(function(*given)), *arguments)

    def _comprehended(self, node: ast.ListComp | ast.GeneratorExp) -> list[Any]:
        loop = node.generators[0]
        if len(node.generators) > 1 or loop.ifs:
            raise self._error(node)
        inner = [
            _Evaluation(self._source, {**self._names, **self._bound(loop.target, item)}, self._depth + 1)
            for item in self._attempt(node, list, self.value(loop.iter))
        ]
        return [evaluation.value(node.elt) for evaluation in inner]

    def _bound(self, target: ast.expr, item: Any) -> dict[str, Any]:
        if isinstance(target, ast.Name):
            return {target.id: item}
        if not isinstance(target, ast.Tuple):
            raise self._error(target)
        parts = self._attempt(target, list, item)
        pairs = self._attempt(target, lambda: list(zip(target.elts, parts, strict=True)))
        return {name: value for part, item in pairs for name, value in self._bound(part, item).items()}

    def _items(self, nodes: list[ast.expr]) -> list[Any]:
        items: list[Any] = []
        for node in nodes:
            if isinstance(node, ast.Starred):
                items.extend(self._attempt(node, list, self.value(node.value)))
            else:
                items.append(self._known(node))
        return items

    def _known(self, node: ast.expr) -> Any:
        try:
            return self.value(node)
        except SignatureError as error:
            # It may never be asked for: of {"fast": FastScheduler} the key is known.
            return _Unknown(error)

    def _found(self, node: ast.expr) -> Any:
        found = self._source.find(node)
        if found is None or not isinstance(found.node, ast.expr):
            raise self._error(node)
        return _Evaluation(found.source, {}, self._depth + 1).value(found.node)

    def _attempt(self, node: ast.AST, act: Callable[..., Any], *arguments: Any) -> Any:
        for argument in arguments:
            if isinstance(argument, _Unknown):
                raise argument.error from None
        try:
            return act(*arguments)
        except (TypeError, ValueError, ArithmeticError, LookupError, AttributeError) as error:
            raise SignatureError(
                self._source, node, f"cannot evaluate `{ast.unparse(node)}`: {error}"
            ) from error

    def _error(self, node: ast.AST) -> SignatureError:
        text = ast.unparse(node)
        return SignatureError(
            self._source,
            node,
            f"`{text if len(text) < 80 else text[:77] + '...'}` cannot be known without running the file; "
            "write a literal, or the name of one at the top of the file",
        )


def _could_be_huge(operation: ast.operator, left: Any, right: Any) -> bool:
    if isinstance(operation, ast.Pow):
        return not (_is_small(left, 1e6) and _is_small(right, 64))
    if isinstance(operation, ast.Mod):
        return isinstance(left, str | bytes)
    if isinstance(operation, ast.Mult):
        sizes = [len(side) for side in (left, right) if hasattr(side, "__len__")]
        counts = [side for side in (left, right) if isinstance(side, int)]
        return bool(sizes) and max(sizes) * max([1, *counts]) > SIZE_MAX
    return False


def _is_small(value: Any, most: float) -> bool:
    return isinstance(value, int | float) and abs(value) <= most


def _frozen(value: Any) -> Any:
    """What a function gave as a list where it is a view or a range; too long a range is not made into one."""
    if isinstance(value, range) and len(value) > SIZE_MAX:
        raise ValueError(f"more than {SIZE_MAX} items")
    return (
        list(value)
        if isinstance(value, range | type({}.keys()) | type({}.values()) | type({}.items()))
        else value
    )


def _raise_unknown(value: Any) -> None:
    if isinstance(value, _Unknown):
        raise value.error
    if isinstance(value, dict):
        value = [*value.keys(), *value.values()]
    if isinstance(value, list | tuple | set):
        for item in value:
            _raise_unknown(item)
