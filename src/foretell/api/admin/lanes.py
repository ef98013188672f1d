"""Lanes, as their operator sees them: how many wait for which model, and for how long."""

from starlette.requests import Request
from starlette.responses import Response

from foretell.api.answers import answer
from foretell.api.operations import operation
from foretell.api.requests import services
from foretell.dialects.skytells import messages, timestamp
from foretell.store import Store


@operation(
    "List what waits",
    tag="Nodes",
    description="How many predictions of each version wait for a run, and since when the next in line does.",
    answer=messages.LaneList,
)
async def index(request: Request) -> Response:
    body: messages.LaneList = {"data": await waiting(services(request).store)}
    return answer(body)


async def waiting(store: Store) -> list[messages.LaneMessage]:
    """Every lane in which somebody waits, the longest first."""
    paused = await store.pauses()
    found = []
    for each in await store.waiting():
        version = await store.version(each.version_id)
        model = each.version_id if version is None else version.model
        found.append(
            messages.LaneMessage(
                model=model,
                version=each.version_id,
                waiting=each.waiting,
                oldest_at=timestamp(each.oldest_at),
                paused=model in paused,
            )
        )
    return sorted(found, key=lambda each: -each["waiting"])
