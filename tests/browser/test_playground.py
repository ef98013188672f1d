"""The playground, as people use it: from a form to a result, with the model and the server behind it."""

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from browser.conftest import PHONE
from servers import KEY, Foretell

DOT = (
    "89504e470d0a1a0a0000000d49484452000000010000000108060000001f15c489"
    "0000000d49444154789c63f8ffff3f0005fe02fea735a10d0000000049454e44ae426082"
)
"""A picture of one point, as PNG."""
pytestmark = pytest.mark.needs("browser")


def field(tab: Any, name: str) -> Any:
    return tab.locator(f'[data-name="{name}"]').locator("textarea, input:not([type=range])")


def run(tab: Any) -> None:
    tab.get_by_role("button", name="Run", exact=True).click()


def finished(tab: Any, word: str = "succeeded") -> None:
    tab.locator(".take-head .badge", has_text=word).first.wait_for()


def test_from_the_first_visit_to_a_picture_on_the_disk(open_tab: Callable[..., Any], tmp_path: Path) -> None:
    tab = open_tab(None)
    tab.goto("/")
    tab.get_by_label("API key").fill(KEY)
    tab.keyboard.press("Enter")
    tab.wait_for_url("**/models")
    tab.get_by_role("link", name="Picture", exact=True).click()
    field(tab, "prompt").fill("a red fox")
    run(tab)
    finished(tab)
    picture = tab.locator("#stage figure img")
    assert picture.evaluate("image => image.decode().then(() => image.naturalWidth)") > 100
    with tab.expect_download() as download:
        tab.get_by_role("link", name="Download").click()
    download.value.save_as(tmp_path / "fox.png")
    assert (tmp_path / "fox.png").read_bytes().startswith(b"\x89PNG")


def test_a_picture_opens_large(tab: Any) -> None:
    tab.goto("/models/picture")
    run(tab)
    finished(tab)
    tab.get_by_role("button", name="Enlarge").click()
    viewer = tab.get_by_role("dialog")
    viewer.get_by_role("img").wait_for()
    tab.keyboard.press("Escape")
    viewer.wait_for(state="hidden")


def test_text_appears_while_it_is_said(tab: Any) -> None:
    tab.goto("/models/slow")
    tab.get_by_role("spinbutton", name="Seconds").fill("4")
    run(tab)
    tab.locator(".prose", has_text="0.2 s").wait_for()
    assert "done" not in tab.locator(".prose").inner_text()
    assert int(tab.get_by_role("progressbar").get_attribute("aria-valuenow")) < 100
    finished(tab)
    assert tab.locator(".prose").inner_text().strip().endswith("done")


def test_steps_are_counted_beside_the_bar_here_and_on_the_page_of_the_prediction(tab: Any) -> None:
    counted = re.compile(r"step \d+ of 600")
    tab.goto("/models/slow")
    tab.get_by_role("spinbutton", name="Seconds").fill("60")
    run(tab)
    tab.locator("#stage").get_by_text(counted).wait_for()
    tab.goto("/predictions")
    tab.get_by_role("link", name="slow").first.click()
    tab.locator("#stage").get_by_text(counted).wait_for()
    tab.get_by_role("button", name="Cancel").click()
    finished(tab, "canceled")
    assert counted.search(tab.locator("#panel-facts").inner_text())


def test_a_run_can_be_canceled(tab: Any) -> None:
    tab.goto("/models/slow")
    tab.get_by_role("spinbutton", name="Seconds").fill("300")
    run(tab)
    tab.locator(".prose", has_text="s").wait_for()
    tab.get_by_role("button", name="Cancel").click()
    finished(tab, "canceled")
    tab.get_by_text("It was canceled.").wait_for()
    assert tab.get_by_role("button", name="Run again").is_visible()


def test_a_failure_says_why_and_shows_the_log(tab: Any) -> None:
    tab.goto("/models/fail")
    tab.get_by_label("Message").fill("Out of paint.")
    run(tab)
    finished(tab, "failed")
    assert "Out of paint." in tab.locator("#stage .notice").inner_text()
    tab.get_by_text("Log", exact=True).click()
    tab.get_by_text("about to fail, as asked").wait_for()


