"""`foretell keys retention`: how long what is created with a key is kept."""

from typing import Annotated
from urllib.parse import quote

import typer

from foretell.cli.connection import Target, call
from foretell.cli.keys import KeyId
from foretell.cli.options import Data, Database, Json, seconds
from foretell.cli.printing import notes, print_json

_WORDS = "After how long {} go: 90s, 12h, 30d; 0: with those of others."
Outputs = Annotated[str | None, typer.Option("--outputs", metavar="TIME", help=_WORDS.format("outputs"))]
Inputs = Annotated[str | None, typer.Option("--inputs", metavar="TIME", help=_WORDS.format("inputs"))]
Logs = Annotated[str | None, typer.Option("--logs", metavar="TIME", help=_WORDS.format("logs"))]


def add_to(keys: typer.Typer) -> None:
    keys.command(epilog="Example: foretell keys retention n0vr3jx2bq9d --outputs 24h --inputs 24h")(retention)


def retention(
    key_id: KeyId,
    outputs: Outputs = None,
    inputs: Inputs = None,
    logs: Logs = None,
    data: Data = None,
    database: Database = None,
    json: Json = False,
) -> None:
    """Set how long what is created with a key is kept after its end; what is not named stays."""
    named = {"outputs": outputs, "inputs": inputs, "logs": logs}
    body = {
        f"keep_{part}_seconds": int(seconds(time, f"--{part}"))
        for part, time in named.items()
        if time is not None
    }
    path = f"/v1/admin/keys/{quote(key_id, safe='')}/retention"
    kept = call(Target(data, database), lambda server: server.patch(path, body))
    if json:
        print_json(kept)
        return
    for part in named:
        time = kept[f"keep_{part}_seconds"]
        notes.print(f"{part}: {f'{time} seconds' if time else 'as long as those of others'}")
