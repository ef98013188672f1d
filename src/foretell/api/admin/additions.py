"""Additions: beginning one, following it, ending it, and the log that it leaves."""

from collections.abc import Callable

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from foretell.addition import Addition, State, Step, Work
from foretell.api.admin.models import existing
from foretell.api.admin.versions import version_of
from foretell.api.answers import answer
from foretell.api.deeds import deed
from foretell.api.operations import operation
from foretell.api.requests import body_of, caller, services
from foretell.audit import Action, Deed
from foretell.catalog.manifests import SLUG
from foretell.dialects.skytells import messages, timestamp
from foretell.errors import Code, Error

_MODEL = {"model": "Its slug or an alias."}
_ADDITION = {"addition": "Its id."}
SHOWN_MAX = 50


class NewModel(msgspec.Struct, forbid_unknown_fields=True):
    """Where a model comes from, and the name that it is to have, if not its own.

    `source`: an absolute path on the server's machine, `hf:owner/name`, or a URL of an archive or a file of weights.
    """

    source: str
    name: str = ""


_new = msgspec.json.Decoder(NewModel)


@operation(
    "Add a model",
    tag="Adding models",
    description="Reads it, fetches its weights, builds its environment, loads it once and runs its first example. "
    "Only then is it what its name means; until then, and if anything goes wrong, the server is as it was. "
    "The answer comes at once: follow the addition.",
    body=NewModel,
    examples={
        "A folder": {"source": "/srv/models/hello"},
        "Weights of a hub": {"source": "hf:hf-internal-testing/tiny-stable-diffusion-pipe", "name": "tiny"},
    },
    answers={202: messages.AdditionMessage},
    errors=(Code.INVALID_REQUEST, Code.OVERLOADED),
)
async def add(request: Request) -> Response:
    wanted = await body_of(request, _new)
    if wanted.name and not SLUG.fullmatch(wanted.name):
        message = f"'{wanted.name}' cannot be a model's name: it needs lower-case letters, digits, '.', '_' and '-'."
        raise Error(Code.INVALID_REQUEST, message)
    if not wanted.source:
        raise Error(Code.MISSING_FIELD, "'source' is empty.", details=("source: is empty",))
    return await _begun(request, Work.ADD, wanted.source, name=wanted.name)


@operation(
    "Test a model",
    tag="Adding models",
    description="Runs every example of its current version, or of another `version`; each has to give the kind of "
    "output that it shows.",
    path=_MODEL,
    query=messages.VersionQuery,
    answers={202: messages.AdditionMessage},
    errors=(Code.MODEL_NOT_FOUND, Code.OVERLOADED),
)
async def test(request: Request) -> Response:
    name, wanted = await _named(request), request.query_params.get("version")
    version_id = None if wanted is None else (await version_of(request, name, wanted)).version.id
    return await _begun(request, Work.TEST, f"{name}:{version_id}" if version_id else name)


@operation(
    "Fetch what a model needs",
    tag="Adding models",
    description="Its weights and its environment, on the machine of this server, before it is first asked for. "
    "A model that was offline because they could not be had is tried again.",
    path=_MODEL,
    answers={202: messages.AdditionMessage},
    errors=(Code.MODEL_NOT_FOUND, Code.OVERLOADED),
)
async def pull(request: Request) -> Response:
    return await _begun(request, Work.PULL, await _named(request))


@operation(
    "List additions",
    tag="Adding models",
    description="The newest first.",
    answer=messages.AdditionList,
)
async def index(request: Request) -> Response:
    found = await services(request).store.additions(limit=SHOWN_MAX)
    body: messages.AdditionList = {"data": [rendered(each) for each in found]}
    return answer(body)


@operation(
    "Follow an addition",
    tag="Adding models",
    path=_ADDITION,
    answer=messages.AdditionMessage,
    errors=(Code.NOT_FOUND,),
)
async def get(request: Request) -> Response:
    return answer(rendered(_there(await services(request).store.addition(request.path_params["addition"]))))


@operation(
    "End an addition",
    tag="Adding models",
    description="One that is under way is ended, and nothing is left of it; the answer says how it is now.",
    path=_ADDITION,
    answer=messages.AdditionMessage,
    errors=(Code.NOT_FOUND,),
)
async def cancel(request: Request) -> Response:
    return answer(rendered(_there(await services(request).additions.cancel(request.path_params["addition"]))))


@operation(
    "Read how a model was added",
    tag="Adding models",
    description="What pip and the model wrote when it was last added, tested or fetched, or a `version` of it was.",
    path=_MODEL,
    query=messages.VersionQuery,
    answer=messages.ModelLog,
    errors=(Code.MODEL_NOT_FOUND, Code.NOT_FOUND),
)
async def logs(request: Request) -> Response:
    at, name, wanted = services(request), request.path_params["model"], request.query_params.get("version")
    version_id = None if wanted is None else (await version_of(request, name, wanted)).version.id
    found = await at.store.additions(name, version_id=version_id, limit=1)
    if found:
        addition = found[0]
        body: messages.ModelLog = {
            "model": addition.model,
            "version": addition.version_id,
            "addition": rendered(addition),
            "log": addition.log,
        }
        return answer(body)
    version = await existing(at.store, name)
    path = at.bench.environments.log_path(version.manifest)
    log = (
        ""
        if version.manifest.environment == "none" or not path.exists()
        else path.read_text(errors="replace")
    )
    told: messages.ModelLog = {"model": version.model, "version": version.id, "addition": None, "log": log}
    return answer(told)


def rendered(addition: Addition) -> messages.AdditionMessage:
    return {
        "id": addition.id,
        "work": addition.work.value,
        "source": addition.source,
        "model": addition.model or None,
        "version": addition.version_id,
        "state": addition.state.value,
        "steps": [_step(each, addition.state) for each in addition.steps],
        "error": addition.error,
        "created_at": timestamp(addition.created_at),
        "updated_at": timestamp(addition.updated_at),
    }


def _step(step: Step, state: State) -> messages.StepMessage:
    # A step of a process that died has nobody who could say that it has ended.
    is_over = step.state is State.RUNNING and state is not State.RUNNING
    return {
        "name": step.name.value,
        "state": state.value if is_over else step.state.value,
        "says": step.says,
        "progress": None if step.fraction is None else round(100 * step.fraction, 1),
        "began_at": timestamp(step.began_at),
        "ended_at": None if step.ended_at is None else timestamp(step.ended_at),
    }


async def _begun(request: Request, work: Work, source: str, *, name: str = "") -> Response:
    account_id = caller(request).account.id
    additions = services(request).additions
    found = await additions.begin(work, source, account_id=account_id, deed=_deeds(request), name=name)
    return answer(rendered(found), 202)


def _deeds(request: Request) -> Callable[[str], Deed]:
    return lambda model: deed(request, Action.MODEL_REGISTERED, model)


async def _named(request: Request) -> str:
    return (await existing(services(request).store, request.path_params["model"])).model


def _there(addition: Addition | None) -> Addition:
    if addition is None:
        raise Error(Code.NOT_FOUND, "There is no such addition.")
    return addition
