"""`foretell keys`: API keys of an account."""

from datetime import UTC, datetime
from typing import Annotated, Any
from urllib.parse import quote

import typer

from foretell.account import Scope
from foretell.cli.connection import Target, call
from foretell.cli.limits import COLUMNS, Concurrency, RequestsPerMinute, cells, sentence, wanted
from foretell.cli.options import Data, Database, Json, seconds
from foretell.cli.printing import console, notes, print_json, print_table

app = typer.Typer(no_args_is_help=True)
KeyId = Annotated[str, typer.Argument(metavar="ID", help="The key's public id, from 'foretell keys list'.")]
OfAccount = Annotated[str, typer.Option("--account", metavar="NAME", help="Whose key it is.")]
Scopes = Annotated[
    list[Scope] | None,
    typer.Option("--scope", help="What it may do; may be repeated (default: everything)."),
]
Models = Annotated[
    list[str] | None,
    typer.Option(
        "--model", metavar="NAME", help="A model it may run, by name, alias or glob; may be repeated."
    ),
]
Expires = Annotated[
    str | None, typer.Option("--expires", metavar="TIME", help="After how long it expires: 12h, 30d, never.")
]


@app.command(epilog="Example: export FORETELL_KEY=$(foretell keys create laptop)")
def create(
    name: Annotated[str, typer.Argument(help="What the key is for.")],
    account: OfAccount = "default",
    scope: Scopes = None,
    model: Models = None,
    expires: Expires = None,
    requests_per_minute: RequestsPerMinute = None,
    concurrency: Concurrency = None,
    data: Data = None,
    database: Database = None,
    json: Json = False,
) -> None:
    """Create a key and print it: this once, it cannot be shown again."""
    limited = wanted(requests_per_minute, concurrency)
    body = {"name": name, "account": account, **_granted(scope, model, expires), **limited}
    made = call(Target(data, database), lambda server: server.post("/v1/admin/keys", body))
    _print_secret(made, json=json)


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


@app.command(epilog="Example: foretell keys show n0vr3jx2bq9d")
def show(key_id: KeyId, data: Data = None, database: Database = None, json: Json = False) -> None:
    """Show what a key may do, until when, and when it was last used."""
    key = call(Target(data, database), lambda server: server.get(_path(key_id)))
    if json:
        print_json(key)
        return
    lines = {
        "id": key["id"],
        "name": key["name"],
        "account": key["account"],
        "ends": f"…{key['last4']}",
        "state": _state(key),
        "may": ", ".join(key["scopes"]),
        "models": "any" if key["models"] is None else ", ".join(key["models"]) or "none",
        "limits": sentence(key),
        "created": key["created_at"],
        "last used": key["last_used_at"] or "never",
        "expires": key["expires_at"] or "never",
        "former secret until": key["former_until_at"] or "",
    }
    for name, value in lines.items():
        if value:
            console.print(f"{name:<20}{value}")


@app.command(epilog="Example: foretell keys change n0vr3jx2bq9d --scope read --expires 30d")
def change(
    key_id: KeyId,
    scope: Scopes = None,
    model: Models = None,
    expires: Expires = None,
    data: Data = None,
    database: Database = None,
    json: Json = False,
) -> None:
    """Change what a key may do and until when; what is not named stays. '--model *' means every model."""
    body = _granted(scope, model, expires)
    key = call(Target(data, database), lambda server: server.patch(_path(key_id), body))
    if json:
        print_json(key)
        return
    notes.print(f"Key '{key['name']}' may {', '.join(key['scopes'])}.")


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
    key = call(Target(data, database), lambda server: server.patch(_path(key_id), body))
    if json:
        print_json(key)
        return
    notes.print(f"Key '{key['name']}': {sentence(key)}.")


@app.command(epilog="Example: foretell keys rotate n0vr3jx2bq9d --overlap 24h")
def rotate(
    key_id: KeyId,
    overlap: Annotated[
        str, typer.Option(metavar="TIME", help="For how long the old secret still opens: 30m, 24h, 7d.")
    ] = "0s",
    data: Data = None,
    database: Database = None,
    json: Json = False,
) -> None:
    """Give a key a new secret and print it: this once, it cannot be shown again."""
    body = {"overlap_seconds": seconds(overlap, "--overlap")}
    made = call(Target(data, database), lambda server: server.post(f"{_path(key_id)}/rotate", body))
    _print_secret(made, json=json)


@app.command()
def revoke(
    key_id: KeyId,
    data: Data = None,
    database: Database = None,
    json: Json = False,
) -> None:
    """Revoke a key: from now on it opens nothing."""
    revoked = call(Target(data, database), lambda server: server.delete(_path(key_id)))
    if json:
        print_json(revoked)
        return
    notes.print(f"Key '{revoked['name']}' is revoked.")


def _granted(scopes: list[Scope] | None, models: list[str] | None, expires: str | None) -> dict[str, Any]:
    """What a body says of what a key may: nothing of what was not named."""
    found: dict[str, Any] = {}
    if scopes:
        found["scopes"] = [each.value for each in scopes]
    if models:
        found["models"] = None if models == ["*"] else models
    if expires is not None:
        found["expires_in_seconds"] = None if expires == "never" else int(seconds(expires, "--expires"))
    return found


def _print_secret(made: dict[str, Any], *, json: bool) -> None:
    if json:
        print_json(made)
        return
    print(made["key"])


def _path(key_id: str) -> str:
    return f"/v1/admin/keys/{quote(key_id, safe='')}"


def _state(key: dict[str, str | None]) -> str:
    if key["revoked_at"]:
        return "revoked"
    ends = key["expires_at"]
    return "expired" if ends and datetime.fromisoformat(ends) <= datetime.now(UTC) else "valid"
