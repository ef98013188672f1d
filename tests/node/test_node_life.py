"""What a node loads and unloads, and what it leaves behind when it dies."""

import asyncio
import signal
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from foretell import catalog
from foretell.model import Version
from foretell.node.leftovers import clear_leftovers, start_time
from foretell.prediction import Status
from node.places import Place, place, until

pytestmark = pytest.mark.anyio

ECHO = """
class Predictor(BasePredictor):
    def predict(self, text: str = "hello", seconds: float = 0.0) -> str:
        time.sleep(seconds)
        return text
"""
LIMITS = "[limits]\nmemory_mb = {memory_mb}\nidle_seconds = {idle_seconds}\n"


def limits(*, memory_mb: int = 100, idle_seconds: float = 600.0) -> str:
    return LIMITS.format(memory_mb=memory_mb, idle_seconds=idle_seconds)


async def states(here: Place, version: Version) -> list[str]:
    return [each.state.value for each in await here.store.replicas() if each.version_id == version.id]


async def test_the_least_recently_used_model_makes_room(tmp_path: Path) -> None:
    async with place(tmp_path, memory_mb=250) as here:
        versions = [await here.model(ECHO, name=name, settings=limits()) for name in ("a", "b", "c")]
        for version in (*versions[:2], versions[0], versions[2]):
            assert (await here.run(version)).result == "hello"
        await until(lambda: _is(here, versions[1], ["dead"]))
        assert await states(here, versions[0]) == ["ready"]
        assert await states(here, versions[2]) == ["ready"]


async def test_a_busy_model_is_not_unloaded_for_another(tmp_path: Path) -> None:
    async with place(tmp_path, memory_mb=150) as here:
        busy, other = [await here.model(ECHO, name=name, settings=limits()) for name in ("busy", "other")]
        first = await here.create(busy, seconds=0.7)
        await here.reaches(first, Status.PROCESSING)
        second = await here.create(other)
        assert (await here.ended(first)).result == "hello"
        assert (await here.ended(second)).result == "hello"
        found = [await here.store.get(each) for each in (first, second)]
        assert found[0] and found[1] and found[0].completed_at < found[1].started_at  # type: ignore[operator]


async def test_a_busy_model_gives_way_to_one_that_has_waited_long_enough(tmp_path: Path) -> None:
    async with place(tmp_path, memory_mb=150) as here:
        here.node.fleet.swap_after_seconds = 0.3
        busy, other = [await here.model(ECHO, name=name, settings=limits()) for name in ("busy", "other")]
        stream = [await here.create(busy, seconds=0.1) for _ in range(60)]
        await here.reaches(stream[0], Status.SUCCEEDED)
        assert (await here.run(other)).result == "hello"
        last = await here.store.get(stream[-1])
        assert last is not None and last.status is Status.STARTING


async def test_a_model_larger_than_the_memory_fails_at_once_and_nobody_is_unloaded_for_it(
    tmp_path: Path,
) -> None:
    async with place(tmp_path, memory_mb=150) as here:
        small = await here.model(ECHO, name="small", settings=limits())
        large = await here.model(ECHO, name="large", settings=limits(memory_mb=10_000))
        assert (await here.run(small)).result == "hello"
        failure = (await here.run(large)).failure
        assert failure is not None and failure.code == "setup_failed"
        assert failure.message == (
            "The model 'large' cannot run on this machine: "
            "it wants 10,000 MB of memory, and the models here have 150 MB."
        )
        assert await states(here, small) == ["ready"]


async def test_an_idle_model_is_unloaded(here: Place) -> None:
    version = await here.model(ECHO, settings=limits(idle_seconds=0.2))
    assert (await here.run(version)).result == "hello"
    await until(lambda: _is(here, version, ["dead"]))
    assert (await here.run(version)).result == "hello"


async def test_a_model_that_used_more_than_it_declared_counts_with_that(tmp_path: Path) -> None:
    source = """
class Predictor(BasePredictor):
    def setup(self):
        self.data = bytearray(os.urandom(1)) * (120 * 1024 * 1024)
    def predict(self) -> str:
        return "hello"
"""
    async with place(tmp_path, memory_mb=200) as here:
        hungry = await here.model(source, name="hungry", settings=limits(memory_mb=10))
        other = await here.model(ECHO, name="other", settings=limits(memory_mb=100))
        assert (await here.run(hungry)).metrics["memory_peak_mb"] > 120
        assert (await here.run(other)).result == "hello"
        assert await states(here, hungry) == ["dead"]


