"""Creating a prediction, in whatever dialect it was asked for: check everything, write it, wait for its end."""

import hashlib
import logging
from functools import partial
from typing import Any

import msgspec
from starlette.requests import ClientDisconnect, Request

from foretell.allowance import AllowanceSpentError
from foretell.api.deadlines import cancel_after_seconds, queue_seconds
from foretell.api.idempotency import claim_of, note_replay
from foretell.api.input_files import check_files
from foretell.api.limits import note
from foretell.api.requests import caller, edge, has_left, is_local, origin, request_id, services
from foretell.api.terms import Terms
from foretell.api.versions import Known
from foretell.api.wish import Wish
from foretell.chatter import Chatter
from foretell.errors import Code, Error
from foretell.estimate import Estimate, Subject, estimate
from foretell.hardware import ANY, class_of, has
from foretell.ids import new_id
from foretell.prediction import DASHBOARD, NewPrediction, Prediction
from foretell.schema import SAFETY, without_secrets
from foretell.secret import sealed
from foretell.telemetry import PARENT

SLICE_SECONDS = 1.0
"""How often a caller whose answer has begun is asked whether they are still there."""

TRACE_CHARACTERS_MAX = 100

_sorted = msgspec.json.Encoder(order="sorted").encode
_log = logging.getLogger("foretell.predictions.accepted")
_chatter = Chatter()


async def find_model(request: Request, name: str, *, hidden: bool = False) -> Known:
    """The model of this name. Raises Error(MODEL_NOT_FOUND), Error(UNAVAILABLE) when it is offline, and
    Error(FORBIDDEN) when the caller's key may not use it.

    `hidden`: one that callers cannot name.
    """
    versions = edge(request).versions
    known = None if hidden else versions.named(name)
    if known is None:
        known = await (versions.find_hidden(name) if hidden else versions.find(name))
    caller(request).require_model(known.name, known.version.model)
    if known.version.offline_reason is not None:
        raise Error(Code.UNAVAILABLE, f"The model '{known.name}' is offline: {known.version.offline_reason}")
    return known


async def create(request: Request, wish: Wish, *, awaited: bool = False) -> Prediction:
    """The new prediction, durable; if its end is `awaited`, maybe with its end already.

    Raises Error for a model, an input or an address that cannot be right.

    Error(RATE_LIMITED) when account or key may create no more now; the answer says in either case what is left.
    Error(INSUFFICIENT_CREDITS) when they cannot pay for it. Under an idempotency key that stands for a prediction
    already, it is that one, as it is now; Error(KEY_REUSED) or Error(GONE) where it cannot be.
    """
    store = services(request).store
    owner = caller(request)
    if owner.is_choosy:
        await find_model(request, wish.model, hidden=wish.hidden)
    claim = claim_of(request, owner.account.id, wish.position)
    if claim is not None:
        # What is wrong with a request is the same whether it was sent before or not.
        cancel_after_seconds(request, wish.cancel_after_seconds)
    if claim is not None and (found := await store.replayed(claim)) is not None:
        note_replay(request, found.id)
        return found
    edge(request).room.require()
    known = await find_model(request, wish.model, hidden=wish.hidden)
    terms = edge(request).agreements.of(owner, known)
    new = await _agreed(request, wish, known, terms)
    if new.webhook is not None:
        await edge(request).keys.seal(owner)
    try:
        created = await store.create_within(new, terms.bounds, claim, awaited=awaited)
    except AllowanceSpentError as error:
        note(request, error.standing)
        raise
    if created.is_replay:
        note_replay(request, created.prediction.id)
        return created.prediction
    note(request, created.standing)
    _log_created(request, created.prediction)
    return created.prediction


async def awaited(request: Request, prediction: Prediction, seconds: float) -> Prediction:
    """The prediction at its end, or as it is when the time is up or the server stops.

    Raises ClientDisconnect when nobody waits any more; the prediction goes on.
    """
    if prediction.status.is_terminal or seconds <= 0 or services(request).stopping.is_set():
        return prediction
    found = await services(request).store.await_terminal(
        prediction.id, seconds, seen=prediction, enough=partial(_need_not_wait, request)
    )
    if found is None:
        raise deleted_meanwhile()
    if not found.status.is_terminal and await has_left(request):
        raise ClientDisconnect
    return found


