"""What must be true when all is quiet again, whatever happened before; each finding is a sentence."""

import hashlib
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import psutil

from databases import Direct, direct_to
from foretell.config import Config
from predictions import is_alive
from servers import Receiver, until

QUIET_SECONDS = 120.0
TERMINAL = ("succeeded", "failed", "canceled")


@dataclass
class Memory:
    """What callers were told. A create whose answer got lost is in none of these."""

    made: dict[str, str] = field(default_factory=dict)
    subscribed: set[str] = field(default_factory=set)
    deleting: set[str] = field(default_factory=set)
    uploads: set[str] = field(default_factory=set)
    ended: dict[str, str] = field(default_factory=dict)
    answers: Counter[str] = field(default_factory=Counter)
    lies: list[str] = field(default_factory=list)


def rest(config: Config, *, meanwhile: Callable[[str, str], None] | None = None) -> None:
    """Waits until nothing is left to do; `meanwhile` is called with id and model of what still lives."""
    with direct_to(config) as direct:

        def is_quiet() -> bool:
            live = direct("SELECT id, model FROM predictions WHERE completed_at IS NULL")
            for prediction_id, model in live:
                if meanwhile is not None:
                    meanwhile(prediction_id, model)
            return not live

        until(is_quiet, about="the end of every prediction", seconds=QUIET_SECONDS)
        owed = "SELECT count(*) FROM deliveries WHERE state = 'pending' AND attempts = 0"
        until(lambda: direct(owed)[0][0] == 0, about="a try at every webhook", seconds=QUIET_SECONDS)


def erased(config: Config) -> None:
    """Waits until the janitor has erased what was deleted."""
    with direct_to(config) as direct:
        left = "SELECT count(*) FROM files WHERE erased_at IS NULL AND deleted_at IS NOT NULL"
        until(lambda: direct(left)[0][0] == 0, about="the janitor", seconds=QUIET_SECONDS)


def broken(config: Config, memory: Memory, receiver: Receiver | None = None) -> list[str]:
    """Every promise that was not kept, in a site that is at rest."""
    with direct_to(config) as direct:
        return [
            *memory.lies,
            *_predictions(direct, memory),
            *_lanes(direct),
            *_deliveries(direct, memory, receiver),
            *_files(direct, config.data_path / "blobs", memory),
            *_money(direct),
            *_integrity(direct, config),
        ]


def processes_left(data: Path) -> list[str]:
    """After everything was stopped: what still runs out of a data directory."""
    return [
        f"still running: {process.pid} {' '.join(process.cmdline())[:150]}"
        for process in psutil.process_iter()
        if is_alive(process) and _belongs(process, str(data))
    ]


def tally(config: Config) -> Counter[str]:
    """How the predictions ended."""
    with direct_to(config) as direct:
        return Counter(row[0] for row in direct("SELECT status FROM predictions"))


def _belongs(process: psutil.Process, data: str) -> bool:
    try:
        return process.cwd().startswith(data) or data in process.cmdline()
    except psutil.Error:
        return False


def _predictions(direct: Direct, memory: Memory) -> Iterator[str]:
    rows = dict(direct("SELECT id, status FROM predictions"))
    gone = {row[0] for row in direct("SELECT id FROM predictions WHERE deleted_at IS NOT NULL")}
    for prediction_id in memory.made:
        if prediction_id not in rows:
            yield f"{prediction_id} was acknowledged and has no row"
        elif rows[prediction_id] not in TERMINAL:
            yield f"{prediction_id} did not end: {rows[prediction_id]}"
    for prediction_id in gone - memory.deleting:
        yield f"{prediction_id} was deleted by nobody"
    for prediction_id, status in memory.ended.items():
        if rows.get(prediction_id) != status:
            yield f"{prediction_id} was seen as {status} and is {rows.get(prediction_id)}"


def _lanes(direct: Direct) -> Iterator[str]:
    for lane, waiting in direct("SELECT lane, waiting FROM lanes WHERE waiting <> 0"):
        yield f"the lane {lane} counts {waiting} waiting, and none waits"


