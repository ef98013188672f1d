"""`foretell models`: which there are, what they take, and what they need on this machine."""

import asyncio
import json as json_text
from collections.abc import Callable
from typing import Annotated, Any

import typer
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn

from foretell import catalog
from foretell.cli import adding, describing, starting
from foretell.cli.configured import settings
from foretell.cli.connection import Connection, Target, call
from foretell.cli.options import ApiKey, Data, Json, Url
from foretell.cli.printing import console, labelled, notes, print_json, print_table
from foretell.errors import Error
from foretell.main.listening import is_served, socket_path
from foretell.model import Manifest
from foretell.weights import Environments, Weights

app = typer.Typer(no_args_is_help=True)
starting.add_to(app)
adding.add_to(app)
LINE_CHARACTERS = 60
STEPS = ("Collecting", "Processing", "Installing", "Successfully", "ERROR")
"""How the lines begin by which pip tells what it is doing; its log keeps the others."""


@app.command("list")
def list_(data: Data = None, url: Url = None, key: ApiKey = None, json: Json = False) -> None:
    """List the models."""
    found, registered = call(Target(data, url=url, key=key), _listed)
    if json:
        print_json(found)
        return
    print_table(
        ["MODEL", "TYPE", "STATUS", "STATE", "VERSIONS", "SIZE", "WHAT IT DOES"],
        [
            [
                each["namespace"],
                each["type"],
                each["status"],
                *_figures(registered.get(each["namespace"])),
                ", ".join(each["capabilities"]),
            ]
            for each in found
        ],
    )


@app.command(epilog="Example: foretell models show truefusion")
def show(
    model: Annotated[str, typer.Argument(metavar="MODEL", help="The model, from 'foretell models list'.")],
    data: Data = None,
    url: Url = None,
    key: ApiKey = None,
    json: Json = False,
) -> None:
    """Show what a model does, which inputs it takes, its examples and its versions."""
    found, registered = call(Target(data, url=url, key=key), lambda server: _shown(server, model))
    if json:
        more = {} if registered is None else {name: registered[name] for name in ("examples", "versions")}
        print_json(found | more)
        return
    facts = f"({found['namespace']}, {found['type']}, {found['status']})"
    console.print(labelled(found["name"], facts, style="bold"))
    console.print(found["description"])
    console.print(_price(found["pricing"]) + "\n" if found["billable"] else "")
    schema = found["input_schema"]
    inputs = sorted(schema.get("properties", {}).items(), key=lambda each: each[1].get("x-order", 0))
    print_table(
        ["INPUT", "TYPE", "DEFAULT", "MEANING"],
        [
            [name, _kind(each), _default(name, each, schema), each.get("description", "")]
            for name, each in inputs
        ],
    )
    if registered:
        describing.show_registered(registered)


async def _listed(server: Connection) -> tuple[list[dict[str, Any]], dict[str, dict[str, Any]]]:
    """The models as callers see them, and as operators do."""
    return await server.get("/v1/models"), await _registered(server)


async def _shown(server: Connection, model: str) -> tuple[dict[str, Any], dict[str, Any] | None]:
    found = await server.get(f"/v1/models/{model}", fields="input_schema,output_schema")
    return found, (await _registered(server)).get(found["namespace"])


async def _registered(server: Connection) -> dict[str, dict[str, Any]]:
    """The models as their operator sees them; nothing for anybody else."""
    try:
        found = await server.get("/v1/admin/models")
    except Error:
        return {}
    return {each["namespace"]: each for each in found["data"]}


def _figures(registered: dict[str, Any] | None) -> list[str]:
    if registered is None:
        return ["", "", ""]
    return [registered["state"], str(len(registered["versions"])), describing.size(registered["size_bytes"])]


