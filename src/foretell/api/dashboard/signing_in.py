"""Signing in with a key or with a link, and out again."""

from urllib.parse import parse_qsl, quote, urlsplit

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from foretell.account import Account
from foretell.api.auth import Caller
from foretell.api.dashboard.pages import FIRST, open_page, shown
from foretell.api.deeds import deed
from foretell.api.requests import body_bytes, edge, services
from foretell.api.sessions import csrf_of, is_same_origin
from foretell.audit import Action
from foretell.errors import Code, Error
from foretell.session import token_digest

FIELDS_MAX = 20
_OVER = "This link was used already, or is more than a quarter of an hour old. 'foretell dashboard' makes another."


@open_page
async def form(request: Request) -> Response:
    """The page to sign in on. With `?token=` it asks to confirm: a preview of the link must not use it up."""
    token = request.query_params.get("token", "")
    wanted = own_path(request.query_params.get("next", ""))
    if request.scope["foretell.caller"] is not None and not token:
        return RedirectResponse(wanted, 303, {"cache-control": "no-store"})
    return shown(request, "sign_in.html", token=token, next=wanted, problem="")


@open_page
async def sign_in(request: Request) -> Response:
    """Begins a session and leads to where somebody wanted to go; a refusal is said on the page."""
    if not is_same_origin(request):
        raise Error(Code.FORBIDDEN, "Signing in is possible on this server's own page alone.")
    sent = await _fields(request)
    wanted = own_path(sent.get("next", ""))
    try:
        who = await _identified(request, sent)
    except Error as error:
        status = 401 if error.code is Code.UNAUTHORIZED else 403
        return shown(
            request, "sign_in.html", status=status, token="", next=wanted, problem=_problem(error, sent)
        )
    session, token = edge(request).sessions.new(request, who)
    request.scope["foretell.caller"] = who
    store = services(request).store.by(deed(request, Action.SESSION_BEGUN, session.id))
    await store.begin_session(session)
    answer = RedirectResponse(wanted, 303, {"cache-control": "no-store"})
    edge(request).sessions.hand_over(request, answer, token)
    return answer


@open_page
async def sign_out(request: Request) -> Response:
    """Ends the session that the browser has."""
    who: Caller | None = request.scope["foretell.caller"]
    sent = await _fields(request)
    answer = RedirectResponse("/sign-in", 303, {"cache-control": "no-store"})
    if who is None or who.session is None:
        return answer
    if sent.get("csrf") != csrf_of(request) or not is_same_origin(request):
        raise Error(Code.FORBIDDEN, "Signing out is possible on this server's own pages alone.")
    store = services(request).store.by(deed(request, Action.SESSION_ENDED, who.session.id))
    await store.end_session(who.session.id, account_id=who.account.id)
    edge(request).sessions.hand_over(request, answer, None)
    return answer


def own_path(wanted: str) -> str:
    """A path of this server, or the first page: nobody is led elsewhere."""
    parts = urlsplit(wanted)
    is_own = wanted.startswith("/") and not wanted.startswith(("//", "/\\")) and not parts.netloc
    return quote(wanted, safe="/?&=%+:@,;!$'()*~-._[]") if is_own and wanted.isprintable() else FIRST


async def _identified(request: Request, sent: dict[str, str]) -> Caller:
    """Who signs in. Raises Error(UNAUTHORIZED | SUSPENDED)."""
    if "token" in sent:
        return Caller(await _by_link(request, sent["token"]), None, None)
    return await edge(request).keys.caller(sent.get("key", "").strip())


async def _by_link(request: Request, token: str) -> Account:
    store = services(request).store
    account_id = await store.use_link(token_digest(token))
    account = None if account_id is None else await store.account(account_id)
    if account is None:
        raise Error(Code.UNAUTHORIZED, _OVER)
    if account.suspended_at is not None:
        raise Error(Code.SUSPENDED, f"The account '{account.name}' is suspended.")
    return account


def _problem(error: Error, sent: dict[str, str]) -> str:
    if "token" in sent or sent.get("key", "").strip():
        return error.message
    return "Enter an API key."


async def _fields(request: Request) -> dict[str, str]:
    body = await body_bytes(request)
    try:
        return dict(parse_qsl(body.decode(), keep_blank_values=True, max_num_fields=FIELDS_MAX))
    except ValueError as error:
        raise Error(Code.INVALID_REQUEST, "The form cannot be read.") from error