async def test_a_start_sends_back_what_a_dead_node_held(tmp_path: Path) -> None:
    async with place(tmp_path) as here:
        version = await here.model(ECHO)
        await here.node.stop(0.0)
        prediction_id = await here.create(version)
        await here.store.take(version.lane(), node="a-node-that-died", count=1)
    async with place(tmp_path) as here:
        found = await here.ended(prediction_id)
    assert (found.result, found.losses) == ("hello", 1)


async def test_a_hold_that_nobody_runs_is_released(here: Place) -> None:
    folder = here.folder(ECHO)
    unknown = catalog.read_folder(folder, created_at=0)
    prediction_id = await here.create(unknown)
    assert await here.store.take(unknown.lane(), node=here.node.incarnation, count=1)
    await until(lambda: _is_free(here, prediction_id))
    await here.store.register(unknown)
    assert (await here.ended(prediction_id)).result == "hello"


async def test_what_was_taken_as_the_node_began_to_stop_is_sent_back_without_a_loss(here: Place) -> None:
    unknown = catalog.read_folder(here.folder(ECHO), created_at=0)
    prediction_id = await here.create(unknown)
    taking = here.store.take(unknown.lane(), node=here.node.incarnation, count=1)
    (taken,), _ = await asyncio.gather(taking, here.node.stop(0.0))
    found = await here.store.get(prediction_id)
    assert found is not None and taken.id == found.id
    assert (found.node, found.losses) == (None, 0)


NODE = """
import asyncio, sys
from pathlib import Path
sys.path.insert(0, {tests!r})
from node.places import place

SOURCE = '''
class Predictor(BasePredictor):
    def predict(self, flag: str) -> str:
        found = subprocess.Popen(["sleep", "300"])
        open(flag + ".new", "w").write(f"{{os.getpid()}} {{found.pid}}")
        os.rename(flag + ".new", flag)
        time.sleep(300)
        return "never"
'''

async def main():
    async with place(Path({path!r})) as here:
        version = await here.model(SOURCE)
        await here.create(version, flag={flag!r})
        await asyncio.sleep(300)

asyncio.run(main())
"""


async def test_children_die_with_their_node_and_leftovers_with_the_next_start(tmp_path: Path) -> None:
    flag = tmp_path / "flag"
    script = NODE.format(tests=str(Path(__file__).parents[1]), path=str(tmp_path), flag=str(flag))
    node = subprocess.Popen([sys.executable, "-c", script])  # noqa: ASYNC220 - a process to be killed
    try:
        await until(flag.exists)
        child, grandchild = (int(each) for each in flag.read_text().split())
        assert psutil.pid_exists(child) and psutil.pid_exists(grandchild)
    finally:
        node.send_signal(signal.SIGKILL)
        node.wait()
    await until(lambda: not _lives(child), seconds=5)
    assert _lives(grandchild), "the kernel ends the child only; the next start ends what the child started"
    async with place(tmp_path) as here:
        await until(lambda: not _lives(grandchild), seconds=5)
        rows, _ = await here.store.list_predictions(account_id=None)
        assert [each.losses for each in rows] == [1]
        folders = [
            each.name for each in (here.surroundings.config.data_path / "run").iterdir() if each.is_dir()
        ]
        assert folders == [here.node.incarnation]


async def test_a_living_nodes_children_are_no_leftovers(tmp_path: Path) -> None:
    async with place(tmp_path) as here:
        version = await here.model(ECHO)
        await here.run(version)
        assert clear_leftovers(here.surroundings.config.data_path / "run") == []
        assert (await here.run(version)).metrics["load_time"] == 0


async def test_a_process_that_only_has_a_leftovers_id_is_spared(tmp_path: Path) -> None:
    folder = tmp_path / "run" / "a-dead-node" / "children"
    folder.mkdir(parents=True)
    bystander = subprocess.Popen(["sleep", "60"], start_new_session=True)  # noqa: ASYNC220 - to be spared
    try:
        assert start_time(bystander.pid)
        (folder / str(bystander.pid)).write_text("1")
        assert clear_leftovers(tmp_path / "run") == []
        assert bystander.poll() is None
        assert not (tmp_path / "run" / "a-dead-node").exists()
    finally:
        bystander.kill()
        bystander.wait()


async def _is(here: Place, version: Version, wanted: list[str]) -> bool:
    return await states(here, version) == wanted


def _lives(pid: int) -> bool:
    return psutil.pid_exists(pid) and psutil.Process(pid).status() != psutil.STATUS_ZOMBIE


async def _is_free(here: Place, prediction_id: str) -> bool:
    found = await here.store.get(prediction_id)
    return found is not None and found.node is None
