"""What an account's webhooks go to, how that is doing, and giving it another chance."""

from collections.abc import Sequence

from starlette.requests import Request
from starlette.responses import Response

from foretell.api.answers import answer
from foretell.api.operations import operation
from foretell.api.requests import services
from foretell.api.skytells.deliveries import names_of, reach
from foretell.api.skytells.listing import PAGE_MAX, PER_PAGE, PER_PAGE_MAX, number, pagination
from foretell.dialects.skytells import messages, timestamp
from foretell.endpoint import Endpoint
from foretell.errors import Code, Error


@operation(
    "List webhook endpoints",
    tag="Webhooks",
    description="Everything that the account's webhooks went to of late, and whether it is paused because it has only "
    "failed for long. Operators whose keys may manage see every account's.",
    query=messages.EndpointsQuery,
    answer=messages.EndpointPage,
    errors=(Code.INVALID_PARAMETER,),
)
async def index(request: Request) -> Response:
    """A page of endpoints."""
    page = number(request.query_params, "page", default=1, most=PAGE_MAX)
    per_page = number(request.query_params, "per_page", default=PER_PAGE, most=PER_PAGE_MAX)
    found, total = await services(request).store.endpoint_page(
        reach(request), offset=(page - 1) * per_page, limit=per_page
    )
    body: messages.EndpointPage = {
        "data": await _rendered(request, found),
        "pagination": pagination(page, per_page, total),
    }
    return answer(body)


@operation(
    "Resume a webhook endpoint",
    tag="Webhooks",
    description="What was kept while it was paused is sent in order, and it is given as much patience as a new one.",
    path={"id": "The endpoint's id."},
    answer=messages.EndpointMessage,
    errors=(Code.NOT_FOUND,),
)
async def resume(request: Request) -> Response:
    """The endpoint, which is not paused. Raises Error(NOT_FOUND)."""
    wanted, store = request.path_params["id"], services(request).store
    found = await store.resume_endpoint(wanted, account_id=reach(request)) if wanted.isprintable() else None
    if found is None:
        raise Error(Code.NOT_FOUND, "There is no such endpoint.")
    (shown,) = await _rendered(request, [found])
    return answer(shown)


async def _rendered(request: Request, endpoints: Sequence[Endpoint]) -> list[messages.EndpointMessage]:
    kept = await services(request).store.kept_for([each.id for each in endpoints])
    names = await names_of(request, (each.account_id for each in endpoints))
    return [_message(each, kept.get(each.id, 0), names[each.account_id]) for each in endpoints]


def _message(endpoint: Endpoint, kept: int, account: str) -> messages.EndpointMessage:
    return {
        "id": endpoint.id,
        "account": account,
        "url": endpoint.url,
        "state": endpoint.state.value,
        "reason": endpoint.reason,
        "failures": endpoint.failures,
        "given_up": endpoint.deaths,
        "kept": kept,
        "failing_since": _told(endpoint.failing_since_at),
        "paused_at": _told(endpoint.paused_at),
        "next_probe_at": _told(endpoint.probe_at),
        "last_success_at": _told(endpoint.succeeded_at),
        "last_failure_at": _told(endpoint.failed_at),
    }


def _told(at: int | None) -> str | None:
    return None if at is None else timestamp(at)
