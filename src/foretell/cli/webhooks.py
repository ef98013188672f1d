"""`foretell webhooks`: what receivers were told, telling them again, and the secrets that they verify with."""

from collections.abc import Sequence
from typing import Annotated, Any

import typer
from rich.table import Table
from rich.text import Text

from foretell.cli import listening
from foretell.cli.connection import Connection, Target, call
from foretell.cli.options import ApiKey, Data, Database, Json, Url
from foretell.cli.printing import console, notes, print_json, print_table
from foretell.cli.saying import harmless
from foretell.webhook import DeliveryState, WebhookEvent

app = typer.Typer(no_args_is_help=True)
About = Annotated[
    str | None, typer.Option("--prediction", metavar="ID", help="Only those about this prediction.")
]
To = Annotated[str | None, typer.Option("--to", metavar="URL", help="Only those whose URL begins so.")]
Since = Annotated[
    str | None,
    typer.Option(
        "--since", metavar="TIME", help="Only those since then, as 2026-01-31 or 2026-01-31T12:00Z."
    ),
]
HOURS_MAX = 720
SHOWN_CHARACTERS = 60
_COLORS = {"delivered": "green", "dead": "red", "paused": "yellow", "failing": "yellow", "active": "green"}


@app.callback()
def _group() -> None:
    """Webhooks."""


@app.command(epilog="Example: foretell webhooks deliveries --state dead")
def deliveries(
    state: Annotated[DeliveryState | None, typer.Option("--state", help="Only those that stand so.")] = None,
    event: Annotated[
        WebhookEvent | None, typer.Option("--event", help="Only those about this event.")
    ] = None,
    prediction: About = None,
    to: To = None,
    since: Since = None,
    limit: Annotated[int, typer.Option("--limit", min=1, max=50, help="How many, newest first.")] = 20,
    data: Data = None,
    url: Url = None,
    key: ApiKey = None,
    json: Json = False,
) -> None:
    """List what receivers were told and will be, and how that went."""
    query = {"state": state, "event": event, "prediction": prediction, "url": to, "since": since}
    target = Target(data, url=url, key=key)
    path = "/v1/webhooks/deliveries"
    found = call(target, lambda server: server.get(path, **query, per_page=limit))["data"]
    if json:
        print_json(found)
        return
    print_table(["ID", "CREATED", "EVENT", "STATE", "TRIES", "LAST", "TO"], [_row(each) for each in found])


@app.command(epilog="Example: foretell webhooks show 0191b3c4-8f6e-7a52-9d0c-5b2f6a7e1c3d")
def show(
    delivery_id: Annotated[
        str, typer.Argument(metavar="DELIVERY", help="Its id, from 'foretell webhooks deliveries'.")
    ],
    data: Data = None,
    url: Url = None,
    key: ApiKey = None,
    json: Json = False,
) -> None:
    """Show a delivery whole: what it says, and every attempt with how its answer began."""
    path = f"/v1/webhooks/deliveries/{delivery_id}"
    found = call(Target(data, url=url, key=key), lambda server: server.get(path))
    if json:
        print_json(found)
        return
    table = Table.grid(padding=(0, 2))
    for name in ("id", "event", "prediction_id", "url", "state", "reason", "next_at", "signature"):
        if found[name] is not None:
            table.add_row(Text(name, "bold"), harmless(str(found[name])))
    console.print(table)
    print_table(["AT", "SECONDS", "ANSWERED", "HOW IT BEGAN"], [_attempt(each) for each in found["attempts"]])
    if found["body"] is not None:
        console.print(harmless(found["body"]))


@app.command(epilog="Example: foretell webhooks redeliver --failed --since 2026-01-31")
def redeliver(
    ids: Annotated[
        list[str] | None,
        typer.Argument(metavar="[DELIVERY]…", help="Their ids, from 'foretell webhooks deliveries'."),
    ] = None,
    failed: Annotated[
        bool, typer.Option("--failed", help="All that were given up or are kept for paused endpoints.")
    ] = False,
    prediction: About = None,
    to: To = None,
    since: Since = None,
    data: Data = None,
    url: Url = None,
    key: ApiKey = None,
) -> None:
    """Send deliveries again, with the same bytes: some by their ids, or all that failed."""
    narrowed = {"prediction": prediction, "url": to, "since": since}
    if bool(ids) is failed:
        raise typer.BadParameter("Give the ids of deliveries, or --failed.")
    if ids and any(narrowed.values()):
        raise typer.BadParameter("--prediction, --to and --since go with --failed.")
    target = Target(data, url=url, key=key)
    count = call(target, lambda server: _all_failed(server, narrowed) if failed else _some(server, ids or ()))
    notes.print(f"{count} {'delivery is' if count == 1 else 'deliveries are'} sent again.")


