"""A server as it is after two weeks: accounts, keys, predictions of every kind, webhooks that failed, a run.

What happened really happened, a moment ago; then its rows were moved back in time.
"""

import shutil
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import httpx

from browser.moving_back import move_back
from servers import KEY, Foretell, Receiver, running, until

SANDBOX = str(Path(__file__).parents[2] / "src/foretell/models/sandbox")
PRICES = (
    '"truefusion" = { amount = 0.03, unit = "image" }\n"deepbrain" = { amount = 0.002, unit = "prediction" }'
)

_SCENES = (
    "a red fox in the snow",
    "a lighthouse at dusk, long exposure",
    "a bowl of cherries on linen",
    "a whale above a city",
    "an orange heart of folded paper",
    "a frog reading a newspaper",
)
_QUESTIONS = (
    "What is a webhook, in one sentence?",
    "Name three rivers of Europe.",
    "Write a title for an article about foxes.",
)
_FAILURES = ("The picture has no face.", "The sound is longer than 30 minutes.", "The picture has no face.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A server with a past. `ids`: the newest prediction of some models; an account with keys; a finished addition."""

    server: Foretell
    ids: dict[str, str]
    account: str
    addition: str


def member_pages(place: Place) -> dict[str, str]:
    """Every page that members have, by name."""
    return {
        "models": "/models",
        "playground": "/models/truefusion",
        "predictions": "/predictions",
        "prediction": f"/predictions/{place.ids['truefusion']}",
        "prediction-failed": f"/predictions/{place.ids['fail']}",
        "prediction-running": f"/predictions/{place.ids['slow']}",
        "keys": "/keys",
        "webhooks": "/webhooks",
        "usage": "/usage",
        "browsers": "/account",
    }


def operator_pages(place: Place) -> dict[str, str]:
    """Every page that operators have beside them, by name."""
    return {
        "operator": "/operator",
        "operator-models": "/operator/models",
        "operator-model": "/operator/models/web-shop/greeter",
        "operator-addition": f"/operator/additions/{place.addition}",
        "operator-accounts": "/operator/accounts",
        "operator-account": f"/operator/accounts/{place.account}",
        "operator-errors": "/operator/errors",
        "operator-settings": "/operator/settings",
        "operator-audit": "/operator/audit",
    }


@contextmanager
def lived_in(data: Path, *, count: int = 40, real: bool = False) -> Iterator[Place]:
    """A server with about `count` predictions behind it, of the sandbox's models or the built-in ones."""
    options = ("--port", "0", "--key", KEY)
    settings = {"FORETELL_PRICES": PRICES, "FORETELL_KEEP_INPUTS_SECONDS": str(90 * 86_400)}
    if real:
        shutil.copytree(SANDBOX, data / "models of our own")
    settings |= {"FORETELL_MODELS": str(data / "models of our own")} if real else {"FORETELL_SANDBOX": "1"}
    with running(data, *options, **settings) as server:
        account = _people(server)
        _past(server, count, every=80 if real else 20)
        addition = _added(server, data)
        assert server.stop() == 0
    move_back(data / "foretell.db")
    with running(data, *options, **settings) as server:
        ids = _present(server)
        yield Place(server=server, ids=ids, account=account, addition=addition)


def _people(server: Foretell) -> str:
    """Keys and accounts; the id of one that has credits and keys."""
    with server.client() as client:
        for name in ("production", "staging", "night jobs"):
            _post(client, "/v1/keys", {"name": name})
        old = _post(client, "/v1/keys", {"name": "laptop of a trainee"})
        client.delete(f"/v1/keys/{old['id']}")
        shop = _post(client, "/v1/admin/accounts", {"name": "web shop", "requests_per_minute": 120})
        _post(
            client, f"/v1/admin/accounts/{shop['id']}/credits", {"amount": "250", "note": "invoice 2026-17"}
        )
        _post(client, "/v1/admin/keys", {"name": "checkout", "account": shop["id"]})
        _post(client, "/v1/admin/accounts", {"name": "newsroom"})
        trial = _post(client, "/v1/admin/accounts", {"name": "trial"})
        client.patch(f"/v1/admin/accounts/{trial['id']}", json={"suspended": True})
    return str(shop["id"])


def _past(server: Foretell, count: int, *, every: int) -> None:
    good, bad = Receiver(), Receiver()
    bad.refuses = True
    try:
        wanted = [_wish(number % every, number, good.url, bad.url) for number in range(count)]
        with server.client() as client, ThreadPoolExecutor(4) as several:
            made = list(several.map(lambda body: _post(client, "/v1/predictions", body), wanted))
            for each in made:
                until(partial(_is_over, client, each["id"]), about="the end of a prediction", seconds=300)
            until(lambda: _all_tried(client, bad.url), about="the deliveries' first attempts")
    finally:
        good.close()
        bad.close()


def _wish(place: int, number: int, good: str, bad: str) -> dict[str, Any]:
    """What is asked for: in the first twenty places three pictures, three texts, two failures, one speech."""
    webhook = (
        {"url": bad if place in {7, 22, 37} else good, "events": ["completed"]} if place % 5 == 2 else None
    )
    if place in {0, 7, 12}:
        return {
            "model": "truefusion",
            "input": {"prompt": _SCENES[number % len(_SCENES)]},
            "webhook": webhook,
        }
    if place in {2, 9, 17}:
        return {"model": "deepbrain", "input": {"prompt": _QUESTIONS[number % 3]}, "webhook": webhook}
    if place in {4, 14}:
        return {"model": "fail", "input": {"message": _FAILURES[number // 10 % 3]}}
    if place == 6:
        return {"model": "speech", "input": {"prompt": "Welcome back. You have two new messages."}}
    if place == 15:
        return {"model": "echo", "input": {"prompt": "Is anybody there? " * 3}}
    return {
        "model": "embed",
        "input": {"texts": [f"article {number}", "foxes and how they live"]},
        "webhook": webhook,
    }


def _added(server: Foretell, data: Path) -> str:
    """Adds a model in two versions; the id of the newer addition."""
    folder = data / "greeter"
    folder.mkdir()
    addition = ""
    for word in ("Hello", "Good day"):
        (folder / "model.toml").write_text(
            'namespace = "web-shop/greeter"\nname = "Greeter"\ntype = "text"\n'
            'description = "Greets customers by their name."\npredictor = "predict.py:Greeter"\n'
            'license = "Apache-2.0"\n[[examples]]\ntitle = "A customer"\ninput = { name = "Ada" }\n'
        )
        (folder / "predict.py").write_text(
            f'class Greeter:\n    def predict(self, name: str) -> str:\n        return f"{word}, {{name}}!"\n'
        )
        with server.client() as client:
            addition = _post(client, "/v1/admin/models", {"source": str(folder)})["id"]
            until(partial(_is_added, client, addition), about="the greeter")
    return addition


def _present(server: Foretell) -> dict[str, str]:
    """Something warm, something running, something waiting; the newest prediction of each model."""
    ids = {}
    with server.client() as client:
        for model, given in (
            ("truefusion", {"prompt": _SCENES[0]}),
            ("deepbrain", {"prompt": _QUESTIONS[0]}),
            ("fail", {"message": _FAILURES[0]}),
        ):
            ids[model] = _post(client, "/v1/predictions", {"model": model, "input": given})["id"]
            until(partial(_is_over, client, ids[model]), about=model, seconds=300)
        _post(client, "/v1/admin/models/echo/pause", {})
        for number in range(3):
            _post(client, "/v1/predictions", {"model": "echo", "input": {"prompt": f"line {number}"}})
        ids["slow"] = _post(
            client,
            "/v1/predictions",
            {"model": "slow", "input": {"seconds": 600, "prompt": "The quarterly report"}},
        )["id"]
        until(
            lambda: client.get(f"/v1/predictions/{ids['slow']}").json()["status"] == "processing",
            about="a run",
        )
    return ids


def _is_added(client: httpx.Client, id_: str) -> bool:
    return bool(client.get(f"/v1/admin/additions/{id_}").json()["state"] == "succeeded")


def _is_over(client: httpx.Client, id_: str) -> bool:
    return client.get(f"/v1/predictions/{id_}").json()["status"] in {"succeeded", "failed", "canceled"}


def _all_tried(client: httpx.Client, failing: str) -> bool:
    # A receiver that fails is given time between attempts, at one delivery as at another.
    found = client.get("/v1/webhooks/deliveries?per_page=50").json()["data"]
    return all(each["attempts"] or each["url"] == failing for each in found)


def _post(client: httpx.Client, path: str, body: dict[str, Any]) -> dict[str, Any]:
    answer = client.post(path, json=body)
    assert answer.is_success, f"{path}: {answer.text}"
    told: dict[str, Any] = answer.json()
    return told
