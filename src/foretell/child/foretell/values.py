"""The types of what goes in and out of a predictor."""

from __future__ import annotations

import dataclasses
import io
import pathlib
from collections.abc import AsyncIterator, Iterator, Mapping
from typing import Any, Optional, TypeVar

Item = TypeVar("Item", covariant=True)


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


URLFile = File
"""Cog's name for such an input while it has not been fetched. Here it has been."""


class Secret(ByInstance):
    """A string that does not show when it is printed."""

    def __init__(self, secret_value: Optional[str] = None) -> None:
        self.secret_value = secret_value

    def get_secret_value(self) -> Optional[str]:
        return self.secret_value

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and other.secret_value == self.secret_value

    def __hash__(self) -> int:
        return hash(self.secret_value)

    def __len__(self) -> int:
        return len(self.secret_value or "")

    def __str__(self) -> str:
        return "**********" if self.secret_value else ""

    def __repr__(self) -> str:
        return f"Secret({str(self)!r})"


class ConcatenateIterator(Iterator[Item]):
    """The return type of a predictor that yields pieces of one text."""


class AsyncConcatenateIterator(AsyncIterator[Item]):
    """The return type of an asynchronous predictor that yields pieces of one text."""


class Opaque:
    """`Annotated[T, Opaque]`: any JSON object, not looked into."""


class BaseModel:
    """An output with named parts: class annotations are the fields, keywords or places make one.

    Each such class is a dataclass; with `auto_dataclass=False` that is left to its author, with `init=False`
    what makes one.
    """

    def __init_subclass__(cls, *, auto_dataclass: bool = True, init: bool = True, **options: Any) -> None:
        super().__init_subclass__()
        if auto_dataclass:
            # Not dataclass's own: a field without a default may follow one that has one.
            dataclasses.dataclass(**{"repr": "__repr__" not in vars(cls), **options, "init": False})(cls)
        if auto_dataclass and init and "__init__" not in vars(cls):
            cls.__init__ = _make  # type: ignore[method-assign,assignment]

    def dict(self) -> Mapping[str, Any]:
        return {field.name: getattr(self, field.name) for field in dataclasses.fields(self)}  # type: ignore[arg-type]

    model_dump = dict


def _make(self: Any, *places: Any, **values: Any) -> None:
    """Raises TypeError for a part that is missing or unknown."""
    fields = {field.name: field for field in dataclasses.fields(self) if field.init}
    named = dict(zip(fields, places))  # noqa: B905 - Python 3.9 has no strict
    unknown = [name for name in values if name not in fields or name in named]
    named.update(values)
    missing = [name for name, field in fields.items() if name not in named and not _has_default(field)]
    if unknown or missing or len(places) > len(fields):
        raise TypeError(_complaint(type(self).__name__, missing, unknown) or "there are too many values")
    for field in dataclasses.fields(self):
        value = named[field.name] if field.name in named else _default(field)
        # Also where the class is frozen, as an option of its author's may want it.
        object.__setattr__(self, field.name, value)
    after = getattr(self, "__post_init__", None)
    if after is not None:
        after()


def open_file(path: str) -> io.BufferedReader:
    """What an input of type `File` is."""
    return pathlib.Path(path).open("rb")


def _has_default(field: Any) -> bool:
    nothing = dataclasses.MISSING
    return field.default is not nothing or field.default_factory is not nothing


def _default(field: Any) -> Any:
    return field.default if field.default_factory is dataclasses.MISSING else field.default_factory()


def _complaint(name: str, missing: list[str], unknown: list[str]) -> str:
    parts = [f"{name} needs {', '.join(missing)}"] if missing else []
    parts += [f"{name} has no field {', '.join(unknown)}"] if unknown else []
    return "; ".join(parts)
