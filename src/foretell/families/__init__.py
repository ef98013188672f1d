"""Ready predictors for the common kinds of weights: which one fits is told from the files alone."""

from collections.abc import Callable

from foretell.errors import Code, Error
from foretell.families import diffusers, llama_cpp, onnx, transformers, whisper
from foretell.families.files import Files, of_directory, of_file
from foretell.families.folders import write_folder
from foretell.families.recognized import Companion, Recognized

__all__ = ["Companion", "Files", "Recognized", "of_directory", "of_file", "recognize", "write_folder"]

Family = Callable[[Files], Recognized | None]
"""A family's recognition: None for what is not its own.

Error(INVALID_REQUEST) for what is, and cannot be run, with the reason.
"""

FAMILIES: tuple[Family, ...] = (
    whisper.recognize,
    transformers.recognize,
    diffusers.recognize,
    llama_cpp.recognize,
    onnx.recognize,
)
"""In order: the first that recognizes something has it."""
NAMES_SHOWN = 8


def recognize(files: Files) -> Recognized:
    """How these weights can be run. Error(INVALID_REQUEST) says what was seen when nothing fits."""
    for family in FAMILIES:
        found = family(files)
        if found is not None:
            return found
    raise Error(Code.INVALID_REQUEST, _unknown(files))


def _unknown(files: Files) -> str:
    names = sorted(files.sizes, key=lambda path: (path.count("/"), path))
    shown = ", ".join(names[:NAMES_SHOWN]) + (
        f" and {len(names) - NAMES_SHOWN} more" if names[NAMES_SHOWN:] else ""
    )
    kind = files.table("config.json").get("architectures") or files.table("model_index.json").get(
        "_class_name"
    )
    named = (
        f" They call themselves {kind if isinstance(kind, str) else ', '.join(map(str, kind))}."
        if kind
        else ""
    )
    return (
        f"No family knows how to run these weights: {shown or 'there are no files'}.{named} "
        "Write a predictor for them: 'foretell models init' makes a folder to start from."
    )
