"""`foretell accounts`: who may call."""

from typing import Annotated, Any
from urllib.parse import quote

import typer

from foretell.account import Role
from foretell.cli.connection import Target, call
from foretell.cli.limits import COLUMNS, Concurrency, RequestsPerMinute, cells, sentence, wanted
from foretell.cli.options import Data, Database, Json
from foretell.cli.printing import console, notes, print_json, print_table

Name = Annotated[str, typer.Argument(metavar="NAME", help="The account, by its name or id.")]
app = typer.Typer(no_args_is_help=True)


@app.command(epilog="Example: foretell accounts create shop")
def create(
    name: Annotated[str, typer.Argument(help="What to call the account.")],
    role: Annotated[
        Role, typer.Option(help="A member sees their own account; an operator sees everything.")
    ] = Role.MEMBER,
    requests_per_minute: RequestsPerMinute = None,
    concurrency: Concurrency = None,
    data: Data = None,
    database: Database = None,
    json: Json = False,
) -> None:
    """Create an account."""
    body = {"name": name, "role": role.value, **wanted(requests_per_minute, concurrency)}
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
        ["NAME", "ROLE", "CREATED", *COLUMNS, "STATE", "ID"],
        [[a["name"], a["role"], a["created_at"], *cells(a), _state(a), a["id"]] for a in accounts],
    )


@app.command(epilog="Example: foretell accounts limits shop --requests-per-minute 150 --concurrency 4")
def limits(
    name: Name,
    requests_per_minute: RequestsPerMinute = None,
    concurrency: Concurrency = None,
    data: Data = None,
    database: Database = None,
    json: Json = False,
) -> None:
    """Set how much an account may ask for, over all its keys; what is not named stays."""
    account = _change(name, wanted(requests_per_minute, concurrency), Target(data, database))
    if json:
        print_json(account)
        return
    notes.print(f"Account '{account['name']}': {sentence(account)}.")


@app.command(epilog="Example: foretell accounts suspend shop")
def suspend(name: Name, data: Data = None, database: Database = None, json: Json = False) -> None:
    """Refuse an account's keys until it is resumed; what is under way goes on."""
    account = _change(name, {"suspended": True}, Target(data, database))
    if json:
        print_json(account)
        return
    notes.print(f"Account '{account['name']}' is suspended: its keys are refused.")


@app.command(epilog="Example: foretell accounts resume shop")
def resume(name: Name, data: Data = None, database: Database = None, json: Json = False) -> None:
    """Let a suspended account's keys in again."""
    account = _change(name, {"suspended": False}, Target(data, database))
    if json:
        print_json(account)
        return
    notes.print(f"Account '{account['name']}' is resumed.")


def _change(name: str, body: dict[str, Any], target: Target) -> dict[str, Any]:
    found: dict[str, Any] = call(
        target, lambda server: server.patch(f"/v1/admin/accounts/{quote(name, safe='')}", body)
    )
    return found


def _state(account: dict[str, Any]) -> str:
    return "suspended" if account["suspended_at"] else "active"
