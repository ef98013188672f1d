"""Signing in and out in a browser, and what every page has."""

import re
from collections.abc import Callable
from typing import Any

import pytest

from servers import KEY, Foretell

pytestmark = pytest.mark.needs("browser")


def test_the_link_that_serve_prints_signs_in(open_tab: Callable[..., Any], server: Foretell) -> None:
    (link,) = re.findall(r"http\S+/sign-in\?token=\S+", server.said())
    tab = open_tab(None)
    tab.goto(link)
    tab.locator("main").get_by_role("button", name="Sign in").click()
    tab.wait_for_url("**/models")
    assert tab.get_by_role("navigation", name="Main").get_by_role("link", name="Models").is_visible()


def test_a_wrong_key_is_told_and_a_right_one_leads_on(open_tab: Callable[..., Any]) -> None:
    tab = open_tab(None)
    tab.goto("/account")
    tab.get_by_label("API key").fill("sk-wrong")
    tab.keyboard.press("Enter")
    assert tab.get_by_role("alert").inner_text() == "The API key is not valid."
    tab.get_by_label("API key").fill(KEY)
    tab.keyboard.press("Enter")
    tab.wait_for_url("**/account")


def test_signing_out_leads_out(tab: Any) -> None:
    tab.get_by_label("Your account").click()
    tab.get_by_role("button", name="Sign out").click()
    tab.wait_for_url("**/sign-in")
    tab.goto("/models")
    assert "/sign-in" in tab.url


def test_another_browser_is_signed_out_from_the_list(tab: Any, open_tab: Callable[..., Any]) -> None:
    other = open_tab()
    tab.goto("/account")
    rows = tab.locator("tbody tr")
    before = rows.count()
    rows.filter(has_not_text="this one").get_by_role("button", name="Sign out").first.click()
    tab.get_by_text("That browser is signed out.").wait_for()
    assert rows.count() == before - 1
    assert before >= 2
    other.goto("/account")


def test_the_theme_stays_chosen(tab: Any) -> None:
    tab.get_by_label("Theme").first.click()
    tab.get_by_role("button", name="Dark").click()
    tab.reload()
    assert tab.evaluate("getComputedStyle(document.documentElement).colorScheme") == "dark"
    dark = tab.evaluate("getComputedStyle(document.body).backgroundColor")
    tab.get_by_label("Theme").first.click()
    tab.get_by_role("button", name="Light").click()
    assert tab.evaluate("getComputedStyle(document.body).backgroundColor") != dark


def test_a_menu_closes_by_escape_and_gives_the_focus_back(tab: Any) -> None:
    tab.get_by_label("Your account").click()
    tab.keyboard.press("Tab")
    tab.keyboard.press("Escape")
    assert tab.get_by_role("button", name="Sign out").is_hidden()
    assert tab.evaluate("document.activeElement.getAttribute('aria-label')") == "Your account"


def test_the_first_stop_of_the_keyboard_is_the_way_past_the_menu(tab: Any) -> None:
    tab.goto("/account")
    tab.keyboard.press("Tab")
    tab.keyboard.press("Enter")
    assert tab.evaluate("document.activeElement.id") == "content"
