"""What the API is built on."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field

from foretell.blobs import Blobs
from foretell.config import Config
from foretell.seal import Seal
from foretell.store import Store


@dataclass(frozen=True, slots=True, kw_only=True)
class Services:
    """The machinery that requests reach, made once at start.

    `check_form` refuses an address that could never be called. `heartbeat_seconds` is how long a stream may
    say nothing. Once `stopping` is set, callers who wait
    are answered with what there is, and streams end.
    """

    config: Config
    store: Store
    blobs: Blobs
    seal: Seal
    check_form: Callable[[str], None]
    heartbeat_seconds: float = 15.0
    stopping: asyncio.Event = field(default_factory=asyncio.Event)
