"""A model's examples: what `[[examples]]` says, and whether the model takes it."""

import mimetypes
import re
from pathlib import Path
from typing import Any

from foretell.catalog.tables import Problems, read_table
from foretell.errors import Error
from foretell.model import Example, Version
from foretell.schema import InputSchema


def read_examples(folder: Path, found: Any, problems: Problems) -> tuple[Example, ...]:
    """The examples that are well formed; what is wrong with others goes to `problems`."""
    if not isinstance(found, list):
        problems.append("'examples' must be written as [[examples]]")
        return ()
    examples = []
    for number, each in enumerate(found, 1):
        before = len(problems)
        place = f"examples[{number}]"
        values = read_table(place, _with_listed_output(each), Example, problems)
        if len(problems) == before:
            examples.append(Example(**values))
            is_listed = isinstance(each.get("output"), list)
            problems += _absent(folder, place, examples[-1].output, is_listed=is_listed)
    return tuple(examples)


def unfit(version: Version) -> list[str]:
    """What in a version's examples its model does not take."""
    schema = InputSchema(version.input_schema)
    problems = []
    for number, each in enumerate(version.manifest.examples, 1):
        try:
            schema.complete(given_of(version, each))
        except Error as error:
            problems += [f"examples[{number}].input.{detail}" for detail in error.details or (error.message,)]
    return problems


def given_of(version: Version, example: Example) -> dict[str, Any]:
    """The example's input, in which a file of the model's folder is a `file:` URL."""
    files = InputSchema(version.input_schema).file_fields()
    return {
        name: _located(Path(version.manifest.folder), value) if name in files else value
        for name, value in example.input.items()
    }


def kind_of(output: str) -> str:
    """Of which kind an example's output is: `image` for the name of a picture; what is no file's name is `text`."""
    guessed = mimetypes.guess_type(output)[0] if re.fullmatch(r"[\w./-]+\.\w+", output) else None
    return "text" if guessed is None else guessed.partition("/")[0]


def _located(folder: Path, value: Any) -> Any:
    if isinstance(value, list):
        return [_located(folder, each) for each in value]
    if isinstance(value, str) and (folder / value).is_file():
        return (folder / value).absolute().as_uri()
    return value


def _with_listed_output(found: Any) -> Any:
    if isinstance(found, dict) and isinstance(found.get("output"), str):
        return found | {"output": [found["output"]]}
    return found


def _absent(folder: Path, place: str, output: tuple[str, ...], *, is_listed: bool) -> list[str]:
    """A single entry that is no file is the text that came, unless it was listed under the name of a file."""
    if not output or (len(output) == 1 and not (is_listed and kind_of(output[0]) != "text")):
        return []
    missing = [each for each in output if not (folder / each).is_file()]
    return [f"'{place}.output' names '{each}', which is no file of the folder" for each in missing]
