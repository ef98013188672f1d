"""How the answer to a create says how much its caller may still ask for."""

from starlette.requests import Request
from starlette.types import Scope

from foretell.allowance import WINDOW_SECONDS, Share, Standing
from foretell.api.seats import Seats

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


def note(request: Request, standing: Standing) -> None:
    """Lets the answer to this request say what is left. Of several creates, the one that leaves least counts."""
    known: Standing | None = request.scope.get(_STANDING)
    if known is None or _left(standing.requests) <= _left(known.requests):
        request.scope[_STANDING] = standing


def tell(scope: Scope, headers: list[Header], seats: Seats) -> None:
    """Adds the headers of all families to the answer to a create; nothing to any other."""
    standing: Standing | None = scope.get(_STANDING)
    if standing is not None:
        headers += _told(standing, seats)


def _told(standing: Standing, seats: Seats) -> list[Header]:
    left = seats.seats_max - seats.taken
    found = [*_requests(standing.requests), *_UNCOUNTED, *_share("streams", seats.seats_max, max(0, left))]
    if standing.requests is not None:
        found += _share("rpm", standing.requests.limit, standing.requests.left)
    if standing.concurrent is not None:
        found += _share("concurrent", standing.concurrent.limit, standing.concurrent.left)
    if standing.resets_at is not None:
        found.append(_header(f"{_OLDER}-reset", _reset(standing.resets_at)))
    return found


def _requests(share: Share | None) -> list[Header]:
    if share is None:
        return _UNLIMITED
    said = (share.limit, share.left, WINDOW_SECONDS)
    return [_header(f"{_NEWEST}-{name}", value) for name, value in zip(REQUESTS, said, strict=True)]


def _share(name: str, limit: int, left: int) -> list[Header]:
    return [
        _header(f"{_OLDER}-limit-{name}", limit),
        _header(f"{_OLDER}-remaining-{name}", left),
    ]


def _header(name: str, value: int | str) -> Header:
    return name.encode(), str(value).encode()


_UNLIMITED = [_header(f"{_NEWEST}-{each}", _UNSET) for each in REQUESTS]
_UNCOUNTED = [_header(f"{_NEWEST}-{each}", _UNSET) for each in TOKENS]


def _left(share: Share | None) -> float:
    return float("inf") if share is None else share.left


def _reset(resets_at: int) -> int:
    """In whole seconds since the epoch, never before it is so."""
    return -(-resets_at // 1_000_000)
