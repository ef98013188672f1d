"""`foretell webhooks`: the secrets that receivers verify signatures with, and what they were told."""

from typing import Annotated, Any

import typer

from foretell.cli.connection import Target, call
from foretell.cli.options import ApiKey, Data, Database, Json, Url
from foretell.cli.printing import notes, print_json, print_table

app = typer.Typer(no_args_is_help=True)
Prediction = Annotated[str, typer.Argument(metavar="PREDICTION", help="The prediction's id.")]


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


@app.command("list", epilog="Example: foretell webhooks list 0191b3c4-8f6e-7a52-9d0c-5b2f6a7e1c3d")
def list_(
    prediction_id: Prediction, data: Data = None, url: Url = None, key: ApiKey = None, json: Json = False
) -> None:
    """List what was told of a prediction, and how that went."""
    path = f"/v1/predictions/{prediction_id}/deliveries"
    found = call(Target(data, url=url, key=key), lambda server: server.get(path))["data"]
    if json:
        print_json(found)
        return
    rows = [
        [
            each["id"],
            each["event"],
            each["state"],
            str(len(each["attempts"])),
            _last(each),
            each["next_at"] or "",
        ]
        for each in found
    ]
    print_table(["ID", "EVENT", "STATE", "ATTEMPTS", "LAST", "NEXT"], rows)


@app.command()
def resend(
    prediction_id: Prediction,
    delivery_id: Annotated[
        str, typer.Argument(metavar="DELIVERY", help="The delivery's id, from 'foretell webhooks list'.")
    ],
    data: Data = None,
    url: Url = None,
    key: ApiKey = None,
    json: Json = False,
) -> None:
    """Send a delivery again, with the same bytes."""
    path = f"/v1/predictions/{prediction_id}/deliveries/{delivery_id}/resend"
    answer = call(Target(data, url=url, key=key), lambda server: server.post(path))
    if json:
        print_json(answer)
        return
    notes.print(f"'{answer['event']}' is sent to {answer['url']} again.")


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


def _last(delivery: dict[str, Any]) -> str:
    """How the last attempt went."""
    if not delivery["attempts"]:
        return ""
    last = delivery["attempts"][-1]
    return str(last["error"] or last["status"])
