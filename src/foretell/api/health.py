"""Whether the server lives, whether it can take work, and what it is."""

from starlette.requests import Request
from starlette.responses import Response

from foretell import __version__
from foretell.api.answers import answer
from foretell.api.operations import operation
from foretell.api.requests import edge, origin, services
from foretell.dialects.skytells import messages
from foretell.errors import Code, Error


@operation("Check that the server lives", tag="Server", answer=messages.Alive)
async def alive(request: Request) -> Response:
    """The process answers."""
    body: messages.Alive = {"state": "alive", "version": __version__}
    return answer(body)


@operation(
    "Check that the server takes work",
    tag="Server",
    answer=messages.Ready,
    errors=(Code.OVERLOADED, Code.UNAVAILABLE),
)
async def ready(request: Request) -> Response:
    """New work is welcome. Raises Error(UNAVAILABLE) while stopping or without a database, Error(OVERLOADED) without
    room on the disk.
    """
    if services(request).stopping.is_set():
        raise Error(Code.UNAVAILABLE, "The server is stopping.", retry_after_seconds=5)
    edge(request).room.require()
    models = await services(request).store.models()
    body: messages.Ready = {"state": "ready", "models": len(models), "disk": edge(request).room.fill().value}
    return answer(body)


@operation("Ask what this is", tag="Server", answer=messages.FrontDoor)
async def index(request: Request) -> Response:
    """What this is, for a person or a program that knocks at the door."""
    own = origin(request)
    body: messages.FrontDoor = {
        "name": "foretell",
        "version": __version__,
        "description": "A predictions platform that runs on your own machine.",
        "urls": {
            "create": f"{own}/v1/predict",
            "predictions": f"{own}/v1/predictions",
            "models": f"{own}/v1/models",
            "files": f"{own}/v1/files",
            "docs": f"{own}/docs",
            "openapi": f"{own}/openapi.json",
        },
    }
    return answer(body)
