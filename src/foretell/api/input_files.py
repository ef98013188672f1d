"""Files in inputs: an address, a data: URI, or a file of the caller's own."""

import re
from collections.abc import Iterator
from itertools import islice
from typing import Any

from starlette.requests import Request

from foretell.api.requests import caller, origin, services
from foretell.errors import Error
from foretell.schema import InputSchema, invalid_input

FILES_MAX = 1_000
"""How many files one input may name: each is looked up now and fetched before the run."""

_DATA = re.compile(r"data:[\w.+-]*(?:/[\w.+-]+)?(?:;[\w.+-]+(?:=[^;,]*)?)*,", re.ASCII)
_TOKEN = re.compile(r"[\w-]{8,64}", re.ASCII)


async def check_files(request: Request, schema: InputSchema, values: dict[str, Any]) -> None:
    """Refuses files that could never be read, all of them at once. Raises Error(INVALID_INPUT)."""
    files = list(islice(_files(schema, values), FILES_MAX + 1))
    if len(files) > FILES_MAX:
        raise invalid_input([f"{files[-1][0]}: is beyond the {FILES_MAX:,} files that an input may name"])
    problems = []
    for path, value in files:
        problem = await _problem(request, value)
        if problem is not None:
            problems.append(f"{path}: {problem}")
    if problems:
        raise invalid_input(problems)


def _files(schema: InputSchema, values: dict[str, Any]) -> Iterator[tuple[str, str]]:
    for name in schema.file_fields():
        value = values.get(name)
        if isinstance(value, str):
            yield name, value
        elif isinstance(value, list):
            yield from (
                (f"{name}[{place}]", each) for place, each in enumerate(value) if isinstance(each, str)
            )


async def _problem(request: Request, value: str) -> str | None:
    if value.startswith("data:"):
        return None if _DATA.match(value) else "is not a valid data: URI"
    token = _own_token(request, value)
    if token is not None:
        return await _ownership_problem(request, token)
    if not value.lower().startswith(("http://", "https://")):
        return "is neither an http(s) address, nor a data: URI, nor the id of an uploaded file"
    try:
        services(request).check_form(value)
    except Error as error:
        return error.message
    return None


def _own_token(request: Request, value: str) -> str | None:
    """The file that a value means, when it is an id or the address of a file here."""
    for own in {origin(request), services(request).config.public_url.rstrip("/")}:
        if own and value.startswith(f"{own}/files/"):
            return value.removeprefix(f"{own}/files/").split("/", 1)[0]
    return value if _TOKEN.fullmatch(value) else None


async def _ownership_problem(request: Request, token: str) -> str | None:
    file = await services(request).store.file(token)
    if file is None or file.account_id != caller(request).account.id:
        return "there is no such file of yours"
    return "the file is no longer kept" if file.removed_at is not None else None