def test_what_the_server_refuses_is_said_at_the_field(tab: Any) -> None:
    tab.goto("/models/truefusion")
    run(tab)
    prompt = field(tab, "prompt")
    tab.locator('[data-name="prompt"] .wrong', has_text="Is required.").wait_for()
    assert prompt.get_attribute("aria-invalid") == "true"
    assert tab.evaluate("document.activeElement.tagName") == "TEXTAREA"
    tab.get_by_text("Settings").click()
    tab.get_by_role("spinbutton", name="Steps").fill("1000")
    tab.locator('[data-name="steps"] .wrong', has_text="more than the maximum of 100").wait_for()
    prompt.fill("a fox")
    tab.locator('[data-name="prompt"] .wrong').wait_for(state="hidden")


def test_a_link_keeps_the_form(tab: Any, open_tab: Callable[..., Any]) -> None:
    tab.goto("/models/truefusion")
    field(tab, "prompt").fill('a "quoted" fox & friends')
    tab.get_by_text("Settings").click()
    tab.get_by_role("spinbutton", name="Steps").fill("7")
    tab.wait_for_url("**input=**")
    other = open_tab()
    other.goto(tab.url)
    assert field(other, "prompt").input_value() == 'a "quoted" fox & friends'
    assert other.get_by_role("spinbutton", name="Steps").input_value() == "7"


def test_a_damaged_link_is_told_and_harms_nothing(tab: Any) -> None:
    tab.goto("/models/truefusion?input=%7Bx")
    tab.get_by_text("This link is damaged").wait_for()
    assert field(tab, "prompt").input_value() == ""


def test_the_code_is_the_request_that_the_form_holds(tab: Any) -> None:
    tab.goto("/models/echo")
    field(tab, "prompt").fill("it's a fox")
    for language, part in (
        ("curl", "it'\\''s a fox"),
        ("Python", '"prompt": "it\'s a fox"'),
        ("JavaScript", '"prompt": "it\'s a fox"'),
        ("Command line", "-i prompt='it'\\''s a fox'"),
    ):
        tab.get_by_role("tab", name=language).click()
        assert part in tab.get_by_role("tabpanel").inner_text(), language


def test_an_example_fills_the_form(tab: Any) -> None:
    tab.goto("/models/echo")
    tab.get_by_role("button", name="Use this").click()
    assert field(tab, "prompt").input_value() == "Hello there! "
    run(tab)
    finished(tab)
    assert tab.locator(".prose").inner_text().startswith("Hello there! Hello there!")


def test_runs_are_compared_side_by_side(tab: Any) -> None:
    tab.goto("/models/echo")
    for words in ("first words", "second words"):
        field(tab, "prompt").fill(words)
        run(tab)
        tab.locator(".prose", has_text=words).wait_for()
        finished(tab)
    tab.get_by_role("button", name="Compare").click()
    shown = tab.locator(".side-by-side .prose").all_inner_texts()
    assert shown == ["first words", "second words"]
    tab.get_by_role("button", name="Run 1, succeeded").click()
    tab.get_by_role("button", name="Compare").click()
    assert tab.locator(".alone .take").count() == 1


def test_the_seed_is_varied_with_the_rest_kept(tab: Any) -> None:
    tab.goto("/models/picture")
    field(tab, "prompt").fill("a fox")
    run(tab)
    finished(tab)
    tab.get_by_role("button", name="Vary the seed").click()
    tab.get_by_role("button", name="Run 2, succeeded").wait_for()
    assert field(tab, "seed").input_value().isdigit()
    assert field(tab, "prompt").input_value() == "a fox"


def test_a_file_is_dropped_shown_and_run(tab: Any, tmp_path: Path) -> None:
    tab.goto("/models/upscale")
    image = tmp_path / "dot.png"
    image.write_bytes(bytes.fromhex(DOT))
    tab.locator('input[type="file"]').set_input_files(image)
    tab.get_by_text("dot.png").wait_for()
    run(tab)
    finished(tab)
    assert "/files/" in tab.locator("#code-curl").inner_text()


