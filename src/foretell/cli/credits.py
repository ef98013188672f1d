"""`foretell credits` and `foretell usage`: what accounts may spend, and what they did."""

from typing import Annotated, Any
from urllib.parse import quote

import typer

from foretell.cli.connection import Target, call
from foretell.cli.options import ApiKey, Data, Database, Json, Url
from foretell.cli.printing import console, notes, print_json, print_table

Name = Annotated[str, typer.Argument(metavar="ACCOUNT", help="The account, by its name or id.")]
Cap = Annotated[str | None, typer.Option(metavar="CREDITS", help="A number of credits, or 'none'.")]
app = typer.Typer(no_args_is_help=True)


# A negative amount looks like an option.
@app.command(
    epilog="Example: foretell credits add shop 25 --note 'invoice 17'",
    context_settings={"ignore_unknown_options": True},
)
def add(
    name: Name,
    amount: Annotated[
        str, typer.Argument(metavar="AMOUNT", help="Credits; a negative number takes them back.")
    ],
    note: Annotated[str | None, typer.Option(help="What it was for.")] = None,
    data: Data = None,
    database: Database = None,
    json: Json = False,
) -> None:
    """Add credits to an account, which from then on can spend only what it has."""
    body = {"amount": amount, "note": note}
    found = call(Target(data, database), lambda server: server.post(_path(name), body))
    _tell(found, json=json)


@app.command(epilog="Example: foretell credits show shop")
def show(name: Name, data: Data = None, database: Database = None, json: Json = False) -> None:
    """Show what an account has, and what became of it."""
    found = call(Target(data, database), lambda server: server.get(_path(name)))
    _tell(found, json=json)
    if not json:
        print_table(
            ["AT", "KIND", "AVAILABLE", "HELD", "SPENT", "FOR"],
            [
                [
                    each["created_at"],
                    each["kind"],
                    _signed(each["available"]),
                    _signed(each["held"]),
                    _signed(each["spent"]),
                    each["prediction_id"] or each["note"] or "",
                ]
                for each in found["transfers"]
            ],
        )


@app.command(epilog="Example: foretell credits cap shop --month 100")
def cap(
    name: Annotated[
        str | None, typer.Argument(metavar="[ACCOUNT]", help="The account, by its name or id.")
    ] = None,
    key: Annotated[
        str | None, typer.Option("--of-key", metavar="ID", help="A key instead, by its id.")
    ] = None,
    total: Cap = None,
    month: Cap = None,
    data: Data = None,
    database: Database = None,
    json: Json = False,
) -> None:
    """Set how much an account or a key may spend; what is not named stays."""
    if (name is None) == (key is None):
        raise typer.BadParameter("Name an account, or a key with --of-key.")
    named = {"total_max": total, "month_max": month}
    body = {each: None if value == "none" else value for each, value in named.items() if value is not None}
    path = _path(name) if name is not None else f"/v1/admin/keys/{quote(key or '', safe='')}/credits"
    found = call(Target(data, database), lambda server: server.patch(path, body))
    if json:
        print_json(found)
        return
    notes.print(_caps(found["caps"] if name is not None else found))


@app.command(epilog="Example: foretell credits unlimited shop")
def unlimited(name: Name, data: Data = None, database: Database = None, json: Json = False) -> None:
    """Let an account spend any amount again, within its caps."""
    found = call(Target(data, database), lambda server: server.patch(_path(name), {"is_budgeted": False}))
    _tell(found, json=json)


def usage(
    account: Annotated[
        str | None, typer.Option(metavar="NAME", help="Whose, for operators; * is everybody's.")
    ] = None,
    since: Annotated[
        str | None, typer.Option("--from", metavar="DAY", help="The first day (UTC); 30 days ago.")
    ] = None,
    until: Annotated[
        str | None, typer.Option("--to", metavar="DAY", help="The last day (UTC); today.")
    ] = None,
    group_by: Annotated[
        str, typer.Option("--by", metavar="WORDS", help="day, model, key, account; with commas between.")
    ] = "day",
    data: Data = None,
    database: Database = None,
    url: Url = None,
    key: ApiKey = None,
    json: Json = False,
) -> None:
    """Show what was created and what it cost."""
    query = {"from": since, "to": until, "group_by": group_by, "account": account}
    found = call(Target(data, database, url, key), lambda server: server.get("/v1/usage", **query))
    if json:
        print_json(found)
        return
    groups = [each.strip() for each in group_by.split(",") if each.strip()]
    rows = [[each[group] for group in groups] + _counts(each) for each in found["data"]]
    print_table([*(each.upper() for each in groups), *_COUNTS], rows)
    console.print(
        f"In all: {_counts(found['total'])[0]} predictions, {_number(found['total']['credits_used'])} credits."
    )


def add_to(root: typer.Typer) -> None:
    """Adds these commands to the command line."""
    root.add_typer(app, name="credits", help="What accounts and keys may spend.")
    root.command(epilog="Example: foretell usage --by model,key")(usage)


_COUNTS = ("PREDICTIONS", "SUCCEEDED", "FAILED", "CANCELED", "CREDITS")


def _counts(found: dict[str, Any]) -> list[str]:
    counts = [str(found[name]) for name in ("predictions", "succeeded", "failed", "canceled")]
    return [*counts, _number(found["credits_used"])]


def _path(name: str | None) -> str:
    return f"/v1/admin/accounts/{quote(name or '', safe='')}/credits"


def _tell(found: dict[str, Any], *, json: bool) -> None:
    if json:
        print_json(found)
        return
    balance = found["balance"]
    budget = f"{_number(balance['available'])} credits" if balance["is_budgeted"] else "any amount"
    console.print(
        f"Account '{found['account']}' can spend {budget}; {_number(balance['held'])} are held, "
        f"{_number(balance['spent'])} were spent."
    )
    if any(found["caps"][each] is not None for each in ("total_max", "month_max")):
        console.print(_caps(found["caps"]))


def _caps(caps: dict[str, Any]) -> str:
    total, month = (
        "any amount" if caps[each] is None else f"{_number(caps[each])} credits"
        for each in ("total_max", "month_max")
    )
    gone, gone_now = _number(caps["total"]), _number(caps["month"])
    return f"At most {total} in all, {gone} are gone; in a month {month}, {gone_now} of this one are gone."


def _number(credits: float) -> str:
    return f"{credits:.9f}".rstrip("0").rstrip(".")


def _signed(credits: float) -> str:
    return "" if not credits else f"{'+' if credits > 0 else ''}{_number(credits)}"
