"""What operators learn of the server itself: what waits, what went wrong, what it runs with."""

from collections.abc import Callable

import httpx
import pytest

from served_api import Api


def test_what_waits_is_told_by_model_with_the_next_in_line(either_api: Api) -> None:
    first = either_api.create("truefusion")
    either_api.create("truefusion")
    with either_api.client() as client:
        assert client.post("/v1/admin/models/truefusion/pause").status_code == 200
        (lane,) = client.get("/v1/admin/lanes").json()["data"]
    assert (lane["model"], lane["waiting"], lane["paused"]) == ("truefusion", 2, True)
    assert lane["oldest_at"][:19] == first["created_at"][:19]


def test_failures_are_told_in_groups_with_the_newest_first(either_api: Api) -> None:
    ids = []
    for message in ("Out of paint.", "Out of brushes."):
        made = either_api.create("truefusion")
        either_api.fail(either_api.begin(made["id"]), "raised", message)
        ids.append(made["id"])
    lost = either_api.create("truefusion")
    either_api.fail(either_api.begin(lost["id"]), "out_of_memory", "Too large.")
    with either_api.client() as client:
        told = client.get("/v1/admin/troubles").json()
    assert [(each["code"], each["count"]) for each in told["failed"]] == [("out_of_memory", 1), ("raised", 2)]
    raised = told["failed"][1]
    assert (raised["model"], raised["message"]) == ("truefusion", "Out of brushes.")
    assert raised["predictions"] == ids[::-1]
    assert (told["given_up"], told["is_whole"]) == ([], True)


@pytest.mark.parametrize("days", ["0", "91", "soon"])
def test_how_far_back_to_look_is_held_to_its_bounds(api: Api, days: str) -> None:
    with api.client() as client:
        assert client.get(f"/v1/admin/troubles?days={days}").status_code == 400


def test_settings_are_told_with_where_they_come_from_and_no_secret(
    api_with: Callable[..., Api], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FORETELL_QUEUED_MAX", "77")
    api = api_with(key="sk-of-the-file-only", queued_max=77, audit_days=30)
    with api.client() as client:
        answer = client.get("/v1/admin/settings")
    told = {each["name"]: each for each in answer.json()["data"]}
    assert (told["key"]["value"], told["key"]["origin"]) == ("(set)", "given")
    assert "sk-of-the-file-only" not in answer.text
    assert (told["queued_max"]["value"], told["queued_max"]["origin"]) == (77, "environment")
    assert (told["audit_days"]["origin"], told["audit_days"]["default"]) == ("given", 365)
    assert told["body_bytes_max"]["origin"] == "default"


@pytest.mark.parametrize("path", ["lanes", "troubles", "settings"])
def test_members_learn_nothing_of_the_server(api: Api, path: str) -> None:
    with api.client(api.other_account()) as client:
        assert client.get(f"/v1/admin/{path}").status_code == 403


PAGES = ("", "/models", "/models/truefusion", "/accounts", "/errors", "/settings", "/audit")


@pytest.mark.parametrize("path", PAGES)
def test_an_operators_page_is_for_operators(api: Api, path: str) -> None:
    for key, status in ((api.key, 200), (api.other_account(), 403)):
        with httpx.Client(base_url=api.address) as browser:
            browser.post("/sign-in", data={"key": key})
            assert browser.get(f"/operator{path}").status_code == status
    assert httpx.get(f"{api.address}/operator{path}").status_code == 303


def test_the_page_of_settings_shows_no_secret(api_with: Callable[..., Api]) -> None:
    api = api_with(key="sk-of-the-file-only")
    with httpx.Client(base_url=api.address) as browser:
        browser.post("/sign-in", data={"key": api.key})
        page = browser.get("/operator/settings").text
    assert "(set)" in page and "sk-of-the-file-only" not in page


def test_what_a_failure_says_is_text_on_the_page_of_errors(api: Api) -> None:
    made = api.create("truefusion")
    api.fail(api.begin(made["id"]), "raised", "<script>alert(1)</script>")
    with httpx.Client(base_url=api.address) as browser:
        browser.post("/sign-in", data={"key": api.key})
        page = browser.get("/operator/errors").text
    assert "&lt;script&gt;alert(1)" in page and "<script>alert" not in page
