"""What the API is built on."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field

from foretell.adding import Additions, Bench
from foretell.blobs import Blobs
from foretell.config import Config
from foretell.seal import Seal
from foretell.snapshots import Snapshots
from foretell.store import Store
from foretell.telemetry import Measures
from foretell.weights import Claims, Environments, Weights


@dataclass(frozen=True, slots=True, kw_only=True)
class Services:
    """The machinery that requests reach, made once at start.

    `check_form` refuses an address that could never be called. `heartbeat_seconds` is how long a stream may
    say nothing. `has_node`: models run in this process. `is_traced`: predictions become part of their callers'
    traces. Once `stopping` is set, callers who wait are answered with what there is, and streams end.
    """

    config: Config
    store: Store
    blobs: Blobs
    seal: Seal
    check_form: Callable[[str], None]
    has_node: bool = False
    measures: Measures = field(default_factory=Measures)
    is_traced: bool = False
    heartbeat_seconds: float = 15.0
    stopping: asyncio.Event = field(default_factory=asyncio.Event)
    bench: Bench = field(init=False)
    additions: Additions = field(init=False)

    def __post_init__(self) -> None:
        cache, claims = self.config.cache_path, Claims(self.config.cache_path, self.config.data_path)
        bench = Bench(
            config=self.config,
            store=self.store,
            snapshots=Snapshots(self.config.data_path, self.blobs, travel=bool(self.config.database)),
            weights=Weights(cache, claims=claims),
            environments=Environments(cache, claims=claims),
            has_node=self.has_node,
        )
        object.__setattr__(self, "bench", bench)
        object.__setattr__(self, "additions", Additions(bench))
