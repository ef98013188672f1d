"""`foretell webhooks`: the secret that receivers verify Standard Webhooks signatures with."""

from typing import Annotated

import typer

from foretell.cli.connection import Target, call
from foretell.cli.options import Data, Database, Json
from foretell.cli.printing import print_json

app = typer.Typer(no_args_is_help=True)


@app.callback()
def _group() -> None:
    """Webhooks."""


@app.command()
def secret(
    rotate: Annotated[
        bool, typer.Option("--rotate", help="Make a new one; the old one no longer signs.")
    ] = False,
    account: Annotated[
        str, typer.Option("--account", metavar="NAME", help="Whose secret it is.")
    ] = "default",
    data: Data = None,
    database: Database = None,
    json: Json = False,
) -> None:
    """Print an account's webhook secret, which begins with whsec_."""
    body = {"rotate": rotate}
    path = f"/v1/admin/accounts/{account}/webhook-secret"
    answer = call(Target(data, database), lambda server: server.post(path, body))
    if json:
        print_json(answer)
        return
    print(answer["secret"])
