"""`foretell webhooks`: the secrets that receivers verify signatures with."""

from typing import Annotated

import typer

from foretell.cli.connection import Target, call
from foretell.cli.options import Data, Database, Json
from foretell.cli.printing import notes, print_json

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


@app.command("key-secret", epilog='Example: foretell webhooks key-secret k3x9… --set "$WEBHOOK_SECRET"')
def key_secret(
    key_id: Annotated[
        str, typer.Argument(metavar="ID", help="The key's public id, from 'foretell keys list'.")
    ],
    given: Annotated[
        str | None, typer.Option("--set", metavar="SECRET", help="Sign with this one from now on.")
    ] = None,
    rotate: Annotated[bool, typer.Option("--rotate", help="Sign with a new one from now on.")] = False,
    remove: Annotated[bool, typer.Option("--remove", help="Sign with the key itself again.")] = False,
    data: Data = None,
    database: Database = None,
    json: Json = False,
) -> None:
    """Print the secret that signs a key's webhooks in the key's place, if it has one."""
    body = {"secret": given, "rotate": rotate, "remove": remove}
    path = f"/v1/admin/keys/{key_id}/webhook-secret"
    answer = call(Target(data, database), lambda server: server.post(path, body))
    if json:
        print_json(answer)
    elif answer["secret"] is None:
        notes.print("The key itself signs.")
    else:
        print(answer["secret"])
