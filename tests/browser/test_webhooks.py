"""The page of webhooks, as people use it, with a receiver that fails at first."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from browser.members import Member, ended, new_member
from servers import Foretell, Receiver, until

pytestmark = pytest.mark.needs("browser")


@pytest.fixture
def member(server: Foretell) -> Member:
    return new_member(server)


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    found = Receiver()
    yield found
    found.close()


def told(member: Member, receiver: Receiver, *events: str) -> str:
    """A prediction that has ended, of whose events the receiver heard something."""
    with member.client() as client:
        webhook = {"url": receiver.url, "events": list(events)}
        body = {"model": "echo", "input": {"prompt": "told"}, "webhook": webhook}
        made = client.post("/v1/predictions", json=body).raise_for_status().json()
        ended(client, made["id"])

        def tried() -> bool:
            data = client.get(f"/v1/predictions/{made['id']}/deliveries").json()["data"]
            return len(data) == len(events) and all(each["attempts"] for each in data)

        until(tried, about="an attempt of each delivery")
    return str(made["id"])


def test_a_delivery_that_failed_is_sent_again_and_what_happened_is_said(
    open_tab: Callable[..., Any], member: Member, receiver: Receiver
) -> None:
    receiver.refuses = True
    prediction = told(member, receiver, "completed")
    tab = open_tab(member.key)
    tab.goto("/webhooks")
    row = tab.locator(".delivery")
    row.locator("summary").click()
    row.get_by_text(f'"id": "{prediction}"').wait_for()
    row.get_by_role("button", name="Send again").click()
    tab.get_by_text("It failed again: the receiver answered 500.").wait_for()
    receiver.refuses = False
    row.get_by_role("button", name="Send again").click()
    tab.get_by_text("Delivered: the receiver answered 200").wait_for()
    row.locator("summary .badge", has_text="delivered").wait_for()
    assert set(receiver.statuses(prediction)) == {"succeeded"}


def test_a_prediction_shows_what_its_webhook_was_told(
    open_tab: Callable[..., Any], member: Member, receiver: Receiver
) -> None:
    prediction = told(member, receiver, "started", "completed")
    tab = open_tab(member.key)
    tab.goto(f"/predictions/{prediction}")
    tab.get_by_role("tab", name="Webhooks").click()
    rows = tab.locator("#panel-deliveries .delivery")
    rows.nth(1).wait_for()
    assert rows.locator(".event").all_inner_texts() == ["started", "completed"]
    rows.nth(1).locator("summary").click()
    rows.nth(1).get_by_role("button", name="Send again").click()
    tab.get_by_text("Delivered: the receiver answered 200").wait_for()
    until(lambda: len(receiver.statuses(prediction)) == 3, about="the third delivery")


def test_deliveries_are_narrowed_by_state_event_and_address(
    open_tab: Callable[..., Any], member: Member, receiver: Receiver
) -> None:
    told(member, receiver, "started", "completed")
    tab = open_tab(member.key)
    tab.goto("/webhooks")
    total = tab.locator("#total")
    total.get_by_text("2 deliveries").wait_for()
    tab.get_by_label("Event").select_option("completed")
    total.get_by_text("1 delivery").wait_for()
    tab.get_by_label("State").select_option("dead")
    tab.get_by_text("No delivery fits").wait_for()
    tab.get_by_role("button", name="Show all").click()
    tab.get_by_label("How the address begins").fill(receiver.url[:-2])
    total.get_by_text("2 deliveries").wait_for()
    tab.get_by_label("How the address begins").fill("https://elsewhere.example")
    tab.get_by_text("No delivery fits").wait_for()


def test_everything_that_failed_is_sent_again_at_once(
    open_tab: Callable[..., Any], member: Member, receiver: Receiver
) -> None:
    receiver.refuses = True
    prediction = told(member, receiver, "started")
    tab = open_tab(member.key)
    with member.client() as client:
        until(
            lambda: client.get("/v1/webhooks/deliveries?state=dead").json()["data"],
            about="a delivery given up",
        )
    receiver.refuses = False
    tab.goto("/webhooks")
    tab.get_by_role("button", name="Send what failed again").click()
    tab.get_by_role("button", name="Send them again").click()
    tab.get_by_text("1 delivery is being sent again.").wait_for()
    until(lambda: receiver.statuses(prediction), about="the delivery")


def test_the_signing_secret_is_shown_when_asked_for_and_replaced(
    open_tab: Callable[..., Any], member: Member
) -> None:
    tab = open_tab(member.key)
    tab.goto("/webhooks")
    tab.get_by_role("tab", name="Signing").click()
    assert "whsec_" not in tab.content()
    tab.get_by_role("button", name="Show it").click()
    secret = tab.locator("#secret-text", has_text="whsec_")
    before = secret.inner_text()
    tab.get_by_role("button", name="Make another one").click()
    tab.get_by_role("button", name="Make another secret").click()
    tab.get_by_text("There is another secret.").wait_for()
    tab.get_by_text("The one before it signs as well").wait_for()
    assert secret.inner_text() != before
    with member.client() as client:
        assert client.get("/v1/webhooks/secret").json()["secret"] == secret.inner_text()


def test_the_endpoints_are_listed_with_how_they_do(
    open_tab: Callable[..., Any], member: Member, receiver: Receiver
) -> None:
    told(member, receiver, "completed")
    tab = open_tab(member.key)
    tab.goto("/webhooks")
    tab.get_by_role("tab", name="Endpoints").click()
    row = tab.locator("#endpoints tbody tr", has_text=receiver.url)
    row.get_by_text("active").wait_for()
