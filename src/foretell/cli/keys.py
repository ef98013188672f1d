"""`foretell keys`: API keys of an account."""

from typing import Annotated

import typer

from foretell.cli.connection import Target, call
from foretell.cli.limits import COLUMNS, Concurrency, RequestsPerMinute, cells, sentence, wanted
from foretell.cli.options import Data, Database, Json
from foretell.cli.printing import notes, print_json, print_table

app = typer.Typer(no_args_is_help=True)
KeyId = Annotated[str, typer.Argument(metavar="ID", help="The key's public id, from 'foretell keys list'.")]
OfAccount = Annotated[str, typer.Option("--account", metavar="NAME", help="Whose key it is.")]


@app.command(epilog="Example: export FORETELL_KEY=$(foretell keys create laptop)")
def create(
    name: Annotated[str, typer.Argument(help="What the key is for.")],
    account: OfAccount = "default",
    requests_per_minute: RequestsPerMinute = None,
    concurrency: Concurrency = None,
    data: Data = None,
    database: Database = None,
    json: Json = False,
) -> None:
    """Create a key and print it: this once, it cannot be shown again."""
    body = {"name": name, "account": account, **wanted(requests_per_minute, concurrency)}
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
            *cells(key),
            _state(key),
        ]
        for key in found
    ]
    print_table(["ID", "NAME", "ACCOUNT", "ENDS", "CREATED", "LAST USED", *COLUMNS, "STATE"], rows)


@app.command(epilog="Example: foretell keys limits n0vr3jx2bq9d --requests-per-minute 60")
def limits(
    key_id: KeyId,
    requests_per_minute: RequestsPerMinute = None,
    concurrency: Concurrency = None,
    data: Data = None,
    database: Database = None,
    json: Json = False,
) -> None:
    """Set how much a key may ask for; what is not named stays. Its account's limits hold beside its own."""
    body = wanted(requests_per_minute, concurrency)
    key = call(Target(data, database), lambda server: server.patch(f"/v1/admin/keys/{key_id}", body))
    if json:
        print_json(key)
        return
    notes.print(f"Key '{key['name']}': {sentence(key)}.")


@app.command()
def revoke(
    key_id: KeyId,
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
