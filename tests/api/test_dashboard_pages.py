"""The dashboard's pages as HTTP: their policy, what they need, and what is at addresses that lead nowhere."""

import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import httpx
import pytest

from foretell.model import Example
from served_api import Api, version

MODELS = ("/models", "/models/painter", "/models/truefusion")
LISTS = ("/predictions", "/keys", "/webhooks", "/usage")


@pytest.fixture
def shown(api_with: Callable[..., Api], tmp_path: Path) -> Api:
    """An API with a model that has examples."""
    folder = tmp_path / "painter"
    folder.mkdir()
    (folder / "predict.py").write_text("secret = True")
    (folder / "fox.webp").write_bytes(b"a picture")
    (folder / "page.html").write_text("<script>alert(1)</script>")
    api = api_with()
    found = version("painter", "image", {"type": "object", "properties": {"image": {"type": "string"}}})
    examples = (
        Example(title="A fox", input={}, output=("fox.webp",)),
        Example(input={"image": "fox.webp"}, output=("It is a fox.",)),
    )
    pages = (Example(output=("page.html", "fox.webp")),)
    manifest = replace(found.manifest, folder=str(folder), examples=examples)
    api.run(api.store.register(replace(found, manifest=manifest)))
    other = version("pages", "text", {"type": "object", "properties": {}})
    other = replace(other, manifest=replace(other.manifest, folder=str(folder), examples=pages))
    api.run(api.store.register(other))
    return api


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


def test_an_example_of_a_model_is_told_with_addresses_and_served_to_everybody(shown: Api) -> None:
    with shown.client() as client:
        told = client.get("/v1/models/painter?fields=examples").json()["examples"]
        assert "examples" not in client.get("/v1/models/painter").json()
    (first, second) = told
    assert (first["title"], second["output"]) == ("A fox", ["It is a fox."])
    (picture,) = first["output"]
    assert second["input"]["image"].startswith(f"{shown.address}/models/painter/examples/2/fox.webp?v=")
    with httpx.Client() as anyone:
        answer = anyone.get(picture)
    assert (answer.content, answer.headers["content-type"]) == (b"a picture", "image/webp")
    assert "immutable" in answer.headers["cache-control"]


@pytest.mark.parametrize(
    "path",
    [
        "painter/examples/1/predict.py",
        "painter/examples/1/..%2Fpredict.py",
        "painter/examples/9/fox.webp",
        "none/examples/1/a",
    ],
)
def test_only_files_that_examples_name_are_served(shown: Api, path: str) -> None:
    with httpx.Client(base_url=shown.address) as anyone:
        assert anyone.get(f"/models/{path}").status_code in {303, 404}
        assert (
            anyone.get("/models/pages/examples/1/page.html")
            .headers["content-disposition"]
            .startswith("attachment")
        )


def test_pages_are_small(shown: Api) -> None:
    with httpx.Client(base_url=shown.address) as client:
        client.post("/sign-in", data={"key": shown.key})
        for path in (*MODELS, *LISTS, "/account"):
            page = client.get(path)
            assert page.status_code == 200
            parts = [client.get(address) for address in needed(client, page.text)]
            sent = sum(int(each.headers["content-length"]) for each in (page, *parts))
            assert sent < 150_000, path


def needed(client: httpx.Client, page: str) -> set[str]:
    """What a page loads before its outputs: style sheets, icons, and scripts with all that they import."""
    found = set(re.findall(r'"(/assets/dashboard/[^"#]+)', page))
    waiting = [each for each in found if each.endswith(".js")]
    while waiting:
        address = waiting.pop()
        for name in re.findall(r'from "\./([\w.]+)"', client.get(address).text):
            other = f"{address.rpartition('/')[0]}/{name}"
            if other not in found:
                found.add(other)
                waiting.append(other)
    return found


def test_what_strangers_wrote_is_shown_as_they_wrote_it(shown: Api) -> None:
    evil = '</script><script>alert(1)</script>" onload="x'
    prompt = {"type": "string", "description": evil, "default": evil}
    schema = {"type": "object", "properties": {"prompt": prompt}}
    shown.run(shown.store.register(version("evil", "text", schema)))
    with httpx.Client(base_url=shown.address) as client:
        client.post("/sign-in", data={"key": shown.key})
        page = client.get("/models/evil").text
    assert "alert(1)" in page
    assert "<script>alert" not in page and '" onload="x' not in page


def test_a_page_that_a_browser_has_is_not_sent_again(shown: Api) -> None:
    with httpx.Client(base_url=shown.address) as client:
        client.post("/sign-in", data={"key": shown.key})
        first = client.get("/models/truefusion")
        again = client.get("/models/truefusion", headers={"if-none-match": first.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    assert "private" in first.headers["cache-control"]


def test_a_key_for_some_models_sees_no_others(shown: Api) -> None:
    with shown.client() as client:
        key = client.post("/v1/keys", json={"name": "painter alone", "models": ["painter"]}).json()["key"]
    with httpx.Client(base_url=shown.address) as client:
        client.post("/sign-in", data={"key": key})
        gallery = client.get("/models").text
        assert ("/models/painter" in gallery, "/models/truefusion" in gallery) == (True, False)
        assert client.get("/models/truefusion").status_code == 403


@pytest.mark.parametrize("path", LISTS)
def test_an_accounts_pages_are_for_those_who_signed_in(api: Api, browser: httpx.Client, path: str) -> None:
    asked = browser.get(f"{path}?model=echo")
    assert (asked.status_code, asked.headers["location"]) == (
        303,
        f"/sign-in?next=%2F{path[1:]}%3Fmodel%3Decho",
    )
    browser.post("/sign-in", data={"key": api.key})
    assert browser.get(path).status_code == 200


def test_a_query_stands_in_a_page_as_text(api: Api, browser: httpx.Client) -> None:
    browser.post("/sign-in", data={"key": api.key})
    for path in LISTS:
        page = browser.get(path, params=dict.fromkeys(("text", "url", "from", "prediction"), '"><script>x'))
        assert "<script>x" not in page.text, path


def test_style_sheets_come_together_and_only_those_that_there_are(browser: httpx.Client) -> None:
    page = browser.get("/sign-in").text
    (address,) = re.findall(r'"(/assets/dashboard/[^"]+\+[^"]+\.css)"', page)
    folder = address.rpartition("/")[0]
    single = browser.get(f"{folder}/tokens.css").text
    assert browser.get(address).text.startswith(single)
    for strange in ("tokens+none.css", "tokens+tokens.css", "tokens+shell.js", "+.css"):
        assert browser.get(f"{folder}/{strange}").status_code == 404, strange