async def _need_not_wait(request: Request) -> bool:
    return services(request).stopping.is_set() or await has_left(request)


def _traced(request: Request, said: dict[str, Any] | None) -> dict[str, Any] | None:
    """What is kept of the request, with the caller's own trace where traces are kept."""
    if not services(request).is_traced or (parent := request.headers.get(PARENT)) is None:
        return said
    return {**(said or {}), PARENT: parent[:TRACE_CHARACTERS_MAX]}


def deleted_meanwhile() -> Error:
    """The refusal for those who wait for a prediction that somebody deletes."""
    return Error(Code.PREDICTION_NOT_FOUND, "The prediction was deleted while you waited for it.")


async def checked(request: Request, wish: Wish, known: Known) -> NewPrediction:
    """The wish, ready to be written. Raises Error for what cannot be right about it."""
    return await _agreed(request, wish, known, edge(request).agreements.of(caller(request), known))


async def _agreed(request: Request, wish: Wish, known: Known, terms: Terms) -> NewPrediction:
    version = known.version
    values = known.schema.complete(_with_safety(wish, known))
    if known.schema.file_fields():
        await check_files(request, known.schema, values)
    if wish.webhook is not None:
        services(request).check_form(wish.webhook.url)
    owner = caller(request)
    # What a model must not show is not stored as it came either, nor does a fingerprint of it help to guess it.
    secrets = terms.secrets
    shown = without_secrets(version.input_schema, values) if secrets else values
    return NewPrediction(
        id=new_id(),
        account_id=owner.account.id,
        key_id=None if owner.key is None else owner.key.id,
        model=known.name,
        model_type=version.manifest.type,
        version_id=version.id,
        lane=version.lane(await _hardware(request, wish.gpu) if wish.gpu else ANY),
        input=sealed(values, secrets, services(request).seal) if secrets else values,
        input_hash=hashlib.sha256(version.id.encode() + _sorted(shown)).hexdigest(),
        origin=origin(request),
        source=_source(request),
        privacy=wish.privacy,
        stream=wish.stream,
        webhook=wish.webhook,
        request=_traced(request, wish.request),
        pricing=terms.pricing,
        hold_nanocredits=0 if terms.pricing is None else estimated(known, values).nanocredits,
        retention=terms.kept(wish.ttl_seconds),
        cancel_after_seconds=cancel_after_seconds(request, wish.cancel_after_seconds),
        queue_seconds=queue_seconds(request, wish.queue_seconds),
    )


def _source(request: Request) -> str:
    if caller(request).session is not None:
        return DASHBOARD
    return "cli" if is_local(request) else "api"


async def _hardware(request: Request, gpu: str) -> str:
    """The class that was asked for, if any living node is of it; else whatever there is."""
    wanted = class_of(gpu)
    store, config = services(request).store, services(request).config
    living = await store.living(within_seconds=config.lost_seconds)
    return wanted if any(has(each.hardware.get("name", ""), wanted) for each in living) else ANY


def estimated(known: Known, values: dict[str, Any]) -> Estimate:
    """What a complete input may cost."""
    manifest = known.version.manifest
    if manifest.pricing.is_free:
        return Estimate(0)
    subject = Subject(
        input=values,
        input_schema=known.version.input_schema,
        model_type=manifest.type,
        run_timeout_seconds=manifest.limits.run_timeout_seconds,
    )
    return estimate(manifest.pricing, subject)


def _with_safety(wish: Wish, known: Known) -> dict[str, Any]:
    """The input with the switch from beside it, where the input itself says nothing."""
    given = known.translated(wish.input)
    if wish.safety_checker is None or any(given.get(each) is not None for each in SAFETY):
        return given
    return {name: each for name, each in given.items() if name not in SAFETY} | {
        SAFETY[0]: wish.safety_checker
    }


def _log_created(request: Request, prediction: Prediction) -> None:
    if not _log.isEnabledFor(logging.INFO) or (unsaid := _chatter.unsaid()) is None:
        return
    found = {
        "prediction_id": prediction.id,
        "model": prediction.model,
        "account_id": prediction.account_id,
        "request_id": request_id(request),
    }
    if unsaid:
        found["left_out"] = str(unsaid)
    _log.info("accepted %s for %s", prediction.id, prediction.model, extra=found)
