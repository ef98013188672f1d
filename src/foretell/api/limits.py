"""How much a caller may still ask for: what holds for a create, and how its answer says what is left."""

from starlette.datastructures import MutableHeaders
from starlette.requests import Request
from starlette.types import Scope

from foretell.allowance import WINDOW_SECONDS, Allowance, Bounds, Share, Standing
from foretell.api.requests import caller, services
from foretell.api.seats import Seats
from foretell.config import Config

Header = tuple[bytes, bytes]
"""A name and what it says, as they go over the wire."""

_STANDING = "foretell.standing"
_UNSET = "-"
_NEWEST = "x-skytells-ratelimit"
_OLDER = "x-ratelimit"
REQUESTS = ("limit-requests", "remaining-requests", "window")
TOKENS = ("limit-tokens-in", "remaining-tokens-in", "limit-tokens-out", "remaining-tokens-out")
EXPOSED = (
    *(f"{_NEWEST}-{each}" for each in (*REQUESTS, *TOKENS)),
    *(f"{_OLDER}-{each}" for each in ("limit-rpm", "remaining-rpm", "reset")),
    *(f"{_OLDER}-{kind}-{each}" for each in ("concurrent", "streams") for kind in ("limit", "remaining")),
)
"""Every header that tells of limits, for browsers."""


def bounds_of(request: Request, model: str) -> Bounds:
    """What holds for a create of this caller on a model, by the model's own name."""
    owner = caller(request)
    own = owner.account.allowance
    usual = _usual(services(request).config)
    account = Allowance(
        requests_per_minute=own.requests_per_minute or usual.requests_per_minute,
        concurrency_max=own.concurrency_max or usual.concurrency_max,
    )
    key = Allowance() if owner.key is None else owner.key.allowance
    return Bounds(model=model, account=account, key=key)


def note(request: Request, standing: Standing) -> None:
    """Lets the answer to this request say what is left. Of several creates, the one that leaves least counts."""
    known: Standing | None = request.scope.get(_STANDING)
    if known is None or _left(standing.requests) <= _left(known.requests):
        request.scope[_STANDING] = standing


def tell(scope: Scope, headers: MutableHeaders, seats: Seats) -> None:
    """Adds the headers of all families to the answer to a create; nothing to any other."""
    standing: Standing | None = scope.get(_STANDING)
    if standing is not None:
        # No other has these names: to look for each of them first would cost every create more than its input does.
        headers.raw.extend(_told(standing, seats))


def _told(standing: Standing, seats: Seats) -> list[Header]:
    streams = Share(seats.seats_max, max(0, seats.seats_max - seats.taken))
    found = [*_requests(standing.requests), *_UNCOUNTED, *_share("streams", streams)]
    if standing.requests is not None:
        found += _share("rpm", standing.requests)
    if standing.concurrent is not None:
        found += _share("concurrent", standing.concurrent)
    if standing.resets_at is not None:
        found.append(_header(f"{_OLDER}-reset", _reset(standing.resets_at)))
    return found


def _requests(share: Share | None) -> list[Header]:
    if share is None:
        return _UNLIMITED
    said = (share.limit, share.left, WINDOW_SECONDS)
    return [_header(f"{_NEWEST}-{name}", value) for name, value in zip(REQUESTS, said, strict=True)]


def _share(name: str, share: Share) -> list[Header]:
    return [
        _header(f"{_OLDER}-limit-{name}", share.limit),
        _header(f"{_OLDER}-remaining-{name}", share.left),
    ]


def _header(name: str, value: int | str) -> Header:
    return name.encode(), str(value).encode()


_UNLIMITED = [_header(f"{_NEWEST}-{each}", _UNSET) for each in REQUESTS]
_UNCOUNTED = [_header(f"{_NEWEST}-{each}", _UNSET) for each in TOKENS]


def _usual(config: Config) -> Allowance:
    return Allowance(
        requests_per_minute=config.requests_per_minute or None,
        concurrency_max=config.concurrency_per_model or None,
    )


def _left(share: Share | None) -> float:
    return float("inf") if share is None else share.left


def _reset(resets_at: int) -> int:
    """In whole seconds since the epoch, never before it is so."""
    return -(-resets_at // 1_000_000)
