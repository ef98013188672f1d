"""Usage: how many predictions were created, how they ended, and what they were charged."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from foretell.ledger import Usage
from foretell.prediction import TRIAL
from foretell.store.database import Connection, Row, Value

ROWS_MAX = 10_000
"""How many rows one question is answered with."""

DAY = 86_400 * 1_000_000
_GROUPS: Mapping[str, str] = {
    "day": f"created_at / {DAY}",
    "model": "model",
    "key": "key_id",
    "account": "account_id",
}
_FIELDS = {"model": "model", "key": "key_id", "account": "account_id"}
_SHARES = (50, 95, 99)
_COUNTED = ("succeeded", "failed", "canceled")


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """Of which account (None: all), created from `since` to before `until`, told apart by which of `GROUPS`.

    `durations`: also how long those took that succeeded, of each group and of all together.
    """

    account_id: str | None
    since: int
    until: int
    group_by: Sequence[str]
    durations: bool = False


GROUPS = tuple(_GROUPS)


def usage(connection: Connection, question: Question) -> list[tuple[int | None, Usage]]:
    """The sums in order of their groups, each with its day (since 1970) where days are told apart; at most ROWS_MAX."""
    groups = [_GROUPS[each] for each in question.group_by]
    chosen = "".join(f"{each}, " for each in groups)
    places = ", ".join(str(place) for place in range(1, len(groups) + 1))
    grouped = f"GROUP BY {places} ORDER BY {places}" if groups else ""
    among, values = _among(question)
    rows = connection.execute(
        f"""SELECT {chosen}COUNT(*), {", ".join(_count(each) for each in _COUNTED)},
            CAST(COALESCE(SUM(cost_nanocredits), 0) AS BIGINT) FROM ({among}) AS used {grouped} LIMIT {ROWS_MAX}""",
        values,
    )
    found = [_usage(row, question.group_by) for row in rows]
    if not question.durations:
        return found
    took = _durations(connection, question)
    keys = [tuple(row[: len(question.group_by)]) for row in rows]
    return [
        (day, replace(each, durations=took.get(key))) for key, (day, each) in zip(keys, found, strict=True)
    ]


def _durations(connection: Connection, question: Question) -> dict[tuple[Value, ...], tuple[int, int, int]]:
    """By group, in how many microseconds `_SHARES` of those that succeeded were done: the nearest rank."""
    groups = [f"{_GROUPS[each]} AS g{place}" for place, each in enumerate(question.group_by)]
    names = [f"g{place}" for place in range(len(groups))]
    within = f"PARTITION BY {', '.join(names)}" if names else ""
    chosen = "".join(f"{each}, " for each in names)
    among, values = _among(question)
    shares = ", ".join(f"MIN(CASE WHEN place * 100 >= many * {each} THEN took END)" for each in _SHARES)
    rows = connection.execute(
        f"""SELECT {chosen}{shares} FROM (
                SELECT {chosen}took, ROW_NUMBER() OVER ({within} ORDER BY took) AS place,
                       COUNT(*) OVER ({within}) AS many
                FROM (SELECT {"".join(f"{each}, " for each in groups)}completed_at - created_at AS took
                      FROM ({among}) AS used WHERE status = 'succeeded') AS ended) AS ranked
            {f"GROUP BY {', '.join(names)}" if names else "HAVING COUNT(*) > 0"} LIMIT {ROWS_MAX}""",
        values,
    )
    return {tuple(row[: len(names)]): (int(row[-3]), int(row[-2]), int(row[-1])) for row in rows}


def _among(question: Question) -> tuple[str, list[Value]]:
    # Two halves, since there is an index over each: deleted predictions count as well.
    whose = "" if question.account_id is None else "account_id = ? AND "
    values: list[Value] = [] if question.account_id is None else [question.account_id]
    # What an operator tries is nobody's use of a model.
    columns = "created_at, completed_at, model, key_id, account_id, status, cost_nanocredits"
    halves = [
        f"SELECT {columns} FROM predictions WHERE {whose}created_at >= ? AND created_at < ? AND deleted_at IS {deleted}"
        f" AND source <> '{TRIAL}'"
        for deleted in ("NULL", "NOT NULL")
    ]
    return " UNION ALL ".join(halves), [*values, question.since, question.until] * 2


def _count(status: str) -> str:
    return f"CAST(SUM(CASE WHEN status = '{status}' THEN 1 ELSE 0 END) AS BIGINT)"


def _usage(row: Row, group_by: Sequence[str]) -> tuple[int | None, Usage]:
    named = dict(zip(group_by, row, strict=False))
    predictions, succeeded, failed, canceled, charged = row[len(group_by) :]
    found = Usage(
        **{_FIELDS[name]: value for name, value in named.items() if name in _FIELDS},
        predictions=int(predictions),
        succeeded=int(succeeded or 0),
        failed=int(failed or 0),
        canceled=int(canceled or 0),
        charged=int(charged),
    )
    return named.get("day"), found
