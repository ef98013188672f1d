"""Money and repeated requests over crashes and processes: a key makes one prediction, which is charged once."""

import sqlite3
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from databases import direct_to, postgres_database
from foretell.config import Config
from predictions import create, end, processing
from promises import Memory, broken, rest
from servers import KEY, Foretell, running, until

OPTIONS = ("--sandbox", "--port", "0", "--key", KEY)
PRICES = {"FORETELL_PRICES": 'echo = { amount = 1 }\nslow = { amount = 0.01, unit = "computing_second" }'}
CREDITS = "/v1/admin/accounts/default/credits"
ECHO = {"model": "echo", "input": {"prompt": "once"}}


@contextmanager
def nothing_can_be_written(data: Path) -> Iterator[None]:
    """Holds the lock that every commit needs."""
    holder = sqlite3.connect(data / "foretell.db", isolation_level=None)
    holder.execute("BEGIN IMMEDIATE")
    yield
    holder.execute("ROLLBACK")
    holder.close()


def balance(server: Foretell) -> dict[str, Any]:
    with server.client() as client:
        found: dict[str, Any] = client.get(CREDITS).json()["balance"]
    return found


def add(server: Foretell, amount: str) -> None:
    with server.client() as client:
        assert client.post(CREDITS, json={"amount": amount}).status_code == 200


def asked(
    server: Foretell, name: str, body: dict[str, Any] = ECHO, *, path: str = "/v1/predict"
) -> httpx.Response:
    with server.client() as client:
        return client.post(path, json=body, headers={"idempotency-key": name})


def output(server: Foretell, prediction_id: str) -> str | None:
    """What a prediction has said so far."""
    with server.client() as client:
        found: str | None = client.get(f"/v1/predictions/{prediction_id}").json()["output"]
    return found


def kept(config: Config) -> list[str]:
    rest(config)
    return broken(config, Memory())


def test_killed_before_the_commit_of_a_charge_it_charges_once_after_the_start(tmp_path: Path) -> None:
    with running(tmp_path, *OPTIONS, **PRICES) as server:
        add(server, "30")
        made = create(server, "slow", {"seconds": 1})
        processing(server, made["id"])
        with nothing_can_be_written(tmp_path):
            # Its output is there, and its end cannot be written.
            until(lambda: "done" in (output(server, made["id"]) or ""), about="the end of the run")
            server.kill()
    with running(tmp_path, *OPTIONS, **PRICES) as server:
        ended = end(server, made["id"])
        cost = ended["metadata"]["billing"]["credits_used"]
        assert 0.01 <= cost < 0.03
        found = balance(server)
        assert (found["held"], found["spent"]) == (0, cost)
    assert kept(Config(data=str(tmp_path))) == []


def test_killed_again_and_again_while_predictions_end_it_charges_each_once(tmp_path: Path) -> None:
    made: list[str] = []
    for _ in range(3):
        with running(tmp_path, *OPTIONS, **PRICES) as server, direct_to(Config(data=str(tmp_path))) as direct:
            before = direct("SELECT COUNT(*) FROM charges WHERE charged > 0")[0][0]
            made += [create(server, "echo", {"prompt": str(number)})["id"] for number in range(30)]
            charged = "SELECT COUNT(*) FROM charges WHERE charged > 0"
            until(lambda: direct(charged)[0][0] > before, about="a charge")  # noqa: B023 asked at once
            server.kill()
    with running(tmp_path, *OPTIONS, **PRICES) as server:
        assert {end(server, each)["metadata"]["billing"]["credits_used"] for each in made} == {1}
        found = balance(server)
        assert (found["held"], found["spent"]) == (0, len(made))
    assert kept(Config(data=str(tmp_path))) == []


