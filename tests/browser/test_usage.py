"""The page of usage: its charts and tables have the numbers of the API."""

import csv
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from browser.members import Member, new_member
from servers import Foretell

pytestmark = pytest.mark.needs("browser")


@pytest.fixture(scope="module")
def member(server: Foretell) -> Member:
    """An account that has run something; what it ran stays as it is."""
    found = new_member(server)
    found.run("echo", count=3, prompt="counted")
    found.run("fail", message="Counted too.")
    return found


@pytest.fixture
def page(open_tab: Callable[..., Any], member: Member) -> Any:
    tab = open_tab(member.key)
    tab.goto("/usage")
    tab.locator("#chart-predictions svg").wait_for()
    return tab


def usage(member: Member, group: str) -> dict[str, Any]:
    with member.client() as client:
        answer = client.get("/v1/usage", params={"group_by": group, "durations": "true"})
        found: dict[str, Any] = answer.raise_for_status().json()
        return found


def said(seconds: float) -> str:
    return f"{seconds * 1_000:.0f} ms" if seconds < 1 else f"{seconds:.1f} s"


def test_the_charts_have_the_numbers_of_the_api(page: Any, member: Member) -> None:
    (day,) = usage(member, "day")["data"]
    chart = page.locator("#chart-predictions")
    chart.get_by_text("As a table").click()
    cells = chart.locator("tbody tr", has_text=day["day"]).locator("td").all_inner_texts()
    assert cells == ["3", "1", "0", "0"]
    assert cells[:2] == [str(day["succeeded"]), str(day["failed"])]
    latency = page.locator("#chart-latency")
    latency.get_by_text("As a table").click()
    shown = latency.locator("tbody tr", has_text=day["day"]).locator("td").all_inner_texts()
    assert shown == [said(day[f"seconds_p{each}"]) for each in (50, 95, 99)]
    assert page.locator("#tile-success").inner_text() == "75 %"
    assert page.locator("#tile-predictions").inner_text() == "4"


def test_the_days_of_a_chart_are_walked_with_the_keyboard(page: Any, member: Member) -> None:
    (day,) = usage(member, "day")["data"]
    page.locator("#chart-predictions .frame").focus()
    page.keyboard.press("End")
    tip = page.locator("#chart-predictions .tip")
    assert day["day"] in tip.inner_text()
    assert "Succeeded\n3" in tip.inner_text()
    page.keyboard.press("ArrowLeft")
    assert day["day"] not in tip.inner_text()
    page.keyboard.press("Escape")
    assert tip.is_hidden()


def test_usage_is_told_by_model_and_by_key(page: Any, member: Member) -> None:
    rows = page.locator("#by-model tbody tr")
    assert [each.split()[:2] for each in rows.all_inner_texts()] == [["echo", "3"], ["fail", "1"]]
    assert page.locator("#by-key tbody th").inner_text() == "first"


def test_the_csv_holds_what_the_api_answers(page: Any, member: Member, tmp_path: Path) -> None:
    page.get_by_text("CSV", exact=True).click()
    with page.expect_download() as download:
        page.get_by_role("button", name="By day and model").click()
    assert download.value.suggested_filename.endswith("-day-model.csv")
    download.value.save_as(tmp_path / "usage.csv")
    with (tmp_path / "usage.csv").open(newline="") as file:
        lines = list(csv.DictReader(file))
    told = usage(member, "day,model")["data"]
    assert [(each["day"], each["model"], int(each["predictions"])) for each in lines] == [
        (each["day"], each["model"], each["predictions"]) for each in told
    ]
    assert [float(each["credits_used"]) for each in lines] == [each["credits_used"] for each in told]


def test_a_period_is_chosen_and_kept_in_the_address(page: Any) -> None:
    page.get_by_role("button", name="7 days").click()
    page.locator("[data-days='7'][aria-pressed='true']").wait_for()
    page.locator("#chart-predictions").get_by_text("As a table").click()
    assert page.locator("#chart-predictions tbody tr").count() == 7
    page.reload()
    page.locator("[data-days='7'][aria-pressed='true']").wait_for()
    page.get_by_label("From", exact=True).fill("2000-01-01")
    page.get_by_label("to", exact=True).fill("2000-01-31")
    page.locator("#chart-predictions").get_by_text("Nothing in these days.").wait_for()
    page.get_by_label("to", exact=True).fill("1999-01-31")
    page.get_by_role("alert").get_by_text("'from' is later than 'to'.").wait_for()


def test_an_operator_looks_at_another_account_and_at_all(tab: Any, member: Member) -> None:
    tab.goto("/usage")
    tab.get_by_label("Account", exact=True).select_option(label=member.name)
    tab.locator("#tile-predictions", has_text="4").wait_for()
    tab.locator("#by-model tbody tr", has_text="fail").wait_for()
    tab.get_by_label("Account", exact=True).select_option("*")
    tab.wait_for_url("**account=*")
    tab.locator("#tile-balance", has_text="–").wait_for()


def test_a_member_cannot_look_at_others(page: Any) -> None:
    assert page.get_by_label("Account", exact=True).count() == 0
