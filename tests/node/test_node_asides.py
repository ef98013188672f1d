"""What a run says beside its output: the deltas of a chat model, and unfinished pictures."""

import base64
from pathlib import Path
from typing import Any

import pytest

from databases import postgres_database
from foretell.event import Event, Kind
from foretell.prediction import Status
from foretell.store import Store
from node.places import Place, place, until

pytestmark = pytest.mark.anyio

PNG = b"\x89PNG\r\n\x1a\n" + bytes(60)
HEAD = f"""
import foretell
from cog import current_scope
PNG = {PNG!r}
"""
CALLS = """
class Predictor(BasePredictor):
    def predict(self) -> ConcatenateIterator[str]:
        yield "Let me see. "
        call = {"index": 0, "id": "call_1", "type": "function", "function": {"name": "f", "arguments": ""}}
        foretell.delta({"tool_calls": [call]})
        for piece in ('{"a"', ":1}"):
            foretell.delta({"tool_calls": [{"index": 0, "function": {"arguments": piece}}]})
        foretell.delta({"finish_reason": "tool_calls"})
"""
SHOWS = """
class Predictor(BasePredictor):
    def predict(
        self, flag: str = "", fails: bool = False, safety_checker: bool = False
    ) -> ConcatenateIterator[str]:
        yield "first "
        foretell.preview(PNG)
        time.sleep(0.25)
        yield "second "
        foretell.preview(PNG + b"newer")
        yield "third"
        while flag and not os.path.exists(flag):
            time.sleep(0.01)
        deadline = time.monotonic() + 10
        while os.listdir(current_scope().folder) and time.monotonic() < deadline:
            time.sleep(0.01)
        print(os.listdir(current_scope().folder))
        if fails:
            raise ValueError("No luck.")
"""
FORGES = """
class Predictor(BasePredictor):
    def predict(self, path: str, data: str = "", link: str = "") -> str:
        folder = current_scope().folder
        if data:
            (folder / path).write_text(data)
        if link:
            os.symlink(link, folder / path)
        current_scope()._outbox.put({"type": "preview", "id": current_scope().run_id, "path": path})
        return "finished"
"""
OVERDOES = """
class Predictor(BasePredictor):
    def predict(self, size: int = 0, depth: int = 0) -> str:
        delta = {"refusal": "x" * size}
        for _ in range(depth):
            delta = {"in": delta}
        current_scope()._outbox.put({"type": "delta", "id": current_scope().run_id, "delta": delta})
        time.sleep(5)
        return "finished"
"""


def uri(data: bytes) -> str:
    return "data:image/png;base64," + base64.b64encode(data).decode()


async def said(store: Store, prediction_id: str, kind: Kind) -> list[dict[str, Any]]:
    return [each.data for each in await store.events(prediction_id) if each.kind is kind]


async def test_deltas_come_in_their_place_and_make_a_message_at_the_end(here: Place) -> None:
    found = await here.run(await here.model(HEAD + CALLS))
    assert found.result == "Let me see. "
    assert found.metadata["message"] == {
        "tool_calls": [
            {"id": "call_1", "type": "function", "function": {"name": "f", "arguments": '{"a":1}'}}
        ],
        "finish_reason": "tool_calls",
    }
    events = await here.store.events(found.id)
    assert [each.kind for each in events] == [Kind.OUTPUT, *[Kind.DELTA] * 4]
    assert events[-1].data == {"delta": {"finish_reason": "tool_calls"}}


async def test_a_run_that_says_nothing_beside_its_text_has_no_message(here: Place) -> None:
    found = await here.run(await here.model(HEAD + SHOWS))
    assert "message" not in found.metadata


@pytest.mark.parametrize(("given", "code"), [({"size": 300_000}, "too_large"), ({"depth": 70}, "bad_output")])
async def test_a_process_that_overdoes_its_deltas_fails_its_run(
    here: Place, given: dict[str, int], code: str
) -> None:
    found = await here.run(await here.model(HEAD + OVERDOES), **given)
    assert found.status is Status.FAILED
    assert found.failure is not None and found.failure.code == code


async def test_the_newest_preview_is_there_while_a_run_goes_on_and_none_when_it_is_over(
    here: Place, tmp_path: Path
) -> None:
    flag = tmp_path / "flag"
    prediction_id = await here.create(await here.model(HEAD + SHOWS), flag=str(flag))

    async def newest() -> bool:
        return await said(here.store, prediction_id, Kind.PREVIEW) == [{"image": uri(PNG + b"newer")}]

    await until(newest)
    places = [each.sequence for each in await here.store.events(prediction_id)]
    flag.touch()
    found = await here.ended(prediction_id)
    assert found.result == "first second third"
    await until(lambda: gone(here.store, prediction_id))
    events = [each for each in await here.store.events(prediction_id) if each.kind is Kind.OUTPUT]
    assert [each.data["value"] for each in events] == ["first ", "second ", "third"]
    assert [each.sequence for each in events] == [1, 3, 5]
    assert places in ([1, 3, 4, 5], [1, 3, 4])
    after = await here.store.events(prediction_id, after=4)
    assert after[0].data == {"value": "third"}


