"""`foretell run`: one prediction from the shell, from its inputs to its saved files."""

import asyncio
import json as json_text
import mimetypes
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import urlsplit

import httpx
import typer

from foretell.cli.connection import Connection, Target, call
from foretell.cli.following import Follower
from foretell.cli.options import ApiKey, Data, Json, Url
from foretell.cli.printing import labelled, notes, print_json
from foretell.errors import Code, Error

EXAMPLES = """Examples:
  foretell run truefusion -i prompt="a red fox" -o fox.png

  foretell run deepbrain -i prompt="Say hello."

  foretell run transcribe -i audio=@speech.wav --json"""

PRINTED_BYTES_MAX = 4096
"""What is neither text nor files is printed up to here, and saved beyond."""


def add_to(app: typer.Typer) -> None:
    app.command(epilog=EXAMPLES)(run)


def run(
    model: Annotated[str, typer.Argument(metavar="MODEL", help="The model, from 'foretell models list'.")],
    inputs: Annotated[
        list[str] | None,
        typer.Option(
            "-i", "--input", metavar="NAME=VALUE", help="An input; NAME=@FILE takes a file. May be repeated."
        ),
    ] = None,
    output: Annotated[
        str | None,
        typer.Option(
            "-o", "--output", metavar="FILE", help="Where to save; DIR/ takes several files, and is made."
        ),
    ] = None,
    data: Data = None,
    url: Url = None,
    key: ApiKey = None,
    json: Json = False,
) -> None:
    """Run a model: shows progress, prints text and small JSON, saves the rest; exits 1 unless it succeeds."""
    given = dict(_split(each) for each in inputs or [])
    target = Target(data, url=url, key=key, node=True)
    place = None if output is None else _output(output)
    ended = call(target, lambda server: _run(server, model, given, output=place, json=json))
    if json:
        print_json(ended)
    if ended["status"] != "succeeded":
        notes.print(labelled(f"{ended['status'].capitalize()}:", ended["error"] or "it was stopped."))
        raise typer.Exit(1)


async def _run(
    server: Connection, model: str, given: dict[str, str], *, output: Path | None, json: bool
) -> dict[str, Any]:
    described = await server.get(f"/v1/models/{model}", fields="input_schema")
    properties = described["input_schema"].get("properties", {})
    values = {name: await _value(server, text, properties.get(name, {})) for name, text in given.items()}
    made = await server.post("/v1/predictions", {"model": model, "input": values})
    with Follower(quiet=json, text=output is None) as follower:
        ended = await _followed(server, follower, made["id"])
    if not json:
        follower.tell_log(ended)
    if ended["status"] == "succeeded":
        await _deliver(server, ended, output=output, quiet=json or follower.wrote_text)
    return ended


async def _followed(server: Connection, follower: Follower, prediction_id: str) -> dict[str, Any]:
    try:
        return await follower.follow(server, prediction_id)
    except asyncio.CancelledError:
        # Ctrl-C: who leaves a run that they started wants it ended.
        await asyncio.shield(server.post(f"/v1/predictions/{prediction_id}/cancel"))
        raise
    except httpx.TransportError:
        notes.print(
            f"The prediction is not lost. When the server runs: foretell predictions watch {prediction_id}"
        )
        raise


def _output(text: str) -> Path:
    """Where to save; what ends in a slash is a directory, made if need be."""
    path = Path(text).expanduser()
    if text.endswith("/"):
        path.mkdir(parents=True, exist_ok=True)
    return path


def _split(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not equals or not name:
        raise typer.BadParameter(f"'{text}' is not NAME=VALUE", param_hint="-i")
    return name, value


async def _value(server: Connection, text: str, schema: dict[str, Any]) -> Any:
    kinds = list(_kinds(schema))
    is_file = any("uri" in {each.get("format"), each.get("items", {}).get("format")} for each in kinds)
    types = {each.get("type", "string") for each in kinds} - {"null"}
    if text.startswith("@"):
        path = _file(text[1:])
        content = await _upload(server, path) if is_file else await asyncio.to_thread(path.read_text)
        return [content] if is_file and types == {"array"} else content
    if types == {"string"}:
        return text
    try:
        return json_text.loads(text)
    except ValueError:
        return text


def _kinds(schema: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """The schema of each type that an input may have."""
    for each in schema.get("anyOf", [schema]):
        types = each.get("type", "string")
        yield from ({**each, "type": kind} for kind in ([types] if isinstance(types, str) else types))


def _file(name: str) -> Path:
    """The shell leaves a ~ after an @ alone."""
    return Path(name).expanduser()


async def _upload(server: Connection, path: Path) -> str:
    kind = mimetypes.guess_type(path.name)[0] or "application/octet-stream"
    with path.open("rb") as file:
        answer = await server.post("/v1/files", files={"content": (path.name, file, kind)})
    return str(answer["id"])


async def _deliver(server: Connection, ended: dict[str, Any], *, output: Path | None, quiet: bool) -> None:
    found = ended["output"]
    if isinstance(found, str):
        _deliver_text(found, output=output, quiet=quiet)
        return
    pieces = found if isinstance(found, list) else []
    urls = [each for each in pieces if _is_file(each)]
    if not urls:
        _deliver_text("\n".join(map(str, pieces)), output=output, quiet=quiet)
    texts = list(_texts(ended["result"]))
    within = [each for each in texts if _is_beside(each, urls) and each not in urls]
    is_value = bool(urls) and not within and not any(each in urls for each in texts)
    if is_value and output is None and not quiet and _is_small(ended["result"]):
        print_json(ended["result"])
        return
    value_place, file_place = _places(output) if within else (output, None)
    await _save(server, urls, value_place, quiet=quiet)
    await _save(server, within, file_place, quiet=quiet)


async def _save(server: Connection, urls: list[str], output: Path | None, *, quiet: bool) -> None:
    for number, each in enumerate(urls):
        path = _place(each, output, number=number, of=len(urls))
        await server.save(each, path)
        if not quiet:
            print(path)


def _is_small(value: Any) -> bool:
    return len(json_text.dumps(value, ensure_ascii=False).encode()) <= PRINTED_BYTES_MAX


def _texts(value: Any) -> Iterator[str]:
    """Every text in a value, however deep."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, list | dict):
        for each in value.values() if isinstance(value, dict) else value:
            yield from _texts(each)


def _is_file(value: Any) -> bool:
    return isinstance(value, str) and "/files/" in value


def _is_beside(value: str, urls: list[str]) -> bool:
    """Whether a text is the URL of a file where those of the output are: a model may name any address."""
    return any(value.startswith(f"{each.partition('/files/')[0]}/files/") for each in urls)


def _places(output: Path | None) -> tuple[Path | None, Path | None]:
    """Where a value that names files is saved as JSON, and where its files are: a file's name is meant for them."""
    if output is None or output.is_dir():
        return output, output
    if output.suffix == ".json":
        return output, output.parent
    return output.with_suffix(".json"), output


def _deliver_text(text: str, *, output: Path | None, quiet: bool) -> None:
    if output is not None:
        output.write_text(text)
    elif not quiet:
        print(text)


def _place(url: str, output: Path | None, *, number: int, of: int) -> Path:
    name = Path(urlsplit(url).path).name
    if output is None:
        return Path(name)
    if output.is_dir():
        return output / name
    if not output.parent.is_dir():
        raise Error(Code.NOT_FOUND, f"There is no directory {output.parent} to save in.")
    return output if of == 1 else output.with_stem(f"{output.stem}-{number + 1}")
