"""What a prediction is at until it runs: real downloads and real environments, as those who wait are told."""

import hashlib
import os
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from foretell.prediction import Status
from foretell.store import Outlook
from foretell.telemetry import spans
from node.places import Place, place, until
from weights.file_server import FileServer
from weights.wheel_files import make_waiting_package

pytestmark = pytest.mark.anyio

WEIGHTS = os.urandom(4 * 1024 * 1024)
READS = """
from foretell import weights
class Predictor(BasePredictor):
    def setup(self):
        time.sleep(0.1)
        self.size = os.path.getsize(weights("net"))
    def predict(self) -> int:
        time.sleep(0.1)
        return self.size
"""
HOLDS = """
class Predictor(BasePredictor):
    def setup(self):
        time.sleep(0.6)
    def predict(self, until: str) -> str:
        while not os.path.exists(until):
            time.sleep(0.01)
        return ""
"""
IMPORTS = """
class Predictor(BasePredictor):
    def predict(self) -> str:
        import colour
        return colour.RED
"""


@pytest.fixture
def server() -> Iterator[FileServer]:
    with FileServer() as found:
        found.files["/net"] = WEIGHTS
        found.hold = threading.Event()
        yield found


async def outlook(here: Place, prediction_id: str) -> Outlook | None:
    found = await here.store.get(prediction_id)
    assert found is not None
    return await here.store.outlook(found)


async def test_a_download_is_told_in_per_cent_and_stands_among_the_phases_at_the_end(
    here: Place, server: FileServer
) -> None:
    weight = f'[[weights]]\nname = "net"\nsource = "{server.url}/net"\nsize_bytes = {len(WEIGHTS)}\n'
    digest = hashlib.sha256(WEIGHTS).hexdigest()
    version = await here.model(READS, settings=f'{weight}sha256 = "{digest}"\n')
    prediction_id = await here.create(version)

    async def half() -> bool:
        found = await outlook(here, prediction_id)
        return found is not None and found.percent is not None and 0 < found.percent < 100

    await until(half)
    assert server.hold is not None
    server.hold.set()
    found = await here.ended(prediction_id)
    assert found.result == len(WEIGHTS)
    phases = found.metadata["phases"]
    assert phases["downloading_seconds"] > 0
    assert phases["loading_seconds"] >= 0.1, "though that is less than a row is told of"
    again = await here.run(version)
    assert set(again.metadata.get("phases", {})) <= {"storing_seconds"}, "nothing else was waited for"


async def test_who_waits_in_the_queue_for_a_second_replica_to_load_is_told_that_it_was_loading(
    here: Place,
) -> None:
    version = await here.model(HOLDS, settings="[limits]\nslots = 2\n")
    first = await here.create(version, until=str(here.folders / "first"))
    await here.reaches(first, Status.PROCESSING)
    others = [await here.create(version, until=os.devnull) for _ in range(2)]
    second, third = [await here.ended(each) for each in others]
    (here.folders / "first").touch()
    assert (await here.ended(first)).metadata["phases"].keys() == {"loading_seconds"}
    waited = second.metadata["phases"]
    assert waited["loading_seconds"] >= 0.5 > waited["queued_seconds"]
    assert third.metadata["phases"]["loading_seconds"] >= 0.5, "though it ran in a moment"
    [queued, loading, *_] = spans(second)
    assert (queued.phase, loading.phase) == ("queued", "loading")
    assert queued.seconds < 0.5 <= loading.seconds
    last = await here.run(version, until=os.devnull)
    assert not {"queued_seconds", "loading_seconds"} & last.metadata.get("phases", {}).keys()


async def test_an_environment_is_built_line_by_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, anyio_backend: str
) -> None:
    packages, go_on = tmp_path / "packages", tmp_path / "go on"
    packages.mkdir()
    make_waiting_package(packages, "colour", {"colour.py": b"RED = 'red'"}, until=go_on)
    for name in [each for each in os.environ if each.startswith("PIP_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv(
        "PIP_NO_CACHE_DIR", "1"
    )  # what it has built once under this path, it would not build again
    monkeypatch.setenv("PIP_FIND_LINKS", str(packages))
    async with place(tmp_path) as here:
        version = await here.model(IMPORTS, settings='requirements = ["colour==1.0"]\n')
        prediction_id = await here.create(version)

        async def is_told() -> bool:
            found = await outlook(here, prediction_id)
            return found is not None and "colour" in found.line

        await until(is_told, seconds=60)
        go_on.touch()
        found = await here.ended(prediction_id, seconds=60)
        assert (found.status, found.result) == (Status.SUCCEEDED, "red")
        assert found.metadata["phases"]["building_seconds"] > 0
