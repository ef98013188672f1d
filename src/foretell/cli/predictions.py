"""`foretell predictions`: look at them, cancel them, delete them, watch them."""

from collections.abc import Callable
from typing import Annotated, Any

import typer
from rich.table import Table
from rich.text import Text

from foretell.cli.connection import Connection, Target, call
from foretell.cli.following import Follower
from foretell.cli.options import ApiKey, Data, Json, Url
from foretell.cli.printing import console, notes, print_json, print_table
from foretell.cli.saying import harmless

app = typer.Typer(no_args_is_help=True)
Id = Annotated[str, typer.Argument(metavar="ID", help="The prediction's id.")]
SHOWN_CHARACTERS = 60
_COLORS = {
    "succeeded": "green",
    "failed": "red",
    "canceled": "yellow",
    "processing": "cyan",
    "starting": "blue",
}


@app.command("list", epilog="Example: foretell predictions list --status failed")
def list_(
    model: Annotated[str | None, typer.Option(help="Only this model's.")] = None,
    status: Annotated[str | None, typer.Option(help="Only those that are so.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=50, help="How many, newest first.")] = 20,
    data: Data = None,
    url: Url = None,
    json: Json = False,
) -> None:
    """List predictions, newest first."""
    query = {"model": model, "status": status, "per_page": limit}
    found = call(Target(data, url=url), lambda server: server.get("/v1/predictions", **query))["data"]
    if json:
        print_json(found)
        return
    rows = [
        [
            each["id"],
            _status(each),
            each["model"]["name"],
            each["created_at"][:19],
            _seconds(each),
            _short(each),
        ]
        for each in found
    ]
    print_table(["ID", "STATUS", "MODEL", "CREATED", "SECONDS", "OUTPUT"], rows)


@app.command()
def show(
    prediction_id: Id, data: Data = None, url: Url = None, key: ApiKey = None, json: Json = False
) -> None:
    """Show one prediction whole."""
    found = call(
        Target(data, url=url, key=key), lambda server: server.get(f"/v1/predictions/{prediction_id}")
    )
    if json:
        print_json(found)
        return
    table = Table.grid(padding=(0, 2))
    for name, value in _facts(found):
        table.add_row(Text(harmless(name), "bold"), harmless(value))
    console.print(table)


@app.command()
def cancel(
    prediction_id: Id, data: Data = None, url: Url = None, key: ApiKey = None, json: Json = False
) -> None:
    """Cancel a prediction that waits or runs."""
    path = f"/v1/predictions/{prediction_id}/cancel"
    _tell(
        call(Target(data, url=url, key=key), lambda server: server.post(path)), json=json, done="is canceled"
    )


@app.command()
def delete(
    prediction_id: Id, data: Data = None, url: Url = None, key: ApiKey = None, json: Json = False
) -> None:
    """Delete a prediction with its files; a live one is canceled first."""
    path = f"/v1/predictions/{prediction_id}"
    _tell(
        call(Target(data, url=url, key=key), lambda server: server.delete(path)), json=json, done="is deleted"
    )


@app.command()
def watch(
    prediction_id: Id, data: Data = None, url: Url = None, key: ApiKey = None, json: Json = False
) -> None:
    """Follow a prediction until it ends; exits 1 unless it succeeded."""

    follower = Follower(quiet=json)

    async def follow(server: Connection) -> dict[str, Any]:
        with follower:
            return await follower.follow(server, prediction_id)

    ended = call(Target(data, url=url, key=key), follow)
    if json:
        print_json(ended)
    else:
        follower.tell_log(ended)
        notes.print(f"{prediction_id} {ended['status']}")
    raise typer.Exit(0 if ended["status"] == "succeeded" else 1)


def _tell(prediction: dict[str, Any], *, json: bool, done: str) -> None:
    if json:
        print_json(prediction)
        return
    notes.print(f"{prediction['id']} {done}.")


def _status(prediction: dict[str, Any]) -> Text:
    word = str(prediction["status"])
    return Text(word, _COLORS.get(word, ""))


def _seconds(prediction: dict[str, Any]) -> str:
    taken = prediction["metrics"].get("total_time")
    return "" if taken is None else f"{taken:.1f}"


def _short(prediction: dict[str, Any]) -> str:
    output = prediction["error"] or prediction["output"]
    if isinstance(output, list):
        return f"{len(output)} × {output[0]}" if len(output) > 1 else str(output[0]) if output else ""
    text = " ".join(str(output or "").split())
    return text if len(text) <= SHOWN_CHARACTERS else text[: SHOWN_CHARACTERS - 1] + "…"


def _facts(prediction: dict[str, Any]) -> list[tuple[str, str]]:
    plain: list[tuple[str, Callable[[], Any]]] = [
        ("id", lambda: prediction["id"]),
        ("model", lambda: prediction["model"]["name"]),
        ("status", lambda: prediction["status"]),
        ("phase", lambda: prediction["metadata"].get("phase")),
        ("created", lambda: prediction["created_at"]),
        ("started", lambda: prediction["started_at"]),
        ("completed", lambda: prediction["completed_at"]),
        ("error", lambda: prediction["error"]),
    ]
    facts = [(name, str(value())) for name, value in plain if value() is not None]
    facts += [(f"input {name}", str(value)) for name, value in prediction["input"].items()]
    output = prediction["output"]
    facts += [
        ("output", str(each)) for each in (output if isinstance(output, list) else [output] if output else [])
    ]
    facts += [(name, f"{value:g}") for name, value in prediction["metrics"].items()]
    return facts