async def gone(store: Store, prediction_id: str) -> bool:
    return await said(store, prediction_id, Kind.PREVIEW) == []


async def test_the_files_of_previews_do_not_pile_up(here: Place) -> None:
    found = await here.run(await here.model(HEAD + SHOWS), safety_checker=True)
    assert await here.logged(found.id) == "[]\n"


async def test_nobody_sees_a_preview_of_what_is_to_be_checked(here: Place) -> None:
    version = await here.model(HEAD + SHOWS)
    prediction_id = await here.create(version, safety_checker=True)
    heard: list[Event] = []
    with here.store.follow(prediction_id) as live:
        async for event in live:
            heard.append(event)
            if event.data == {"value": "third"}:
                break
    assert [each.kind for each in heard if each.kind is Kind.PREVIEW] == []


@pytest.mark.parametrize("end", ["fails", "cancel"])
async def test_previews_go_however_a_run_ends(here: Place, tmp_path: Path, end: str) -> None:
    flag = tmp_path / "flag"
    prediction_id = await here.create(await here.model(HEAD + SHOWS), flag=str(flag), fails=True)
    await until(lambda: said(here.store, prediction_id, Kind.PREVIEW))
    if end == "cancel":
        await here.store.cancel(prediction_id, account_id=None)
    else:
        flag.touch()
    assert (await here.ended(prediction_id)).status is not Status.SUCCEEDED
    await until(lambda: gone(here.store, prediction_id))


@pytest.mark.parametrize(
    "given",
    [
        {"path": "/etc/hostname"},
        {"path": "../../../../../../../../etc/hostname"},
        {"path": "nothing.png"},
        {"path": "linked.png", "link": "/etc/hostname"},
        {"path": "words.png", "data": "no picture"},
        {"path": "page.svg", "data": "<svg xmlns='http://www.w3.org/2000/svg'/>"},
        {"path": "moving.gif", "data": "GIF89a"},
        {"path": ""},
    ],
)
async def test_a_preview_that_is_no_small_picture_of_its_run_is_dropped(
    here: Place, given: dict[str, str]
) -> None:
    version = await here.model(HEAD + FORGES)
    prediction_id = await here.create(version, **given)
    with here.store.follow(prediction_id) as live:
        found = await here.ended(prediction_id)
        here.store.say(Event(prediction_id, 1, 9, Kind.LOG, {}, 0))
        assert (await anext(aiter(live))).kind is Kind.LOG
    assert found.result == "finished"


@pytest.mark.needs("postgres")
async def test_deltas_and_previews_are_read_by_another_process(tmp_path: Path) -> None:
    first, second, flag = tmp_path / "a", tmp_path / "b", tmp_path / "flag"
    first.mkdir()
    second.mkdir()
    with postgres_database() as database:
        async with place(first, database=database) as here, place(second, database=database) as there:
            await there.node.stop(0.0)
            prediction_id = await here.create(await here.model(HEAD + SHOWS), flag=str(flag))
            await until(lambda: said(there.store, prediction_id, Kind.PREVIEW))
            flag.touch()
            await there.ended(prediction_id)
            await until(lambda: gone(there.store, prediction_id))
            calls = await here.run(await here.model(HEAD + CALLS, name="calls"))
            assert len(await said(there.store, calls.id, Kind.DELTA)) == 4


async def test_of_previews_that_a_process_forces_upon_the_node_most_are_dropped(here: Place) -> None:
    source = """
class Predictor(BasePredictor):
    def predict(self) -> str:
        for number in range(50):
            (current_scope().folder / f"{number}.png").write_bytes(PNG)
            frame = {"type": "preview", "id": current_scope().run_id, "path": f"{number}.png"}
            current_scope()._outbox.put(frame)
        return "finished"
"""
    prediction_id = await here.create(await here.model(HEAD + source))
    with here.store.follow(prediction_id) as live:
        await here.ended(prediction_id)
        here.store.say(Event(prediction_id, 1, 99, Kind.LOG, {}, 0))
        kinds = []
        async for event in live:
            kinds.append(event.kind)
            if event.kind is Kind.LOG:
                break
    assert kinds.count(Kind.PREVIEW) < 10
    assert kinds[0] is Kind.PREVIEW
