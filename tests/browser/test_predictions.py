"""The list of predictions and the page of each, as people use them."""

from collections.abc import Callable
from typing import Any

import pytest

from browser.members import Member, ended, new_member
from servers import Foretell, until

pytestmark = pytest.mark.needs("browser")


@pytest.fixture
def member(server: Foretell) -> Member:
    return new_member(server)


def words(tab: Any) -> list[str]:
    return list(tab.locator(".line .words").all_inner_texts())


def shows(tab: Any, number: int) -> None:
    tab.locator("#total", has_text=f"{number} prediction").wait_for()


def test_sixty_predictions_are_three_pages_newest_first(open_tab: Callable[..., Any], member: Member) -> None:
    with member.client() as client:
        for number in range(60):
            client.post("/v1/predictions", json={"model": "echo", "input": {"prompt": f"number {number}"}})
    tab = open_tab(member.key)
    tab.goto("/predictions")
    shows(tab, 60)
    assert words(tab) == [f"number {each}" for each in range(59, 39, -1)]
    tab.get_by_role("button", name="Older").click()
    tab.get_by_text("Page 2 of 3").wait_for()
    assert words(tab) == [f"number {each}" for each in range(39, 19, -1)]
    tab.get_by_role("button", name="Older").click()
    tab.get_by_text("Page 3 of 3").wait_for()
    assert tab.get_by_role("button", name="Older").is_disabled()
    assert words(tab)[-1] == "number 0"
    tab.go_back()
    tab.get_by_text("Page 2 of 3").wait_for()
    tab.reload()
    tab.get_by_text("Page 2 of 3").wait_for()


def test_filters_narrow_the_list_and_are_kept_in_the_address(
    open_tab: Callable[..., Any], member: Member
) -> None:
    member.run("echo", prompt="a red fox")
    member.run("echo", prompt="a green frog")
    member.run("fail", message="Out of paint.")
    tab = open_tab(member.key)
    tab.goto("/predictions")
    shows(tab, 3)
    tab.get_by_label("Status").select_option("failed")
    shows(tab, 1)
    assert words(tab) == ["Out of paint."]
    tab.get_by_role("button", name="Clear").click()
    tab.get_by_label("Model", exact=True).select_option("echo")
    shows(tab, 2)
    tab.get_by_label("Text of the input").fill("FOX")
    shows(tab, 1)
    assert words(tab) == ["a red fox"]
    tab.reload()
    shows(tab, 1)
    assert tab.get_by_label("Text of the input").input_value() == "FOX"
    tab.get_by_label("From").fill("2000-01-01")
    tab.get_by_label("to", exact=True).fill("2000-01-02")
    tab.get_by_text("No prediction fits").wait_for()
    tab.get_by_role("button", name="Show all").click()
    shows(tab, 3)


def test_the_list_is_narrowed_to_what_a_key_made(open_tab: Callable[..., Any], member: Member) -> None:
    with member.client() as client:
        other = client.post("/v1/keys", json={"name": "other"}).json()["key"]
    member.run("echo", prompt="by the first")
    Member(member.name, other, member.server).run("echo", prompt="by the other")
    tab = open_tab(member.key)
    tab.goto("/predictions")
    shows(tab, 2)
    tab.get_by_label("Key").select_option(label="other")
    shows(tab, 1)
    assert words(tab) == ["by the other"]


def test_nothing_run_yet_leads_to_the_models(open_tab: Callable[..., Any], member: Member) -> None:
    tab = open_tab(member.key)
    tab.goto("/predictions")
    tab.get_by_role("link", name="Try a model").click()
    tab.wait_for_url("**/models")


def test_what_is_new_is_announced_and_moves_nothing(open_tab: Callable[..., Any], member: Member) -> None:
    member.run("echo", prompt="the first")
    tab = open_tab(member.key)
    tab.goto("/predictions")
    shows(tab, 1)
    member.run("echo", count=2, prompt="later")
    news = tab.get_by_role("button", name="2 new")
    news.wait_for()
    assert words(tab) == ["the first"]
    news.click()
    shows(tab, 3)
    assert words(tab) == ["later", "later", "the first"]


def test_a_line_of_the_list_follows_its_prediction(open_tab: Callable[..., Any], member: Member) -> None:
    with member.client() as client:
        made = client.post("/v1/predictions", json={"model": "slow", "input": {"seconds": 300}}).json()
        tab = open_tab(member.key)
        tab.goto("/predictions")
        tab.locator(".line .badge", has_text="processing").wait_for()
        client.post(f"/v1/predictions/{made['id']}/cancel")
        tab.locator(".line .badge", has_text="canceled").wait_for()


def test_pictures_are_seen_in_the_list_in_boxes_of_one_size(
    open_tab: Callable[..., Any], member: Member
) -> None:
    member.run("picture", prompt="a fox")
    tab = open_tab(member.key)
    tab.goto("/predictions")
    picture = tab.locator(".line .thumb img")
    assert picture.evaluate("image => image.decode().then(() => image.naturalWidth)") > 100
    box = tab.locator(".line .thumb").bounding_box()
    assert (box["width"], box["height"]) == (56, 56)


