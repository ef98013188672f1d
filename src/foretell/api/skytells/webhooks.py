"""Webhooks in a create: a string, an object, or with a filter beside it."""

from typing import Any

from foretell import webhook
from foretell.errors import Code, Error
from foretell.prediction import Subscription

NAMES_MAX = 50
NAME_LENGTH_MAX = 100
URL_LENGTH_MAX = 2_048


def subscription_of(wanted: Any, events_filter: Any) -> Subscription | None:
    """What a caller wants to be told, and where. Raises Error, also beyond the limits."""
    url, names = _parts(wanted)
    filtered = events_filter is not None
    filter_names = _names("webhook_events_filter", events_filter)
    if url is None:
        return None
    if filtered and names:
        message = "Name the events either in 'webhook.events' or in 'webhook_events_filter', not in both."
        raise Error(Code.INVALID_COMBINATION, message)
    if filtered:
        names = filter_names
    return Subscription(
        url=url,
        names=tuple(names),
        events=tuple(event.value for event in webhook.canonical_events(names, filtered=filtered)),
        spelling=webhook.body_spelling(names, plain=filtered or isinstance(wanted, str)),
    )


def _parts(wanted: Any) -> tuple[str | None, list[str]]:
    if wanted is None or wanted == "":
        return None, []
    if isinstance(wanted, str):
        return _url("webhook", wanted), []
    if not isinstance(wanted, dict):
        raise _problem("webhook: must be an address, or an object with 'url' and 'events'")
    names = _names("webhook.events", wanted.get("events"))
    if wanted.get("url") is None and not names:
        return None, []
    return _url("webhook.url", wanted.get("url")), names


def _url(path: str, value: Any) -> str:
    if not isinstance(value, str) or not value:
        raise _problem(f"{path}: must be an address")
    if len(value) > URL_LENGTH_MAX:
        raise Error(Code.INVALID_PARAMETER, f"{path}: is longer than {URL_LENGTH_MAX:,} characters.")
    return value


def _names(path: str, value: Any) -> list[str]:
    if value is None:
        return []
    if not isinstance(value, list) or not all(isinstance(each, str) for each in value):
        raise _problem(f"{path}: must be a list of event names")
    if len(value) > NAMES_MAX or any(len(each) > NAME_LENGTH_MAX for each in value):
        message = f"{path}: takes at most {NAMES_MAX} names of {NAME_LENGTH_MAX} characters."
        raise Error(Code.INVALID_PARAMETER, message)
    return value


def _problem(sentence: str) -> Error:
    return Error(Code.MISSING_FIELD, f"The request is not valid: {sentence}", details=(sentence,))
