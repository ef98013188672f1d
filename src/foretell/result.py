"""What a run answered: the model's own JSON, in which `{"$file": id}` stands for a file."""

from collections.abc import Callable, Iterator
from enum import StrEnum
from typing import Any

from foretell.prediction import FILE_KEY


class Form(StrEnum):
    """How a result is shown as `output`."""

    TEXT = "text"
    TEXTS = "texts"
    FILES = "files"
    VALUE = "value"


def form(result: Any) -> Form:
    """The form of a result. A `VALUE` (numbers, vectors, objects, mixed) is also stored as `output.json`."""
    if isinstance(result, str):
        return Form.TEXT
    if is_file(result):
        return Form.FILES
    if isinstance(result, list) and result and all(is_file(each) for each in result):
        return Form.FILES
    if isinstance(result, list) and all(isinstance(each, str) for each in result):
        return Form.TEXTS
    return Form.VALUE


def is_file(value: Any) -> bool:
    """Whether a value stands for a file."""
    return isinstance(value, dict) and value.keys() == {FILE_KEY}


def file_ids(result: Any) -> Iterator[str]:
    """The ids of the files in a result, in order."""
    if is_file(result):
        yield result[FILE_KEY]
    elif isinstance(result, dict):
        for each in result.values():
            yield from file_ids(each)
    elif isinstance(result, list):
        for each in result:
            yield from file_ids(each)


def replaced(result: Any, replace: Callable[[str], Any]) -> Any:
    """The result with `replace(file_id)` in the place of each file."""
    if is_file(result):
        return replace(result[FILE_KEY])
    if isinstance(result, dict):
        return {name: replaced(each, replace) for name, each in result.items()}
    if isinstance(result, list):
        return [replaced(each, replace) for each in result]
    return result
