"""Why a prediction waits, and for how long: read from its queue and from what its model's replicas have done lately."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from foretell.prediction import Phase, Prediction, Status
from foretell.store import lanes
from foretell.store.database import Connection
from foretell.store.nodes import Readiness, ReplicaState, replicas_of

POSITION_MAX = 1_000
"""Beyond this, a list does not count how many are before one."""
_COMING = {Readiness.WANTED, Readiness.FETCHING, Readiness.LOADING}


@dataclass(frozen=True, slots=True, kw_only=True)
class Outlook:
    """What a prediction that has not begun waits for.

    `position` is its place in its queue, None once a node has it. `estimate_seconds` is about how long until it begins;
    None: nobody knows. `percent` says how far a download is, `line` what is being installed.
    """

    position: int | None = None
    estimate_seconds: float | None = None
    is_paused: bool = False
    percent: int | None = None
    line: str = ""


def outlook(connection: Connection, prediction: Prediction) -> Outlook | None:
    """None for one that has begun, or is over."""
    if prediction.status is not Status.STARTING:
        return None
    if prediction.node is not None:
        return _of_held(connection, prediction)
    position = lanes.position(connection, prediction.id)
    return None if position is None else _of_waiting(connection, prediction, position)


def outlooks(connection: Connection, predictions: Sequence[Prediction]) -> dict[str, Outlook]:
    """Those of a page, by id; of who stands very far behind, nothing is said."""
    found = {}
    for each in predictions:
        if each.status is not Status.STARTING:
            continue
        if each.node is not None:
            found[each.id] = _of_held(connection, each)
        elif position := _near_position(connection, each.id):
            found[each.id] = _of_waiting(connection, each, position)
    return found


def _of_held(connection: Connection, prediction: Prediction) -> Outlook:
    """A node has it: it may wait for its model."""
    if prediction.phase not in {Phase.DOWNLOADING, Phase.BUILDING}:
        return Outlook()
    for each in replicas_of(connection, prediction.version_id):
        if each.node == prediction.node and each.state is Readiness.FETCHING:
            is_download = prediction.phase is Phase.DOWNLOADING and each.fraction is not None
            percent = int(100 * (each.fraction or 0.0)) if is_download else None
            return Outlook(
                percent=percent, line=each.facts.line if prediction.phase is Phase.BUILDING else ""
            )
    return Outlook()


def _of_waiting(connection: Connection, prediction: Prediction, position: int) -> Outlook:
    sql = "SELECT 1 FROM pauses WHERE model = (SELECT model FROM versions WHERE id = ?)"
    if connection.execute(sql, (prediction.version_id,)):
        return Outlook(position=position, is_paused=True)
    held = connection.execute(
        "SELECT COUNT(*) FROM predictions WHERE node IS NOT NULL AND version_id = ?", (prediction.version_id,)
    )[0][0]
    there = replicas_of(connection, prediction.version_id)
    return Outlook(position=position, estimate_seconds=estimate_seconds(there, position - 1 + int(held)))


def estimate_seconds(replicas: Sequence[ReplicaState], ahead: int) -> float | None:
    """About how long until a prediction begins with so many `ahead` of it, running ones among them; None: unknown.

    `replicas` are all of its version, also those that are over: they tell how long it loads and runs.
    """
    ready = [each for each in replicas if each.state is Readiness.READY]
    coming = [each for each in replicas if each.state in _COMING]
    loads = [each.facts.load_seconds for each in replicas if each.facts.load_seconds is not None]
    runs = [each.facts.run_seconds for each in replicas if each.facts.run_seconds is not None]
    places = max(1, sum(each.facts.capacity for each in ready or coming))
    if (not ready and not loads) or (ahead and not runs):
        return None
    seconds = 0.0 if ready else max(loads)
    # Who waits although runs took next to nothing waits for something else.
    return round(seconds + (max(runs) * ahead / places if ahead else 0.0), 1) or None


def _near_position(connection: Connection, prediction_id: str) -> int | None:
    found = connection.execute(
        """SELECT COUNT(*) FROM (
               SELECT 1 FROM predictions AS ahead, predictions AS mine
               WHERE mine.id = ? AND mine.node IS NULL AND mine.completed_at IS NULL
               AND ahead.lane = mine.lane AND ahead.node IS NULL AND ahead.completed_at IS NULL
               AND (ahead.priority > mine.priority OR (ahead.priority = mine.priority
                    AND (ahead.turn < mine.turn OR (ahead.turn = mine.turn AND ahead.id <= mine.id))))
               LIMIT ?) AS near""",
        (prediction_id, POSITION_MAX + 1),
    )
    count = int(found[0][0])
    return count if 0 < count <= POSITION_MAX else None
