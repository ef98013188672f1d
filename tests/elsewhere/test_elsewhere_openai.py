"""What servers that speak OpenAI's language do besides chatting, and what they answer when they cannot."""

import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from elsewhere.connected import FAR_KEY, Asked, Near, Reply, events, far, near, replaying, told
from servers import Foretell, foretell, until

MODELS = told({"object": "list", "data": [{"id": "talker", "object": "model"}]})
QUICK = {"PATIENCE_SECONDS": 4.0, "SILENCE_SECONDS": 1.0}


def chunk(text: str = "", **more: Any) -> str:
    choice = {"index": 0, "delta": {"content": text} if text else {}, "finish_reason": None, **more}
    return "data: " + json.dumps({"object": "chat.completion.chunk", "choices": [choice]})


END = (chunk(finish_reason="stop"), "data: [DONE]")


@pytest.fixture(scope="module")
def there(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Foretell]:
    with far(tmp_path_factory.mktemp("far")) as server:
        yield server


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Near]:
    with near(tmp_path_factory.mktemp("near")) as server:
        yield server


def connected(here: Near, there: Foretell, model: str, *options: str) -> str:
    asked = ("--kind", "openai", "--model", model, "--key-variable", "FAR_KEY", *options)
    return here.connect(f"{there.address}/v1", f"openai-{model}", *asked)


class Talker:
    """A server whose chats are answered by `reply`; it lists one model."""

    def __init__(self) -> None:
        self.reply: Any = None
        self.chats = 0

    def __call__(self, asked: Asked) -> Reply:
        if asked.path.endswith("/models"):
            return MODELS
        if asked.method == "GET":
            return told({"error": "no such route"}, 404)
        self.chats += 1
        found = self.reply(self.chats) if callable(self.reply) else self.reply
        assert isinstance(found, tuple)
        return found


def said_by(here: Near, reply: Any, **settings: Any) -> tuple[dict[str, Any], int, list[Asked]]:
    """How a run ends to which the server says that; how often it was asked, and what."""
    talker = Talker()
    talker.reply = reply
    with replaying(talker) as server:
        name = here.connect(server.url, "talker", "--key-variable", "FAR_KEY", **{**QUICK, **settings})
        ended = here.run(name, prompt="hello")
        return ended, talker.chats, server.asked


def test_a_chat_is_found_by_itself(here: Near, there: Foretell) -> None:
    ended = here.run(connected(here, there, "deepbrain"), prompt="Hello.", max_tokens=20)
    assert ended["status"] == "succeeded" and ended["output"]
    assert ended["metrics"]["tokens_in"] > 0


def test_texts_become_vectors_also_on_our_route_for_them(here: Near, there: Foretell) -> None:
    name = connected(here, there, "embed")
    answer = here.client.post("/v1/embeddings", json={"model": name, "input": ["a cat", "a kitten"]}).json()
    asked = {"model": "embed", "input": ["a cat", "a kitten"]}
    original = there.client(FAR_KEY).post("/v1/embeddings", json=asked).json()
    assert [each["embedding"] for each in answer["data"]] == [each["embedding"] for each in original["data"]]
    assert answer["usage"]["prompt_tokens"] == original["usage"]["prompt_tokens"] > 0


def test_pictures_come_as_files_of_ours_also_on_our_route_for_them(here: Near, there: Foretell) -> None:
    name = connected(here, there, "truefusion")
    body = {"model": name, "prompt": "a fox", "n": 2, "size": "128x64"}
    answer = here.client.post("/v1/images/generations", json=body)
    assert answer.status_code == 200, answer.text
    addresses = [each["url"] for each in answer.json()["data"]]
    assert len(addresses) == 2
    assert all(each.startswith(here.server.address) for each in addresses)
    assert all(httpx.get(each).content.startswith(b"\x89PNG") for each in addresses)


def test_speech_comes_as_a_file_of_ours(here: Near, there: Foretell) -> None:
    ended = here.run(connected(here, there, "speech"), prompt="Good morning.")
    assert httpx.get(ended["output"][0]).content.startswith(b"RIFF"), ended


@pytest.mark.parametrize(("form", "begins"), [("text", ""), ("srt", "1\n00:00"), ("json", "{")])
def test_recordings_are_written_down_there(here: Near, there: Foretell, form: str, begins: str) -> None:
    name = connected(here, there, "transcribe")
    recording = here.run(connected(here, there, "speech"), prompt="Good morning.")["output"][0]
    ended = here.run(name, audio=recording, output_format=form)
    assert ended["status"] == "succeeded", ended
    assert ended["output"].startswith(begins) and ended["output"]
    assert ended["metrics"].get("audio_seconds", 0) >= 0


def test_a_full_server_is_asked_again_when_it_says(here: Near) -> None:
    def reply(number: int) -> Reply:
        full = told({"error": {"message": "Slow down.", "code": "rate_limited"}}, 429, retry_after="1")
        return full if number == 1 else events(chunk("at last"), *END)

    ended, count, asked = said_by(here, reply)
    assert (ended["output"], count) == ("at last", 2)
    first, second = [each.at_seconds for each in asked if each.method == "POST"]
    assert second - first >= 1.0


def test_a_server_that_stays_full_is_given_up_in_its_own_words(here: Near) -> None:
    ended, count, _ = said_by(here, told({"error": {"message": "No room at all.", "code": "full"}}, 503))
    assert ended["status"] == "failed"
    assert "No room at all (full)" in ended["error"]
    assert 2 <= count <= 6