@app.command(epilog="Example: foretell models pull deepbrain")
def pull(
    model: Annotated[str, typer.Argument(metavar="MODEL", help="The model, from 'foretell models list'.")],
    data: Data = None,
) -> None:
    """Fetch one model's weights and build its environment now, not at its first use."""
    manifests = [each for each in _manifests() if model in {each.namespace, *each.aliases}]
    # A running server has to know that what it could not have before is there.
    if not manifests or is_served(socket_path(settings(data=data).data_path)):
        adding.conclude(adding.pulled(model, data), json=False)
    elif asyncio.run(_set_up(manifests)):
        raise typer.Exit(1)


@app.command()
def setup() -> None:
    """Fetch the weights of all models and build their environments: the first time takes some minutes."""
    failed = asyncio.run(_set_up(_manifests()))
    if failed:
        raise typer.Exit(1)
    notes.print("All models are ready.")


def _manifests() -> list[Manifest]:
    versions, problems = catalog.load(settings(sandbox=False))
    for problem in problems:
        notes.print(labelled("Left out:", problem, style="yellow"))
    return [version.manifest for version in versions]


async def _set_up(manifests: list[Manifest]) -> list[str]:
    """Makes each ready; the namespaces of those that could not be, whose reasons are printed."""
    cache = settings().cache_path
    environments, weights = Environments(cache), Weights(cache)
    failed = []
    columns = (
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        DownloadColumn(),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=notes, transient=True) as progress:
        for manifest in manifests:
            try:
                await _ready(manifest, environments, weights, progress)
            except Error as error:
                failed.append(manifest.namespace)
                notes.print(labelled(f"{manifest.namespace}:", error.message, style="yellow"))
    return failed


async def _ready(
    manifest: Manifest, environments: Environments, weights: Weights, progress: Progress
) -> None:
    bar = progress.add_task(manifest.namespace, total=None)
    try:
        await environments.python(manifest, _shown_line(manifest, progress, bar))
        await weights.ready(manifest, _shown_bytes(manifest, progress, bar))
    finally:
        progress.remove_task(bar)


def _shown_line(manifest: Manifest, progress: Progress, bar: Any) -> Callable[[str], None]:
    whose = "built-in models" if manifest.environment == "builtin" else manifest.namespace

    def show_line(line: str) -> None:
        if not line.startswith(STEPS):
            return
        words = f"{whose}: {line.strip()}"[:LINE_CHARACTERS]
        progress.update(bar, description=words)
        if not notes.is_terminal:
            notes.print(words)

    return show_line


def _shown_bytes(manifest: Manifest, progress: Progress, bar: Any) -> Callable[[str, int, int], None]:
    def show_bytes(name: str, done: int, total: int) -> None:
        progress.update(bar, description=f"{manifest.namespace}: {name}", completed=done, total=total or None)

    return show_bytes


def _price(pricing: dict[str, Any]) -> str:
    """What a run costs, in words: each price on a line."""
    if "formula" in pricing:
        return f"Costs: {pricing['formula']['description']}"
    least = f", {pricing['minimum']:g} at least" if "minimum" in pricing else ""
    prices = [f"Costs {pricing['amount']:g} {pricing['currency']} per {pricing['unit']}{least}."]
    prices += [
        f"{each['billable_price']:g} per {each['unit']}: {each['description']}"
        for each in pricing["criterias"]
    ]
    return "\n".join(prices)


def _kind(schema: dict[str, Any]) -> str:
    if "enum" in schema:
        return " | ".join(map(str, schema["enum"]))
    if schema.get("format") == "password":
        return "secret"
    kind = schema.get("type", "any")
    word = kind if isinstance(kind, str) else " or ".join(each for each in kind if each != "null")
    word = "file" if schema.get("format") == "uri" else word
    if kind == "array" and "items" in schema:
        word = f"list of {_kind(schema['items'])}"
    low, high = (schema.get(name, "") for name in ("minimum", "maximum"))
    return f"{word} {low}…{high}" if f"{low}{high}" else word


def _default(name: str, schema: dict[str, Any], whole: dict[str, Any]) -> str:
    if name in whole.get("required", ()):
        return "(required)"
    default = schema.get("default")
    return "" if default is None else default if isinstance(default, str) else json_text.dumps(default)
