"""Usage: what an account has created and was charged, by day, model and key."""

import csv
import io
import time
from dataclasses import replace

from starlette.requests import Request
from starlette.responses import Response

from foretell.api.answers import answer
from foretell.api.operations import operation
from foretell.api.requests import caller, services
from foretell.api.skytells.listing import one_of, period
from foretell.dialects.skytells import messages
from foretell.dialects.skytells.money import render_balance, render_usage
from foretell.errors import Code, Error
from foretell.ledger import Usage
from foretell.store.usage import DAY, GROUPS, ROWS_MAX, Question

DAYS_MAX = 366
DAYS = 30
FORMATS = ("json", "csv")


@operation(
    "Get usage",
    tag="Usage",
    description="How many predictions were created, how they ended, and what they were charged; deleted ones "
    "count as well. The account's own; operators may ask for others'. Days are in UTC; without `from` the last "
    f"{DAYS} days are meant.",
    query=messages.UsageQuery,
    answer=messages.UsageList,
    media=("text/csv",),
    errors=(
        Code.INVALID_PARAMETER,
        Code.INVALID_DATE_FORMAT,
        Code.INVALID_DATE_RANGE,
        Code.INVALID_COMBINATION,
        Code.TOO_LARGE,
        Code.FORBIDDEN,
        Code.NOT_FOUND,
    ),
)
async def index(request: Request) -> Response:
    """The usage of a period, in order of its groups."""
    question = await _question(request)
    store = services(request).store
    found = await store.usage(question)
    if len(found) >= ROWS_MAX:
        message = f"That are more than {ROWS_MAX:,} groups. Ask for fewer days, or group by less."
        raise Error(Code.TOO_LARGE, message)
    groups, durations = tuple(question.group_by), question.durations
    rows = [render_usage(each, day=day, group_by=groups, durations=durations) for day, each in found]
    if one_of(request.query_params, "format", FORMATS) == "csv":
        return _csv(rows)
    whose = question.account_id
    total = _total([each for _, each in found])
    if durations:
        # Those of all together are not to be had from those of the groups.
        total = (await store.usage(replace(question, group_by=())))[0][1]
    body: messages.UsageList = {
        "data": rows,
        "total": render_usage(total, day=None, group_by=(), durations=durations),
        "balance": None if whose is None else render_balance(await store.balance(whose)),
    }
    return answer(body)


async def _question(request: Request) -> Question:
    """Raises Error with the id that says what is wrong."""
    wanted = period(request.query_params)
    until = time.time_ns() // 1_000 + 1 if wanted.until is None else wanted.until + 1
    since = (until // DAY - DAYS + 1) * DAY if wanted.since is None else wanted.since
    if until - since > DAYS_MAX * DAY:
        raise Error(Code.INVALID_DATE_RANGE, f"'from' and 'to' may be {DAYS_MAX} days apart at most.")
    words = [each.strip() for each in request.query_params.get("group_by", "day").split(",")]
    groups = tuple(dict.fromkeys(each for each in words if each))
    strange = [each for each in groups if each not in GROUPS]
    if strange:
        raise Error(Code.INVALID_PARAMETER, f"'group_by' must be among {', '.join(GROUPS)}.")
    return Question(
        account_id=await _whose(request),
        since=since,
        until=until,
        group_by=groups,
        durations=one_of(request.query_params, "durations", ("false", "true")) == "true",
    )


def _csv(rows: list[messages.UsageMessage]) -> Response:
    """A line for each group, under a line of names; none of either where there are no groups."""
    text = io.StringIO()
    writer = csv.DictWriter(text, fieldnames=list(rows[0]) if rows else [])
    if rows:
        writer.writeheader()
    writer.writerows(rows)
    headers = {"content-disposition": 'attachment; filename="usage.csv"'}
    return Response(text.getvalue(), headers=headers, media_type="text/csv")


async def _whose(request: Request) -> str | None:
    """The account that is meant; None: everybody's. Raises Error(FORBIDDEN) for a member who means another's."""
    name = request.query_params.get("account")
    if not name:
        return caller(request).scope
    if not caller(request).is_operator:
        raise Error(Code.FORBIDDEN, "Only an operator may see another account's usage.")
    if name == "*":
        return None
    account = await services(request).store.account(name)
    if account is None:
        raise Error(Code.NOT_FOUND, f"There is no account '{name[:100]}'.")
    return account.id


def _total(found: list[Usage]) -> Usage:
    return Usage(
        predictions=sum(each.predictions for each in found),
        succeeded=sum(each.succeeded for each in found),
        failed=sum(each.failed for each in found),
        canceled=sum(each.canceled for each in found),
        charged=sum(each.charged for each in found),
    )