def test_an_empty_purse_is_not_asked_again(here: Near) -> None:
    quota = {"error": {"message": "You exceeded your current quota.", "code": "insufficient_quota"}}
    ended, count, _ = said_by(here, told(quota, 429))
    assert (count, "insufficient_quota" in ended["error"]) == (1, True)


def test_an_answer_that_broke_off_is_not_asked_for_again(here: Near) -> None:
    ended, count, _ = said_by(here, events(chunk("half of")))
    assert (ended["status"], count) == ("failed", 1)
    assert "the answer has no end" in ended["error"]


def test_an_error_in_the_middle_fails_the_run(here: Near) -> None:
    broken = "data: " + json.dumps({"error": {"message": "The GPU fell off.", "type": "server_error"}})
    ended, _, _ = said_by(here, events(chunk("half of"), broken))
    assert ended["error"].endswith("failed to run it: The GPU fell off (server_error)")


def test_a_silent_server_is_left(here: Near) -> None:
    def reply(_: int) -> Reply:
        until(lambda: time.monotonic() > silent_until, about="the end of the silence")
        return events(*END)

    silent_until = time.monotonic() + 15
    ended, _, _ = said_by(here, reply, SILENCE_SECONDS=0.5)
    assert ended["error"].endswith("has said nothing for too long.")


def test_a_refused_key_is_not_repeated_by_anybody(here: Near) -> None:
    echo = {"error": {"message": f"Incorrect API key provided: {FAR_KEY}.", "code": "invalid_api_key"}}
    ended, count, asked = said_by(here, told(echo, 401))
    assert count == 1
    assert asked[-1].headers["authorization"] == f"Bearer {FAR_KEY}"
    assert (
        "Incorrect API key provided: [key] (invalid_api_key). Look at the variable FAR_KEY" in ended["error"]
    )
    assert FAR_KEY not in json.dumps(here.get(ended["id"])) + here.logged(ended["id"]) + here.server.said()


def test_a_key_does_not_follow_to_another_address(here: Near) -> None:
    with replaying(lambda asked: events(chunk("stolen"), *END)) as other:
        ended, _, _ = said_by(here, (307, {"location": f"{other.url}/v1/chat/completions"}, b""))
        assert ended["status"] == "failed"
        assert "connect to that address" in ended["error"]
        assert other.asked == []


def test_a_picture_elsewhere_is_fetched_without_the_key_and_never_from_a_private_address(here: Near) -> None:
    with replaying(lambda asked: (200, {"content-type": "image/png"}, b"\x89PNG a picture")) as store:

        def reply(asked: Asked) -> Reply:
            if asked.path.endswith("/models"):
                return told({"object": "list", "data": [{"id": "flux"}]})
            return told({"data": [{"url": store.url.replace("127.0.0.1", place) + "/a.png"}]})

        place = "localhost"
        with replaying(reply) as server:
            name = here.connect(server.url, "flux", "--key-variable", "FAR_KEY")
            ended = here.run(name, prompt="a fox", safety_checker=False)
            assert "localhost, a private address that is not the server's own" in ended["error"]
            assert store.asked == []
            place = "127.0.0.1"
            ended = here.run(name, prompt="a fox", safety_checker=False)
            assert ended["status"] == "succeeded", ended
            assert "authorization" not in store.asked[0].headers


def test_words_are_whole_whatever_they_are_cut_at(here: Near) -> None:
    text = "Zwölf\u2028Boxkämpfer\x85 🦊\r\n"
    line = (chunk(text) + "\n\n").encode()
    raw = json.dumps({"choices": [{"delta": {"content": text}}]}, ensure_ascii=False)
    whole = line + f"data: {raw}\r\n\r\n".encode() + "".join(f"{each}\n\n" for each in END).encode()
    pieces = [whole[each : each + 1] for each in range(len(whole))]
    ended, _, _ = said_by(here, (200, {"content-type": "text/event-stream; charset=utf-8"}, pieces))
    assert ended["output"] == text * 2


def test_a_server_that_does_not_stream_is_understood(here: Near) -> None:
    message = {"role": "assistant", "content": "All at once.", "reasoning_content": "Hm."}
    answer = {
        "choices": [{"index": 0, "message": message, "finish_reason": "stop"}],
        "usage": {"prompt_tokens": 7, "completion_tokens": 3},
    }
    ended, _, _ = said_by(here, told(answer))
    assert ended["output"] == "All at once."
    assert ended["metadata"]["message"] == {"reasoning_content": "Hm.", "finish_reason": "stop"}
    assert (ended["metrics"]["tokens_in"], ended["metrics"]["tokens_out"]) == (7, 3)


def test_what_was_not_asked_for_is_not_sent(here: Near) -> None:
    _, _, asked = said_by(here, events(chunk("hello"), *END))
    assert asked[-1].json == {
        "model": "talker",
        "messages": [{"role": "user", "content": "hello"}],
        "stream": True,
        "stream_options": {"include_usage": True},
    }


@pytest.mark.parametrize("address", ["talker", "ftp://127.0.0.1", "http://user:pass@127.0.0.1:1"])
def test_an_address_that_is_none_is_refused(tmp_path: Path, address: str) -> None:
    ran = foretell("models", "connect", address, data=tmp_path)
    assert ran.returncode == 1
    assert "must be an address" in ran.stderr or "Keep keys out of the address" in ran.stderr


def test_a_server_that_is_nothing_we_know_is_told_so(tmp_path: Path) -> None:
    with replaying(lambda asked: (200, {"content-type": "text/html"}, b"<html>")) as server:
        ran = foretell("models", "connect", server.url, data=tmp_path)
    assert "cannot be found out" in ran.stderr and "--kind" in ran.stderr
