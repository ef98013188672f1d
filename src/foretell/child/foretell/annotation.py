"""Annotations, read in the running child: what a predictor takes and gives."""

from __future__ import annotations

import ast
import collections.abc
import inspect
import os
import pathlib
import sys
import types
import typing
from collections.abc import Callable
from typing import Any, Union

from .values import AsyncConcatenateIterator, ConcatenateIterator

_UNIONS = {Union, getattr(types, "UnionType", Union)}
_ITERATORS = {
    collections.abc.Iterator,
    collections.abc.Iterable,
    collections.abc.Generator,
    collections.abc.AsyncIterator,
    collections.abc.AsyncIterable,
    collections.abc.AsyncGenerator,
    ConcatenateIterator,
    AsyncConcatenateIterator,
}


def of(function: Callable[..., Any]) -> dict[str, Any]:
    """The annotations of a function or class, resolved; those that cannot be are left out."""
    target = inspect.unwrap(getattr(function, "__func__", function))
    module = sys.modules.get(getattr(target, "__module__", ""), None)
    names = {**vars(typing), **getattr(target, "__globals__", vars(module) if module else {})}
    resolved = {}
    for name, hint in getattr(target, "__annotations__", {}).items():
        try:
            resolved[name] = _resolved(hint, names)
        except Exception:  # noqa: BLE001 - the author's expression; one that means nothing asks for nothing
            continue
    return resolved


def without_none(hint: Any) -> Any:
    """T of `Optional[T]` and of `Annotated[T, …]`; a union of several as it is."""
    while hasattr(hint, "__metadata__"):
        hint = hint.__origin__
    if typing.get_origin(hint) not in _UNIONS:
        return hint
    members = [member for member in typing.get_args(hint) if member is not type(None)]
    return without_none(members[0]) if len(members) == 1 else hint


def members(hint: Any) -> tuple[Any, ...]:
    """The members of a union; the type alone if it is none."""
    return typing.get_args(hint) if typing.get_origin(hint) in _UNIONS else (hint,)


def is_optional(hint: Any) -> bool:
    return type(None) in members(hint)


def is_list(hint: Any) -> bool:
    return hint is list or typing.get_origin(hint) in (list, collections.abc.Sequence)


def is_class(hint: Any) -> bool:
    """True for a plain class. On Python 3.9 `list[int]` passes for a type, too."""
    return isinstance(hint, type) and typing.get_origin(hint) is None


def is_path(hint: Any) -> bool:
    return is_class(hint) and (hint is os.PathLike or issubclass(hint, pathlib.PurePath))


def is_iterator(hint: Any) -> bool:
    kind = typing.get_origin(hint) or hint
    return isinstance(kind, type) and kind in _ITERATORS


def item(hint: Any) -> Any:
    """What a list or an iterator holds."""
    arguments = typing.get_args(hint)
    return arguments[0] if arguments else Any


def _resolved(hint: Any, names: dict[str, Any]) -> Any:
    if not isinstance(hint, str):
        return hint
    try:
        # An annotation is the author's code like all the rest. It may be a string in a string.
        return _resolved(eval(hint, names), names)
    except TypeError:
        # `int | None` as a string is good for every Python, but evaluates from 3.10 on only.
        return Union[
            tuple(eval(ast.unparse(part), names) for part in _alternatives(ast.parse(hint, mode="eval").body))
        ]


def _alternatives(node: ast.expr) -> list[ast.expr]:
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.BitOr):
        return _alternatives(node.left) + _alternatives(node.right)
    return [node]
