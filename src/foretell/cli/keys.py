"""`foretell keys`: API keys of an account."""

from typing import Annotated

import typer

from foretell.cli.connection import Target, call
from foretell.cli.options import Data, Database, Json
from foretell.cli.printing import notes, print_json, print_table

app = typer.Typer(no_args_is_help=True)
OfAccount = Annotated[str, typer.Option("--account", metavar="NAME", help="Whose key it is.")]


@app.command(epilog="Example: export FORETELL_KEY=$(foretell keys create laptop)")
def create(
    name: Annotated[str, typer.Argument(help="What the key is for.")],
    account: OfAccount = "default",
    data: Data = None,
    database: Database = None,
    json: Json = False,
) -> None:
    """Create a key and print it: this once, it cannot be shown again."""
    body = {"name": name, "account": account}
    made = call(Target(data, database), lambda server: server.post("/v1/admin/keys", body))
    if json:
        print_json(made)
        return
    print(made["key"])


@app.command("list")
def list_(
    account: Annotated[
        str | None, typer.Option("--account", metavar="NAME", help="Only this account's.")
    ] = None,
    data: Data = None,
    database: Database = None,
    json: Json = False,
) -> None:
    """List keys, without their secrets."""
    found = call(Target(data, database), lambda server: server.get("/v1/admin/keys", account=account))["data"]
    if json:
        print_json(found)
        return
    rows = [
        [
            key["id"],
            key["name"],
            key["account"],
            f"…{key['last4']}",
            key["created_at"],
            key["last_used_at"] or "never",
            _state(key),
        ]
        for key in found
    ]
    print_table(["ID", "NAME", "ACCOUNT", "ENDS", "CREATED", "LAST USED", "STATE"], rows)


@app.command()
def revoke(
    key_id: Annotated[
        str, typer.Argument(metavar="ID", help="The key's public id, from 'foretell keys list'.")
    ],
    data: Data = None,
    database: Database = None,
    json: Json = False,
) -> None:
    """Revoke a key: from now on it opens nothing."""
    revoked = call(Target(data, database), lambda server: server.delete(f"/v1/admin/keys/{key_id}"))
    if json:
        print_json(revoked)
        return
    notes.print(f"Key '{revoked['name']}' is revoked.")


def _state(key: dict[str, str | None]) -> str:
    return "revoked" if key["revoked_at"] else "valid"
