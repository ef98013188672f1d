"""Connections that go only to addresses that were checked, whatever a name resolves to a moment later."""

import asyncio
import logging
import socket
from collections.abc import Awaitable, Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import httpcore

from foretell.outbound.addresses import Reach

RESOLVING_MAX = 16
"""Names that are being resolved at once."""
ADDRESSES_MAX = 4
"""How many of a name's addresses are tried."""

Resolve = Callable[[str, int], Awaitable[list[str]]]
"""The addresses of a host name."""

# Threads of their own: a stranger's name that takes long to resolve must not hold up the server's files.
_resolvers = ThreadPoolExecutor(max_workers=RESOLVING_MAX, thread_name_prefix="resolve")
_log = logging.getLogger(__name__)


async def resolve(host: str, port: int) -> list[str]:
    """What this machine's resolver says. Raises OSError."""
    asked = partial(socket.getaddrinfo, host, port, type=socket.SOCK_STREAM)
    found = await asyncio.get_running_loop().run_in_executor(_resolvers, asked)
    return list(dict.fromkeys(str(each[4][0]) for each in found))


class CheckedNetwork(httpcore.AsyncNetworkBackend):
    """Resolves a name once, refuses it unless every address is permitted, and connects to one of them."""

    def __init__(self, reach: Reach, resolver: Resolve) -> None:
        self._reach = reach
        self._resolve = resolver
        self._network = httpcore.AnyIOBackend()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        problem: Exception = httpcore.ConnectError("no address")
        for address in (await self._checked(host, port))[:ADDRESSES_MAX]:
            try:
                return await self._network.connect_tcp(address, port, timeout, local_address, socket_options)
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
                problem = error
        raise problem

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)

    async def _checked(self, host: str, port: int) -> list[str]:
        try:
            addresses = await self._resolve(host, port)
        except OSError as error:
            raise httpcore.ConnectError(f"{host} does not resolve: {error}") from error
        if not self._reach.permits(host, addresses, port=port):
            _log.warning("Refused to connect to %s port %d, which is %s.", host, port, ", ".join(addresses))
            raise httpcore.ConnectError(f"{host} is not permitted")
        return addresses
