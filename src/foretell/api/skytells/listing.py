"""The list of an account's predictions, newest first, in pages."""

import asyncio
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from starlette.datastructures import QueryParams
from starlette.requests import Request
from starlette.responses import Response

from foretell.api.answers import answer
from foretell.api.operations import operation
from foretell.api.requests import caller, edge, services
from foretell.api.skytells.rendering import rendered
from foretell.api.skytells.waiting import add_waiting
from foretell.dialects.skytells import messages
from foretell.errors import Code, Error
from foretell.prediction import Prediction, Status
from foretell.store import Outlook

PER_PAGE = 20
PER_PAGE_MAX = 50
PAGE_MAX = 1_000_000
TEXT_CHARACTERS_MAX = 200
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
_DAY = timedelta(days=1) // timedelta(microseconds=1)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_SYNONYMS = {"from": "since", "to": "until"}


@dataclass(frozen=True, slots=True)
class Period:
    """The first instant wanted and the last; None: from the beginning, to the end."""

    since: int | None
    until: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """A checked query. `since` is the first instant wanted, `until` the last."""

    number: int
    per_page: int
    since: int | None
    until: int | None
    status: Status | None
    model: str | None
    key: str | None
    source: str | None
    text: str | None


@operation(
    "List predictions",
    tag="Predictions",
    description="The account's own, newest first, in pages.",
    query=messages.PredictionsQuery,
    answer=messages.PredictionList,
    errors=(
        Code.INVALID_PARAMETER,
        Code.INVALID_DATE_FORMAT,
        Code.INVALID_DATE_RANGE,
        Code.INVALID_COMBINATION,
        Code.MODEL_NOT_FOUND,
    ),
)
async def index(request: Request) -> Response:
    """A page of the caller's predictions, with where it stands among the others."""
    page = _page(request.query_params)
    model = None
    if page.model is not None:
        model = (await edge(request).versions.find(page.model)).name
    found, total = await services(request).store.list_predictions(
        account_id=caller(request).scope,
        model=model,
        status=page.status,
        since=page.since,
        until=page.until,
        key_id=page.key,
        source=page.source,
        text=page.text,
        offset=(page.number - 1) * page.per_page,
        limit=page.per_page,
    )
    shown = await asyncio.gather(*(rendered(request, each) for each in found))
    outlooks = await _outlooks(request, found)
    for body_of_one, each in zip(shown, found, strict=True):
        if each.id in outlooks:
            add_waiting(body_of_one, each, outlooks[each.id])
    body: messages.PredictionList = {
        "data": shown,
        "pagination": pagination(page.number, page.per_page, total),
    }
    return answer(body)


async def _outlooks(request: Request, found: Sequence[Prediction]) -> Mapping[str, Outlook]:
    """Only what waits is asked about, and most of the time nothing does."""
    waiting = [each for each in found if each.status is Status.STARTING]
    return await services(request).store.outlooks(waiting) if waiting else {}


def pagination(number: int, per_page: int, total: int) -> messages.Pagination:
    """Where a page stands among the others."""
    return {
        "current_page": number,
        "per_page": per_page,
        "total": total,
        "last_page": max(1, -(-total // per_page)),
    }


def number(query: QueryParams, name: str, *, default: int, most: int) -> int:
    """A parameter that counts from 1. Raises Error(INVALID_PARAMETER)."""
    text = query.get(name) or str(default)
    if not text.isascii() or not text.isdigit() or len(text) > 9 or not 1 <= int(text) <= most:
        raise Error(Code.INVALID_PARAMETER, f"'{name}' must be a number from 1 to {most:,}.")
    return int(text)


def one_of(query: QueryParams, name: str, words: Sequence[str]) -> str:
    """Which of `words` a parameter is; the first where it is left out. Raises Error(INVALID_PARAMETER)."""
    word = query.get(name, words[0])
    if word not in words:
        raise Error(Code.INVALID_PARAMETER, f"'{name}' must be {' or '.join(words)}.")
    return word


def period(query: QueryParams) -> Period:
    """The days from `from` to `to`. Raises Error with the id that says what is wrong."""
    for name in query:
        if len(query.getlist(name)) > 1:
            raise Error(Code.INVALID_COMBINATION, f"'{name}' is given more than once.")
    since, until = _day(query, "from"), _day(query, "to")
    if since is not None and until is not None and since > until:
        raise Error(Code.INVALID_DATE_RANGE, "'from' is later than 'to'.")
    return Period(
        None if since is None else _instant(since), None if until is None else _instant(until) + _DAY - 1
    )


def _page(query: QueryParams) -> Page:
    """The wanted page. Raises Error with the id that says what is wrong."""
    found = period(query)
    return Page(
        number=number(query, "page", default=1, most=PAGE_MAX),
        per_page=number(query, "per_page", default=PER_PAGE, most=PER_PAGE_MAX),
        since=found.since,
        until=found.until,
        status=_status(query),
        model=query.get("model") or None,
        key=query.get("key") or None,
        source=query.get("source") or None,
        text=(query.get("text") or "")[:TEXT_CHARACTERS_MAX] or None,
    )


def _day(query: QueryParams, name: str) -> datetime | None:
    synonym = _SYNONYMS[name]
    if query.get(name) and query.get(synonym):
        raise Error(Code.INVALID_COMBINATION, f"'{name}' and '{synonym}' mean the same; give one of them.")
    text = query.get(name) or query.get(synonym)
    if not text:
        return None
    try:
        if not _DATE.fullmatch(text):
            raise ValueError(text)
        return datetime.strptime(text, "%Y-%m-%d").replace(tzinfo=UTC)
    except ValueError as error:
        raise Error(Code.INVALID_DATE_FORMAT, f"'{name}' must be a date such as 2026-01-31.") from error


def _instant(moment: datetime) -> int:
    return (moment - _EPOCH) // timedelta(microseconds=1)


def _status(query: QueryParams) -> Status | None:
    word = query.get("status")
    if not word:
        return None
    try:
        return Status("canceled" if word == "cancelled" else word)
    except ValueError as error:
        words = ", ".join(Status)
        raise Error(Code.INVALID_PARAMETER, f"'status' must be one of {words}.") from error
