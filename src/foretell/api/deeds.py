"""Deeds: who does what with a request, for the audit log."""

from starlette.requests import Request

from foretell.api.requests import caller, is_local, request_id
from foretell.audit import Action, Deed

LOCAL = "local"
"""The address of whoever reaches the server's own socket."""


def deed(request: Request, action: Action, subject: str) -> Deed:
    """What this request's caller does; to be written down with what it does."""
    who = caller(request)
    address = LOCAL if is_local(request) or request.client is None else request.client.host
    return Deed(
        account_id=who.account.id,
        key_id=None if who.key is None else who.key.id,
        action=action,
        subject=subject,
        request_id=request_id(request),
        address=address,
    )
