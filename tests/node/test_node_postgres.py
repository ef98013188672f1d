"""Nodes on Postgres: several share the work, and one that cannot reach the database lets go."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
import pytest

from databases import postgres_address, postgres_database
from foretell.errors import Error
from foretell.prediction import Prediction, Status
from node.places import Place, place, until

pytestmark = [pytest.mark.anyio, pytest.mark.needs("postgres")]

WAIT = """
class Predictor(BasePredictor):
    def predict(self, flag: str, seconds: float = 60.0) -> str:
        open(flag, "w").close()
        time.sleep(seconds)
        return "finished"
"""


@pytest.fixture
def database() -> Iterator[str]:
    with postgres_database() as address:
        yield address


async def test_two_nodes_share_a_lane(tmp_path: Path, database: str) -> None:
    first, second = tmp_path / "a", tmp_path / "b"
    first.mkdir()
    second.mkdir()
    async with place(first, database=database) as here, place(second, database=database) as there:
        version = await here.model(WAIT)
        flags = [tmp_path / str(each) for each in range(8)]
        ids = [await here.create(version, flag=str(each), seconds=0.2) for each in flags]
        found = [await there.ended(each) for each in ids]
        assert [(each.result, each.attempt) for each in found] == [("finished", 1)] * 8
        nodes = {each.node for each in await here.store.replicas()}
        assert nodes == {here.node.incarnation, there.node.incarnation}


async def test_a_cancel_through_one_process_stops_the_run_in_another(tmp_path: Path, database: str) -> None:
    first, second = tmp_path / "a", tmp_path / "b"
    first.mkdir()
    second.mkdir()
    async with place(first, database=database) as here, place(second, database=database) as there:
        await there.node.stop(0.0)
        version = await here.model(WAIT)
        prediction_id = await here.create(version, flag=str(tmp_path / "flag"))
        await until((tmp_path / "flag").exists)
        await there.store.cancel(prediction_id, account_id=None)

        async def stopped() -> bool:
            found = await there.store.get(prediction_id)
            return found is not None and "stop_seconds" in found.metadata

        await until(stopped, seconds=5)


async def test_a_node_that_cannot_reach_the_database_stops_its_runs(tmp_path: Path, database: str) -> None:
    async with place(tmp_path, database=database, lost_seconds=1.0, heartbeat_seconds=0.2) as here:
        version = await here.model(WAIT)
        prediction_id = await here.create(version, flag=str(tmp_path / "flag"))
        await until((tmp_path / "flag").exists)
        (child,) = [each.pid for each in await here.store.replicas()]
        with unreachable(database):
            await until(lambda: not psutil.pid_exists(child or 0), seconds=10)
        found = await until(lambda: _again(here, prediction_id))
        assert (found.losses, found.attempt) == (0, 2)


async def _again(here: Place, prediction_id: str) -> Prediction | None:
    try:
        found = await here.store.get(prediction_id)
    except Error:
        return None
    return found if found and found.attempt == 2 and found.status is Status.PROCESSING else None


@contextmanager
def unreachable(database: str) -> Iterator[None]:
    """Nobody is connected to the database, and nobody can connect."""
    import psycopg
    from psycopg.conninfo import conninfo_to_dict

    with psycopg.connect(postgres_address().format("postgres"), autocommit=True) as connection:
        name = conninfo_to_dict(database)["dbname"]
        connection.execute(f"ALTER DATABASE {name} ALLOW_CONNECTIONS false")
        connection.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", (name,)
        )
        try:
            yield
        finally:
            connection.execute(f"ALTER DATABASE {name} ALLOW_CONNECTIONS true")
