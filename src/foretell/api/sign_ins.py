"""Whom a request acts for, the browsers that are signed in, and links to sign in with."""

import time

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from foretell.api.admin.accounts import existing
from foretell.api.answers import answer
from foretell.api.auth import DEFAULT_ACCOUNT
from foretell.api.deeds import deed
from foretell.api.operations import operation
from foretell.api.requests import body_of, caller, origin, services
from foretell.api.sessions import csrf_of
from foretell.audit import Action
from foretell.dialects.skytells import messages, timestamp
from foretell.errors import Code, Error
from foretell.session import Session, new_link


class NewLink(msgspec.Struct):
    """Whom a link signs in: an account, by name or id."""

    account: str = DEFAULT_ACCOUNT


_new_link = msgspec.json.Decoder(NewLink)


@operation(
    "Ask who you are",
    tag="Account",
    description="The account and what may be done.",
    answer=messages.WhoMessage,
)
async def who(request: Request) -> Response:
    """Whom the caller acts for, and what they may do."""
    found = caller(request)
    key = found.key
    body: messages.WhoMessage = {
        "id": found.account.id,
        "name": found.account.name,
        "role": found.account.role.value,
        "scopes": [each.value for each in sorted(found.scopes)],
        "models": None if key is None or key.models is None else list(key.models),
        "key_id": None if key is None else key.id,
        "csrf_token": None if found.session is None else csrf_of(request),
    }
    return answer(body)


@operation("List who is signed in", tag="Account", answer=messages.SessionList)
async def index(request: Request) -> Response:
    """The browsers that are signed in to the caller's account."""
    own = caller(request)
    now = time.time_ns() // 1_000
    found = await services(request).store.sessions(own.account.id, at=now)
    current = "" if own.session is None else own.session.id
    body: messages.SessionList = {"data": [_rendered(each, current) for each in found]}
    return answer(body)


@operation(
    "Sign a browser out",
    tag="Account",
    path={"session": "Its id."},
    answer=messages.SessionMessage,
    errors=(Code.NOT_FOUND,),
)
async def end(request: Request) -> Response:
    """Ends a session of the caller's account. Raises Error(NOT_FOUND)."""
    own = caller(request)
    session_id = request.path_params["session"]
    now = time.time_ns() // 1_000
    if session_id not in {each.id for each in await services(request).store.sessions(own.account.id, at=now)}:
        raise Error(Code.NOT_FOUND, f"There is no session '{session_id}'.")
    store = services(request).store.by(deed(request, Action.SESSION_ENDED, session_id))
    found = await store.end_session(session_id, account_id=own.account.id)
    if found is None:
        raise Error(Code.NOT_FOUND, f"There is no session '{session_id}'.")
    return answer(_rendered(found, "" if own.session is None else own.session.id))


@operation(
    "Make a link to sign in with",
    tag="Operator",
    description="Whoever opens it within a quarter of an hour is signed in to the dashboard, once, and may do what "
    "the account may.",
    body=NewLink,
    examples={"For yourself": {}, "For an account": {"account": "web shop"}},
    answers={201: messages.LinkMessage},
    errors=(Code.NOT_FOUND,),
)
async def offer(request: Request) -> Response:
    """A link that is good once."""
    wanted = await body_of(request, _new_link)
    store = services(request).store
    account = await existing(store, wanted.account)
    link, token = new_link(account.id, at=time.time_ns() // 1_000)
    await store.by(deed(request, Action.LINK_OFFERED, account.id)).offer_link(link)
    body: messages.LinkMessage = {
        "url": f"{origin(request)}/sign-in?token={token}",
        "expires_at": timestamp(link.expires_at),
    }
    return answer(body, 201)


def _rendered(session: Session, current: str) -> messages.SessionMessage:
    return {
        "id": session.id,
        "created_at": timestamp(session.created_at),
        "seen_at": timestamp(session.seen_at),
        "ends_at": timestamp(session.ends_at),
        "key_id": session.key_id,
        "agent": session.agent,
        "address": session.address,
        "is_current": session.id == current,
    }
