"""`foretell nodes`: what runs models, what runs there, and letting it stop."""

from typing import Annotated, Any
from urllib.parse import quote

import typer

from foretell.cli.connection import Target, call
from foretell.cli.options import ApiKey, Data, Database, Json, Url
from foretell.cli.printing import notes, print_json, print_table

app = typer.Typer(no_args_is_help=True)
NodeId = Annotated[str, typer.Argument(metavar="NODE", help="The node's id, from 'foretell nodes list'.")]


@app.command("list")
def list_(
    data: Data = None, database: Database = None, url: Url = None, key: ApiKey = None, json: Json = False
) -> None:
    """List the nodes, and the models that each has loaded."""
    found = call(Target(data, database, url=url, key=key), lambda server: server.get("/v1/admin/nodes"))
    if json:
        print_json(found)
        return
    columns = [
        "NODE",
        "STATE",
        "HARDWARE",
        "MEMORY",
        "MODEL",
        "REPLICA",
        "STATE",
        "HOLDS",
        "GPUS",
        "RUNS",
        "IDLE SINCE",
    ]
    print_table(columns, [row for node in found["data"] for row in _rows(node)])
    if found["paused"]:
        notes.print(f"Paused: {', '.join(found['paused'])}")


@app.command(epilog="Example: foretell nodes drain gpu-box")
def drain(
    node: NodeId,
    data: Data = None,
    database: Database = None,
    url: Url = None,
    key: ApiKey = None,
) -> None:
    """Let a node take nothing more: it ends what it runs, and unloads its models."""
    target = Target(data, database, url=url, key=key)
    call(target, lambda server: server.post(f"/v1/admin/nodes/{quote(node, safe='')}/drain"))
    notes.print(f"{node} takes nothing more. 'foretell nodes resume {node}' lets it work again.")


@app.command(epilog="Example: foretell nodes resume gpu-box")
def resume(
    node: NodeId,
    data: Data = None,
    database: Database = None,
    url: Url = None,
    key: ApiKey = None,
) -> None:
    """Let a node work again."""
    target = Target(data, database, url=url, key=key)
    call(target, lambda server: server.post(f"/v1/admin/nodes/{quote(node, safe='')}/resume"))
    notes.print(f"{node} takes work again.")


@app.command(epilog="Example: foretell nodes unload 0197b2c4-…")
def unload(
    replica: Annotated[str, typer.Argument(metavar="REPLICA", help="Its id, from 'foretell nodes list'.")],
    data: Data = None,
    database: Database = None,
    url: Url = None,
    key: ApiKey = None,
) -> None:
    """Unload one model's process after its runs; the model is loaded again when it is wanted."""
    target = Target(data, database, url=url, key=key)
    call(target, lambda server: server.post(f"/v1/admin/replicas/{quote(replica, safe='')}/unload"))
    notes.print(f"{replica} ends after its runs.")


def _rows(node: dict[str, Any]) -> list[list[Any]]:
    """A line for each model that is loaded, or one that says that there is none."""
    state = "drained" if node["drained_at"] else "working" if node["living"] else "silent"
    memory = f"{node['used_mb']:,} of {node['models_mb']:,} MB"
    about = [node["id"], state, node["hardware"], memory]
    if not node["replicas"]:
        return [[*about, "-", "", "", "", "", "", ""]]
    return [[*about, *_cells(each)] for each in node["replicas"]]


def _cells(replica: dict[str, Any]) -> list[Any]:
    state = replica["state"] if replica["percent"] is None else f"{replica['state']} {replica['percent']} %"
    holds = "-" if replica["memory_mb"] is None else f"{replica['memory_mb']:,} MB"
    gpus = ",".join(map(str, replica["gpus"])) or "-"
    return [
        replica["model"],
        replica["id"],
        state,
        holds,
        gpus,
        replica["runs"],
        (replica["idle_since"] or "-")[:19],
    ]
