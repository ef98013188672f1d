"""Replicas as tests look at them: which there are, and models that say which process runs them."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from databases import postgres_database
from foretell.model import Version
from foretell.store import Readiness, ReplicaState
from node.places import Place, place

PID = """
class Predictor(BasePredictor):
    def setup(self):
        self.kept = []
    def predict(self, flag: str = "", after: str = "", grow_mb: int = 0, seconds: float = 0.0) -> str:
        time.sleep(seconds)
        if grow_mb:
            self.kept.append(bytearray(os.urandom(1)) * (grow_mb * 1024 * 1024))
        if flag:
            open(flag, "w").close()
        while after and not os.path.exists(after):
            time.sleep(0.01)
        return str(os.getpid())
"""


def limits(**more: Any) -> str:
    given = {"memory_mb": 50} | more
    return "[limits]\n" + "".join(f"{name} = {value}\n" for name, value in given.items())


@asynccontextmanager
async def place_on(database: str, tmp_path: Path) -> AsyncIterator[Place]:
    if database == "sqlite":
        async with place(tmp_path) as found:
            yield found
        return
    with postgres_database() as address:
        async with place(tmp_path, database=address) as found:
            yield found


async def living(here: Place, version: Version) -> list[ReplicaState]:
    states = {Readiness.WANTED, Readiness.FETCHING, Readiness.LOADING, Readiness.READY}
    return [
        each for each in await here.store.replicas() if each.version_id == version.id and each.state in states
    ]


async def ready(here: Place, version: Version, count: int = 1) -> list[ReplicaState] | None:
    found = [each for each in await living(here, version) if each.state is Readiness.READY]
    return found if len(found) == count else None
