"""`foretell models connect`: a model that runs on another server becomes one of this server's."""

import asyncio
import os
import tempfile
from pathlib import Path
from typing import Annotated, Any

import typer

from foretell.cli import adding
from foretell.cli.connection import Connection, Target, call
from foretell.cli.options import Data, Json
from foretell.cli.printing import console, notes
from foretell.errors import Code, Error
from foretell.families import remote

Kind = Annotated[
    str | None,
    typer.Option(help=f"What it is: {', '.join(remote.KINDS)} (default: found out by asking)."),
]
Model = Annotated[str, typer.Option(metavar="NAME", help="The model there (default: the only one).")]
Name = Annotated[
    str | None, typer.Option(metavar="NAME", help="What it is called here (default: much the same).")
]
KeyVariable = Annotated[
    str | None,
    typer.Option(
        metavar="NAME", help="The variable in this server's environment that holds the key for there."
    ),
]
Task = Annotated[
    str | None,
    typer.Option(help=f"What a model of kind openai does: {', '.join(remote.TASKS)} (default: by its name)."),
]
Type = Annotated[str | None, typer.Option(help=f"What it gives: {', '.join(remote.TYPES)}.")]
Folder = Annotated[
    Path | None,
    typer.Option(metavar="DIR", help="Write the model's folder there, to change it, and add nothing yet."),
]


def add_to(app: typer.Typer) -> None:
    app.command(epilog="Example: foretell models connect http://127.0.0.1:8000 --name llama")(connect)


def connect(
    server: Annotated[str, typer.Argument(metavar="URL", help="Where the other server is.")],
    kind: Kind = None,
    model: Model = "",
    name: Name = None,
    key_variable: KeyVariable = None,
    task: Task = None,
    type: Type = None,
    concurrency: Annotated[int, typer.Option(min=1, help="How many runs it gets at once.")] = 8,
    folder: Folder = None,
    data: Data = None,
    json: Json = False,
) -> None:
    """Make a model of another server one of this server's."""
    _check(kind, remote.KINDS, "--kind")
    _check(task, remote.TASKS, "--task")
    _check(type, remote.TYPES, "--type")
    found = asyncio.run(_survey(server, kind=kind, model=model, variable=key_variable, task=task, type=type))
    namespace = name or found.namespace
    notes.print(f"{found.model} at {server} is '{namespace}' here ({found.kind}, {found.type}).")
    if folder is not None:
        _write(found, folder, namespace, concurrency)
        console.print(f"foretell models add {folder}")
        return
    if name is None:
        call(Target(data), lambda connection: _require_unknown(connection, namespace))
    with tempfile.TemporaryDirectory(prefix="foretell-") as made:
        _write(found, Path(made, "model"), namespace, concurrency)
        adding.add(str(Path(made, "model")), name=namespace, data=data, json=json)


def _check(word: str | None, words: tuple[str, ...], option: str) -> None:
    if word is not None and word not in words:
        raise typer.BadParameter(f"must be one of {', '.join(words)}", param_hint=option)


async def _survey(server: str, *, variable: str | None, **wanted: Any) -> remote.Found:
    return await remote.survey(remote.Wanted(url=server, variable=variable, **wanted), os.environ)


async def _require_unknown(connection: Connection, namespace: str) -> None:
    listed = await connection.get("/v1/admin/models")
    if namespace in {each["namespace"] for each in listed["data"]}:
        message = (
            f"There is a model '{namespace}' here already. Give this one another --name; "
            f"with --name {namespace} it takes that one's place."
        )
        raise Error(Code.CONFLICT, message)


def _write(found: remote.Found, folder: Path, namespace: str, concurrency: int) -> None:
    if folder.exists():
        raise Error(Code.CONFLICT, f"There is a {folder} already.")
    remote.write_folder(found, folder, namespace=namespace, concurrency=concurrency)
