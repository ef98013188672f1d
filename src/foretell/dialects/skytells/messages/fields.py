"""Fields that many messages share."""

from typing import Annotated, TypedDict

from msgspec import Meta

Id = Annotated[
    str,
    Meta(
        description="Its id.",
        pattern=r"^[\w-]{1,160}$",
        examples=["0191b3c4-8f6e-7a52-9d0c-5b2f6a7e1c3d"],
    ),
]
"""A prediction's id."""

Instant = Annotated[
    str,
    Meta(
        description="ISO 8601, in UTC, with microseconds.",
        examples=["2026-03-04T21:20:58.000000Z"],
        extra_json_schema={"format": "date-time"},
    ),
]
"""A moment."""

Address = Annotated[str, Meta(extra_json_schema={"format": "uri"})]
"""An absolute URL."""


class Pagination(TypedDict):
    """Where a page stands among the others."""

    current_page: Annotated[int, Meta(ge=1)]
    per_page: Annotated[int, Meta(ge=1, le=50)]
    total: Annotated[int, Meta(ge=0, description="How many there are on all pages.")]
    last_page: Annotated[int, Meta(ge=1)]
