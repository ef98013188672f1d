"""`foretell serve`, `api`, `node` and `migrate`: the commands that run a server or prepare for one."""

import asyncio
import gc
import os
import shlex
import signal
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
import uvloop

from foretell.cli import logs
from foretell.cli.options import ConfigFile, Data, Database, settings
from foretell.cli.printing import console, labelled, notes
from foretell.config import Config
from foretell.errors import Code, Error
from foretell.store import migrate as migrate_store

if TYPE_CHECKING:
    from foretell.main.server import Server

Host = Annotated[str | None, typer.Option(help="Address to listen on (default: 127.0.0.1).")]
Port = Annotated[int | None, typer.Option(help="Port to listen on; 0 takes a free one (default: 8900).")]
Sandbox = Annotated[
    bool | None,
    typer.Option("--sandbox", help="Instant, deterministic stand-ins under every model name, for tests."),
]
FixedKey = Annotated[str | None, typer.Option("--key", help="A fixed API key, for tests and CI.")]
Models = Annotated[Path | None, typer.Option(metavar="DIR", help="Directory with model folders of your own.")]
INTERRUPTED = 130
YOUNG_MAX = 20_000
"""How many new objects are looked through for garbage at a time."""


def add_to(app: typer.Typer) -> None:
    app.command(epilog="Example: foretell serve --sandbox --port 9000 --key sk-test")(serve)
    app.command(epilog="Example: foretell api --database postgresql://localhost/foretell")(api)
    app.command(epilog="Example: foretell node --database postgresql://localhost/foretell")(node)
    app.command(epilog="Example: foretell migrate --database postgresql://localhost/foretell")(migrate)


def serve(
    host: Host = None,
    port: Port = None,
    data: Data = None,
    database: Database = None,
    config: ConfigFile = None,
    sandbox: Sandbox = None,
    key: FixedKey = None,
    models: Models = None,
) -> None:
    """Start the server: API, models, webhooks, all in one process."""
    overrides = {
        "host": host,
        "port": port,
        "data": data,
        "database": database,
        "sandbox": sandbox,
        "key": key,
    }
    _run(settings(config, **overrides, models=_text(models)))


def api(
    host: Host = None,
    port: Port = None,
    data: Data = None,
    database: Database = None,
    config: ConfigFile = None,
    key: FixedKey = None,
    models: Models = None,
) -> None:
    """Start an API alone; nodes elsewhere run the models. Needs Postgres."""
    overrides = {"host": host, "port": port, "data": data, "database": database, "key": key}
    chosen = settings(config, **overrides, models=_text(models))
    if not chosen.database:
        raise Error(Code.INVALID_REQUEST, "An API by itself needs Postgres, which --database names.")
    _run(chosen, node=False)


def node(
    data: Data = None, database: Database = None, config: ConfigFile = None, models: Models = None
) -> None:
    """Start a node alone: it runs models for the APIs on the same database. Needs Postgres."""
    _run(settings(config, data=data, database=database, models=_text(models)), api=False)


def migrate(database: Database = None, config: ConfigFile = None) -> None:
    """Bring a Postgres database to this version's form. (SQLite migrates itself at start.)"""
    chosen = settings(config, database=database)
    if not chosen.database:
        raise Error(
            Code.INVALID_REQUEST, "--database must name a Postgres database; SQLite migrates itself at start."
        )
    for name in migrate_store(chosen):
        notes.print(f"Migrated: {name}")
    notes.print("The database is up to date.")


def _run(config: Config, *, api: bool = True, node: bool = True) -> None:
    # Imported only here: other commands start in half the time without it.
    from foretell.main.server import Server
    from foretell.main.shielding import shield

    shield()
    logs.begin(config.log_format)
    uvloop.run(_serve(Server(config, api=api, node=node)))


async def _serve(server: "Server") -> None:
    asked_to_stop = _stop_signals()
    await server.start()
    try:
        _spare_garbage()
        _greet(server)
        await asked_to_stop.wait()
        notes.print("\nStopping: runs under way may finish. Press Ctrl-C again to stop at once.")
    finally:
        await server.stop()


def _spare_garbage() -> None:
    """What is there once the server has started stays: looking for garbage in it again and again is waste."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(YOUNG_MAX, 20, 50)


def _stop_signals() -> asyncio.Event:
    """An event that the first signal sets; the second ends the process, which loses nothing accepted."""
    asked = asyncio.Event()

    def stop() -> None:
        if asked.is_set():
            os._exit(INTERRUPTED)
        asked.set()

    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop)
    return asked


def _greet(server: "Server") -> None:
    for problem in server.problems:
        notes.print(labelled("Model left out:", problem, style="yellow"))
    for setting in server.without_effect:
        notes.print(labelled("Without effect:", setting, style="yellow"))
    if not server.address:
        notes.print("Foretell runs models for the APIs on this database.")
        return
    console.print(labelled("Foretell is ready at", server.address, style=""))
    if server.config.on_loopback:
        console.print(
            "Only this machine can call it; so webhooks and input files may have private addresses."
        )
    if server.sign_in_token:
        link = f"{server.address}/sign-in?token={server.sign_in_token}"
        console.print(labelled("Open the dashboard (this link works once):", link, style=""))
    if server.first_key:
        console.print(f"\nYour API key, shown this once: {server.first_key}\n\nTry it:\n")
        console.print(_example(server.address, server.first_key))


def _example(address: str, key: str) -> str:
    body = '{"model": "truefusion", "input": {"prompt": "a red fox"}, "await": true}'
    header = f"x-api-key: {key}"
    first = f"  curl {address}/v1/predict -H {shlex.quote(header)}"
    return f"{first} \\\n    -H 'content-type: application/json' -d '{body}'\n"


def _text(path: Path | None) -> str | None:
    return None if path is None else str(path)