def test_the_timeline_after_a_cold_start_says_how_long_the_model_loaded(
    open_tab: Callable[..., Any], server: Foretell, member: Member
) -> None:
    unload(server, "echo")
    (made,) = member.run("echo", prompt="after a cold start")
    phases = made["metadata"]["phases"]
    assert phases["loading_seconds"] > 0
    tab = open_tab(member.key)
    tab.goto(f"/predictions/{made['id']}")
    tab.locator('#timeline [data-phase="end"]', has_text="Succeeded").wait_for()
    assert tab.locator('#timeline [data-phase="loading"] strong').inner_text() == said(
        phases["loading_seconds"]
    )
    shown = [each.get_attribute("data-phase") for each in tab.locator("#timeline li").all()]
    order = ["queued", "fetching", "downloading", "building", "loading", "running", "storing", "end"]
    assert shown == [each for each in order if each in shown]
    assert {"queued", "loading", "running", "end"} <= set(shown)


def unload(server: Foretell, model: str) -> None:
    with server.client() as client:

        def idle() -> bool:
            replicas = [
                each
                for node in client.get("/v1/admin/nodes").json()["data"]
                for each in node["replicas"]
                if each["model"] == model
            ]
            for each in replicas:
                client.post(f"/v1/admin/replicas/{each['id']}/unload")
            return not replicas

        until(idle, about="a node without the model")


def said(seconds: float) -> str:
    return f"{seconds * 1_000:.0f} ms" if seconds < 1 else f"{seconds:.1f} s"


def test_a_running_prediction_is_followed_to_its_end(open_tab: Callable[..., Any], member: Member) -> None:
    with member.client() as client:
        made = client.post("/v1/predictions", json={"model": "slow", "input": {"seconds": 300}}).json()
        tab = open_tab(member.key)
        tab.goto(f"/predictions/{made['id']}")
        tab.locator("#timeline .now", has_text="Running").wait_for()
        tab.locator(".prose", has_text="0.3 s").wait_for()
        tab.get_by_role("button", name="Cancel").click()
        tab.locator('#timeline [data-phase="end"]', has_text="Canceled").wait_for()
        assert ended(client, made["id"])["status"] == "canceled"


def test_all_that_an_ended_prediction_said_is_there(open_tab: Callable[..., Any], member: Member) -> None:
    (made,) = member.run("fail", message="Out of paint.")
    tab = open_tab(member.key)
    tab.goto(f"/predictions/{made['id']}")
    tab.get_by_text("Log", exact=True).click()
    tab.locator(".logs pre", has_text="about to fail, as asked").wait_for()
    tab.get_by_role("tab", name="Events").click()
    tab.locator("#panel-events tr").get_by_text('"message": "Out of paint."').wait_for()
    tab.get_by_role("tab", name="JSON").click()
    assert f'"id": "{made["id"]}"' in tab.locator("#json").inner_text()
    tab.get_by_role("tab", name="Webhooks").click()
    tab.get_by_text("No webhooks").wait_for()


def test_deleting_asks_first_and_leaves_nothing(open_tab: Callable[..., Any], member: Member) -> None:
    (made,) = member.run("echo", prompt="to be erased")
    tab = open_tab(member.key)
    tab.goto(f"/predictions/{made['id']}")
    tab.get_by_role("button", name="Delete", exact=True).click()
    tab.get_by_role("button", name="Keep it").click()
    with member.client() as client:
        assert client.get(f"/v1/predictions/{made['id']}").status_code == 200
        tab.get_by_role("button", name="Delete", exact=True).click()
        tab.get_by_role("button", name="Delete it").click()
        tab.wait_for_url("**/predictions")
        tab.get_by_text("The prediction is deleted.").wait_for()
        tab.get_by_text("Nothing has run yet").wait_for()
        assert client.get(f"/v1/predictions/{made['id']}").status_code == 404


def test_a_stranger_sees_of_a_public_prediction_no_webhooks_and_no_way_to_delete_it(
    open_tab: Callable[..., Any], member: Member
) -> None:
    with member.client() as client:
        body = {"model": "echo", "input": {"prompt": "for everybody"}, "privacy": "public"}
        made = client.post("/v1/predictions", json=body).json()
        ended(client, made["id"])
    tab = open_tab(None)
    tab.goto(f"/predictions/{made['id']}")
    tab.locator('#timeline [data-phase="end"]').wait_for()
    assert tab.get_by_role("tab").all_inner_texts() == ["Figures", "Events", "JSON"]
    assert tab.get_by_role("button", name="Delete").count() == 0


def test_a_very_long_prompt_does_not_widen_the_list(open_tab: Callable[..., Any], member: Member) -> None:
    member.run("echo", prompt="word" * 2_000)
    tab = open_tab(member.key)
    tab.goto("/predictions")
    shows(tab, 1)
    assert tab.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert tab.locator(".line").bounding_box()["height"] < 100
