"""The types of what goes in and out of a predictor."""

from __future__ import annotations

import io
import pathlib
from collections.abc import AsyncIterator, Iterator, Mapping
from typing import Any, ClassVar, TypeVar

Item = TypeVar("Item", covariant=True)

_NOTHING = object()


class ByInstance:
    """Lets a field of a pydantic model be of the class; an instance is taken as it is."""

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: Any) -> Any:
        from pydantic_core import core_schema  # type: ignore[import-not-found,unused-ignore]

        return core_schema.no_info_plain_validator_function(cls.validate)

    @classmethod
    def __get_validators__(cls) -> Iterator[Any]:
        yield cls.validate

    @classmethod
    def validate(cls, value: Any) -> Any:
        """Raises ValueError for what is not an instance."""
        if not isinstance(value, cls):
            raise ValueError(f"expected a cog.{cls.__name__}, got {type(value).__name__}")
        return value


# Until Python 3.12 a subclass of pathlib.Path must say which flavour it is.
class Path(type(pathlib.Path()), ByInstance):  # type: ignore[misc]
    """A file: as an input one that lies on this machine, as an output one to be handed over."""


URLPath = Path
"""Cog's name for an input that is fetched when it is opened. Here it has been fetched already."""


class File(io.IOBase, ByInstance):
    """An input that arrives as an open file, read as bytes. `Path` is the better choice."""


class Secret(ByInstance):
    """A string that does not show when it is printed."""

    def __init__(self, secret_value: str) -> None:
        self._secret_value = secret_value

    def get_secret_value(self) -> str:
        return self._secret_value

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and other._secret_value == self._secret_value

    def __hash__(self) -> int:
        return hash(self._secret_value)

    def __len__(self) -> int:
        return len(self._secret_value)

    def __str__(self) -> str:
        return "**********" if self._secret_value else ""

    def __repr__(self) -> str:
        return f"Secret({str(self)!r})"


class ConcatenateIterator(Iterator[Item]):
    """The return type of a predictor that yields pieces of one text."""


class AsyncConcatenateIterator(AsyncIterator[Item]):
    """The return type of an asynchronous predictor that yields pieces of one text."""


class Opaque:
    """`Annotated[T, Opaque]`: any JSON object, not looked into."""


class BaseModel:
    """An output with named parts: class annotations are the fields, keywords make one."""

    __fields: ClassVar[Mapping[str, Any]] = {}

    def __init_subclass__(cls, **options: Any) -> None:
        super().__init_subclass__(**options)
        inherited = {
            name: default for base in reversed(cls.__mro__[1:]) for name, default in _fields(base).items()
        }
        own = {name: getattr(cls, name, _NOTHING) for name in _annotated(cls)}
        cls.__fields = {**inherited, **own}

    def __init__(self, **values: Any) -> None:
        """Raises TypeError for a field that is missing or unknown."""
        fields = _fields(type(self))
        unknown = [name for name in values if name not in fields]
        missing = [name for name, default in fields.items() if default is _NOTHING and name not in values]
        if unknown or missing:
            raise TypeError(_complaint(type(self).__name__, missing, unknown))
        for name, default in fields.items():
            setattr(self, name, values.get(name, default))

    def dict(self) -> Mapping[str, Any]:
        return {name: getattr(self, name) for name in _fields(type(self))}

    model_dump = dict

    def __eq__(self, other: object) -> bool:
        return type(other) is type(self) and isinstance(other, BaseModel) and other.dict() == self.dict()

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        parts = ", ".join(f"{name}={value!r}" for name, value in self.dict().items())
        return f"{type(self).__name__}({parts})"


def open_file(path: str) -> io.BufferedReader:
    """What an input of type `File` is."""
    return pathlib.Path(path).open("rb")


def _fields(model: type) -> dict[str, Any]:
    return dict(model.__dict__.get("_BaseModel__fields", {}))


def _annotated(model: type) -> list[str]:
    # Not in its `__dict__`, where Python 3.14 no longer has them; a base's have been seen before.
    names = getattr(model, "__annotations__", {})
    return [name for name, kind in names.items() if "ClassVar" not in str(kind)]


def _complaint(name: str, missing: list[str], unknown: list[str]) -> str:
    parts = [f"{name} needs {', '.join(missing)}"] if missing else []
    parts += [f"{name} has no field {', '.join(unknown)}"] if unknown else []
    return "; ".join(parts)
