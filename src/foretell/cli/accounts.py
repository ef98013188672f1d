"""`foretell accounts`: who may call."""

from typing import Annotated

import typer

from foretell.account import Role
from foretell.cli.connection import Target, call
from foretell.cli.options import Data, Database, Json
from foretell.cli.printing import console, print_json, print_table

app = typer.Typer(no_args_is_help=True)


@app.command(epilog="Example: foretell accounts create shop")
def create(
    name: Annotated[str, typer.Argument(help="What to call the account.")],
    role: Annotated[
        Role, typer.Option(help="A member sees their own account; an operator sees everything.")
    ] = Role.MEMBER,
    data: Data = None,
    database: Database = None,
    json: Json = False,
) -> None:
    """Create an account."""
    body = {"name": name, "role": role.value}
    account = call(Target(data, database), lambda server: server.post("/v1/admin/accounts", body))
    if json:
        print_json(account)
        return
    console.print(f"Account '{name}' is there. Give it a key: foretell keys create NAME --account {name}")


@app.command("list")
def list_(data: Data = None, database: Database = None, json: Json = False) -> None:
    """List the accounts."""
    accounts = call(Target(data, database), lambda server: server.get("/v1/admin/accounts"))["data"]
    if json:
        print_json(accounts)
        return
    print_table(
        ["NAME", "ROLE", "CREATED", "ID"],
        [[a["name"], a["role"], a["created_at"], a["id"]] for a in accounts],
    )
