"""`foretell models init`: a model folder that runs, to begin with."""

import re
from importlib import resources
from pathlib import Path
from typing import Annotated

import typer

from foretell.cli.printing import console
from foretell.errors import Code, Error

_NAME = re.compile(r"[a-z0-9][a-z0-9._-]*")
FILES = ("model.toml", "predict.py")


def add_to(app: typer.Typer) -> None:
    app.command(epilog="Example: foretell models init shout")(init)


def init(
    name: Annotated[str, typer.Argument(metavar="NAME", help="What to call the model, and its new folder.")],
) -> None:
    """Write a folder with a model that runs: change it until it is yours."""
    folder = Path(name)
    if not _NAME.fullmatch(folder.name):
        message = f"'{folder.name}' cannot be a model's name: it needs lower-case letters, digits, '.', '_' and '-'."
        raise Error(Code.INVALID_REQUEST, message)
    if folder.exists():
        raise Error(Code.CONFLICT, f"{folder} is there already.")
    folder.mkdir(parents=True)
    words = folder.name.replace("-", " ").replace("_", " ").title()
    for file in FILES:
        text = (resources.files("foretell.cli") / "new_model" / file).read_text()
        (folder / file).write_text(text.replace("NAME", words))
    console.print(f"Wrote {folder}/model.toml and {folder}/predict.py.\n")
    console.print(f"  foretell models add {folder}\n  foretell run {folder.name} -i prompt=hello -i times=3")
