"""`foretell serve`, `api`, `node` and `migrate`: the commands that run a server or prepare for one."""

from pathlib import Path
from typing import Annotated

import typer

from foretell.cli.configured import settings
from foretell.cli.hosting import host as run
from foretell.cli.options import ConfigFile, Data, Database
from foretell.cli.saying import say
from foretell.errors import Code, Error
from foretell.store import migrate as migrate_store

Host = Annotated[str | None, typer.Option(help="Address to listen on (default: 127.0.0.1).")]
Port = Annotated[int | None, typer.Option(help="Port to listen on; 0 takes a free one (default: 8900).")]
Sandbox = Annotated[
    bool | None,
    typer.Option("--sandbox", help="Instant, deterministic stand-ins under every model name, for tests."),
]
FixedKey = Annotated[str | None, typer.Option("--key", help="A fixed API key, for tests and CI.")]
Models = Annotated[Path | None, typer.Option(metavar="DIR", help="Directory with model folders of your own.")]


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
    run("serve", config, **overrides, models=_text(models))


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
    run("api", config, **overrides, models=_text(models))


def node(
    data: Data = None, database: Database = None, config: ConfigFile = None, models: Models = None
) -> None:
    """Start a node alone: it runs models for the APIs on the same database. Needs Postgres."""
    run("node", config, data=data, database=database, models=_text(models))


def migrate(database: Database = None, config: ConfigFile = None) -> None:
    """Bring a Postgres database to this version's form. (SQLite migrates itself at start.)"""
    chosen = settings(config, database=database)
    if not chosen.database:
        raise Error(
            Code.INVALID_REQUEST, "--database must name a Postgres database; SQLite migrates itself at start."
        )
    for name in migrate_store(chosen):
        say(f"Migrated: {name}", aside=True)
    say("The database is up to date.", aside=True)


def _text(path: Path | None) -> str | None:
    return None if path is None else str(path)
