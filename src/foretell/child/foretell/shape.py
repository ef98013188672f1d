"""Whether a value is what an annotation promises."""

from __future__ import annotations

import dataclasses
import io
import numbers
import pathlib
import typing
from enum import Enum
from typing import Any

from . import annotation
from .values import BaseModel, File


def fits(value: Any, hint: Any) -> bool:
    """True where the value is of that type, and where the annotation says nothing that can be checked."""
    if value is None and annotation.is_optional(hint):
        return True
    hint = annotation.without_none(hint)
    if hint is None or hint is type(None):
        return value is None
    if annotation.is_list(hint):
        return isinstance(value, (list, tuple)) and _all_fit(value, annotation.item(hint))
    if len(annotation.members(hint)) > 1:
        return any(fits(value, member) for member in annotation.members(hint))
    if typing.get_origin(hint) is typing.Literal:
        return value in typing.get_args(hint)
    try:
        return _is_instance(value, typing.get_origin(hint) or hint)
    except TypeError:  # a Protocol, and other types that no value can be asked about
        return True


def named_values(value: Any) -> typing.Optional[dict[str, Any]]:
    """The fields of a model, a dataclass or a mapping; None for what has no named parts."""
    if isinstance(value, dict):
        return value
    if isinstance(value, BaseModel):
        return dict(value.dict())
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {field.name: getattr(value, field.name) for field in dataclasses.fields(value)}
    # pydantic, of either major version. Not its own dump: that would make strings of the files.
    names = getattr(type(value), "model_fields", None) or getattr(type(value), "__fields__", None)
    return {name: getattr(value, name) for name in names} if isinstance(names, dict) else None


def name(hint: Any) -> str:
    """The annotation as its author wrote it, near enough."""
    if annotation.is_class(hint):
        return str(hint.__name__)
    return str(hint).replace("typing.", "").replace("foretell.values.", "")


def _all_fit(values: typing.Sequence[Any], hint: Any) -> bool:
    # An embedding has hundreds of thousands of numbers: look at their types, of which there are few.
    if set(map(type, values)) <= {int, float} and hint is float:
        return True
    return all(fits(value, hint) for value in values)


def _is_instance(value: Any, hint: Any) -> bool:
    if issubclass(hint, Enum) if annotation.is_class(hint) else False:
        return isinstance(value, hint) or value in [member.value for member in hint]
    if hint in (Any, object) or not annotation.is_class(hint):
        return True
    if hint is bool or isinstance(value, bool):
        return hint is bool and isinstance(value, bool)
    if hint in (int, float):
        return _is_number(value, hint)
    if issubclass(hint, pathlib.PurePath):
        return isinstance(value, pathlib.PurePath)
    if issubclass(hint, File):
        return isinstance(value, (pathlib.PurePath, io.IOBase))
    if typing.is_typeddict(hint) if hasattr(typing, "is_typeddict") else hasattr(hint, "__total__"):
        return isinstance(value, dict)
    return _has_parts_of(value, hint) if named_values(value) is not None else isinstance(value, hint)


def _is_number(value: Any, hint: type) -> bool:
    if hint is int:
        return isinstance(value, int) or (isinstance(value, float) and value.is_integer())
    return isinstance(value, numbers.Real)


def _has_parts_of(value: Any, hint: type) -> bool:
    if not isinstance(value, hint):
        return False
    parts = named_values(value) or {}
    if isinstance(value, dict):
        return True
    return all(
        value is None or fits(parts.get(field), kind)
        for field, kind in _field_types(hint).items()
        if field in parts
    )


def _field_types(hint: type) -> dict[str, Any]:
    return {name: kind for base in reversed(hint.__mro__) for name, kind in annotation.of(base).items()}
