"""HTTP to addresses that strangers name: webhook receivers and the files of inputs."""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from foretell.config import Config
from foretell.outbound.addresses import Reach
from foretell.outbound.answers import Answer, Downloaded

if TYPE_CHECKING:
    from foretell.outbound.client import Client
    from foretell.outbound.network import Resolve

__all__ = ["Answer", "Downloaded", "Outbound", "check_form"]


class Outbound:
    """What calls strangers. It connects only to addresses that it has checked itself."""

    def __init__(
        self, config: Config, *, serves_callers: bool = True, resolver: "Resolve | None" = None
    ) -> None:
        """`serves_callers`: whether who calls does so at this process; a node alone works for APIs elsewhere,
        which may be open to strangers. `resolver`: in place of this machine's."""
        self._config = config
        self._reach = Reach(local=config.on_loopback and serves_callers, allowed=config.allow_private)
        self._resolver = resolver
        self._client: Client | None = None

    async def close(self) -> None:
        """Closes its connections."""
        if self._client is not None:
            await self._client.close()

    def check_form(self, url: str) -> None:
        """Error(INVALID_PARAMETER) for what is not a plain http or https URL. Nothing is resolved."""
        check_form(url)

    async def post(self, url: str, body: bytes, headers: Mapping[str, str], timeout_seconds: float) -> Answer:
        """Sends `body` and gives what came back, whatever its status; redirects are not followed.

        Error(UNAVAILABLE) when no answer came, with a sentence that tells nothing of this server's network.
        """
        return await self._opened().post(url, body, headers, timeout_seconds)

    async def download(self, url: str, path: Path, *, bytes_max: int, seconds: float) -> Downloaded:
        """Fetches a file to `path`, where it appears whole or not at all, over at most five redirects.

        Error(INVALID_INPUT, TOO_LARGE or UNAVAILABLE) with a sentence for the caller who named the URL.
        """
        return await self._opened().download(url, path, bytes_max=bytes_max, seconds=seconds)

    def _opened(self) -> "Client":
        # Only here: the client and its certificates hold some MB, and not every server is given addresses.
        from foretell.outbound.client import Client

        if self._client is None:
            self._client = Client(self._config, self._reach, self._resolver)
        return self._client


def check_form(url: str) -> None:
    """Error(INVALID_PARAMETER) for what is not a plain http or https URL; where it leads is not looked at."""
    # Only here, like the client, whose notion of a URL counts.
    from foretell.outbound.targets import target

    target(url)
