"""What a prediction is once its run has ended well."""

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest

from foretell.event import Kind
from foretell.prediction import FILE_KEY, Status, Steps
from node.places import Place, place, until

pytestmark = pytest.mark.anyio

ECHO = """
class Predictor(BasePredictor):
    def predict(self, text: str = Input(default="hello")) -> str:
        print("said", text)
        return text
"""
WRITER = """
class Predictor(BasePredictor):
    def predict(self, words: int = 3) -> ConcatenateIterator[str]:
        for number in range(words):
            yield f"w{number} "
            progress((number + 1) / words / 2)
"""
COUNTER = """
class Predictor(BasePredictor):
    def predict(self, folder: str) -> str:
        progress(3, 4, unit="page")
        while not os.path.exists(f"{folder}/go on"):
            time.sleep(0.01)
        return ""
"""
PNG = "89504e470d0a1a0a" + "00" * 60


async def test_a_prediction_runs_from_waiting_to_succeeded(here: Place) -> None:
    found = await here.run(await here.model(ECHO), text="hi")
    assert (found.status, found.result, found.attempt) == (Status.SUCCEEDED, "hi", 1)
    assert found.metrics["progress"] == 100
    assert {"predict_time", "total_time", "queue_time", "load_time", "cpu_time"} <= found.metrics.keys()
    assert found.metrics["memory_peak_mb"] > 1
    assert found.metadata["hardware"] == here.surroundings.hardware
    assert await here.logged(found.id) == "said hi\n"


async def test_a_loaded_model_is_not_loaded_again(here: Place) -> None:
    version = await here.model(ECHO)
    first, second = await here.run(version), await here.run(version)
    assert first.metrics["load_time"] > 0
    assert second.metrics["load_time"] == 0
    ready = [each for each in await here.store.replicas() if each.version_id == version.id]
    assert [each.state for each in ready] == ["ready"]


async def test_yielded_text_is_heard_while_it_runs_and_joined_at_the_end(here: Place) -> None:
    version = await here.model(WRITER)
    found = await here.run(version, words=3)
    assert found.result == "w0 w1 w2 "
    events = await here.store.events(found.id)
    assert [each.data["value"] for each in events if each.kind is Kind.OUTPUT] == ["w0 ", "w1 ", "w2 "]
    assert [each.data["progress"] for each in events if each.kind is Kind.PROGRESS][-1] == 50
    assert [each.sequence for each in events] == list(range(1, len(events) + 1))


async def test_steps_are_told_in_the_row_while_it_runs_in_its_events_and_at_the_end(here: Place) -> None:
    version = await here.model(COUNTER)
    prediction_id = await here.create(version, folder=str(here.folders))

    async def steps() -> Any:
        found = await here.store.get(prediction_id)
        return found is not None and found.steps

    assert await until(steps) == Steps(3, 4, "page")
    (here.folders / "go on").touch()
    found = await here.ended(prediction_id)
    assert found.metadata["progress"] == {"done": 3, "of": 4, "unit": "page"}
    assert found.metrics["progress"] == 100
    told = [each.data for each in await here.store.events(prediction_id) if each.kind is Kind.PROGRESS]
    assert told[-1] == {"progress": 75.0, "done": 3, "of": 4, "unit": "page"}


async def test_partial_text_can_be_followed_before_the_end(here: Place) -> None:
    slow = WRITER.replace("progress(", "time.sleep(0.2); progress(")
    version = await here.model(slow)
    prediction_id = await here.create(version, words=20)
    events = await until(lambda: here.store.events(prediction_id))
    assert events[0].data["value"] == "w0 "
    found = await here.store.get(prediction_id)
    assert found is not None and found.status is Status.PROCESSING
    await here.store.cancel(prediction_id, account_id=None)


async def test_items_that_are_not_text_become_a_list_stored_as_a_file(here: Place) -> None:
    source = """
class Predictor(BasePredictor):
    def predict(self) -> Iterator[int]:
        yield from (1, 2, 3)
"""
    found = await here.run(await here.model(source))
    assert found.result == [1, 2, 3]
    (file,) = await here.store.files_of(found.id)
    assert file.purpose == "value" and file.name.startswith("output-") and file.name.endswith(".json")
    assert b"".join([part async for part in here.surroundings.blobs.read(file.blob)]) == b"[1,2,3]"


async def test_output_files_are_stored_with_their_type_and_a_name_of_their_own(here: Place) -> None:
    source = f"""
class Predictor(BasePredictor):
    def predict(self) -> List[Path]:
        found = []
        for name in ("a picture.PNG", "b.bin"):
            path = Path(name)
            path.write_bytes(bytes.fromhex("{PNG}"))
            found.append(path)
        self.record_metric("image_count", 7)
        self.record_metric("tokens_out", 5)
        return found
"""
    found = await here.run(await here.model(source))
    files = await here.store.files_of(found.id)
    assert [each[FILE_KEY] for each in found.result] == [each.id for each in files] or {
        each[FILE_KEY] for each in found.result
    } == {each.id for each in files}
    assert {each.content_type for each in files} == {"image/png"}
    assert sorted(each.name.rsplit("-", 1)[0] for each in files) == ["a-picture", "b"]
    assert found.metrics["image_count"] == found.metrics["asset_count"] == 2
    assert found.metrics["tokens_out"] == 5
    data = b"".join([part async for part in here.surroundings.blobs.read(files[0].blob)])
    assert data.hex() == PNG


