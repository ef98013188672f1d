"""What a key may do: on every route there is, so that a new one cannot be forgotten."""

import re
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from starlette.routing import Route

import strict
from foretell.account import EVERY_SCOPE, Account, Key, Role, Scope, key_digest, new_key
from foretell.api.operations import Access, access_of
from foretell.dialects.openai.moderations import JUDGE
from foretell.endpoint import Patience
from foretell.ids import new_token
from foretell.store import DeliveryAttempt
from foretell.webhook import DeliveryState
from responding import Talks
from served_api import Api, version

JUDGE_INPUT = {"type": "object", "properties": {"texts": {"type": "array"}}}
READ, RUN, MANAGE = Scope.READ, Scope.RUN, Scope.MANAGE
USUAL = {"GET": READ, "POST": RUN, "PATCH": MANAGE, "PUT": MANAGE, "DELETE": MANAGE}
MANAGING = re.compile(r"/v1/(admin|keys|webhooks)(/|$)|/deliveries/\{delivery\}/resend$")
"""Paths on which less than `manage` is never enough to change anything."""


@pytest.fixture
def talks(api: Api) -> Talks:
    """The API with a model that talks, and the judge of moderations."""
    api.run(api.store.register(version(JUDGE, "text", JUDGE_INPUT, hidden=True)))
    return Talks(api)


def keyed_routes(api: Api) -> Iterator[tuple[str, str, Access]]:
    """The method, the path and the access of every route that asks who calls."""
    for route in api.app.routes:
        if isinstance(route, Route) and access_of(route.endpoint) is not Access.ANYONE:
            for method in sorted((route.methods or set()) - {"HEAD"}):
                yield method, route.path, access_of(route.endpoint)


def key_with(api: Api, account: Account | None = None, **changes: Any) -> str:
    key_id, raw = new_key()
    account_id = (account or api.account).id
    key = Key(
        id=key_id,
        account_id=account_id,
        name="t",
        sha256=key_digest(raw),
        last4=raw[-4:],
        created_at=1,
        **changes,
    )
    api.run(api.store.create_key(key))
    return raw


def member(api: Api) -> Account:
    return api.run(api.store.create_account(f"member-{new_token()}", Role.MEMBER))


def filled(path: str) -> str:
    """The path with ids that nothing has."""
    return re.sub(r"\{\w+(:path)?\}", "nothing", path)


def needed(method: str, path: str) -> Scope:
    if path.startswith(("/v1/admin", "/v1/keys", "/v1/sessions", "/v1/webhooks/secret")):
        return MANAGE
    return MANAGE if method != "GET" and MANAGING.search(path) else USUAL[method]


@pytest.mark.parametrize("scope", list(Scope))
def test_a_key_without_the_scope_of_a_route_is_refused_there_and_with_it_nowhere(
    api: Api, scope: Scope
) -> None:
    found = [each for each in keyed_routes(api) if needed(*each[:2]) is scope]
    assert found
    with (
        api.client(key_with(api, scopes=EVERY_SCOPE - {scope})) as without,
        api.client(key_with(api, scopes=frozenset({scope}))) as enough,
    ):
        for method, path, _ in found:
            refused = without.request(method, filled(path), json={})
            assert refused.status_code == 403, f"{method} {path} needs '{scope}'"
            assert scope in refused.json()["error"]["message"], f"{method} {path}"
            answered = enough.request(method, filled(path), json={})
            assert answered.status_code != 403, f"{method} {path} needs no more than '{scope}'"


def test_every_operators_route_is_closed_to_members_whatever_their_key_may(api: Api) -> None:
    with api.client(key_with(api, member(api))) as client:
        found = [each for each in keyed_routes(api) if each[2] is Access.OPERATOR]
        assert found
        for method, path, _ in found:
            strict.check_refusal(client.request(method, filled(path), json={}), 403, "FORBIDDEN")


def test_a_suspended_account_is_refused_on_every_route(either_api: Api) -> None:
    api, account = either_api, member(either_api)
    raw = key_with(api, account)
    api.run(api.store.suspend(account.id, is_suspended=True))
    with api.client(raw) as client:
        for method, path, _ in keyed_routes(api):
            refused = client.request(method, filled(path), json={})
            assert refused.status_code == 403, path
            assert refused.json()["error"]["error_id"] == "ACCOUNT_SUSPENDED", path


def test_what_belongs_to_another_account_is_on_every_route_as_if_it_were_not_there(talks: Talks) -> None:
    api = talks.api
    things = belongings(talks)
    stranger = key_with(api, member(api))
    with api.client(stranger) as client:
        for method, path, access in keyed_routes(api):
            words = re.findall(r"(\w+)/\{(\w+)\}", path)
            if not words or access is Access.OPERATOR or path.startswith("/v1/model"):
                continue
            about = f"{method} {path}"
            theirs, nobodys = path, path
            for kind, word in words:
                assert kind in things, f"{about}: this test has to know one of another account's {kind}"
                theirs = theirs.replace(f"{{{word}}}", things[kind])
                nobodys = nobodys.replace(f"{{{word}}}", unknown(things[kind]))
            answered, expected = (
                client.request(method, theirs, json={}),
                client.request(method, nobodys, json={}),
            )
            assert answered.status_code == 404, f"{about} answered {answered.status_code}: {answered.text}"
            assert plain(answered, things) == plain(expected, things), about
    with api.client() as owner:
        for kind, thing in things.items():
            hooks = {"deliveries": f"webhooks/deliveries/{thing}", "endpoints": "webhooks/endpoints"}
            lists = hooks | {"sessions": "sessions"}
            path = f"/v1/{lists.get(kind, f'{kind}/{thing}')}"
            found = owner.get(path)
            assert found.status_code == 200 and thing in found.text, path


