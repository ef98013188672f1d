"""Pages on a network that breaks: what was begun is seen to its end."""

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any
from urllib.parse import urlsplit

import pytest

from servers import Foretell

pytestmark = pytest.mark.needs("browser")


class Relay:
    """Passes connections on to a server, until they are cut."""

    def __init__(self, address: str) -> None:
        parts = urlsplit(address)
        self._target = (str(parts.hostname), int(parts.port or 0))
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._open: list[socket.socket] = []
        self.address = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        threading.Thread(target=self._accept, daemon=True).start()

    def cut(self) -> None:
        """Breaks every connection that there is; new ones are passed on again."""
        for each in self._open:
            with suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
        self._open = []

    def close(self) -> None:
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self.cut()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                caller, _ = self._listener.accept()
                server = socket.create_connection(self._target)
                self._open += [caller, server]
                for source, target in ((caller, server), (server, caller)):
                    threading.Thread(target=_pass_on, args=(source, target), daemon=True).start()


def _pass_on(source: socket.socket, target: socket.socket) -> None:
    with suppress(OSError):
        while data := source.recv(65_536):
            target.sendall(data)
    with suppress(OSError):
        target.shutdown(socket.SHUT_RDWR)


@pytest.fixture
def relay(server: Foretell) -> Iterator[Relay]:
    found = Relay(server.address)
    yield found
    found.close()


def test_a_run_is_followed_through_broken_connections_from_where_it_was(
    open_tab: Callable[..., Any], relay: Relay
) -> None:
    tab = open_tab(base_url=relay.address)
    asked: list[dict[str, str]] = []
    tab.on("request", lambda each: each.url.endswith("/stream") and asked.append(each.headers))
    tab.goto("/models/slow")
    tab.get_by_role("spinbutton", name="Seconds").fill("5")
    tab.get_by_role("button", name="Run", exact=True).click()
    for heard in ("0.3 s", "1.5 s"):
        tab.locator(".prose", has_text=heard).wait_for()
        relay.cut()
    tab.locator(".take-head .badge", has_text="succeeded").wait_for()
    said = tab.locator(".prose").inner_text().split()
    assert said == [word for tenth in range(1, 51) for word in (f"{tenth / 10:.1f}", "s")] + ["done"]
    assert len(asked) > 2
    assert all("last-event-id" in each for each in asked[1:])


def test_a_server_that_cannot_be_reached_is_told_in_a_sentence(
    open_tab: Callable[..., Any], relay: Relay
) -> None:
    tab = open_tab(base_url=relay.address)
    tab.goto("/models/echo")
    tab.get_by_label("Prompt", exact=False).first.fill("hello")
    relay.close()
    tab.get_by_role("button", name="Run", exact=True).click()
    tab.get_by_text("The server cannot be reached. Is it running?").first.wait_for()
    assert tab.get_by_role("button", name="Run", exact=True).is_enabled()
