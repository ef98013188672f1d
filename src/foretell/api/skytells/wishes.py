"""Wishes: what the body of a create asks for, read with care for how clients differ."""

from typing import Any

import msgspec
from starlette.requests import Request

from foretell.api.deadlines import duration, duration_problem
from foretell.api.requests import body_of
from foretell.api.skytells.bodies import Asked, Body, Plain
from foretell.api.skytells.webhooks import subscription_of
from foretell.api.wish import Wish
from foretell.errors import Code, Error
from foretell.retention import SECONDS_MAX

GPU_LENGTH_MAX = 64
_PRIVACIES = ("private", "public")


_decoder = msgspec.json.Decoder(Body)
_plain_decoder = msgspec.json.Decoder(Plain)


async def read_body(request: Request) -> Asked:
    """What a request's body asks for. Raises Error(INVALID_REQUEST | MISSING_FIELD | INVALID_COMBINATION …)."""
    body: Body = await body_of(request, _decoder, plain=_plain_decoder)
    problems = [] if isinstance(body, Plain) else _problems(body)
    if problems:
        raise Error(
            Code.MISSING_FIELD, f"The request is not valid: {'; '.join(problems)}", details=tuple(problems)
        )
    wish = Wish(
        model=body.model.strip(),
        input=body.input,
        stream=bool(body.stream),
        safety_checker=_agreed("safety_checker", body.safety_checker, "safety_check", body.safety_check),
        privacy=body.privacy or "private",
        gpu=body.gpu,
        ttl_seconds=int(body.ttl or 0),
        cancel_after_seconds=duration(body.cancel_after),
        queue_seconds=duration(body.queue_timeout),
        webhook=subscription_of(body.webhook, body.webhook_events_filter),
    )
    return Asked(
        wish,
        _agreed("await", body.await_, "wait", body.wait),
        is_dry=bool(body.dry_run),
        ends_with_caller=bool(body.cancel_on_disconnect),
    )


def _problems(body: Body) -> list[str]:
    """Everything that is wrong with the fields themselves, each with its name."""
    problems = []
    if body.model is None:
        problems.append("model: is required")
    elif not isinstance(body.model, str) or not body.model.strip():
        problems.append("model: must be the name of a model")
    if body.input is None:
        problems.append("input: is required")
    elif not isinstance(body.input, dict):
        problems.append("input: must be an object")
    for name in (
        "await_",
        "wait",
        "stream",
        "safety_checker",
        "safety_check",
        "dry_run",
        "cancel_on_disconnect",
    ):
        if not isinstance(getattr(body, name), bool | None):
            problems.append(f"{name.rstrip('_')}: must be true or false")
    return problems + _word_problems(body)


def _word_problems(body: Body) -> list[str]:
    problems = []
    if body.privacy is not None and body.privacy not in _PRIVACIES:
        problems.append(f"privacy: must be one of {', '.join(_PRIVACIES)}")
    if body.gpu is not None and (not isinstance(body.gpu, str) or len(body.gpu) > GPU_LENGTH_MAX):
        problems.append(f"gpu: must be text of at most {GPU_LENGTH_MAX} characters")
    if body.ttl is not None and not _is_duration(body.ttl):
        problems.append(f"ttl: must be a whole number of seconds, from 1 to {SECONDS_MAX:,}")
    times = {"cancel_after": body.cancel_after, "queue_timeout": body.queue_timeout}
    found = (duration_problem(name, value) for name, value in times.items())
    return problems + [each for each in found if each is not None]


def _is_duration(value: Any) -> bool:
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return is_number and 1 <= value <= SECONDS_MAX and float(value).is_integer()


def _agreed(name: str, value: bool | None, synonym: str, other: bool | None) -> bool | None:
    """The value of a field that may come under two names."""
    if value is not None and other is not None and value != other:
        raise Error(
            Code.INVALID_COMBINATION, f"'{name}' and '{synonym}' mean the same and contradict each other."
        )
    return other if value is None else value
