"""Sessions: signing in to the dashboard, what a session opens and to whom, and what ends it."""

import re
import time
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest

from foretell.account import Account, Key, Role, Scope, key_digest, new_key
from foretell.session import Session, new_link, new_token, token_digest
from served_api import Api

HOUR = 3_600 * 1_000_000
DAY = 24 * HOUR


@pytest.fixture
def browser(api: Api) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=api.address) as client:
        yield client


def sign_in(client: httpx.Client, key: str, **more: str) -> httpx.Response:
    return client.post("/sign-in", data={"key": key, **more})


def csrf(client: httpx.Client) -> dict[str, str]:
    """What this browser's pages send with what they ask."""
    found = re.search(r'name="csrf-token" content="([0-9a-f]{64})"', client.get("/account").text)
    assert found is not None
    return {"x-csrf-token": found[1]}


def member(api: Api, name: str, **of: Any) -> tuple[Account, str]:
    """An account that is no operator's, and a key of it."""
    account = api.run(api.store.create_account(name, Role.MEMBER))
    key_id, raw = new_key()
    digest = key_digest(raw)
    key = Key(id=key_id, account_id=account.id, name=name, sha256=digest, last4="last", created_at=1, **of)
    api.run(api.store.create_key(key))
    return account, raw


def is_signed_in(client: httpx.Client) -> bool:
    return client.get("/account").status_code == 200


def test_a_key_signs_in_and_leads_to_where_somebody_wanted_to_go(api: Api, browser: httpx.Client) -> None:
    asked = browser.get("/account?x=1")
    assert (asked.status_code, asked.headers["location"]) == (303, "/sign-in?next=%2Faccount%3Fx%3D1")
    answer = sign_in(browser, api.key, next="/account?x=1")
    assert (answer.status_code, answer.headers["location"]) == (303, "/account?x=1")
    assert is_signed_in(browser)


def test_the_cookie_is_hidden_from_scripts_and_from_other_sites(api: Api, browser: httpx.Client) -> None:
    cookie = sign_in(browser, api.key).headers["set-cookie"].lower()
    assert {"httponly", "samesite=lax", "path=/"} <= {each.strip() for each in cookie.split(";")}
    assert "secure" not in cookie
    token = browser.cookies[next(iter(browser.cookies))]
    assert api.run(api.store.session(token)) is None
    assert api.run(api.store.session(key_digest(token))) is not None


def test_the_cookie_is_secure_where_the_server_is_reached_by_https(api_with: Callable[..., Api]) -> None:
    api = api_with(public_url="https://models.example.com")
    with httpx.Client(base_url=api.address) as client:
        assert "Secure" in sign_in(client, api.key).headers["set-cookie"]


def test_a_wrong_key_is_refused_on_the_page(browser: httpx.Client) -> None:
    answer = sign_in(browser, "sk-wrong")
    assert (answer.status_code, "The API key is not valid." in answer.text) == (401, True)
    assert "set-cookie" not in answer.headers
    assert "Enter an API key." in sign_in(browser, " ").text


@pytest.mark.parametrize(
    "elsewhere", ["https://evil.example", "//evil.example/x", "/\\evil.example", "javascript:x", ""]
)
def test_nobody_is_led_elsewhere(api: Api, browser: httpx.Client, elsewhere: str) -> None:
    assert sign_in(browser, api.key, next=elsewhere).headers["location"] == "/models"


