"""`foretell audit`: who did what."""

from typing import Annotated

import typer

from foretell.audit import Action
from foretell.cli.connection import Target, call
from foretell.cli.options import Data, Database, Json
from foretell.cli.printing import print_json, print_table


def add_to(app: typer.Typer) -> None:
    app.command(epilog="Example: foretell audit --action key.create")(audit)


def audit(
    account: Annotated[
        str | None, typer.Option("--account", metavar="NAME", help="Only what this account did.")
    ] = None,
    action: Annotated[Action | None, typer.Option(help="Only this.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=200, help="How many, newest first.")] = 50,
    data: Data = None,
    database: Database = None,
    json: Json = False,
) -> None:
    """Show who changed accounts, keys, secrets, credits and models, and who deleted what; newest first."""
    asked = {"account": account, "action": None if action is None else action.value, "limit": limit}
    found = call(Target(data, database), lambda server: server.get("/v1/admin/audit", **asked))["data"]
    if json:
        print_json(found)
        return
    rows = [
        [each["at"], each["account"], each["key_id"] or "-", each["action"], each["subject"], each["address"]]
        for each in found
    ]
    print_table(["AT", "ACCOUNT", "KEY", "ACTION", "SUBJECT", "FROM"], rows)
