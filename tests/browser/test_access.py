"""The pages for everybody: by screen reader, by keyboard alone, on a phone, without motion, without scripts."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from browser.conftest import DESK, PHONE, sign_in
from browser.lived_in import Place, lived_in, member_pages, operator_pages
from servers import KEY

pytestmark = pytest.mark.needs("browser")
STOPS_MAX = 120
GRAVE = {"serious", "critical"}
WIDTH = "document.documentElement.scrollWidth"
NAME = """() => {
  const at = document.activeElement;
  const label = at.labels?.[0]?.innerText;
  return (at.getAttribute('aria-label') ?? label ?? at.innerText ?? '').trim();
}"""


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    with lived_in(tmp_path_factory.mktemp("lived-in")) as found:
        yield found


@pytest.fixture(scope="module")
def members_key(place: Place) -> str:
    with place.server.client() as client:
        made = client.post("/v1/admin/keys", json={"name": "a member's", "account": place.account}).json()
    return str(made["key"])


def settled(tab: Any, path: str) -> None:
    tab.goto(path)
    tab.wait_for_load_state("load")
    tab.locator("main .skeleton:visible").first.wait_for(state="detached")


def problems(tab: Any, axe: str, about: str) -> list[str]:
    """What keeps people out of what is shown now."""
    # Evaluated by the browser's own debugger, which the page's policy does not bind.
    tab.evaluate(axe)
    found = tab.evaluate("axe.run(document, {resultTypes: ['violations']})")
    return [
        f"{about}: {each['id']}: {node['html'][:160]}"
        for each in found["violations"]
        if each["impact"] in GRAVE
        for node in each["nodes"]
    ]


def dialogs(tab: Any) -> Iterator[str]:
    """Opens each dialog of the page in turn, and closes it again."""
    openers = tab.locator("main [data-opens]:visible")
    for number in range(openers.count()):
        opener = openers.nth(number)
        opener.click()
        yield str(opener.get_attribute("data-opens"))
        tab.keyboard.press("Escape")
        tab.locator("dialog[open]").wait_for(state="detached")


@pytest.mark.parametrize("screen", [DESK, PHONE], ids=["desk", "phone"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("role", ["member", "operator"])
def test_nothing_keeps_anybody_out_of_any_page_or_dialog(  # noqa: PLR0913 what is tried, and with what
    place: Place,
    members_key: str,
    open_tab: Callable[..., Any],
    axe: str,
    role: str,
    scheme: str,
    screen: Any,
) -> None:
    tab = open_tab(None, base_url=place.server.address, color_scheme=scheme, viewport=screen)
    settled(tab, "/sign-in")
    found = problems(tab, axe, "sign-in")
    sign_in(tab, KEY if role == "operator" else members_key)
    pages = operator_pages(place) if role == "operator" else member_pages(place)
    # What only its own account may see is none of this member's.
    paths = [path for name, path in pages.items() if role == "operator" or not name.startswith("prediction-")]
    if role == "operator":
        paths += [
            member_pages(place)[name] for name in ("prediction", "prediction-failed", "prediction-running")
        ]
    for path in paths:
        settled(tab, path)
        found += problems(tab, axe, path)
        for opened in dialogs(tab):
            found += problems(tab, axe, f"{path} with {opened}")
    assert found == []


def test_a_phone_shows_every_page_and_dialog_without_scrolling_sideways(
    place: Place, open_tab: Callable[..., Any]
) -> None:
    tab = open_tab(base_url=place.server.address, viewport=PHONE, is_mobile=True, has_touch=True)
    wide = {}
    for path in (*member_pages(place).values(), *operator_pages(place).values()):
        settled(tab, path)
        widths = [tab.evaluate(WIDTH)] + [tab.evaluate(WIDTH) for _ in dialogs(tab)]
        if max(widths) > PHONE["width"]:
            wide[path] = max(widths)
    assert wide == {}


def reach(tab: Any, name: str) -> None:
    """Goes to what has that name, stop by stop."""
    for _ in range(STOPS_MAX):
        tab.keyboard.press("Tab")
        if tab.evaluate(NAME).startswith(name):
            return
    raise AssertionError(f"the keyboard does not reach '{name}'")


def test_the_keyboard_alone_leads_from_the_first_visit_to_a_run_a_cancel_and_a_new_key(
    place: Place, open_tab: Callable[..., Any]
) -> None:
    tab = open_tab(None, base_url=place.server.address)
    tab.goto("/")
    if tab.evaluate(NAME) != "API key":
        reach(tab, "API key")
    tab.keyboard.type(KEY)
    tab.keyboard.press("Enter")
    tab.wait_for_url("**/models")
    reach(tab, "Slow")
    tab.keyboard.press("Enter")
    tab.wait_for_url("**/models/slow**")
    reach(tab, "Seconds")
    tab.keyboard.press("Control+A")
    tab.keyboard.type("300")
    reach(tab, "Run")
    tab.keyboard.press("Enter")
    tab.get_by_role("button", name="Cancel").wait_for()
    reach(tab, "Cancel")
    tab.keyboard.press("Enter")
    tab.locator(".take-head .badge", has_text="canceled").first.wait_for()
    tab.locator("body").press("Home")
    tab.evaluate("document.activeElement.blur()")
    reach(tab, "Keys")
    tab.keyboard.press("Enter")
    tab.wait_for_url("**/keys")
    reach(tab, "New key")
    tab.keyboard.press("Enter")
    tab.get_by_role("dialog").wait_for()
    if tab.evaluate(NAME) != "Name":
        reach(tab, "Name")
    tab.keyboard.type("made by hand")
    tab.keyboard.press("Enter")
    tab.get_by_role("dialog").get_by_text("sk-").first.wait_for()
    tab.keyboard.press("Escape")
    tab.get_by_text("made by hand").first.wait_for()


def test_on_a_phone_a_visitor_signs_in_runs_a_model_and_finds_the_result_again(
    place: Place, open_tab: Callable[..., Any]
) -> None:
    tab = open_tab(None, base_url=place.server.address, viewport=PHONE, is_mobile=True, has_touch=True)
    sign_in(tab)
    tab.get_by_role("link", name="Picture", exact=True).or_(
        tab.get_by_role("link", name="TrueFusion", exact=True)
    ).first.tap()
    tab.locator('[data-name="prompt"] textarea').first.fill("a fox on a phone")
    tab.get_by_role("button", name="Run", exact=True).tap()
    tab.locator(".take-head .badge", has_text="succeeded").first.wait_for()
    assert tab.evaluate(WIDTH) <= PHONE["width"]
    tab.get_by_role("navigation", name="Main").get_by_role("link", name="Predictions").tap()
    tab.wait_for_url("**/predictions")
    tab.get_by_text("a fox on a phone").first.wait_for()


def test_whoever_wants_no_motion_gets_none(place: Place, open_tab: Callable[..., Any]) -> None:
    moves = "getComputedStyle(document.querySelector('.badge.busy'), '::before').animationIterationCount"
    counts = {}
    for wish in ("no-preference", "reduce"):
        tab = open_tab(base_url=place.server.address, reduced_motion=wish)
        settled(tab, "/operator")
        counts[wish] = tab.evaluate(moves)
    assert counts == {"no-preference": "infinite", "reduce": "1"}


def test_without_scripts_the_sign_in_page_says_so_and_signs_in(
    place: Place, open_tab: Callable[..., Any]
) -> None:
    tab = open_tab(None, base_url=place.server.address, java_script_enabled=False)
    tab.goto("/sign-in")
    # Chromium, told to run no scripts, keeps this as text.
    assert "need JavaScript" in tab.locator("noscript").text_content()
    sign_in(tab)
    assert tab.get_by_role("heading", level=1).is_visible()