def test_what_a_run_used_that_was_canceled_and_killed_is_free_after_the_start(tmp_path: Path) -> None:
    with running(tmp_path, *OPTIONS, **PRICES) as server:
        add(server, "30")
        made = create(server, "slow", {"seconds": 600})
        processing(server, made["id"])
        with server.client() as client:
            canceled = client.post(f"/v1/predictions/{made['id']}/cancel").json()
            assert canceled["status"] == "canceled"
        until(lambda: balance(server)["held"] == 0, about="the settlement")
        spent = balance(server)["spent"]
        assert 0 < spent < 1
        server.kill()
    with running(tmp_path, *OPTIONS, **PRICES) as server:
        assert balance(server)["spent"] == spent
    assert kept(Config(data=str(tmp_path))) == []


def test_a_request_whose_answer_got_lost_is_answered_after_a_restart_with_the_first_prediction(
    tmp_path: Path,
) -> None:
    with running(tmp_path, *OPTIONS) as server:
        body = {"model": "slow", "input": {"seconds": 1}, "await": True}
        with ThreadPoolExecutor() as threads:
            lost = threads.submit(asked, server, "order-1", body)
            with server.client() as client:
                until(lambda: client.get("/v1/predictions").json()["data"], about="the prediction")
            server.kill()
            assert isinstance(lost.exception(), httpx.TransportError)
    with running(tmp_path, *OPTIONS) as server:
        answer = asked(server, "order-1", body)
        assert answer.json()["status"] == "succeeded"
        assert answer.headers["idempotent-replayed"] == "true"
        assert asked(server, "order-1", ECHO).status_code == 422
        with server.client() as client:
            assert client.get("/v1/predictions").json()["pagination"]["total"] == 1


def test_a_chat_whose_answer_got_lost_is_answered_after_a_restart(tmp_path: Path) -> None:
    body = {"model": "slow", "messages": [{"role": "user", "content": "Take your time."}]}
    with running(tmp_path, *OPTIONS) as server, ThreadPoolExecutor() as threads:
        lost = threads.submit(asked, server, "talk", body, path="/v1/chat/completions")
        with server.client() as client:
            until(lambda: client.get("/v1/predictions").json()["data"], about="the prediction")
        server.kill()
        assert lost.exception() is not None
    with running(tmp_path, *OPTIONS) as server:
        answer = asked(server, "talk", body, path="/v1/chat/completions")
        assert answer.json()["choices"][0]["message"]["content"].endswith("done\n")
        with server.client() as client:
            assert client.get("/v1/predictions").json()["pagination"]["total"] == 1


@pytest.fixture
def apis(tmp_path: Path) -> Iterator[list[Foretell]]:
    """Two APIs and a node on one Postgres."""
    settings = {"FORETELL_SANDBOX": "1"} | PRICES
    with postgres_database() as database, ExitStack() as stack:
        options = ("--database", database, "--port", "0", "--key", KEY)
        found = [
            stack.enter_context(running(tmp_path, *options, command="api", **settings)) for _ in range(2)
        ]
        stack.enter_context(running(tmp_path, "--database", database, command="node", **settings))
        yield found


@pytest.mark.needs("postgres")
def test_two_apis_share_the_prediction_of_a_key(apis: list[Foretell]) -> None:
    body = ECHO | {"await": True}
    with ThreadPoolExecutor(16) as threads:
        answers = list(
            threads.map(lambda number: asked(apis[number % 2], f"order-{number // 8}", body), range(64))
        )
    assert {(each.status_code, each.json()["status"]) for each in answers} == {(200, "succeeded")}
    assert len({each.json()["id"] for each in answers}) == 8
    assert sum("idempotent-replayed" not in each.headers for each in answers) == 8


@pytest.mark.needs("postgres")
def test_two_apis_never_spend_more_than_there_is(apis: list[Foretell]) -> None:
    add(apis[0], "10")

    def buy(number: int) -> int:
        with apis[number % 2].client() as client:
            return client.post("/v1/predict", json=ECHO).status_code

    with ThreadPoolExecutor(16) as threads:
        codes = list(threads.map(buy, range(40)))
    assert (codes.count(200), codes.count(402)) == (10, 30)
    until(lambda: balance(apis[1])["held"] == 0, about="the settlements")
    found = balance(apis[1])
    assert (found["available"], found["spent"]) == (0, 10)
