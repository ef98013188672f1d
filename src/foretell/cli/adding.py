"""`foretell models add`, `test`, `rollback`, `remove`, `logs`: models of one's own on a server, while it runs."""

import asyncio
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.text import Text

from foretell.cli.connection import Connection, Target, call
from foretell.cli.describing import command, size
from foretell.cli.options import Data, Database, Json
from foretell.cli.printing import console, labelled, notes, print_json
from foretell.cli.saying import harmless
from foretell.cli.steps import Steps
from foretell.errors import Code, Error

LOOK_SECONDS = 0.3
LOG_LINES = 20
LINE_CHARACTERS = 200
"""How much is shown of a line: pip names every version that there is in one."""
Model = Annotated[str, typer.Argument(metavar="NAME", help="The model, from 'foretell models list'.")]
ModelAndVersion = Annotated[
    str, typer.Argument(metavar="NAME[:VERSION]", help="The model, and perhaps a version of it.")
]

ADD_EXAMPLES = """Examples:
  foretell models add ./shout

  foretell models add hf:hf-internal-testing/tiny-stable-diffusion-pipe --name tiny

  foretell models add https://example.com/shout.zip"""


def add_to(app: typer.Typer) -> None:
    app.command(epilog=ADD_EXAMPLES)(add)
    app.command(epilog="Example: foretell models test shout")(test)
    app.command(epilog="Example: foretell models rollback shout")(rollback)
    app.command(epilog="Example: foretell models remove shout:0f3a9c1d")(remove)
    app.command(epilog="Example: foretell models logs shout")(logs)
    app.command()(prune)


def add(
    source: Annotated[
        str,
        typer.Argument(
            metavar="PATH|hf:OWNER/NAME|URL",
            help="A model folder, a Cog directory, weights of a known kind, or an archive of a folder.",
        ),
    ],
    name: Annotated[
        str, typer.Option("--name", metavar="NAME", help="What to call it (default: its own name).")
    ] = "",
    data: Data = None,
    database: Database = None,
    json: Json = False,
) -> None:
    """Add a model: fetch what it needs, load it, run its example, and only then let callers have it."""
    target = Target(data, database=database, node=True)
    body = {"source": _located(source), "name": name}
    ended, command = call(target, lambda server: _added(server, body, quiet=json))
    conclude(ended, json=json)
    if not json:
        console.print(harmless(f"\nTry it: {command}"))


def test(model: ModelAndVersion, data: Data = None, database: Database = None, json: Json = False) -> None:
    """Run all examples of a model; exits 1 unless each gives the kind of output that it shows."""
    name, version = _split(model)
    target = Target(data, database=database, node=True)
    path = f"/v1/admin/models/{name}/test" + (f"?version={version}" if version else "")
    conclude(call(target, lambda server: _followed(server, path, None, quiet=json)), json=json)


def pulled(model: str, data: str | None) -> dict[str, Any]:
    """What came of fetching what an added model needs."""
    path = f"/v1/admin/models/{model}/pull"
    return call(Target(data, node=True), lambda server: _followed(server, path, None, quiet=False))


def rollback(
    model: Model,
    version: Annotated[
        str | None, typer.Argument(metavar="[VERSION]", help="The version (default: the one before).")
    ] = None,
    data: Data = None,
    database: Database = None,
    json: Json = False,
) -> None:
    """Make an earlier version of a model its current one."""
    body = {"version": version}
    path = f"/v1/admin/models/{model}/rollback"
    found = call(Target(data, database=database), lambda server: server.post(path, body))
    if json:
        print_json(found)
        return
    console.print(f"{model} is now {found['version']}.")


def remove(model: ModelAndVersion, data: Data = None, database: Database = None, json: Json = False) -> None:
    """Take an added model away, or one version that is not current. What was accepted before still runs."""
    name, version = _split(model)
    query = f"?version={version}" if version else ""
    target = Target(data, database=database)
    found = call(target, lambda server: server.delete(f"/v1/admin/models/{name}{query}"))
    if json:
        print_json(found)
        return
    console.print(f"Removed {name}: {', '.join(found['versions'])}.")
    notes.print(
        "'foretell models prune' frees the space of environments and weights that nothing needs any more."
    )


