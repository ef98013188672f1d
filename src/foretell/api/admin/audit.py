"""Who did what, for operators."""

from starlette.requests import Request
from starlette.responses import Response

from foretell.api.admin.accounts import existing
from foretell.api.answers import answer
from foretell.api.operations import operation
from foretell.api.requests import services
from foretell.api.skytells.listing import number
from foretell.audit import Action, Done
from foretell.dialects.skytells import messages, timestamp
from foretell.errors import Code, Error
from foretell.store.audit import Wanted

PAGE = 50
PAGE_MAX = 200


@operation(
    "List what was done",
    tag="Operator",
    description="Newest first: what was done to accounts, keys, secrets, credits and models, and what was deleted. "
    "The next page is what came `before` the last one of this.",
    query=messages.AuditQuery,
    answer=messages.AuditList,
    errors=(Code.NOT_FOUND, Code.INVALID_PARAMETER),
)
async def index(request: Request) -> Response:
    store = services(request).store
    of = request.query_params.get("account")
    wanted = Wanted(
        account_id=None if of is None else (await existing(store, of)).id,
        action=_action(request.query_params.get("action")),
        before=request.query_params.get("before"),
        limit=number(request.query_params, "limit", default=PAGE, most=PAGE_MAX),
    )
    names = {each.id: each.name for each in await store.accounts()}
    found = await store.audited(wanted)
    body: messages.AuditList = {
        "data": [_rendered(each, names.get(each.deed.account_id, "")) for each in found]
    }
    return answer(body)


def _rendered(done: Done, account: str) -> messages.AuditMessage:
    deed = done.deed
    return {
        "id": done.id,
        "at": timestamp(done.at),
        "account": account,
        "key_id": deed.key_id,
        "action": deed.action.value,
        "subject": deed.subject,
        "request_id": deed.request_id,
        "address": deed.address,
    }


def _action(word: str | None) -> Action | None:
    try:
        return None if word is None else Action(word)
    except ValueError:
        message = f"'action' must be one of {', '.join(Action)}."
        raise Error(Code.INVALID_PARAMETER, message, details=("action: is not known",)) from None
