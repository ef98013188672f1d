"""Messages about the server itself."""

from typing import Annotated, Literal, TypedDict

from msgspec import Meta

from foretell.dialects.skytells.messages.fields import Address


class Alive(TypedDict):
    """A sign of life."""

    state: Annotated[Literal["alive"], Meta(description="Always `alive`.")]
    version: Annotated[str, Meta(description="The server's version.", examples=["0.1.0"])]


class Ready(TypedDict):
    """New work is welcome."""

    state: Annotated[Literal["ready"], Meta(description="Always `ready`.")]
    disk: Annotated[
        Literal["roomy", "low", "full"],
        Meta(description="Whether there is room on the disk; once it is `full`, the server is not ready."),
    ]
    models: Annotated[int, Meta(ge=0, description="How many models are registered, hidden ones included.")]


class FrontDoorUrls(TypedDict):
    """Where to begin."""

    create: Address
    predictions: Address
    models: Address
    files: Address
    docs: Address
    openapi: Address


class FrontDoor(TypedDict):
    """What this is."""

    name: Annotated[str, Meta(examples=["foretell"])]
    version: Annotated[str, Meta(examples=["0.1.0"])]
    description: str
    urls: FrontDoorUrls