def logs(model: ModelAndVersion, data: Data = None, database: Database = None, json: Json = False) -> None:
    """Show what pip and the model wrote when it was last added, tested or fetched."""
    name, version = _split(model)
    target = Target(data, database=database)
    path = f"/v1/admin/models/{name}/logs"
    found = call(target, lambda server: server.get(path, version=version))
    if json:
        print_json(found)
        return
    if found["addition"] is not None:
        addition = found["addition"]
        words = (
            f"{addition['work']} of {addition['source']}, {addition['state']}, {addition['created_at'][:19]}"
        )
        notes.print(labelled(f"{name}:", words, style="bold"))
    console.print(Text(harmless(found["log"].rstrip("\n"))) if found["log"] else "There is no log of it.")


def prune(data: Data = None, database: Database = None, json: Json = False) -> None:
    """Free the space of environments and weights that no version of this server needs any more."""
    found = call(Target(data, database=database), lambda server: server.post("/v1/admin/prune"))
    if json:
        print_json(found)
        return
    for each in found["data"]:
        console.print(f"{each['name']}  {size(each['size_bytes'])}")
    console.print(f"Freed {size(found['size_bytes'])}." if found["data"] else "Everything is needed.")


async def _added(server: Connection, body: Any, *, quiet: bool) -> tuple[dict[str, Any], str]:
    """The addition at its end, and how what was added is run."""
    ended = await _followed(server, "/v1/admin/models", body, quiet=quiet)
    if ended["state"] != "succeeded":
        return ended, ""
    found = await server.get("/v1/admin/models")
    listed = {each["namespace"]: each for each in found["data"]}
    examples = listed[ended["model"]]["examples"] if ended["model"] in listed else []
    if not examples:
        return ended, f"foretell models show {ended['model']}"
    return ended, command(ended["model"], examples[0])


async def _followed(server: Connection, path: str, body: Any, *, quiet: bool) -> dict[str, Any]:
    """The addition at its end, its steps shown as they go. Ctrl-C ends it, with nothing left of it."""
    addition: dict[str, Any] = await server.post(path, body)
    steps = Steps(quiet=quiet)
    try:
        with steps:
            while addition["state"] == "running":
                steps.show(addition["steps"])
                await asyncio.sleep(LOOK_SECONDS)
                addition = await server.get(f"/v1/admin/additions/{addition['id']}")
            steps.show(addition["steps"])
    except asyncio.CancelledError:
        await asyncio.shield(server.delete(f"/v1/admin/additions/{addition['id']}"))
        notes.print("Stopped; the server is as it was.")
        raise
    if addition["state"] == "failed" and addition["model"] and not quiet:
        await _tell_log(server, addition)
    return addition


async def _tell_log(server: Connection, addition: dict[str, Any]) -> None:
    """The end of the log, where whoever wrote the model finds what to mend."""
    try:
        found = await server.get(f"/v1/admin/models/{addition['model']}/logs")
    except Error:
        return
    of_last_step = f"\n{found['log']}".rpartition("\n== ")[2].splitlines()[1:]
    lines = [harmless(line) for line in of_last_step if not line.startswith("Error:")][-LOG_LINES:]
    for line in lines:
        notes.print(Text(f"  {line[:LINE_CHARACTERS]}{'…' if len(line) > LINE_CHARACTERS else ''}", "dim"))


def conclude(ended: dict[str, Any], *, json: bool) -> None:
    """Says how it ended; exits 1 unless that was well."""
    if json:
        print_json(ended)
    if ended["state"] == "succeeded":
        return
    if not json:
        notes.print(labelled(f"{ended['state'].capitalize()}:", ended["error"] or "it was ended."))
        if ended["model"]:
            notes.print(f"The whole log: foretell models logs {ended['model']}")
    raise typer.Exit(1)


def _located(source: str) -> str:
    if source.startswith(("hf:", "http://", "https://")):
        return source
    path = Path(source).expanduser()
    if not path.exists():
        raise Error(Code.NOT_FOUND, f"There is no {source}. A model of a hub is added as hf:OWNER/NAME.")
    return str(path.absolute())


def _split(model: str) -> tuple[str, str | None]:
    name, _, version = model.partition(":")
    return name, version or None
