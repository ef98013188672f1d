"""Limits of accounts and keys, as commands take and show them."""

from collections.abc import Mapping
from typing import Annotated, Any

import typer

RequestsPerMinute = Annotated[
    int | None,
    typer.Option(
        "--requests-per-minute",
        metavar="N",
        min=0,
        help="Predictions within 60 seconds; 0 takes the limit away.",
    ),
]
Concurrency = Annotated[
    int | None,
    typer.Option(
        "--concurrency",
        metavar="N",
        min=0,
        help="Predictions live at once on a model; 0 takes the limit away.",
    ),
]
COLUMNS = ("A MINUTE", "AT ONCE")


def wanted(requests_per_minute: int | None, concurrency: int | None) -> dict[str, int | None]:
    """What a body says of limits: nothing of those that were not named, null for none."""
    named = {"requests_per_minute": requests_per_minute, "concurrency_max": concurrency}
    return {name: value or None for name, value in named.items() if value is not None}


def cells(found: Mapping[str, Any]) -> list[str]:
    """The limits of an account or a key, for COLUMNS of a table."""
    return [str(found[name] or "any") for name in ("requests_per_minute", "concurrency_max")]


def sentence(found: Mapping[str, Any]) -> str:
    """The limits of an account or a key, in words."""
    requests, concurrent = cells(found)
    return f"{requests} predictions within 60 seconds, {concurrent} at once on a model"
