"""Chromium on the pages of a real server: signed in, watched, and nothing let through to anywhere else."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

import node_packages
from servers import KEY, Foretell, running

CHROMIUM = "/usr/bin/chromium"
PATIENCE_MS = 20_000
PHONE = {"width": 390, "height": 844}
DESK = {"width": 1280, "height": 900}
TROUBLE = {"error", "warning"}
EXPECTED = (
    "Failed to load resource: the server responded with a status of 4",
    "Failed to load resource: net::ERR_INCOMPLETE_CHUNKED_ENCODING",
    "Failed to load resource: net::ERR_CONNECTION_",
)
"""What Chromium says of every refusal and of every broken connection, whatever a page makes of it."""


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Foretell]:
    """A server with the sandbox's models."""
    data = tmp_path_factory.mktemp("dashboard")
    with running(data, "--sandbox", "--port", "0", "--key", KEY) as found:
        yield found


@pytest.fixture(scope="module")
def chromium() -> Iterator[Any]:
    """A browser. It ends with the file: as long as it is there, no other test can run an event loop."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield browser
        browser.close()


class Guard:
    """What a page must not do: ask another origin, break its policy, complain on the console."""

    def __init__(self, origin: str) -> None:
        self._origin = origin
        self.breaches: list[str] = []

    def watch(self, context: Any) -> None:
        context.on("request", self._asked)
        context.on("console", self._said)
        context.on("weberror", lambda error: self.breaches.append(f"error: {error.error}"))

    def _asked(self, request: Any) -> None:
        if not request.url.startswith((self._origin, "data:", "blob:", "about:")):
            self.breaches.append(f"asked {request.url}")

    def _said(self, message: Any) -> None:
        if message.type in TROUBLE and not message.text.startswith(EXPECTED):
            self.breaches.append(f"console: {message.text}")


@pytest.fixture
def open_tab(chromium: Any, server: Foretell) -> Iterator[Callable[..., Any]]:
    """Opens a tab of a fresh browser on the server, signed in with a key unless that is None."""
    guards, contexts = [], []

    def opened(key: str | None = KEY, **options: Any) -> Any:
        chosen = {"base_url": server.address, "viewport": DESK, **options}
        context = chromium.new_context(**chosen)
        context.set_default_timeout(PATIENCE_MS)
        guard = Guard(str(chosen["base_url"]))
        guard.watch(context)
        guards.append(guard)
        contexts.append(context)
        tab = context.new_page()
        if key is not None:
            sign_in(tab, key)
        return tab

    yield opened
    for each in contexts:
        each.close()
    assert [breach for guard in guards for breach in guard.breaches] == []


@pytest.fixture
def tab(open_tab: Callable[..., Any]) -> Any:
    """A signed-in tab at a desk."""
    return open_tab()


@pytest.fixture(scope="session")
def axe() -> str:
    """A script that looks a page over for what keeps people out."""
    return (node_packages.installed(Path(__file__).parent / "node") / "axe-core/axe.min.js").read_text()


def sign_in(tab: Any, key: str = KEY) -> None:
    tab.goto("/sign-in")
    tab.get_by_label("API key").fill(key)
    tab.locator("main").get_by_role("button", name="Sign in").click()
    tab.wait_for_url("**/models")
