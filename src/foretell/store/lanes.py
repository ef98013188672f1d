"""Lanes: who is next. Fair among accounts by start-time fair queuing, counted by the door in its own transactions.

Each waiting row carries a *turn*, stamped when it is created: the account's last turn in the lane, or the lane's clock
when the account has been away, plus what the row costs. Rows are taken in the order of their turns, and the clock
follows the turns that are taken. So an account that brings a thousand rows at once gets turns far ahead, and the
next account's first row goes between them, with nothing shared between nodes but the index. Each priority has a
clock of its own: otherwise one urgent row of a busy account would carry the clock past everybody who comes later.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from foretell.prediction import NewPrediction, Prediction
from foretell.store.database import Connection, Transaction, marks

COST = 1_000_000
"""What one prediction costs of its account's share, at weight 1."""


Place = tuple[str, int, str]
"""A lane at one priority, with the version it is for."""


@dataclass(frozen=True, slots=True)
class LaneState:
    """A lane in which somebody waits. `oldest_at` is when the next row in line was created."""

    lane: str
    version_id: str
    waiting: int
    oldest_at: int


def waiting_count(connection: Connection) -> int:
    """How many predictions wait, in all lanes."""
    return int(connection.execute("SELECT CAST(COALESCE(SUM(waiting), 0) AS BIGINT) FROM lanes")[0][0])


@dataclass(frozen=True, slots=True)
class Places:
    """Some lanes as they stand: in which of them somebody waits, and their clocks."""

    waiting: frozenset[str]
    clocks: Mapping[tuple[str, int], int]

    def is_waited_for(self, lane: str) -> bool:
        return lane in self.waiting

    def clock(self, lane: str, priority: int) -> int:
        return self.clocks.get((lane, priority), 0)


def places(connection: Connection, wanted: Collection[str]) -> Places:
    """How the `wanted` lanes stand."""
    if not wanted:
        return Places(frozenset(), {})
    found = connection.execute(
        f"SELECT lane, priority, waiting, now FROM lanes WHERE lane IN ({marks(len(wanted))})", sorted(wanted)
    )
    return Places(
        frozenset(lane for lane, _, waiting, _ in found if waiting > 0),
        {(lane, priority): now for lane, priority, _, now in found},
    )


def join(transaction: Transaction, news: Sequence[NewPrediction]) -> list[int]:
    """The turn of each of `news`, which now count as waiting."""
    if not news:
        return []
    _tally(transaction).count(news, +1)
    places = Counter((each.lane, each.priority, each.account_id) for each in news)
    last = _last_turns(transaction, places)
    turns = {place: last[place] - (count - 1) * COST for place, count in places.items()}
    found = []
    for each in news:
        place = (each.lane, each.priority, each.account_id)
        found.append(turns[place])
        turns[place] += COST
    return found


def rejoin(transaction: Transaction, predictions: Iterable[Prediction]) -> None:
    """Counts rows that are free again; they keep the turns they had."""
    _tally(transaction).count(predictions, +1)
    transaction.tell("waiting")


def leave(transaction: Transaction, predictions: Iterable[Prediction]) -> None:
    """Counts rows that no longer wait."""
    _tally(transaction).count(predictions, -1)


def advance(transaction: Transaction, taken: Iterable[tuple[Prediction, int]]) -> None:
    """Moves the lanes' clocks to the newest of the turns that were taken."""
    clocks = _tally(transaction).clocks
    for each, turn in taken:
        place = (each.lane, each.priority, each.version_id)
        clocks[place] = max(turn, clocks.get(place, turn))


def states(connection: Connection) -> list[LaneState]:
    """The lanes in which somebody waits."""
    found = connection.execute(
        """SELECT counted.lane, counted.version_id, counted.waiting, (
               SELECT created_at FROM predictions
               WHERE predictions.lane = counted.lane AND node IS NULL AND completed_at IS NULL
               ORDER BY priority DESC, turn, id LIMIT 1)
           FROM (SELECT lane, MAX(version_id) AS version_id, CAST(SUM(waiting) AS BIGINT) AS waiting FROM lanes
                 WHERE waiting > 0 GROUP BY lane) AS counted ORDER BY counted.lane"""
    )
    return [LaneState(*row) for row in found if row[3] is not None]


def position(connection: Connection, prediction_id: str) -> int | None:
    """The 1-based place of a waiting prediction in its lane; None when it does not wait."""
    found = connection.execute(
        """SELECT 1 + (
               SELECT COUNT(*) FROM predictions AS ahead
               WHERE ahead.lane = mine.lane AND ahead.node IS NULL AND ahead.completed_at IS NULL
               AND (ahead.priority > mine.priority OR (ahead.priority = mine.priority
                    AND (ahead.turn < mine.turn OR (ahead.turn = mine.turn AND ahead.id < mine.id)))))
           FROM predictions AS mine WHERE mine.id = ? AND mine.node IS NULL AND mine.completed_at IS NULL""",
        (prediction_id,),
    )
    return int(found[0][0]) if found else None


@dataclass(slots=True)
class _Tally:
    """What a transaction changes about lanes: how many wait, and how far the clocks are."""

    waiting: Counter[Place] = field(default_factory=Counter)
    clocks: dict[Place, int] = field(default_factory=dict)

    def count(self, rows: Iterable[Prediction | NewPrediction], by: int) -> None:
        for each in rows:
            self.waiting[each.lane, each.priority, each.version_id] += by


def _tally(transaction: Transaction) -> _Tally:
    tally: _Tally = transaction.last.setdefault(_write_tally, _Tally())
    return tally


def _write_tally(transaction: Transaction, tally: _Tally) -> None:
    # Last of all and always in the same order: two processes then wait for each other's lanes and never deadlock.
    for place in sorted(tally.waiting.keys() | tally.clocks.keys()):
        count, clock = tally.waiting[place], tally.clocks.get(place, 0)
        transaction.write(
            """INSERT INTO lanes (lane, priority, version_id, waiting, now) VALUES (?, ?, ?, ?, ?)
               ON CONFLICT (lane, priority) DO UPDATE SET waiting = lanes.waiting + ?,
               now = CASE WHEN excluded.now > lanes.now THEN excluded.now ELSE lanes.now END""",
            (*place, max(0, count), clock, count),
        )


def _last_turns(
    transaction: Transaction, places: Counter[tuple[str, int, str]]
) -> dict[tuple[str, int, str], int]:
    rows = [(*place, count * COST) for place, count in sorted(places.items())]
    columns = {"lane": "TEXT", "priority": "BIGINT", "account_id": "TEXT", "cost": "BIGINT"}
    wanted = transaction.table("v", columns, rows)
    found = transaction.execute(
        f"""WITH {wanted.sql}
            INSERT INTO turns (lane, priority, account_id, last_turn, cost)
            SELECT v.lane, v.priority, v.account_id, COALESCE(lanes.now, 0) + v.cost, v.cost
            FROM v LEFT JOIN lanes ON lanes.lane = v.lane AND lanes.priority = v.priority WHERE 1 = 1
            ON CONFLICT (lane, priority, account_id) DO UPDATE SET cost = excluded.cost, last_turn =
                CASE WHEN turns.last_turn + excluded.cost > excluded.last_turn
                     THEN turns.last_turn + excluded.cost ELSE excluded.last_turn END
            RETURNING lane, priority, account_id, last_turn""",
        wanted.values,
    )
    return {(lane, priority, account_id): turn for lane, priority, account_id, turn in found}
