"""The operator's pages, as operators use them: a real server's nodes, models, accounts, errors."""

from pathlib import Path
from typing import Any

import httpx
import pytest

from servers import KEY, Foretell

MODEL = """namespace = "shop/hello"
name = "Hello"
type = "text"
description = "Says hello."
predictor = "predict.py:Hello"

[[examples]]
title = "A greeting"
input = { name = "you" }
"""
PREDICTOR = """class Hello:
    def predict(self, name: str) -> str:
        return f"{greeting} {{name}}"
"""
pytestmark = pytest.mark.needs("browser")


def written(folder: Path, greeting: str) -> Path:
    """A folder with a model that greets so."""
    folder.mkdir(exist_ok=True)
    (folder / "model.toml").write_text(MODEL)
    (folder / "predict.py").write_text(
        PREDICTOR.replace("{greeting}", greeting).replace("{{name}}", "{name}")
    )
    return folder


def predict(server: Foretell, model: str, **given: Any) -> dict[str, Any]:
    with server.client() as client:
        told: dict[str, Any] = client.post(
            "/v1/predictions", json={"model": model, "input": given, "await": True}
        ).json()
    return told


def say_yes(tab: Any) -> None:
    tab.locator("#sure-yes").click()


def test_a_loaded_model_is_seen_and_unloaded(tab: Any, server: Foretell) -> None:
    predict(server, "echo", prompt="hello")
    tab.goto("/operator")
    row = tab.get_by_role("row").filter(has=tab.get_by_role("link", name="echo", exact=True))
    row.get_by_text("ready").wait_for()
    assert "MB" in row.inner_text()
    row.get_by_role("button", name="Unload").click()
    tab.get_by_text("It ends after its runs.").wait_for()
    row.wait_for(state="detached")


def test_a_node_is_drained_after_a_question_and_resumed(tab: Any, server: Foretell) -> None:
    tab.goto("/operator")
    tab.get_by_role("button", name="Drain").click()
    tab.get_by_role("button", name="Leave it").click()
    tab.get_by_role("button", name="Drain").click()
    say_yes(tab)
    tab.get_by_text("drained", exact=True).wait_for()
    tab.get_by_role("button", name="Resume").click()
    tab.get_by_role("button", name="Drain").wait_for()
    assert predict(server, "echo", prompt="again")["status"] == "succeeded"


def test_what_waits_for_a_paused_model_is_seen_and_let_go(tab: Any, server: Foretell) -> None:
    tab.goto("/operator/models/embed")
    tab.get_by_role("button", name="Pause").click()
    tab.locator(".badge", has_text="paused").wait_for()
    with server.client() as client:
        made = client.post("/v1/predictions", json={"model": "embed", "input": {"texts": ["a fox"]}}).json()
        tab.goto("/operator")
        row = tab.locator("tr", has=tab.locator(".badge", has_text="paused"))
        assert "1" in row.inner_text()
        row.get_by_role("button", name="Resume").click()
        row.wait_for(state="detached")
        told = client.get(f"/v1/predictions/{made['id']}?await=true").json()
        assert told["status"] in {"starting", "processing", "succeeded"}


def test_a_model_is_added_rolled_back_and_removed(tab: Any, server: Foretell, tmp_path: Path) -> None:
    folder = tmp_path / "hello"
    for greeting in ("Hello", "Good day"):
        written(folder, greeting)
        tab.goto("/operator/models")
        tab.get_by_role("button", name="Add a model").click()
        tab.get_by_label("Where it is").fill(str(folder))
        tab.keyboard.press("Enter")
        tab.wait_for_url("**/operator/additions/*")
        tab.get_by_role("link", name="Show the model").click()
        assert predict(server, "shop/hello", name="you")["output"] == f"{greeting} you"
    assert tab.get_by_role("row").count() == 1 + 2 + 3
    tab.get_by_role("button", name="Roll back").click()
    say_yes(tab)
    tab.get_by_text("The version before is current again.").wait_for()
    assert predict(server, "shop/hello", name="you")["output"] == "Hello you"
    tab.get_by_role("button", name="Remove", exact=True).click()
    say_yes(tab)
    tab.get_by_text("The version is gone.").wait_for()
    tab.get_by_role("button", name="Remove this model").click()
    say_yes(tab)
    tab.wait_for_url("**/operator/models")
    assert predict(server, "shop/hello", name="you")["error"]["error_id"] == "MODEL_NOT_FOUND"


