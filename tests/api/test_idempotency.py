"""The same request under the same Idempotency-Key creates one prediction, however often and however it comes."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest

from foretell.event import Kind
from foretell.ids import new_token
from foretell.prediction import Status
from served_api import Api
from servers import until

CREATE = {"model": "truefusion", "input": {"prompt": "a fox"}}
CHAT = {"model": "deepbrain", "messages": [{"role": "user", "content": "Hello?"}]}


@pytest.fixture
def name() -> str:
    return f"key-{new_token()}"


@pytest.fixture
def client(either_api: Api, name: str) -> Iterator[httpx.Client]:
    """A client all of whose requests come under one key."""
    with either_api.client(**{"idempotency-key": name}) as client:
        yield client


def count(api: Api) -> int:
    return api.run(api.store.list_predictions(account_id=None))[1]


def the_only(api: Api) -> str:
    found, total = api.run(api.store.list_predictions(account_id=None))
    assert total == 1
    return found[0].id


def refused(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["error"]["error_id"]


def test_a_second_request_is_answered_with_the_first_prediction_and_says_so(
    either_api: Api, client: httpx.Client
) -> None:
    first = client.post("/v1/predict", json=CREATE)
    again = client.post("/v1/predictions", json=CREATE)
    assert first.json()["id"] == again.json()["id"]
    assert "idempotent-replayed" not in first.headers
    assert again.headers["idempotent-replayed"] == "true"
    assert count(either_api) == 1


def test_the_order_of_fields_and_the_way_a_number_is_written_make_no_other_body(client: httpx.Client) -> None:
    one = b'{"model": "truefusion", "input": {"prompt": "a fox", "steps": 30}}'
    same = b'{"input":{"steps":30.0,"prompt":"a f\\u006fx"},"model":"truefusion"}'
    json = {"content-type": "application/json"}
    first = client.post("/v1/predict", content=one, headers=json).json()
    assert client.post("/v1/predict", content=same, headers=json).json()["id"] == first["id"]


def test_another_body_under_the_same_key_is_refused(either_api: Api, client: httpx.Client) -> None:
    client.post("/v1/predict", json=CREATE)
    other = CREATE | {"input": {"prompt": "a wolf"}}
    assert refused(client.post("/v1/predict", json=other)) == (422, "IDEMPOTENCY_KEY_REUSED")
    assert count(either_api) == 1


def test_a_replay_shows_the_prediction_as_it_is_now_and_can_wait_for_its_end(
    either_api: Api, client: httpx.Client
) -> None:
    made = client.post("/v1/predict", json=CREATE | {"await": True}, headers={"prefer": "wait=0"}).json()
    hold = either_api.begin(made["id"])
    with ThreadPoolExecutor() as threads:
        waiting = threads.submit(client.post, "/v1/predict", json=CREATE | {"await": True})
        until(lambda: either_api.app.seats.taken == 1, about="a caller who waits")
        either_api.succeed(hold, "done")
        answer = waiting.result()
    assert (answer.json()["id"], answer.json()["status"]) == (made["id"], "succeeded")
    assert answer.headers["idempotent-replayed"] == "true"


def test_requests_at_the_same_time_share_one_prediction(either_api: Api, name: str) -> None:
    def ask(_: int) -> httpx.Response:
        with either_api.client(**{"idempotency-key": name}) as client:
            return client.post("/v1/predict", json=CREATE)

    with ThreadPoolExecutor(16) as threads:
        answers = list(threads.map(ask, range(32)))
    assert {answer.status_code for answer in answers} == {200}
    assert len({answer.json()["id"] for answer in answers}) == 1
    assert sum("idempotent-replayed" not in answer.headers for answer in answers) == 1
    assert count(either_api) == 1


def test_a_key_belongs_to_an_account_and_a_route(either_api: Api, client: httpx.Client, name: str) -> None:
    first = client.post("/v1/predict", json=CREATE).json()
    with either_api.client(either_api.other_account(), **{"idempotency-key": name}) as stranger:
        assert stranger.post("/v1/predict", json=CREATE).json()["id"] != first["id"]
    background = {"model": "deepbrain", "input": "Hello?", "background": True, "store": True}
    answer = client.post("/v1/responses", json=background)
    assert answer.status_code == 200
    assert client.post("/v1/responses", json=background).json()["id"] == answer.json()["id"]
    assert count(either_api) == 3


def test_a_refused_request_leaves_its_key_free(either_api: Api, client: httpx.Client) -> None:
    wrong = CREATE | {"input": {"prompt": "a fox", "steps": 900}}
    assert refused(client.post("/v1/predict", json=wrong)) == (422, "INVALID_INPUT")
    client.patch("/v1/admin/accounts/default", json={"requests_per_minute": 1})
    assert client.post("/v1/predict", json=CREATE, headers={"idempotency-key": "other"}).status_code == 200
    assert client.post("/v1/predict", json=CREATE).status_code == 429
    client.patch("/v1/admin/accounts/default", json={"requests_per_minute": None})
    answer = client.post("/v1/predict", json=CREATE | {"input": {"prompt": "a wolf"}})
    assert answer.status_code == 200
    assert "idempotent-replayed" not in answer.headers


def test_a_replay_is_not_refused_for_limits_that_are_reached(client: httpx.Client) -> None:
    client.patch("/v1/admin/accounts/default", json={"requests_per_minute": 1})
    first = client.post("/v1/predict", json=CREATE).json()
    again = client.post("/v1/predict", json=CREATE)
    assert (again.status_code, again.json()["id"]) == (200, first["id"])


def test_a_deleted_prediction_is_not_created_again_under_its_key(
    either_api: Api, client: httpx.Client
) -> None:
    made = client.post("/v1/predict", json=CREATE).json()
    client.delete(f"/v1/predictions/{made['id']}")
    answer = client.post("/v1/predict", json=CREATE)
    assert refused(answer) == (410, "GONE")
    assert made["id"] in answer.json()["error"]["message"]


@pytest.mark.parametrize("key", ["", "k" * 256])
def test_a_key_that_is_none_is_refused(api: Api, key: str) -> None:
    with api.client(**{"idempotency-key": key}) as client:
        assert refused(client.post("/v1/predict", json=CREATE)) == (400, "INVALID_PARAMETER")


def test_a_stream_under_a_used_key_tells_the_prediction_from_its_beginning(
    either_api: Api, client: httpx.Client
) -> None:
    body = {"model": "deepbrain", "input": {"prompt": "Hello?"}, "stream": True}
    made = client.post("/v1/predict", json=body).json()
    hold = either_api.begin(made["id"])
    either_api.say(hold, 1, Kind.OUTPUT, value="Hi")
    either_api.succeed(hold, "Hi")
    with client.stream("POST", "/v1/predict", json=body, headers={"accept": "text/event-stream"}) as answer:
        told = "".join(answer.iter_text())
    assert answer.headers["idempotent-replayed"] == "true"
    assert made["id"] in told
    assert "event: done" in told


def chat(client: httpx.Client, **more: Any) -> httpx.Response:
    return client.post("/v1/chat/completions", json=CHAT | more)


def test_a_chat_whose_caller_left_is_answered_to_the_one_who_asks_again(
    either_api: Api, client: httpx.Client, name: str
) -> None:
    with either_api.client(**{"idempotency-key": name}) as impatient:
        impatient.timeout = httpx.Timeout(1.0)
        with pytest.raises(httpx.ReadTimeout):
            chat(impatient)
    until(lambda: either_api.app.seats.taken == 0, about="the caller's seat")
    prediction_id = the_only(either_api)
    assert either_api.get(prediction_id).status is Status.STARTING
    either_api.succeed(either_api.begin(prediction_id), "Hello.", tokens_in=3, tokens_out=2)
    answer = chat(client)
    assert answer.json()["choices"][0]["message"]["content"] == "Hello."
    assert answer.headers["idempotent-replayed"] == "true"
    assert count(either_api) == 1


def test_each_choice_of_a_chat_is_created_once(either_api: Api, client: httpx.Client) -> None:
    def play() -> bool:
        for each in either_api.run(either_api.store.list_predictions(account_id=None))[0]:
            if not each.status.is_terminal:
                either_api.succeed(either_api.begin(each.id), f"I am {each.id}")
        return count(either_api) == 3

    with ThreadPoolExecutor() as threads:
        waiting = threads.submit(chat, client, n=3)
        until(play, about="three choices")
        until(lambda: play() and waiting.done(), about="the answer")
        first = waiting.result().json()
    again = chat(client, n=3)
    texts = [each["message"]["content"] for each in first["choices"]]
    assert texts == [each["message"]["content"] for each in again.json()["choices"]]
    assert len(set(texts)) == 3
    assert count(either_api) == 3


def test_choices_that_cannot_all_be_created_leave_their_key_free(
    either_api: Api, client: httpx.Client
) -> None:
    client.patch("/v1/admin/accounts/default", json={"requests_per_minute": 1})
    assert chat(client, n=2).status_code == 429
    assert the_only(either_api)
    assert either_api.get(the_only(either_api)).status is Status.CANCELED
    client.patch("/v1/admin/accounts/default", json={"requests_per_minute": None})
    with ThreadPoolExecutor() as threads:
        waiting = threads.submit(chat, client, temperature=0.5)
        until(lambda: count(either_api) == 2, about="a new prediction under the key")
        newest = either_api.run(either_api.store.list_predictions(account_id=None))[0][0]
        either_api.succeed(either_api.begin(newest.id), "Hello.")
        assert waiting.result().status_code == 200


def test_a_picture_that_is_sent_again_is_changed_once(either_api: Api, client: httpx.Client) -> None:
    form = {"model": "truefusion", "prompt": "more red"}

    def edit(data: bytes) -> httpx.Response:
        return client.post("/v1/images/edits", data=form, files={"image": ("a.png", data, "image/png")})

    with ThreadPoolExecutor() as threads:
        waiting = threads.submit(edit, b"one picture")
        until(lambda: count(either_api) == 1, about="the prediction")
        either_api.succeed_with_file(either_api.begin(the_only(either_api)), b"red")
        first = waiting.result()
    assert first.status_code == 200
    assert edit(b"one picture").json()["data"] == first.json()["data"]
    assert refused(edit(b"another one")) == (422, "IDEMPOTENCY_KEY_REUSED")
    assert count(either_api) == 1
