"""The operator's first page: what runs where, and what waits."""

from starlette.requests import Request
from starlette.responses import Response

from foretell.api.admin import lanes, nodes
from foretell.api.dashboard.pages import operators_page, shown
from foretell.api.requests import services
from foretell.dialects.skytells.messages import NodeMessage

_LOADED = {"ready", "draining"}


@operators_page
async def show(request: Request) -> Response:
    """Nodes with their replicas, and every lane in which somebody waits."""
    store = services(request).store
    every = sorted(await nodes.shown(request), key=lambda each: (not each["living"], each["id"]))
    waiting = await lanes.waiting(store)
    there = [replica for each in every if each["living"] for replica in each["replicas"]]
    return shown(
        request,
        "overview.html",
        here="operator",
        nodes=every,
        conditions={each["id"]: _condition(each) for each in every},
        lanes=waiting,
        paused=sorted(await store.pauses()),
        figures=(
            ("Nodes", sum(each["living"] for each in every)),
            ("Loaded models", sum(each["state"] in _LOADED for each in there)),
            ("Running now", sum(each["running"] for each in there)),
            ("Waiting", sum(each["waiting"] for each in waiting)),
        ),
    )


def _condition(node: NodeMessage) -> tuple[str, str]:
    """How a node is, in a word, and the badge's colour."""
    if not node["living"]:
        return "silent", "bad"
    if node["drained_at"] is None:
        return "ready", "good"
    return ("draining", "warn") if node["replicas"] else ("drained", "warn")
