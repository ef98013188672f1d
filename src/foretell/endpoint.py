"""Endpoints: what an account's webhooks go to, and when one that does nothing but fail is left alone."""

import hashlib
from dataclasses import dataclass, replace
from enum import StrEnum

FAILURES_MIN = 5
"""Fewer failures are not steady, however long ago the first one was."""
PROBE_SECONDS = 3_600
"""How often a paused endpoint is tried with one delivery."""
SECOND = 1_000_000
"""One second in instants."""


class EndpointState(StrEnum):
    """How an endpoint is doing."""

    ACTIVE = "active"
    FAILING = "failing"
    PAUSED = "paused"


@dataclass(frozen=True, slots=True)
class Patience:
    """How many deliveries in a row may be given up, and how long an endpoint may only fail; 0: for ever."""

    deaths_max: int
    failing_seconds_max: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """An account's receiver. `failures` are attempts since the last that succeeded, `deaths` deliveries given up.

    `url` has no query: in it services put what differs from one delivery to the next.
    """

    id: str
    account_id: str
    url: str
    failures: int = 0
    deaths: int = 0
    failing_since_at: int | None = None
    paused_at: int | None = None
    reason: str | None = None
    probe_at: int | None = None
    succeeded_at: int | None = None
    failed_at: int | None = None

    @property
    def state(self) -> EndpointState:
        if self.paused_at is not None:
            return EndpointState.PAUSED
        return EndpointState.FAILING if self.failures else EndpointState.ACTIVE

    def after_success(self, at: int) -> "Endpoint":
        """Whatever was wrong with it is over."""
        return replace(self.resumed(), succeeded_at=at)

    def resumed(self) -> "Endpoint":
        """It is given another chance, as if it had not failed yet."""
        return replace(
            self, failures=0, deaths=0, failing_since_at=None, paused_at=None, reason=None, probe_at=None
        )

    def after_failure(self, at: int, *, is_death: bool, patience: Patience) -> "Endpoint":
        """One more failure, which may be the one that pauses it; `is_death`: an end's delivery was given up."""
        found = replace(
            self,
            failures=self.failures + 1,
            deaths=self.deaths + is_death,
            failing_since_at=at if self.failing_since_at is None else self.failing_since_at,
            failed_at=at,
        )
        reason = found._tried(at, patience)
        if found.paused_at is not None or reason is None:
            return found
        return replace(found, paused_at=at, reason=reason, probe_at=at + PROBE_SECONDS * SECOND)

    def _tried(self, at: int, patience: Patience) -> str | None:
        """Why patience with it is at its end; None while it is not."""
        if 0 < patience.deaths_max <= self.deaths:
            return f"Deliveries given up in a row: {self.deaths}."
        failing_seconds = (at - (at if self.failing_since_at is None else self.failing_since_at)) / SECOND
        if self.failures >= FAILURES_MIN and 0 < patience.failing_seconds_max <= failing_seconds:
            return f"It has only failed for {failing_seconds / 3_600:.1f} hours."
        return None


def endpoint_of(account_id: str, url: str) -> Endpoint:
    """The endpoint that an account's URL belongs to, of which nothing is known yet."""
    scheme, _, rest = url.partition("#")[0].partition("?")[0].partition("://")
    host, _, path = rest.partition("/")
    address = f"{scheme.lower()}://{host.lower()}/{path}"
    digest = hashlib.sha256(f"{account_id}\n{address}".encode()).hexdigest()
    return Endpoint(id=digest[:32], account_id=account_id, url=address)
