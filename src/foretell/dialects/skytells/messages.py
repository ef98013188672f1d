"""Messages: what every answer and body of this dialect holds, field by field.

The renderers' literals are checked against these types; the reference is made from them.
"""

from typing import Annotated, TypedDict

from msgspec import Meta


class Alive(TypedDict):
    """A sign of life."""

    state: Annotated[str, Meta(description="Always `alive`.", examples=["alive"])]
    version: Annotated[str, Meta(description="The server's version.", examples=["0.1.0"])]
