"""Where a server listens: by TCP for callers, by a private socket in its data directory for the operator."""

import asyncio
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, cast

import uvicorn
from starlette.types import ASGIApp, Receive, Scope, Send
from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware

from foretell.api.heads import of_head
from foretell.errors import Code, Error
from foretell.main.wire import Wire

ANSWER_SECONDS = 3.0
"""Time for answers that are still under way once every run has ended."""
_PATH_BYTES_MAX = 100
"""The kernel takes 107 on Linux and 103 on macOS."""
_WAITING_MAX = 2048


class Listening:
    """One ASGI application on one listening socket."""

    def __init__(self, app: ASGIApp, listener: socket.socket) -> None:
        settings = uvicorn.Config(
            behind_proxies(app),
            http=Wire,
            interface="asgi3",
            lifespan="off",
            log_config=None,
            access_log=False,
            server_header=False,
            proxy_headers=False,
            backlog=_WAITING_MAX,
            ws="none",
            # Longer than clients keep idle connections, so that none is closed under a request on its way.
            timeout_keep_alive=75,
        )
        self._listener = listener
        self._server = _Http(settings)
        self._serving: asyncio.Task[None] | None = None

    def start(self) -> None:
        """From now on callers are answered; those who came since the socket listens have waited."""
        self._serving = asyncio.create_task(self._server.serve([self._listener]), name="http")

    def refuse(self) -> None:
        """Takes no new connections; those that wait for an answer are kept."""
        self._server.should_exit = True

    async def finish(self) -> None:
        """Waits until what is under way is answered, then hangs up."""
        if self._serving is None:
            return
        await asyncio.wait({self._serving}, timeout=ANSWER_SECONDS)
        self._server.force_exit = True
        for task in list(self._server.server_state.tasks):
            task.cancel("The server stops.")
        await asyncio.wait({self._serving}, timeout=ANSWER_SECONDS)


class _Http(uvicorn.Server):
    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leaves signals alone: they are the command's business, not each listener's."""
        yield


def behind_proxies(app: ASGIApp) -> ASGIApp:
    """The application, told by a proxy on this machine who its callers are; most requests come by none."""
    believing = ProxyHeadersMiddleware(cast(Any, app))

    async def behind(scope: Scope, receive: Receive, send: Send) -> None:
        is_forwarded = scope["type"] == "http" and of_head(scope, _is_forwarded)
        await (cast(ASGIApp, believing) if is_forwarded else app)(scope, receive, send)

    return behind


def _is_forwarded(scope: Scope) -> bool:
    return any(name.startswith(b"x-forwarded-") for name, _ in scope["headers"])


def local_only(app: ASGIApp) -> ASGIApp:
    """The application for the private socket: whoever reaches it is the operator, and needs no key."""

    async def as_operator(scope: Scope, receive: Receive, send: Send) -> None:
        scope["state"] = {**scope.get("state", {}), "foretell.local": True}
        await app(scope, receive, send)

    return as_operator


def socket_path(data: Path) -> Path:
    """Where a server on this data directory listens for its operator."""
    return data / "admin.sock"


def reachable(path: Path) -> Path:
    """The same socket by a path that is short enough for the kernel."""
    if len(os.fsencode(path)) <= _PATH_BYTES_MAX:
        return path
    directory = os.open(path.parent, os.O_RDONLY | os.O_CLOEXEC)
    # Kept open for the life of the process: the short path goes through it.
    return Path(f"/proc/self/fd/{directory}") / path.name


def is_served(path: Path) -> bool:
    """Whether a server answers at a socket; the leftover of a killed one does not."""
    if not path.exists():
        return False
    with socket.socket(socket.AF_UNIX) as probe:
        try:
            probe.connect(str(reachable(path)))
        except OSError:
            return False
    return True


def private_socket(path: Path) -> socket.socket:
    """A listening socket that only this user can reach; a leftover is replaced."""
    path.unlink(missing_ok=True)
    listener = socket.socket(socket.AF_UNIX)
    before = os.umask(0o177)
    try:
        listener.bind(str(reachable(path)))
    finally:
        os.umask(before)
    listener.listen(_WAITING_MAX)
    return listener


def public_socket(host: str, port: int) -> socket.socket:
    """A listening TCP socket. Raises Error(UNAVAILABLE) that says what is in the way."""
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        # The protocol is named because asyncio sends small answers at once (TCP_NODELAY) only where it is.
        listener = socket.socket(family, kind, protocol)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
        listener.listen(_WAITING_MAX)
    except OSError as error:
        why = f"Cannot listen on {host}:{port}: {error.strerror}."
        raise Error(Code.UNAVAILABLE, f"{why} --port names another port; 0 takes a free one.") from error
    return listener


def origin(listener: socket.socket) -> str:
    """The address of a listening TCP socket as a caller on this machine writes it."""
    host, port = listener.getsockname()[:2]
    shown = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)
    return f"http://[{shown}]:{port}" if ":" in shown else f"http://{shown}:{port}"
