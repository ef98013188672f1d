"""`foretell models connect`: a model that runs on another server becomes one of this server's."""

import asyncio
import os
import shutil
from pathlib import Path
from typing import Annotated, Any

import typer

from foretell.cli.connection import Connection, Target, call
from foretell.cli.options import Data, Json, settings
from foretell.cli.printing import console, notes, print_json
from foretell.errors import Code, Error
from foretell.families import remote

FOLDER = "elsewhere"
"""The directory, in the data directory, of the folders that are written here."""


def add_to(app: typer.Typer) -> None:
    app.command(epilog="Example: foretell models connect http://127.0.0.1:8000 --name llama")(connect)


def connect(
    server: Annotated[str, typer.Argument(metavar="URL", help="Where the other server is.")],
    kind: Annotated[
        str | None,
        typer.Option(help=f"What it is: {', '.join(remote.KINDS)} (default: found out by asking)."),
    ] = None,
    model: Annotated[str, typer.Option(metavar="NAME", help="The model there (default: the only one).")] = "",
    name: Annotated[
        str | None, typer.Option(metavar="NAME", help="What it is called here (default: much the same).")
    ] = None,
    key_variable: Annotated[
        str | None,
        typer.Option(
            metavar="NAME", help="The variable in this server's environment that holds the key for there."
        ),
    ] = None,
    task: Annotated[
        str | None,
        typer.Option(
            help=f"What a model of kind openai does: {', '.join(remote.TASKS)} (default: by its name)."
        ),
    ] = None,
    type: Annotated[
        str | None, typer.Option(help="What it gives: image, video, audio, music, text or embedding.")
    ] = None,
    concurrency: Annotated[int, typer.Option(min=1, help="How many runs it gets at once.")] = 8,
    data: Data = None,
    json: Json = False,
) -> None:
    """Make a model of another server one of this server's."""
    _check(kind, remote.KINDS, "--kind")
    _check(task, remote.TASKS, "--task")
    found = asyncio.run(_survey(server, kind=kind, model=model, variable=key_variable, task=task, type=type))
    namespace = name or found.namespace

    async def registered(connection: Connection) -> Any:
        if name is None:
            await _require_unknown(connection, namespace)
        folder = settings(data=data).data_path / FOLDER / namespace.replace("/", "--")
        _write(found, folder, namespace, concurrency)
        return await connection.post("/v1/admin/models", {"folder": str(folder)})

    made = call(Target(data), registered)
    if json:
        print_json(made)
        return
    notes.print(f"{found.model} at {server} is '{namespace}' here ({found.kind}, {found.type}).")
    if found.variable and not os.environ.get(found.variable):
        notes.print(f"The server needs {found.variable} in its environment when it starts.")
    console.print(made["folder"])


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
    """Writes the folder whole: a reader finds the old one or the new one."""
    partial = folder.with_name(f".{folder.name}.partial")
    shutil.rmtree(partial, ignore_errors=True)
    remote.write_folder(found, partial, namespace=namespace, concurrency=concurrency)
    shutil.rmtree(folder, ignore_errors=True)
    partial.rename(folder)
