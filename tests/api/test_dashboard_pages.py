"""The dashboard's pages as HTTP: their policy, what they need, and what is at addresses that lead nowhere."""

import re
from collections.abc import Iterator

import httpx
import pytest

from served_api import Api


@pytest.fixture
def browser(api: Api) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=api.address) as client:
        yield client


def test_a_page_may_run_its_own_scripts_and_be_shown_in_no_frame(browser: httpx.Client) -> None:
    headers = browser.get("/sign-in").headers
    policy = headers["content-security-policy"]
    assert "default-src 'self'" in policy and "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy
    assert headers["x-content-type-options"] == "nosniff"


def test_an_asset_may_be_kept_while_its_address_names_its_state(browser: httpx.Client) -> None:
    page = browser.get("/sign-in").text
    addresses = set(re.findall(r'"(/assets/dashboard/[^"#]+)', page))
    assert len(addresses) > 5
    for address in addresses:
        answer = browser.get(address)
        assert (answer.status_code, "immutable" in answer.headers["cache-control"]) == (200, True), address
        former = re.sub(r"dashboard/\w+", "dashboard/0", address)
        assert browser.get(former).headers["cache-control"] == "no-cache"
    assert browser.get("/assets/dashboard/0/..%2Fpages.py").status_code == 404


def test_an_address_that_leads_nowhere_is_a_page_for_browsers_and_json_for_programs(
    browser: httpx.Client,
) -> None:
    page = browser.get("/nothing", headers={"accept": "text/html"})
    assert (page.status_code, page.headers["content-type"]) == (404, "text/html; charset=utf-8")
    assert browser.get("/nothing").json()["error"]["http_status"] == 404
    assert browser.get("/v1/nothing", headers={"accept": "text/html"}).json()["error"]["http_status"] == 404


def test_a_browser_at_the_door_is_led_in_and_a_program_told_what_this_is(browser: httpx.Client) -> None:
    led = browser.get("/", headers={"accept": "text/html,*/*"})
    assert (led.status_code, led.headers["location"]) == (303, "/models")
    assert browser.get("/").json()["name"] == "foretell"
