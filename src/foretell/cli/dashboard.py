"""`foretell dashboard`: a link that signs you in to the server's own pages."""

import webbrowser
from typing import Annotated

import typer

from foretell.cli.connection import Target, call
from foretell.cli.options import ApiKey, Data, Json, Url
from foretell.cli.printing import console, notes, print_json


def add_to(app: typer.Typer) -> None:
    app.command(epilog="Example: foretell dashboard --open")(dashboard)


def dashboard(
    account: Annotated[str, typer.Option("--account", metavar="NAME", help="Whom it signs in.")] = "default",
    open_: Annotated[bool, typer.Option("--open", help="Open it in your browser.")] = False,
    data: Data = None,
    url: Url = None,
    key: ApiKey = None,
    json: Json = False,
) -> None:
    """Print a link that signs you in to the dashboard: once, within a quarter of an hour."""
    target = Target(data, url=url, key=key)
    made = call(target, lambda server: server.post("/v1/admin/sign-in-links", {"account": account}))
    if json:
        print_json(made)
        return
    console.print(made["url"], soft_wrap=True, highlight=False)
    notes.print("It works once, within a quarter of an hour.")
    if open_:
        webbrowser.open(made["url"])
