"""The page of keys, as people use it."""

from collections.abc import Callable
from typing import Any

import pytest

from browser.members import Member, new_member
from servers import Foretell

pytestmark = pytest.mark.needs("browser")


@pytest.fixture
def member(server: Foretell) -> Member:
    return new_member(server)


def made(tab: Any, name: str) -> str:
    """A new key by the form, and its secret."""
    tab.get_by_role("button", name="New key").first.click()
    tab.get_by_label("Name", exact=True).fill(name)
    tab.get_by_role("button", name="Create key").click()
    found = str(tab.locator("#secret-text", has_text="sk-").inner_text())
    tab.get_by_role("button", name="I have kept it").click()
    tab.locator("#secret-text", has_text="sk-").wait_for(state="detached")
    return found


def test_a_key_is_made_works_and_once_revoked_is_refused(
    open_tab: Callable[..., Any], server: Foretell, member: Member
) -> None:
    tab = open_tab(member.key)
    tab.goto("/keys")
    key = made(tab, "web shop")
    with server.client(key) as client:
        assert client.get("/v1/predictions").status_code == 200
        tab.get_by_role("button", name="Revoke “web shop”").click()
        revoke = tab.get_by_role("button", name="Revoke it")
        assert revoke.is_disabled()
        tab.get_by_label("Type the key's name").fill("web sho")
        assert revoke.is_disabled()
        tab.get_by_label("Type the key's name").fill("web shop")
        revoke.click()
        tab.get_by_text("“web shop” is revoked.").wait_for()
        assert client.get("/v1/predictions").status_code == 401
    tab.locator("tbody tr", has_text="web shop").wait_for(state="detached")
    tab.get_by_role("switch", name="Show revoked keys").check()
    tab.locator("tbody tr", has_text="web shop").get_by_text("revoked").wait_for()


def test_a_secret_is_shown_once(open_tab: Callable[..., Any], member: Member) -> None:
    tab = open_tab(member.key)
    tab.goto("/keys")
    key = made(tab, "once")
    assert key.startswith("sk-")
    assert key not in tab.content()
    tab.reload()
    tab.locator("tbody tr", has_text="once").wait_for()
    assert key not in tab.content()


def test_a_new_key_stays_on_the_screen_until_it_is_kept(open_tab: Callable[..., Any], member: Member) -> None:
    tab = open_tab(member.key)
    tab.goto("/keys")
    tab.get_by_role("button", name="New key").first.click()
    tab.get_by_label("Name", exact=True).fill("kept")
    tab.get_by_role("button", name="Create key").click()
    secret = tab.locator("#secret-text", has_text="sk-")
    secret.wait_for()
    tab.mouse.click(5, 5)
    tab.keyboard.press("Escape")
    assert secret.is_visible()
    tab.get_by_role("button", name="I have kept it").click()
    secret.wait_for(state="detached")


def test_a_key_gets_what_the_form_says(open_tab: Callable[..., Any], member: Member) -> None:
    tab = open_tab(member.key)
    tab.goto("/keys")
    tab.get_by_role("button", name="New key").first.click()
    tab.get_by_label("Name", exact=True).fill("phone")
    tab.get_by_label("look", exact=False).first.uncheck()
    tab.get_by_label("Models").fill("echo, true*")
    tab.get_by_label("Requests a minute").fill("30")
    tab.get_by_label("It ends").select_option("86400")
    tab.get_by_role("button", name="Create key").click()
    tab.get_by_role("button", name="I have kept it").click()
    with member.client() as client:
        (found,) = [each for each in client.get("/v1/keys").json()["data"] if each["name"] == "phone"]
    assert (found["scopes"], found["models"]) == (["run"], ["echo", "true*"])
    assert (found["requests_per_minute"], found["concurrency_max"]) == (30, None)
    assert found["expires_at"] is not None
    tab.locator("tbody tr", has_text="phone").get_by_text("30 a minute").wait_for()


def test_a_key_is_changed_and_what_was_not_touched_stays(
    open_tab: Callable[..., Any], member: Member
) -> None:
    with member.client() as client:
        body = {"name": "before", "models": ["echo"], "expires_in_seconds": 86_400}
        before = client.post("/v1/keys", json=body).json()
        tab = open_tab(member.key)
        tab.goto("/keys")
        tab.get_by_role("button", name="Change “before”").click()
        tab.get_by_label("Name", exact=True).fill("after")
        tab.get_by_label("At once").fill("2")
        tab.get_by_role("button", name="Save").click()
        tab.get_by_text("“after” is changed.").wait_for()
        after = client.get(f"/v1/keys/{before['id']}").json()
    assert (after["name"], after["concurrency_max"]) == ("after", 2)
    assert (after["models"], after["expires_at"]) == (["echo"], before["expires_at"])


def test_what_the_server_refuses_is_said_in_the_form(open_tab: Callable[..., Any], member: Member) -> None:
    tab = open_tab(member.key)
    tab.goto("/keys")
    tab.get_by_role("button", name="New key").first.click()
    tab.get_by_role("button", name="Create key").click()
    tab.get_by_role("alert").get_by_text("A name has 1 to 100 printable characters.").wait_for()
    assert tab.get_by_label("Name", exact=True).is_visible()


def test_a_rotated_key_opens_with_its_new_secret(
    open_tab: Callable[..., Any], server: Foretell, member: Member
) -> None:
    with member.client() as client:
        before = client.post("/v1/keys", json={"name": "worn"}).json()["key"]
    tab = open_tab(member.key)
    tab.goto("/keys")
    tab.get_by_role("button", name="Rotate “worn”").click()
    tab.get_by_label("The one before it still opens").select_option("0")
    tab.get_by_role("button", name="Make another secret").click()
    after = tab.locator("#secret-text", has_text="sk-").inner_text()
    assert after != before
    for key, status in ((before, 401), (after, 200)):
        with server.client(key) as client:
            assert client.get("/v1/predictions").status_code == status


def test_an_operator_sees_all_accounts_and_gives_a_key_a_budget(tab: Any, member: Member) -> None:
    tab.goto("/keys")
    tab.get_by_role("switch", name="All accounts").check()
    row = tab.locator("tbody tr", has_text=member.name)
    row.get_by_role("button", name="Change").click()
    tab.get_by_label("Credits a month").fill("12.5")
    tab.get_by_role("button", name="Save").click()
    tab.get_by_text("“first” is changed.").wait_for()
    with member.client() as client:
        (key,) = client.get("/v1/keys").json()["data"]
        assert client.get(f"/v1/keys/{key['id']}/credits").json()["month_max"] == 12.5


def test_a_member_reads_a_budget_and_cannot_change_it(open_tab: Callable[..., Any], member: Member) -> None:
    tab = open_tab(member.key)
    tab.goto("/keys")
    tab.get_by_role("button", name="Change “first”").click()
    tab.get_by_text("Spent 0 this month, 0 ever.").wait_for()
    assert tab.get_by_label("Credits a month").is_disabled()


def test_a_key_that_may_not_manage_is_told_so(
    open_tab: Callable[..., Any], server: Foretell, member: Member
) -> None:
    with member.client() as client:
        key = client.post("/v1/keys", json={"name": "reader", "scopes": ["read"]}).json()["key"]
    tab = open_tab(key)
    tab.goto("/keys")
    tab.get_by_text("This key may not do that: it lacks the scope 'manage'.").wait_for()
