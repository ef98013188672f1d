"""The reference pages: readable without a script, complete, harmless, and small."""

import re
from collections.abc import Callable
from html.parser import HTMLParser
from typing import Any

import httpx
import pytest

from served_api import TEXT_INPUT, Api, version

PAGE_BYTES_MAX = 160_000


class Page(HTMLParser):
    """What a page links to, the ids it has, and the tags it is made of."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.links: list[str] = []
        self.ids: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = dict(attrs)
        self.tags.append((tag, found))
        self.links += [found[name] or "" for name in ("href", "src") if found.get(name)]
        self.ids += [found["id"] or ""] if "id" in found else []


def every_page(client: httpx.Client) -> dict[str, str]:
    """Every page that can be reached from the first one, by its path."""
    found: dict[str, str] = {}
    waiting = ["/docs"]
    while waiting:
        path = waiting.pop()
        if path not in found:
            answer = client.get(path)
            assert answer.status_code == 200, path
            found[path] = answer.text
            links = (link.partition("#")[0] for link in Page(answer.text).links)
            waiting += [link for link in links if link.startswith("/docs") and "/assets/" not in link]
    return found


@pytest.fixture(scope="module")
def pages(api: Api) -> dict[str, str]:
    with api.anyone() as client:
        return every_page(client)


def test_every_operation_and_every_model_has_its_place(api: Api, pages: dict[str, str]) -> None:
    with api.anyone() as client:
        document: dict[str, Any] = client.get("/openapi.json").json()
    ids = {each for text in pages.values() for each in Page(text).ids}
    operations = [each for methods in document["paths"].values() for each in methods.values()]
    missing = {each["operationId"] for each in operations if not each["operationId"].endswith("Alias")} - ids
    assert missing == set()
    assert {"/docs/models/truefusion", "/docs/models/deepbrain", "/docs/api/predictions"} <= set(pages)


def test_links_lead_somewhere(api: Api, pages: dict[str, str]) -> None:
    ids = {path: set(Page(text).ids) for path, text in pages.items()}
    links = {(path, link) for path, text in pages.items() for link in Page(text).links}
    for path, link in links:
        target, _, anchor = link.partition("#")
        assert not anchor or anchor in ids[target or path], f"{path}: {link}"
    with api.anyone() as client:
        assets = {link for _, link in links if link.startswith("/docs/assets/")}
        assert {client.get(each).status_code for each in assets} == {200}


def test_nothing_comes_from_elsewhere_and_nothing_runs(api: Api, pages: dict[str, str]) -> None:
    for path, text in pages.items():
        for tag, attributes in Page(text).tags:
            assert tag not in {"script", "iframe", "style", "object"}, path
            assert not [name for name in attributes if name.startswith("on") or name == "style"], path
            loaded = attributes.get("src") or (attributes.get("href") if tag == "link" else None)
            assert loaded is None or loaded.startswith("/docs/assets/"), path
    with api.anyone() as client:
        policy = client.get("/docs").headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy


def test_pages_are_small(pages: dict[str, str]) -> None:
    assert {path: len(text) for path, text in pages.items() if len(text.encode()) > PAGE_BYTES_MAX} == {}


def test_a_page_has_landmarks_one_heading_of_the_first_rank_and_a_way_past_the_menu(
    pages: dict[str, str],
) -> None:
    for path, text in pages.items():
        tags = [tag for tag, _ in Page(text).tags]
        assert [tags.count(each) for each in ("header", "nav", "main", "h1")] == [1, 1, 1, 1], path
        assert Page(text).links.index("#content") < Page(text).links.index("/docs"), path
        ids = Page(text).ids
        assert len(ids) == len(set(ids)), path


def test_what_strangers_wrote_is_shown_as_they_wrote_it(api_with: Callable[..., Api]) -> None:
    evil = '<script>alert(1)</script>" onload="x'
    api = api_with()
    schema = {
        **TEXT_INPUT,
        "properties": {"prompt": {"type": "string", "description": evil, "default": evil}},
    }
    api.run(api.store.register(version("evil", "text", schema)))
    with api.anyone() as client:
        texts = [
            client.get(path).text for path in ("/docs/models/evil", "/docs/models", "/docs/api/predictions")
        ]
    assert [text for text in texts if "<script" in text] == []
    assert "&lt;script&gt;alert(1)&lt;/script&gt;&#34; onload=&#34;x" in texts[0]


def test_a_models_page_says_what_its_inputs_are(pages: dict[str, str]) -> None:
    text = re.sub(r"<[^>]+>", " ", pages["/docs/models/truefusion"])
    for word in ("prompt", "required", "steps", "1 to 50", "25", "curl", "requests.post", "fetch("):
        assert word in text


def test_a_model_has_the_same_page_under_an_alias(api: Api) -> None:
    with api.anyone() as client:
        assert client.get("/docs/models/FLUX.2-pro").text == client.get("/docs/models/truefusion").text


def test_a_page_that_is_not_there_is_refused_in_json(api: Api) -> None:
    with api.anyone() as client:
        for path in (
            "/docs/api/nothing",
            "/docs/models/nothing",
            "/docs/assets/nothing.css",
            "/docs/assets/..%2Fpages.py",
        ):
            answer = client.get(path)
            assert (answer.status_code, answer.json()["error"]["http_status"]) == (404, 404), path


def test_a_style_sheet_may_be_kept_while_its_address_names_its_state(api: Api, pages: dict[str, str]) -> None:
    (address,) = {link for link in Page(pages["/docs"]).links if ".css" in link}
    with api.anyone() as client:
        named, bare = client.get(address), client.get(address.partition("?")[0])
        again = client.get(address, headers={"if-none-match": named.headers["etag"]})
    assert "immutable" in named.headers["cache-control"]
    assert bare.headers["cache-control"] == "no-cache"
    assert (again.status_code, again.content) == (304, b"")


def test_a_schema_with_references_has_its_page(api_with: Callable[..., Api]) -> None:
    api = api_with()
    lens = {"type": "object", "properties": {"zoom": {"type": "number", "description": "How near."}}}
    schema = {"type": "object", "$defs": {"lens": lens}, "properties": {"lens": {"$ref": "#/$defs/lens"}}}
    api.run(api.store.register(version("camera", "text", schema, output_schema=schema)))
    with api.anyone() as client:
        page = client.get("/docs/models/camera")
    assert (page.status_code, "How near." in page.text) == (200, True)
