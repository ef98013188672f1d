"""Models: the list and each of them, for Skytells and OpenAI clients at the same address."""

from collections.abc import Iterator

from starlette.requests import Request
from starlette.responses import Response

from foretell.api.answers import answer
from foretell.api.examples import absolute, shown_examples
from foretell.api.operations import operation
from foretell.api.requests import caller, edge, is_asked, origin, services
from foretell.api.spoken import is_openai_caller
from foretell.api.versions import Known
from foretell.dialects import openai, skytells
from foretell.dialects.openai.models import ModelObject, ModelObjectList
from foretell.dialects.skytells import messages
from foretell.errors import Code


@operation(
    "List models",
    tag="Models",
    description="Those that the key may run, once under each name they have of themselves. Callers who send "
    "nothing but `Authorization` get OpenAI's list.",
    query=messages.ModelsQuery,
    errors=(Code.INVALID_PARAMETER,),
    answer=(list[messages.Model], ModelObjectList),
)
async def index(request: Request) -> Response:
    """A bare array; OpenAI's list for callers who sent nothing but `Authorization`."""
    every = await edge(request).versions.listed(aliases=is_asked(request, "aliases"))
    listed = [each for each in every if caller(request).may_run(each.name, each.version.model)]
    if is_openai_caller(request.scope):
        return answer(openai.render_models([(known.name, known.version) for known in listed]))
    fields = _fields(request)
    return answer([_rendered(request, known, fields) for known in listed])


@operation(
    "Get a model",
    tag="Models",
    description="By its slug, as `vendor/slug` or by an alias, in any case. Callers who send nothing but "
    "`Authorization` get OpenAI's object.",
    path={"slug": "A slug, `vendor/slug` or an alias."},
    query=messages.ModelQuery,
    answer=(messages.Model, ModelObject),
    errors=(Code.MODEL_NOT_FOUND,),
)
async def get(request: Request) -> Response:
    """One model, by slug, `vendor/slug` or alias, under the name it was asked for."""
    known = await edge(request).versions.find(request.path_params["slug"])
    caller(request).require_model(known.name, known.version.model)
    if is_openai_caller(request.scope):
        return answer(openai.render_model(known.name, known.version))
    return answer(_rendered(request, known, _fields(request)))


def _rendered(request: Request, known: Known, fields: set[str]) -> messages.Model:
    body = skytells.render_model(known.version, fields=fields, name=known.name, alias=known.alias)
    if "examples" in fields:
        body["examples"] = list(_examples(request, known))
    return body


def _examples(request: Request, known: Known) -> Iterator[messages.ModelExample]:
    own = origin(request)
    for each in shown_examples(services(request).config, known.version):
        yield {
            "title": each.title,
            "input": {name: absolute(own, value) for name, value in each.input.items()},
            "output": [output.text or f"{own}{output.url}" for output in each.outputs],
        }


def _fields(request: Request) -> set[str]:
    return {each.strip() for text in request.query_params.getlist("fields") for each in text.split(",")}
