"""`foretell dashboard`, the link that `serve` prints, and what is made by who signed in with it."""

import json
import re
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from servers import KEY, Foretell, Receiver, foretell, until


@pytest.fixture
def browser(server: Foretell) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=server.address) as client:
        yield client


def follow(browser: httpx.Client, link: str) -> None:
    """Opens a link and confirms it, as a person does."""
    page = browser.get(link)
    (token,) = re.findall(r'name="token" value="([^"]+)"', page.text)
    assert browser.post("/sign-in", data={"token": token}).status_code == 303


def csrf(browser: httpx.Client) -> dict[str, str]:
    (token,) = re.findall(r'name="csrf-token" content="([0-9a-f]{64})"', browser.get("/account").text)
    return {"x-csrf-token": token}


def test_serve_prints_a_link_that_signs_in(server: Foretell, browser: httpx.Client) -> None:
    (link,) = re.findall(r"http\S+/sign-in\?token=\S+", server.said())
    follow(browser, link)
    told = browser.get("/v1/account", headers=csrf(browser)).json()
    assert (told["name"], told["role"]) == ("default", "operator")


def test_dashboard_prints_a_fresh_link_each_time(server: Foretell, data: Path, browser: httpx.Client) -> None:
    first, second = (foretell("dashboard", data=data).stdout.strip() for _ in range(2))
    assert first != second
    assert first.startswith(f"{server.address}/sign-in?token=")
    follow(browser, second)
    assert browser.get("/account").status_code == 200


def test_dashboard_makes_links_for_other_accounts(data: Path, browser: httpx.Client) -> None:
    assert foretell("accounts", "create", "web shop", data=data).returncode == 0
    made = json.loads(foretell("dashboard", "--account", "web shop", "--json", data=data).stdout)
    follow(browser, made["url"])
    assert browser.get("/v1/account", headers=csrf(browser)).json()["name"] == "web shop"
    refused = foretell("dashboard", "--account", "nobody", data=data)
    assert (refused.returncode, "nobody" in refused.stderr) == (1, True)


@pytest.mark.parametrize("with_key", [True, False])
def test_what_is_made_in_the_dashboard_signs_webhooks_with_the_accounts_secret_alone(
    server: Foretell, data: Path, browser: httpx.Client, with_key: bool
) -> None:
    receiver = Receiver()
    asked = {
        "model": "echo",
        "input": {"prompt": "a fox"},
        "webhook": {"url": receiver.url, "events": ["completed"]},
    }
    with server.client() as client:
        client.post("/v1/predictions", json=asked)
    if with_key:
        browser.post("/sign-in", data={"key": KEY})
    else:
        follow(browser, foretell("dashboard", data=data).stdout.strip())
    made = browser.post("/v1/predictions", json=asked, headers=csrf(browser)).json()
    assert made["source"] == "dashboard"
    until(lambda: len(receiver.got) == 2, about="both webhooks")
    by_id = {each["body"]["id"]: each["headers"] for each in receiver.got}
    own = by_id.pop(made["id"])
    (keys,) = by_id.values()
    receiver.close()
    assert ("x-skytells-signature" in own, "webhook-signature" in own) == (False, True)
    assert "x-skytells-signature" in keys