STREAM = f"""
class Predictor(BasePredictor):
    def predict(self, go: str, fail: bool = False) -> Iterator[Path]:
        for number in range(2):
            Path("a.png").write_bytes(bytes.fromhex("{PNG}"))
            yield Path("a.png")
            while not os.path.exists(go): time.sleep(0.01)
        if fail: raise ValueError("late")
"""


async def test_a_file_that_was_yielded_can_be_read_before_the_end(here: Place) -> None:
    go = here.folders / "go"
    version = await here.model(STREAM)
    prediction_id = await here.create(version, go=str(go))
    event, *_ = await until(lambda: here.store.events(prediction_id))
    file = await here.store.file(event.data["value"][FILE_KEY])
    assert file is not None
    assert b"".join([part async for part in here.surroundings.blobs.read(file.blob)]).hex() == PNG
    go.touch()
    found = await here.ended(prediction_id)
    assert len(found.result) == len(await here.store.files_of(prediction_id)) == 2
    assert found.metrics["asset_count"] == 2


async def test_a_failed_run_leaves_no_files(here: Place) -> None:
    go = here.folders / "go"
    go.touch()
    found = await here.run(await here.model(STREAM), go=str(go), fail=True)
    assert found.failure is not None and found.failure.message.endswith("late")
    blobs = here.surroundings.config.data_path / "blobs"
    await until(lambda: not [each for each in blobs.rglob("*") if each.is_file()])
    assert await here.store.files_of(found.id) == []


async def test_text_and_files_come_back_together(here: Place) -> None:
    source = """
class Output(BaseModel):
    text: str
    image: Path
class Predictor(BasePredictor):
    def predict(self) -> Output:
        Path("a.txt").write_text("inside")
        return Output(text="outside", image=Path("a.txt"))
"""
    found = await here.run(await here.model(source))
    assert found.result["text"] == "outside"
    files = {each.id: each for each in await here.store.files_of(found.id)}
    image = files[found.result["image"][FILE_KEY]]
    assert image.content_type == "text/plain"
    (value,) = [each for each in files.values() if each.purpose == "value"]
    data = b"".join([part async for part in here.surroundings.blobs.read(value.blob)])
    assert json.loads(data) == {"text": "outside", "image": image.url(found.origin)}


async def test_a_hundred_predictions_share_one_replica_that_takes_many_at_once(here: Place) -> None:
    source = """
class Predictor(BasePredictor):
    async def predict(self, number: int) -> int:
        print("number", number)
        await asyncio.sleep(0.05)
        return number
"""
    version = await here.model(source, settings="concurrency = 20\n")
    ids = [await here.create(version, number=number) for number in range(100)]
    found = await asyncio.gather(*(here.ended(each) for each in ids))
    assert [each.result for each in found] == list(range(100))
    assert {each.attempt for each in found} == {1}
    logs = [await here.logged(each.id) for each in found]
    assert logs == [f"number {number}\n" for number in range(100)]


async def test_two_models_run_side_by_side(here: Place) -> None:
    source = """
class Predictor(BasePredictor):
    def predict(self, mine: str, other: str) -> str:
        open(mine, "w").close()
        while not os.path.exists(other):
            time.sleep(0.01)
        return "met"
"""
    first, second = await here.model(source, name="first"), await here.model(source, name="second")
    a, b = str(here.folders / "a"), str(here.folders / "b")
    ids = [await here.create(first, mine=a, other=b), await here.create(second, mine=b, other=a)]
    assert [(await here.ended(each)).result for each in ids] == ["met", "met"]


async def test_the_run_folder_is_gone_after_the_run(here: Place) -> None:
    found = await here.run(await here.model(ECHO))
    root = here.surroundings.config.data_path / "run"
    await until(lambda: not list(root.rglob(f"{found.id}*")))


async def test_a_child_sees_no_secret_of_its_node(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FORETELL_SECRET", "hidden")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "hidden")
    source = """
import json, resource
class Predictor(BasePredictor):
    def predict(self) -> str:
        core = resource.getrlimit(resource.RLIMIT_CORE)[0]
        leads = os.getsid(0) == os.getpid()
        status = open("/proc/self/status").read()
        return json.dumps({"environment": dict(os.environ), "core": core, "leads": leads, "status": status})
"""
    async with place(tmp_path) as here:
        found = await here.run(await here.model(source))
    assert "hidden" not in found.result
    seen = json.loads(found.result)
    assert seen["core"] == 0 and seen["leads"]
    assert "NoNewPrivs:\t1" in seen["status"]
    assert Path(seen["environment"]["HOME"]).is_relative_to(here.surroundings.config.data_path / "run")
