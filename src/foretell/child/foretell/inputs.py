"""The inputs of a predictor: what the author says about each, and JSON values turned into what it expects."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from enum import Enum
from typing import Any, Optional, Union

from . import annotation
from .values import File, Path, Secret, open_file

_REQUIRED = inspect.Parameter.empty


class FieldInfo:
    """What `Input(...)` says. Only the default matters here; the server has read and applied the rest."""

    def __init__(self, default: Any) -> None:
        self.default = default


def Input(  # noqa: N802, PLR0913 - the name and the parameters are Cog's
    default: Any = ...,
    *,
    description: Optional[str] = None,
    ge: Optional[float] = None,
    le: Optional[float] = None,
    min_length: Optional[int] = None,
    max_length: Optional[int] = None,
    regex: Optional[str] = None,
    choices: Optional[list[Union[str, int]]] = None,
    deprecated: Optional[bool] = None,
    accept: Optional[str] = None,
    **unknown: Any,
) -> Any:
    """Describes an input. Raises TypeError for a default that predictions would share and could change."""
    if "default_factory" in unknown:
        raise TypeError("Input() takes no default_factory; use None, and make the value in the run")
    if unknown:
        raise TypeError(f"Input() takes no {', '.join(unknown)}")
    if isinstance(default, (list, dict, set, bytearray)):
        raise TypeError(
            f"the default {default!r} of an Input could be changed by a run; use None and fill it in"
        )
    return FieldInfo(default)


class Parameters:
    """The parameters of one predictor function."""

    def __init__(self, function: Callable[..., Any]) -> None:
        parameters = inspect.signature(function).parameters.values()
        self._parameters = [
            parameter
            for parameter in parameters
            if parameter.kind in (parameter.POSITIONAL_OR_KEYWORD, parameter.KEYWORD_ONLY)
        ]
        self._takes_all = any(parameter.kind is parameter.VAR_KEYWORD for parameter in parameters)
        self._annotations = annotation.of(function)
        # Read once: to look at annotations takes longer than many a run.
        self._hints = {each.name: self._annotations.get(each.name, Any) for each in self._parameters}
        defaults = {each.name: self._default(each) for each in self._parameters}
        self._defaults = {name: value for name, value in defaults.items() if value is not _REQUIRED}

    def arguments(self, values: dict[str, Any]) -> dict[str, Any]:
        """Keyword arguments: each value as its annotation wants it, what is missing by its default."""
        arguments = dict(self._defaults)
        for name, value in values.items():
            if name in self._hints:
                arguments[name] = converted(value, self._hints[name])
            elif self._takes_all:
                arguments[name] = value
        return arguments

    def _default(self, parameter: inspect.Parameter) -> Any:
        default = parameter.default
        if isinstance(default, FieldInfo):
            default = _REQUIRED if default.default is ... else default.default
        if default is _REQUIRED and annotation.is_optional(self._annotations.get(parameter.name)):
            return None
        return default


def converted(value: Any, hint: Any) -> Any:
    """The JSON value as the type `hint` wants it; as it is, where there is nothing to do."""
    if hint is str and type(value) is str:
        return value
    hint = annotation.without_none(hint)
    if value is None:
        return None
    if annotation.is_list(hint) and isinstance(value, list):
        return [converted(item, annotation.item(hint)) for item in value]
    if annotation.is_class(hint) and issubclass(hint, Enum):
        return hint(value)
    if isinstance(value, str):
        return _from_text(value, hint)
    if hint is int and isinstance(value, float) and value.is_integer():
        return int(value)
    return value


def _from_text(value: str, hint: Any) -> Any:
    if not annotation.is_class(hint):
        return value
    if issubclass(hint, Secret):
        return Secret(value)
    if issubclass(hint, File):
        return open_file(value)
    if annotation.is_path(hint):
        return Path(value)
    return value
