"""What a predictor says beside its output: deltas and previews."""

from pathlib import Path

import pytest

from child.node_end import Child, Frame

FUNCTION = "predict.py:predict"
HEAD = (
    "import json, os, time, threading\nimport foretell\nfrom cog import ConcatenateIterator, current_scope\n"
)
PNG = b"\x89PNG\r\n\x1a\n" + bytes(60)


def ran(child: Child, body: str, returns: str = "str") -> Frame:
    code = f"{HEAD}PNG = {PNG!r}\ndef predict() -> {returns}:\n{body}\n"
    assert child.set_up(code, predictor=FUNCTION)["type"] == "ready"
    return child.run()


def previews(child: Child, folder: Path, id: str = "a") -> list[bytes]:
    return [(folder / "runs" / id / frame["path"]).read_bytes() for frame in child.of("preview", id)]


def test_a_delta_is_heard_in_its_place_among_what_is_yielded(child: Child) -> None:
    body = """
    yield "one "
    foretell.delta({"tool_calls": [{"index": 0}]})
    yield "two"
    foretell.delta({"finish_reason": "stop"})"""
    assert ran(child, body, "ConcatenateIterator[str]")["type"] == "done"
    said = [frame.get("value", frame.get("delta")) for frame in child.frames if frame.get("id") == "a"]
    assert said[:4] == ["one ", {"tool_calls": [{"index": 0}]}, "two", {"finish_reason": "stop"}]


@pytest.mark.parametrize(
    ("said", "complaint"),
    [
        ("'stop'", "a delta is a dict, not str"),
        ("{'content': 'Hello.'}", "a delta has no content: text is yielded"),
        ("{'refusal': 'x' * 262_144}", "a delta of 262,159 bytes is larger than 262,144; say it in pieces"),
        ("{'logprobs': {'content': [float('nan')]}}", "Out of range float values are not JSON compliant"),
        ("deep", "a delta can be nested 60 levels deep"),
        ("round", "Circular reference detected"),
    ],
)
def test_a_delta_that_cannot_be_said_fails_the_run_with_a_sentence(
    child: Child, said: str, complaint: str
) -> None:
    body = f"""
    deep = {{}}
    for _ in range(60): deep = {{"in": deep}}
    round = {{}}
    round["in"] = round
    foretell.delta({said})"""
    ending = ran(child, body)
    assert (ending["type"], ending["code"]) == ("failed", "raised")
    assert complaint in ending["message"]
    assert child.of("delta") == []


def test_a_delta_of_256_kilobytes_is_heard(child: Child) -> None:
    ran(child, "    foretell.delta({'refusal': 'x' * (262_144 - 15)})\n    return ''")
    assert len(child.of("delta")[0]["delta"]["refusal"]) == 262_144 - 15


def test_outside_of_a_run_nobody_hears_anything(child: Child) -> None:
    code = f"""{HEAD}
class Predictor:
    def setup(self):
        foretell.delta({{"finish_reason": "stop"}})
        foretell.preview({PNG!r})
    def predict(self) -> str:
        return ""
"""
    assert child.set_up(code)["type"] == "ready"
    child.run()
    assert [frame["type"] for frame in child.frames if frame["type"] in ("delta", "preview")] == []


def test_runs_at_the_same_time_say_each_its_own(child: Child) -> None:
    code = f"""{HEAD}
import asyncio
from cog import AsyncConcatenateIterator
both = asyncio.Event()
waiting = []
class Predictor:
    async def predict(self, word: str) -> AsyncConcatenateIterator[str]:
        waiting.append(word)
        if len(waiting) == 2: both.set()
        await both.wait()
        foretell.delta({{"refusal": word}})
        foretell.preview({PNG!r} + word.encode())
        yield word
"""
    child.set_up(code, concurrency=2)
    child.begin("a", word="first")
    child.begin("b", word="second")
    child.ending("a"), child.ending("b")
    assert [frame["delta"] for frame in child.of("delta", "a")] == [{"refusal": "first"}]
    assert [frame["delta"] for frame in child.of("delta", "b")] == [{"refusal": "second"}]
    assert previews(child, child.folder, "b") == [PNG + b"second"]


@pytest.mark.parametrize(
    "given", ["PNG", "bytearray(PNG)", "'mine.png'", "foretell.scope.pathlib.Path('mine.png')"]
)
def test_a_preview_is_a_file_of_its_own_and_the_models_stays(child: Child, given: str) -> None:
    body = f"""
    open("mine.png", "wb").write(PNG)
    foretell.preview({given})
    return str(os.path.exists("mine.png"))"""
    assert ran(child, body)["value"] == "True"
    assert previews(child, child.folder) == [PNG]


@pytest.mark.parametrize(
    "given", ["b''", "PNG + bytes(65_536)", "'large.png'", "'pipe'", "'missing.png'", "'.'"]
)
def test_a_preview_that_cannot_be_shown_is_dropped_without_failing_the_run(child: Child, given: str) -> None:
    body = f"""
    open("large.png", "wb").write(PNG + bytes(65_536))
    os.mkfifo("pipe")
    foretell.preview({given})
    return "finished" """
    assert ran(child, body)["value"] == "finished"
    assert child.of("preview") == []


def test_the_log_says_which_preview_cannot_be_read(child: Child) -> None:
    ran(child, "    foretell.preview('missing.png')\n    return ''")
    assert child.log(source="stderr") == "the preview missing.png cannot be read: No such file or directory\n"


def test_what_is_no_picture_at_all_is_the_authors_mistake(child: Child) -> None:
    ending = ran(child, "    foretell.preview(7)\n    return ''")
    assert ending["message"].endswith("a preview is a path or bytes, not int")


def test_of_previews_that_come_too_fast_the_first_of_each_fifth_of_a_second_is_heard(child: Child) -> None:
    body = """
    until = time.monotonic() + 0.7
    while time.monotonic() < until:
        foretell.preview(PNG)
        time.sleep(0.001)
    return "" """
    ran(child, body)
    assert 1 < len(child.of("preview")) <= 4


def test_a_thread_of_the_predictors_own_says_things_for_its_run(child: Child) -> None:
    body = """
    thread = threading.Thread(target=foretell.delta, args=({"refusal": "No."},))
    thread.start()
    thread.join()
    return "" """
    ran(child, body)
    assert [frame["delta"] for frame in child.of("delta")] == [{"refusal": "No."}]