def test_a_public_result_is_seen_by_whoever_has_the_link(tab: Any, open_tab: Callable[..., Any]) -> None:
    tab.goto("/models/echo")
    field(tab, "prompt").fill("for everybody")
    tab.get_by_role("switch", name="Public").check()
    with tab.expect_response("**/v1/predictions") as made:
        run(tab)
    finished(tab)
    stranger = open_tab(None)
    stranger.goto(f"/predictions/{made.value.json()['id']}")
    stranger.get_by_text("for everybody").first.wait_for()


def test_a_private_result_is_not_seen_by_strangers(tab: Any, open_tab: Callable[..., Any]) -> None:
    tab.goto("/models/echo")
    field(tab, "prompt").fill("for nobody")
    with tab.expect_response("**/v1/predictions") as made:
        run(tab)
    finished(tab)
    path = f"/predictions/{made.value.json()['id']}"
    stranger = open_tab(None)
    stranger.goto(path)
    assert stranger.get_by_text("for nobody").count() == 0
    tab.goto(path)
    tab.get_by_text("for nobody").first.wait_for()


def test_everything_is_done_with_the_keyboard_alone(tab: Any) -> None:
    tab.goto(f"/models/echo?input={quote(json.dumps({'prompt': 'by hand'}))}")
    for _ in range(60):
        tab.keyboard.press("Tab")
        if tab.evaluate("document.activeElement.id") == "run":
            break
    tab.keyboard.press("Enter")
    finished(tab)
    tab.locator(".prose", has_text="by hand").wait_for()


@pytest.mark.parametrize(
    "path", ["/models", "/models/truefusion", "/models/deepbrain", "/models/upscale", "/account"]
)
def test_a_phone_shows_every_page_without_scrolling_sideways(open_tab: Callable[..., Any], path: str) -> None:
    tab = open_tab(viewport=PHONE, has_touch=True, is_mobile=True)
    tab.goto(path)
    tab.wait_for_load_state("networkidle")
    assert tab.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]


def test_finding_a_model_narrows_the_gallery(tab: Any, server: Foretell) -> None:
    tab.get_by_label("Find a model").fill("speech to")
    assert tab.locator(".work:visible h2").all_inner_texts() == ["Transcribe"] or "Speech" in str(
        tab.locator(".work:visible h2").all_inner_texts()
    )
    tab.get_by_label("Find a model").fill("nothing like that")
    tab.get_by_role("button", name="Show all").click()
    tab.get_by_role("button", name="Audio").click()
    assert tab.locator(".work:visible h2").all_inner_texts() == ["Speech"]
    assert tab.url.endswith("?type=audio")


@pytest.mark.parametrize("path", ["/models", "/models/truefusion", "/models/speech", "/account", "/sign-in"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_nothing_keeps_people_out(open_tab: Callable[..., Any], axe: str, path: str, scheme: str) -> None:
    tab = open_tab(KEY if path != "/sign-in" else None, color_scheme=scheme)
    tab.goto(path)
    tab.wait_for_load_state("networkidle")
    # Evaluated by the browser's own debugger, which the page's policy does not bind.
    tab.evaluate(axe)
    found = tab.evaluate(
        "axe.run(document, {runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa']})"
    )
    problems = [
        f"{each['id']}: {node['html'][:160]}" for each in found["violations"] for node in each["nodes"]
    ]
    assert problems == []


def test_a_list_is_filled_in_item_by_item(tab: Any) -> None:
    tab.goto("/models/embed")
    texts = tab.locator('[data-name="texts"]')
    for number, words in enumerate(("a fox", "a frog", "a whale")):
        texts.get_by_role("button", name="Add").click()
        texts.locator("textarea").nth(number).fill(words)
    texts.get_by_role("button", name="Take this away").nth(1).click()
    assert '"texts": [\n' in tab.locator("#code-curl").inner_text()
    assert "a frog" not in tab.locator("#code-curl").inner_text()
    run(tab)
    finished(tab)
    tab.get_by_text("Vector 2 of 2").wait_for()


def test_leaving_and_coming_back_shows_the_same_prediction(tab: Any) -> None:
    tab.goto("/models/echo")
    field(tab, "prompt").fill("still here")
    with tab.expect_response("**/v1/predictions") as made:
        run(tab)
    finished(tab)
    tab.goto(f"/predictions/{made.value.json()['id']}")
    tab.get_by_role("link", name="Open in the playground").click()
    finished(tab)
    assert field(tab, "prompt").input_value() == "still here"
