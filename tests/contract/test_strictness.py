"""Every object and refusal that the server can emit, as a strictly decoding client takes them."""

from collections.abc import Iterator
from typing import Any

import httpx
import pytest

import strict
from contract import callers
from servers import Foretell, until

SMALL = {"prompt": "a fox", "width": 64, "height": 64}
KINDS = {
    "text": str,
    "texts": list,
    "file": list,
    "files": list,
    "number": list,
    "vector": list,
    "object": list,
    "text and file": list,
}
"""Each kind of output and what a client decodes it as: everything but text becomes addresses."""


@pytest.fixture(params=["swift", "curl"])
def caller(server: Foretell, request: pytest.FixtureRequest) -> Iterator[httpx.Client]:
    with getattr(callers, request.param)(server) as client:
        yield client


def made(caller: httpx.Client, model: str, values: dict[str, Any], **more: Any) -> dict[str, Any]:
    answer = caller.post("/predictions", json={"model": model, "input": values} | more)
    body: dict[str, Any] = strict.success(answer, strict.PREDICTION)
    return body


@pytest.mark.parametrize(
    ("model", "values"),
    [
        ("echo", {"prompt": "x"}),
        ("fail", {"after_seconds": 0.2}),
        ("slow", {"seconds": 0.3}),
        ("picture", SMALL),
        ("clip", {"prompt": "a fox"}),
        ("speech", {"prompt": "hello"}),
        ("embed", {"text": "hello"}),
        ("deepbrain", {"prompt": "hello"}),
    ],
)
def test_a_prediction_is_decoded_in_every_state_it_passes(
    caller: httpx.Client, model: str, values: dict[str, Any]
) -> None:
    seen = made(caller, model, values)
    while seen["completed_at"] is None:
        seen = strict.success(caller.get(f"/predictions/{seen['id']}"), strict.PREDICTION)
    assert (seen["status"] == "failed") == (model == "fail")


@pytest.mark.parametrize(("kind", "decoded"), KINDS.items())
def test_an_output_of_every_kind_is_decoded(caller: httpx.Client, kind: str, decoded: type) -> None:
    ended = made(caller, "anything", {"kind": kind}, **{"await": True})
    assert isinstance(ended["output"], decoded)
    if decoded is list and kind != "texts":
        assert all(httpx.get(address).status_code == 200 for address in ended["output"])


def test_a_run_that_gives_nothing_is_decoded(caller: httpx.Client) -> None:
    assert made(caller, "anything", {"kind": "nothing"}, **{"await": True})["status"] == "succeeded"


def test_a_create_is_decoded_in_its_envelope(caller: httpx.Client) -> None:
    body = {"model": "echo", "input": {"prompt": "x"}}
    for more in ({}, {"await": True}, {"privacy": "public"}, {"stream": True}, {"webhook": None}):
        strict.success(caller.post("/predict", json=body | more), strict.CREATED)


def test_a_canceled_and_a_deleted_prediction_are_decoded(caller: httpx.Client) -> None:
    running, waiting = (made(caller, "slow", {"seconds": 600}) for _ in range(2))
    until(lambda: caller.get(f"/predictions/{running['id']}").json()["started_at"], about="the run")
    for each in (waiting, running):
        strict.success(caller.post(f"/predictions/{each['id']}/cancel"), strict.CHANGED)
        strict.success(caller.get(f"/predictions/{each['id']}"), strict.PREDICTION)
        strict.success(caller.delete(f"/predictions/{each['id']}/delete"), strict.CHANGED)
        strict.check_refusal(caller.get(f"/predictions/{each['id']}"), 404, "PREDICTION_NOT_FOUND")


def test_a_strangers_view_of_a_public_prediction_is_decoded(server: Foretell, caller: httpx.Client) -> None:
    webhook = {"url": "https://example.com/hook", "events": ["failed"]}
    shown = made(caller, "picture", SMALL, privacy="public", webhook=webhook, **{"await": True})
    seen = strict.success(httpx.get(f"{server.address}/v1/predictions/{shown['id']}"), strict.PREDICTION)
    assert (seen["privacy"], seen["webhook"]) == ("public", {"url": None, "events": []})


def test_every_list_and_page_of_predictions_is_decoded(caller: httpx.Client) -> None:
    made(caller, "echo", {"prompt": "x"}, **{"await": True})
    for query in ("", "?per_page=50", "?page=999", "?model=echo&status=succeeded", "?status=canceled"):
        strict.success(caller.get(f"/predictions{query}"), strict.LIST)


@pytest.mark.parametrize("fields", [[], ["input_schema"], ["input_schema", "output_schema"]])
def test_every_model_is_decoded_with_and_without_its_schemas(caller: httpx.Client, fields: list[str]) -> None:
    query = {"fields": ",".join(fields)} if fields else {}
    model = strict.model(*fields)
    for each in caller.get("/models", params=query).json():
        strict.check(model, each)
        strict.success(caller.get(f"/models/{each['namespace']}", params=query), model)


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("POST", "/predict", b"{not json"),
        ("POST", "/predict", b"[]"),
        ("POST", "/predict", b"\xff\xfe"),
        ("POST", "/predict", b""),
        ("POST", "/predict", b"x" * (11 * 1024**2)),
        ("POST", "/predict", b'{"model": "truefusion"}'),
        ("POST", "/predict", b'{"model": "truefusion", "input": {"width": "wide"}}'),
        ("POST", "/predict", b'{"model": "nope", "input": {}}'),
        (
            "POST",
            "/predictions",
            b'{"model": "echo", "input": {"prompt": "x"}, "await": true, "wait": false}',
        ),
        ("GET", "/nothing/here", b""),
        ("PUT", "/predict", b"{}"),
        ("GET", "/predictions?per_page=51", b""),
        ("GET", "/predictions?per_page=0", b""),
        ("GET", "/predictions?from=2026-13-01", b""),
        ("GET", "/predictions?from=2026-02-02&to=2026-02-01", b""),
        ("GET", "/predictions?model=nope", b""),
        ("GET", "/predictions?page=1&page=2", b""),
        ("GET", "/predictions/unknown", b""),
        ("GET", "/predictions/unknown/stream", b""),
        ("POST", "/predictions/unknown/cancel", b""),
        ("DELETE", "/predictions/unknown", b""),
        ("DELETE", "/predictions/unknown/delete", b""),
        ("GET", "/models/unknown", b""),
        ("GET", "/model/a/b/c", b""),
        ("GET", "/files/unknown", b""),
        ("DELETE", "/files/unknown", b""),
        ("POST", "/files", b""),
        ("GET", "/admin/nothing", b""),
    ],
)
def test_any_failure_is_json_in_the_envelope(
    caller: httpx.Client, method: str, path: str, body: bytes
) -> None:
    answer = caller.request(method, path, content=body)
    assert answer.status_code >= 400
    strict.check_refusal(answer, answer.status_code, answer.json()["error"]["error_id"])


def test_an_end_that_cannot_be_canceled_is_a_conflict(caller: httpx.Client) -> None:
    ended = made(caller, "echo", {"prompt": "x"}, **{"await": True})
    answer = caller.post(f"/predictions/{ended['id']}/cancel")
    strict.check_refusal(answer, 409, "INVALID_REQUEST")
