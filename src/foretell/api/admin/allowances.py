"""Limits of accounts and keys, as operators set and see them."""

from typing import Protocol, TypedDict

import msgspec

from foretell.allowance import Allowance
from foretell.api.granting import Limit


class Allowed(Protocol):
    """A body that says limits."""

    requests_per_minute: Limit
    concurrency_max: Limit


class Changed(Protocol):
    """A body that says new limits, where it says any."""

    requests_per_minute: Limit | msgspec.UnsetType
    concurrency_max: Limit | msgspec.UnsetType


class Limits(TypedDict):
    """The limits of an account or a key."""

    requests_per_minute: int | None
    concurrency_max: int | None


def allowed(wanted: Allowed) -> Allowance:
    return Allowance(requests_per_minute=wanted.requests_per_minute, concurrency_max=wanted.concurrency_max)


def changed(allowance: Allowance, wanted: Changed) -> Allowance:
    """The allowance with what is wanted of it; what is left out stays as it is."""
    requests, concurrent = wanted.requests_per_minute, wanted.concurrency_max
    return Allowance(
        requests_per_minute=allowance.requests_per_minute if requests is msgspec.UNSET else requests,
        concurrency_max=allowance.concurrency_max if concurrent is msgspec.UNSET else concurrent,
    )


def shown(allowance: Allowance) -> Limits:
    return {
        "requests_per_minute": allowance.requests_per_minute,
        "concurrency_max": allowance.concurrency_max,
    }