def _deliveries(direct: Direct, memory: Memory, receiver: Receiver | None) -> Iterator[str]:
    ends = "event IN ('completed', 'failed', 'canceled')"
    owed = dict(direct(f"SELECT prediction_id, count(*) FROM deliveries WHERE {ends} GROUP BY prediction_id"))
    for prediction_id in memory.subscribed:
        if owed.get(prediction_id, 0) != 1:
            yield f"{prediction_id} has {owed.get(prediction_id, 0)} deliveries about its end"
    if receiver is None:
        return
    yield from _told_twice(receiver)
    came = {each["headers"]["webhook-id"] for each in receiver.got}
    delivered = direct("SELECT id, prediction_id, event FROM deliveries WHERE state = 'delivered'")
    for delivery_id, prediction_id, event in delivered:
        if delivery_id not in came:
            yield f"{event} of {prediction_id} counts as delivered and never came"


def _told_twice(receiver: Receiver) -> Iterator[str]:
    ids: dict[tuple[str, str], set[str]] = defaultdict(set)
    bodies: dict[str, set[bytes]] = defaultdict(set)
    for each in receiver.got:
        headers = each["headers"]
        ids[each["body"]["id"], headers["x-foretell-event"]].add(headers["webhook-id"])
        bodies[headers["webhook-id"]].add(each["raw"])
    for (prediction_id, event), different in ids.items():
        if len(different) > 1:
            yield f"{prediction_id} was told of {event} under {len(different)} ids"
    for delivery_id, raw in bodies.items():
        if len(raw) > 1:
            yield f"the delivery {delivery_id} came with {len(raw)} different bodies"


def _files(direct: Direct, directory: Path, memory: Memory) -> Iterator[str]:
    """Files and rows agree in both directions."""
    blobs = {path.name: path for path in directory.rglob("*") if path.is_file()}
    known = dict(direct("SELECT id, deleted_at FROM files WHERE erased_at IS NULL"))
    kept = dict(direct("SELECT id, sha256 FROM files WHERE deleted_at IS NULL AND removed_at IS NULL"))
    for file_id, sha256 in kept.items():
        if file_id not in blobs:
            yield f"the file {file_id} has no bytes"
        elif hashlib.sha256(blobs[file_id].read_bytes()).hexdigest() != sha256:
            yield f"the file {file_id} has other bytes than its digest says"
    for name in blobs.keys() - known.keys():
        yield f"the bytes {name} belong to no file"
    for file_id in memory.uploads - kept.keys():
        yield f"the upload {file_id} was acknowledged and is gone"


def _money(direct: Direct) -> Iterator[str]:
    """The books balance, and whatever ended is charged once; only a canceled run may still have to say what it used."""
    books = "SUM(available), SUM(held), SUM(granted), SUM(spent)"
    sums = {
        row[0]: row[1:] for row in direct(f"SELECT account_id, {books} FROM transfers GROUP BY account_id")
    }
    balances = direct("SELECT account_id, available, held, granted, spent FROM balances")
    for account_id, *found in balances:
        if [int(each) for each in sums.get(account_id, (0, 0, 0, 0))] != found:
            yield f"the balance of {account_id} is {found}, and its transfers sum to {sums.get(account_id)}"
    open_ones = """SELECT charges.prediction_id, predictions.status FROM charges
                   JOIN predictions ON predictions.id = prediction_id WHERE settled_at IS NULL"""
    for prediction_id, status in direct(open_ones):
        if status != "canceled":
            yield f"{prediction_id} is {status}, and its charge is still open"
    wrong = """SELECT prediction_id, charged, cost_nanocredits FROM charges
               JOIN predictions ON predictions.id = prediction_id WHERE charged <> cost_nanocredits"""
    for prediction_id, charged, cost in direct(wrong):
        yield f"{prediction_id} was charged {charged}, and says that it cost {cost}"


def _integrity(direct: Direct, config: Config) -> Iterator[str]:
    if not config.database and direct("PRAGMA integrity_check") != [("ok",)]:
        yield "the database is damaged"
    held = direct("SELECT count(*) FROM predictions WHERE node IS NOT NULL")[0][0]
    if held:
        yield f"{held} ended predictions are still held"
