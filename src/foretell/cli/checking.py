"""`foretell check`: the configuration in force, and every problem at once."""

import asyncio
import os
import shutil
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import typer
from rich.text import Text

from foretell import catalog
from foretell.cli.configured import settings
from foretell.cli.options import ConfigFile, Data, Database, Json
from foretell.cli.printing import console, print_json, print_table
from foretell.config import Config
from foretell.errors import Error
from foretell.main.listening import is_served, socket_path
from foretell.node import machine
from foretell.node.placement.seclusion import can_cut_network, can_hide
from foretell.store import LockedError, open_store
from foretell.weights import Environments, Weights
from foretell.weights.interpreters import shortfall

FREE_BYTES_MIN = 2 * 1024**3
HIDDEN = ("key", "secret")
TRUST = (
    "default: model code runs as this user, in processes of its own with a clean environment and no new "
    "privileges; run only models you trust as much as your own programs"
)

NO_NAMESPACES = "this system gives this user no namespaces of its own"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at; `is_problem` when it keeps the server from its work."""

    about: str
    says: str
    is_problem: bool = False


def add_to(app: typer.Typer) -> None:
    app.command()(check)


def check(
    data: Data = None, database: Database = None, config: ConfigFile = None, json: Json = False
) -> None:
    """Show the settings in force and what would keep the server from working; exits 1 if anything would."""
    try:
        chosen = settings(config, data=data, database=database)
    except Error as error:
        findings = [Finding("configuration", line, is_problem=True) for line in error.details]
        _report({}, findings, json=json)
        raise typer.Exit(1) from None
    findings = list(_findings(chosen))
    _report(_shown(chosen), findings, json=json)
    raise typer.Exit(1 if any(each.is_problem for each in findings) else 0)


def _findings(config: Config) -> Iterator[Finding]:
    yield from _disk(config)
    yield asyncio.run(_database(config))
    yield from _models(config)
    yield Finding("machine", _machine(config))
    yield Finding("trust", TRUST)
    yield from _isolation(config)


def _disk(config: Config) -> Iterator[Finding]:
    for about, path in (("data directory", config.data_path), ("cache directory", config.cache_path)):
        there = _nearest(path)
        free = shutil.disk_usage(there).free
        says = f"{path}, {free / 1024**3:.1f} GB free" + (
            "" if path.exists() else ", made at the first start"
        )
        if not os.access(there, os.W_OK):
            yield Finding(about, f"{path} cannot be written", is_problem=True)
        else:
            yield Finding(about, says, is_problem=free < FREE_BYTES_MIN)


async def _database(config: Config) -> Finding:
    if not config.database and is_served(socket_path(config.data_path)):
        return Finding("database", "SQLite, in use by the server that runs here")
    if not config.database and not config.data_path.exists():
        return Finding("database", "SQLite, made at the first start")
    try:
        store = await open_store(config)
    except (Error, LockedError, OSError) as error:
        return Finding("database", str(error), is_problem=True)
    await store.close()
    return Finding(
        "database", "Postgres, reachable and up to date" if config.database else "SQLite, up to date"
    )


def _models(config: Config) -> Iterator[Finding]:
    try:
        versions, problems = catalog.load(config)
        problems += catalog.unknown(config, {version.model for version in versions})
    except Error as error:
        versions, problems = [], list(error.details)
    yield from (Finding("models", problem, is_problem=True) for problem in problems)
    environments, weights = Environments(config.cache_path), Weights(config.cache_path)
    manifests = [version.manifest for version in versions]
    offline = {each.namespace: reason for each in manifests if (reason := environments.offline_reason(each))}
    waiting = [
        each.namespace
        for each in manifests
        if each.namespace not in offline and not (environments.is_ready(each) and weights.is_ready(each))
    ]
    yield from (Finding("models", f"{name} is offline: {reason}") for name, reason in offline.items())
    for each in manifests:
        told = (*each.notes, *filter(None, [shortfall(each.python)]))
        yield from (Finding("models", f"{each.namespace}: {note}") for note in told)
    if waiting:
        yield Finding("models", f"not set up yet: {', '.join(waiting)}; run 'foretell models setup'")
    else:
        yield Finding("models", f"{len(manifests) - len(offline)} ready")


def _machine(config: Config) -> str:
    """What models have here."""
    room = machine.found(config, os.environ).room
    gpus = ", ".join(f"{each.name} ({each.memory_mb:,} MB)" for each in room.gpus) or "no GPU"
    return f"{room.memory_mb:,} MB of memory for models, {gpus}"


def _isolation(config: Config) -> Iterator[Finding]:
    """What keeps models apart from the rest of this machine, as it is in force here."""
    if config.isolation == "none":
        yield Finding("isolation", "models can read the data directory: isolation is 'none'")
    elif can_hide():
        yield Finding(
            "isolation", "the data directory and the memory of other processes are hidden from models"
        )
    else:
        yield Finding("isolation", f"models can read the data directory: {NO_NAMESPACES}")
    versions, _ = catalog.load(config)
    alone = [version.model for version in versions if not version.manifest.network]
    if alone and not can_cut_network():
        yield Finding(
            "isolation", f"'network = false' of {', '.join(alone)} is not enforced: {NO_NAMESPACES}"
        )
    elif alone:
        yield Finding("isolation", f"{', '.join(alone)} cannot reach the network")


def _nearest(path: Path) -> Path:
    return next(each for each in (path, *path.parents) if each.exists())


def _shown(config: Config) -> dict[str, Any]:
    values = asdict(config)
    return values | {name: "(set)" for name in HIDDEN if values[name]}


def _report(values: dict[str, Any], findings: list[Finding], *, json: bool) -> None:
    if json:
        print_json({"settings": values, "findings": [asdict(each) for each in findings]})
        return
    defaults = asdict(Config())
    rows = [[name, value, "" if value == defaults[name] else "set"] for name, value in values.items()]
    if rows:
        print_table(["SETTING", "VALUE", ""], rows)
        console.print()
    for each in findings:
        mark = ("problem ", "red") if each.is_problem else ("ok      ", "green")
        console.print(Text.assemble(mark, (each.about, "bold"), ": ", each.says))