def belongings(talks: Talks) -> dict[str, str]:
    """Something of the first account for each path that names one: by the word before it in the path."""
    api = talks.api
    with api.client() as client:
        hook = {"url": "http://127.0.0.1:9/hook", "events": ["completed"]}
        prediction = api.create(webhook=hook)["id"]
        api.succeed(api.begin(prediction), "done")
        (delivery,) = client.get(f"/v1/predictions/{prediction}/deliveries").json()["data"]
        attempt = DeliveryAttempt(at=1, status=None, error="nobody is there", seconds=0.1)
        state, patience = DeliveryState.PENDING, Patience(5, 86_400.0)
        doing = api.store.attempted(
            delivery["id"], attempt, state=state, pause_seconds=2_000_000_000, patience=patience
        )
        api.run(doing)
        endpoint = client.get("/v1/webhooks/endpoints").json()["data"][0]["id"]
        upload = client.post("/v1/files", files={"file": ("a.txt", b"words", "text/plain")}).json()["id"]
        key = client.post("/v1/keys", json={"name": "ours"}).json()["id"]
        body = {"model": "talker", "input": "hello", "background": True}
        response = client.post("/v1/responses", json=body).json()["id"]
        client.post("/sign-in", data={"key": api.key})
        session = client.get("/v1/sessions").json()["data"][0]["id"]
    return {
        "sessions": session,
        "predictions": prediction,
        "deliveries": delivery["id"],
        "endpoints": endpoint,
        "responses": response,
        "files": upload,
        "keys": key,
    }


def unknown(name: str) -> str:
    """A name of the same form that nothing has."""
    turned = name[-1] if name[-1] not in "0a" else "b"
    return f"{name[:-8]}{'0' * 7 if turned != '0' else 'a' * 7}{turned}"


def plain(answer: httpx.Response, things: dict[str, str]) -> str:
    """The answer without ids: of the request, and of what was asked for."""
    text = answer.text.replace(answer.headers["x-request-id"], "")
    for each in things.values():
        text = text.replace(each, "").replace(unknown(each), "")
    return text


def test_a_key_that_may_only_run_does_not_go_on_from_what_it_may_not_read(talks: Talks) -> None:
    api = talks.api
    with api.client() as client, api.client(key_with(api, scopes=frozenset({RUN}))) as runs:
        body = {"model": "talker", "input": "hello", "background": True}
        before = client.post("/v1/responses", json=body).json()["id"]
        going_on = runs.post("/v1/responses", json={**body, "previous_response_id": before})
        assert going_on.status_code == 403
        assert runs.post("/v1/responses", json=body).status_code == 200


@pytest.mark.parametrize(
    ("models", "name", "is_allowed"),
    [
        (("truefusion",), "truefusion", True),
        (("truefusion",), "vendor/TrueFusion", True),
        (("truefusion",), "flux.2-PRO", True),
        (("flux.2-pro",), "FLUX.2-pro", True),
        (("flux.2-pro",), "truefusion", False),
        (("vendor/true*",), "truefusion", True),
        (("true*",), "deepbrain", False),
        (("deepbrain", "embed"), "deepbrain", True),
        (("*",), "embed", True),
        ((), "embed", False),
    ],
)
def test_a_key_runs_and_sees_the_models_of_its_list_alone(
    api: Api, models: tuple[str, ...], name: str, is_allowed: bool
) -> None:
    with api.client(key_with(api, models=models)) as client:
        created = client.post("/v1/predict", json={"model": name, "input": {"prompt": "a fox"}})
        seen = client.get(f"/v1/models/{name}")
        assert (created.status_code, seen.status_code) == ((200, 200) if is_allowed else (403, 403))
        listed = {each["namespace"] for each in client.get("/v1/models").json()}
        assert len(listed) == len(client.get("/v1/models").json())
        if models == ("deepbrain", "embed"):
            assert listed == {"deepbrain", "embed"}


def test_every_way_to_create_asks_which_models_a_key_may_run(talks: Talks) -> None:
    prompt = {"model": "talker", "input": {"messages": [{"role": "user", "content": "hello"}]}}
    file = {"file": ("a.wav", b"RIFF", "audio/wav")}
    picture = {"image": ("a.png", b"\x89PNG\r\n\x1a\n", "image/png")}
    calls: dict[str, dict[str, Any]] = {
        "/v1/predict": {"json": prompt},
        "/v1/predictions": {"json": prompt},
        "/v1/chat/completions": {
            "json": {"model": "talker", "messages": [{"role": "user", "content": "hello"}]}
        },
        "/v1/responses": {"json": {"model": "talker", "input": "hello"}},
        "/v1/embeddings": {"json": {"model": "embed", "input": "hello"}},
        "/v1/images/generations": {"json": {"model": "truefusion", "prompt": "a fox"}},
        "/v1/images/edits": {"data": {"model": "truefusion", "prompt": "a fox"}, "files": picture},
        "/v1/audio/speech": {"json": {"model": "deepbrain", "input": "hello", "voice": "alloy"}},
        "/v1/audio/transcriptions": {"data": {"model": "deepbrain"}, "files": file},
        "/v1/moderations": {"json": {"input": "hello"}},
    }
    no_creates = re.compile(r"/v1/files$|/v1/(keys|admin|webhooks)|/(cancel|resend)$")
    creating = {
        path
        for method, path, _ in keyed_routes(talks.api)
        if method == "POST" and not no_creates.search(path)
    }
    assert creating == calls.keys()
    with talks.api.client(key_with(talks.api, models=("nothing-of-this",))) as client:
        for path, body in calls.items():
            answer = client.post(path, **body)
            assert answer.status_code == 403, f"{path}: {answer.text}"