@app.command()
def endpoints(data: Data = None, url: Url = None, key: ApiKey = None, json: Json = False) -> None:
    """List what webhooks go to, and which of it is paused because it only fails."""
    path = "/v1/webhooks/endpoints"
    found = call(Target(data, url=url, key=key), lambda server: server.get(path, per_page=50))["data"]
    if json:
        print_json(found)
        return
    rows = [
        [each["id"], _state(each), str(each["failures"]), str(each["kept"]), each["reason"], each["url"]]
        for each in found
    ]
    print_table(["ID", "STATE", "FAILURES", "KEPT", "WHY", "URL"], rows)


@app.command(epilog="Example: foretell webhooks resume 4b3a8c0d5e6f71829304a5b6c7d8e9f0")
def resume(
    endpoint_id: Annotated[
        str, typer.Argument(metavar="ENDPOINT", help="Its id, from 'foretell webhooks endpoints'.")
    ],
    data: Data = None,
    url: Url = None,
    key: ApiKey = None,
) -> None:
    """Give a paused endpoint another chance: what was kept for it is sent."""
    path = f"/v1/webhooks/endpoints/{endpoint_id}/resume"
    found = call(Target(data, url=url, key=key), lambda server: server.post(path))
    notes.print(harmless(f"{found['url']} is told again what it is owed."))


@app.command()
def secret(
    rotate: Annotated[
        bool, typer.Option("--rotate", help="Make a new one; the old one no longer signs.")
    ] = False,
    overlap: Annotated[
        float,
        typer.Option(
            "--overlap", metavar="HOURS", min=0, max=HOURS_MAX, help="Let the old one sign as well."
        ),
    ] = 0,
    account: Annotated[
        str, typer.Option("--account", metavar="NAME", help="Whose secret it is.")
    ] = "default",
    data: Data = None,
    database: Database = None,
    json: Json = False,
) -> None:
    """Print an account's webhook secret, which begins with whsec_."""
    if overlap and not rotate:
        raise typer.BadParameter("--overlap goes with --rotate.")
    body = {"rotate": rotate, "overlap_seconds": round(overlap * 3_600)}
    path = f"/v1/admin/accounts/{account}/webhook-secret"
    answer = call(Target(data, database), lambda server: server.post(path, body))
    if json:
        print_json(answer)
        return
    print(answer["secret"])
    if answer["former_until_at"]:
        notes.print(f"The one before it signs as well until {answer['former_until_at'][:19]}Z.")


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


listening.add_to(app)


async def _all_failed(server: Connection, narrowed: dict[str, Any]) -> int:
    count: int = 0
    while True:
        found = await server.post("/v1/webhooks/redeliver", narrowed)
        count += found["redelivered"]
        # What fails again at once would be counted, and sent, for ever.
        if not found["redelivered"] or not found["left"]:
            return count


async def _some(server: Connection, ids: Sequence[str]) -> int:
    for each in ids:
        await server.post(f"/v1/webhooks/deliveries/{each}/redeliver")
    return len(ids)


def _row(delivery: dict[str, Any]) -> list[Any]:
    when, tries = delivery["created_at"][:19], str(len(delivery["attempts"]))
    return [
        delivery["id"],
        when,
        delivery["event"],
        _state(delivery),
        tries,
        _last(delivery),
        delivery["url"],
    ]


def _state(shown: dict[str, Any]) -> Text:
    return Text(shown["state"], _COLORS.get(shown["state"], ""))


def _last(delivery: dict[str, Any]) -> str:
    """How the last attempt went."""
    if not delivery["attempts"]:
        return ""
    last = delivery["attempts"][-1]
    return str(last["status"] or last["error"])


def _attempt(attempt: dict[str, Any]) -> list[str]:
    began = (attempt["answer"] or "").replace("\n", " ")
    short = began if len(began) <= SHOWN_CHARACTERS else began[: SHOWN_CHARACTERS - 1] + "…"
    return [
        attempt["at"][:19],
        f"{attempt['seconds']:.3f}",
        str(attempt["status"] or attempt["error"]),
        short,
    ]