def test_a_model_that_cannot_be_added_says_why(tab: Any, tmp_path: Path) -> None:
    tab.goto("/operator/models")
    tab.get_by_role("button", name="Add a model").click()
    tab.get_by_label("Where it is").fill(str(tmp_path / "nowhere"))
    tab.get_by_role("button", name="Add", exact=True).click()
    tab.locator("dialog .wrong:visible, .notice.bad").first.wait_for()
    assert "nowhere" in tab.locator("main").inner_text()


def test_an_account_is_made_given_credits_and_a_key_and_suspended(tab: Any, server: Foretell) -> None:
    tab.goto("/operator/accounts")
    tab.get_by_role("button", name="New account").click()
    tab.get_by_label("Name").fill("web shop")
    tab.get_by_role("button", name="Create").click()
    tab.get_by_role("heading", name="web shop", level=1).wait_for()
    tab.get_by_role("button", name="Add credits").click()
    tab.get_by_label("Amount").fill("25.5")
    tab.get_by_label("Note").fill("invoice 17")
    tab.get_by_role("button", name="Add", exact=True).click()
    tab.get_by_text("invoice 17").wait_for()
    assert "25.5" in tab.locator(".figures").inner_text()
    tab.get_by_role("button", name="New key").click()
    tab.locator("#key-name").fill("till")
    tab.get_by_role("button", name="Create").click()
    key = tab.locator("#shown-text")
    key.get_by_text("sk-").wait_for()
    secret = key.inner_text().strip()
    tab.get_by_role("button", name="I have it").click()
    tab.get_by_role("row").filter(has_text="till").wait_for()

    def status() -> int:
        return httpx.get(f"{server.address}/v1/usage", headers={"x-api-key": secret}).status_code

    assert status() == 200
    tab.get_by_role("button", name="Suspend").click()
    say_yes(tab)
    tab.get_by_role("button", name="Lift the suspension").wait_for()
    assert status() in {401, 403}


def test_a_name_that_is_taken_is_told_in_the_dialog(tab: Any) -> None:
    tab.goto("/operator/accounts")
    tab.get_by_role("button", name="New account").click()
    tab.get_by_label("Name").fill("default")
    tab.get_by_role("button", name="Create").click()
    tab.get_by_role("alert").get_by_text("There is an account 'default' already.").wait_for()


def test_a_failure_is_found_among_the_errors_and_leads_to_its_prediction(tab: Any, server: Foretell) -> None:
    made = predict(server, "fail", message="Out of canvas.")
    tab.goto("/operator/errors")
    card = tab.get_by_role("region").filter(has_text="fail").first
    card.get_by_text("Out of canvas.").wait_for()
    card.get_by_role("link", name=made["id"][:13]).first.click()
    tab.wait_for_url(f"**/predictions/{made['id']}")


def test_settings_say_where_they_come_from(tab: Any) -> None:
    tab.goto("/operator/settings")
    row = tab.get_by_role("row").filter(has_text="sandbox")
    assert "true" in row.inner_text() and "command line" in row.inner_text()
    assert KEY not in tab.content()


def test_a_deed_is_found_in_the_audit(tab: Any) -> None:
    tab.goto("/operator/audit")
    tab.get_by_label("What").select_option("session.begin")
    tab.get_by_role("button", name="Show").click()
    tab.wait_for_url("**action=session.begin**")
    said = set(tab.locator("tbody th").all_inner_texts())
    assert said == {"session.begin"}