def test_a_link_signs_in_once_and_only_when_somebody_confirms(api: Api) -> None:
    link, token = new_link(api.account.id, at=time.time_ns() // 1_000)
    api.run(api.store.offer_link(link))
    with httpx.Client(base_url=api.address) as preview:
        for _ in range(3):
            assert token in preview.get(f"/sign-in?token={token}").text
        assert not is_signed_in(preview)
        assert preview.post("/sign-in", data={"token": token}).status_code == 303
        assert is_signed_in(preview)
    with httpx.Client(base_url=api.address) as second:
        answer = second.post("/sign-in", data={"token": token})
        assert (answer.status_code, "used already" in answer.text) == (401, True)


def test_a_link_is_good_for_a_quarter_of_an_hour(api: Api, browser: httpx.Client) -> None:
    link, token = new_link(api.account.id, at=time.time_ns() // 1_000 - HOUR // 4)
    api.run(api.store.offer_link(link))
    assert browser.post("/sign-in", data={"token": token}).status_code == 401


def test_an_operator_makes_links_for_anybody(api: Api, browser: httpx.Client) -> None:
    account, key = member(api, "link for me")
    with api.client() as operator:
        made = operator.post("/v1/admin/sign-in-links", json={"account": account.name})
    assert made.status_code == 201
    token = made.json()["url"].partition("token=")[2]
    assert browser.post("/sign-in", data={"token": token}).status_code == 303
    told = browser.get("/v1/account", headers=csrf(browser)).json()
    assert (told["name"], told["role"], told["key_id"]) == (account.name, "member", None)
    with httpx.Client(base_url=api.address, headers={"x-api-key": key}) as other:
        assert other.post("/v1/admin/sign-in-links", json={}).status_code == 403


def test_the_api_takes_a_session_from_its_own_pages_alone(api: Api, browser: httpx.Client) -> None:
    sign_in(browser, api.key)
    token = csrf(browser)
    foreign = {"origin": "https://evil.example", "sec-fetch-site": "cross-site"}
    assert browser.get("/v1/predictions", headers=token).status_code == 200
    assert browser.get("/v1/predictions", headers={"sec-fetch-site": "same-origin"}).status_code == 200
    for headers in ({}, {"sec-fetch-site": "cross-site"}, {**token, **foreign}, {"x-csrf-token": "0" * 64}):
        assert browser.get("/v1/predictions", headers=headers).status_code == 403, headers


def test_what_changes_anything_needs_the_token_of_the_page(api: Api, browser: httpx.Client) -> None:
    sign_in(browser, api.key)
    token = csrf(browser)
    asked = {"model": "truefusion", "input": {"prompt": "a fox"}}
    own = {"origin": api.address, "sec-fetch-site": "same-origin"}
    assert browser.post("/v1/predictions", json=asked, headers=own).status_code == 403
    other_port = {**token, "origin": "http://127.0.0.1:1", "sec-fetch-site": "same-site"}
    assert browser.post("/v1/predictions", json=asked, headers=other_port).status_code == 403
    made = browser.post("/v1/predictions", json=asked, headers={**own, **token})
    assert (made.status_code, made.json()["source"]) == (200, "dashboard")


def test_a_token_of_one_session_is_worth_nothing_in_another(api: Api, browser: httpx.Client) -> None:
    sign_in(browser, api.key)
    with httpx.Client(base_url=api.address) as other:
        sign_in(other, api.key)
        assert other.get("/v1/predictions", headers=csrf(browser)).status_code == 403


def test_a_key_in_a_header_wins_over_a_session(api: Api, browser: httpx.Client) -> None:
    _, key = member(api, "by header")
    sign_in(browser, api.key)
    assert browser.get("/v1/account", headers={"x-api-key": key}).json()["name"] == "by header"
    assert browser.get("/v1/account", headers={"x-api-key": "sk-wrong"}).status_code == 401


def test_who_is_not_signed_in_any_more_still_sees_what_is_public(api: Api, browser: httpx.Client) -> None:
    public = api.create(privacy="public")["id"]
    private = api.create()["id"]
    sign_in(browser, api.key)
    token = csrf(browser)
    assert browser.get(f"/v1/predictions/{private}", headers=token).status_code == 200
    assert browser.get(f"/v1/predictions/{private}").status_code == 401
    browser.post("/sign-out", data={"csrf": token["x-csrf-token"]})
    browser.cookies.set("foretell_session", "of another server")
    assert browser.get(f"/v1/predictions/{public}").status_code == 200


def test_a_session_may_do_what_its_key_may(api: Api, browser: httpx.Client) -> None:
    _, key = member(api, "only reads", scopes=frozenset({Scope.READ}))
    sign_in(browser, key)
    token = csrf(browser)
    assert browser.get("/v1/account", headers=token).json()["scopes"] == ["read"]
    asked = {"model": "truefusion", "input": {"prompt": "a fox"}}
    assert browser.post("/v1/predictions", json=asked, headers=token).status_code == 403
    assert browser.get("/v1/sessions", headers=token).status_code == 403


def test_a_member_reaches_nothing_of_the_operators(api: Api, browser: httpx.Client) -> None:
    account, _ = member(api, "a member")
    link, token = new_link(account.id, at=time.time_ns() // 1_000)
    api.run(api.store.offer_link(link))
    browser.post("/sign-in", data={"token": token})
    assert browser.get("/v1/admin/accounts", headers=csrf(browser)).status_code == 403
    assert "Member" in browser.get("/account").text
    assert "Operator" not in browser.get("/account").text


def test_revoking_the_key_signs_out(api: Api, browser: httpx.Client) -> None:
    account, key = member(api, "to be revoked")
    sign_in(browser, key)
    assert is_signed_in(browser)
    (found,) = api.run(api.store.keys(account.id))
    api.run(api.store.revoke_key(found.id))
    assert not is_signed_in(browser)


def test_rotating_the_key_signs_out(api: Api, browser: httpx.Client) -> None:
    _, key = member(api, "to be rotated")
    sign_in(browser, key)
    assert is_signed_in(browser)
    with httpx.Client(base_url=api.address, headers={"x-api-key": key}) as client:
        key_id = client.get("/v1/account").json()["key_id"]
        assert client.post(f"/v1/keys/{key_id}/rotate", json={}).status_code == 200
    assert not is_signed_in(browser)


def test_suspending_the_account_signs_out(api: Api, browser: httpx.Client) -> None:
    account, key = member(api, "to be suspended")
    sign_in(browser, key)
    assert is_signed_in(browser)
    api.run(api.store.suspend(account.id, is_suspended=True))
    assert not is_signed_in(browser)


def test_sessions_are_listed_and_ended(either_api: Api) -> None:
    with httpx.Client(base_url=either_api.address) as one, httpx.Client(base_url=either_api.address) as two:
        sign_in(one, either_api.key)
        sign_in(two, either_api.key)
        found = one.get("/v1/sessions", headers=csrf(one)).json()["data"]
        (other,) = [each for each in found if not each["is_current"]]
        assert (len(found), other["address"]) == (2, "127.0.0.1")
        assert one.delete(f"/v1/sessions/{other['id']}", headers=csrf(one)).json()["id"] == other["id"]
        assert is_signed_in(one)
        assert not is_signed_in(two)
        assert one.delete(f"/v1/sessions/{other['id']}", headers=csrf(one)).status_code == 404


def test_another_accounts_session_is_not_found(api: Api, browser: httpx.Client) -> None:
    _, key = member(api, "a stranger")
    sign_in(browser, api.key)
    (mine,) = [
        each["id"]
        for each in browser.get("/v1/sessions", headers=csrf(browser)).json()["data"]
        if each["is_current"]
    ]
    with httpx.Client(base_url=api.address, headers={"x-api-key": key}) as stranger:
        assert stranger.delete(f"/v1/sessions/{mine}").status_code == 404
    assert is_signed_in(browser)


def test_signing_out_needs_the_page(api: Api, browser: httpx.Client) -> None:
    sign_in(browser, api.key)
    assert browser.post("/sign-out").status_code == 403
    assert is_signed_in(browser)
    answer = browser.post("/sign-out", data={"csrf": csrf(browser)["x-csrf-token"]})
    assert (answer.status_code, answer.headers["location"]) == (303, "/sign-in")
    assert not is_signed_in(browser)


def test_another_site_cannot_sign_anybody_in(api: Api, browser: httpx.Client) -> None:
    headers = {"origin": "https://evil.example", "sec-fetch-site": "cross-site"}
    answer = browser.post("/sign-in", data={"key": api.key}, headers=headers)
    assert (answer.status_code, "set-cookie" in answer.headers) == (403, False)


@pytest.mark.parametrize(
    ("age_days", "unused_days", "is_good"), [(29, 6, True), (30, 0, False), (8, 7, False)]
)
def test_a_session_ends_after_a_month_or_an_unused_week(
    either_api: Api, age_days: int, unused_days: int, is_good: bool
) -> None:
    now, token = time.time_ns() // 1_000, new_token()
    session = Session(
        id="a session",
        account_id=either_api.account.id,
        sha256=token_digest(token),
        created_at=now - age_days * DAY,
        seen_at=now - unused_days * DAY,
    )
    either_api.run(either_api.store.begin_session(session))
    with httpx.Client(base_url=either_api.address) as client:
        client.cookies.set(either_api.app.sessions.cookie, token)
        assert is_signed_in(client) == is_good
    assert either_api.run(either_api.store.forget_sessions()) == (0 if is_good else 1)
