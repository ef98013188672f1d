"""Wishes: the prediction that a body asks for, with the conversation it goes on from."""

from typing import Any

from starlette.requests import Request

from foretell.account import Scope
from foretell.api.answers import json_bytes
from foretell.api.creating import find_model
from foretell.api.openai.choosing import answering
from foretell.api.openai.responses.stored import response_named, response_with_item
from foretell.api.requests import caller, origin, services
from foretell.api.wish import Wish
from foretell.dialects.openai import refused, responses
from foretell.dialects.openai.responses.messages import CreateResponse
from foretell.dialects.openai.talk import Talk, input_for
from foretell.dialects.openai.turns import turns
from foretell.errors import Code, Error
from foretell.model import Version

REFERENCES_MAX = 100
"""How many items of other responses, and how many uploads, one request may name: each is looked up."""


async def wish_of(request: Request, asked: CreateResponse, *, streams: bool) -> Wish:
    """What to create. Raises Error for what the model, or the conversation, cannot be asked."""
    # Before the conversation is looked up: an unknown model is the first thing to hear of.
    await find_model(request, asked.model)
    messages = await _messages(request, asked)
    talk = Talk(turns=turns(messages), parameters=responses.options(asked))
    known, unheard = await answering(request, asked.model, talk.turns)
    given = _given(known.version, talk)
    return Wish(
        model=known.name,
        input=given,
        stream=streams,
        request=responses.kept(asked) | responses.kept_messages(given, messages) | unheard,
    )


def _given(version: Version, talk: Talk) -> dict[str, Any]:
    try:
        return input_for(version, talk)
    except Error as error:
        raise responses.in_own_words(error) from error


async def _messages(request: Request, asked: CreateResponse) -> list[dict[str, Any]]:
    """The whole conversation: what was said before, and what is said now."""
    new = responses.messages_of(await _dereferenced(request, asked.input))
    before = await _before(request, asked.previous_response_id)
    if not new and not before:
        raise refused("input", "must have something to answer")
    messages = [*before, *new]
    responses.check_calls(messages)
    await _find_pictures(request, messages)
    bytes_max = services(request).config.body_bytes_max
    if before and len(json_bytes(messages)) > bytes_max:
        raise Error(Code.TOO_LARGE, f"The conversation is larger than the {bytes_max:,} bytes allowed.")
    return responses.with_instructions(asked.instructions, messages)


async def _before(request: Request, previous_id: str | None) -> list[dict[str, Any]]:
    if previous_id is None:
        return []
    caller(request).require(Scope.READ)
    previous = await response_named(request, previous_id)
    if previous is None:
        raise refused("previous_response_id", "names no stored response of yours")
    status = responses.render(previous)["status"]
    if status not in {"completed", "incomplete"}:
        raise refused("previous_response_id", f"names a response that is {status}, not completed")
    return responses.conversation_of(previous)


async def _dereferenced(request: Request, given: str | list[dict[str, Any]]) -> str | list[dict[str, Any]]:
    """The input with stored items in the places where they are referred to."""
    references = responses.referred(given)
    if not references or isinstance(given, str):
        return given
    if len(references) > REFERENCES_MAX:
        raise refused("input", f"must not refer to more than {REFERENCES_MAX} items")
    caller(request).require(Scope.READ)
    items = list(given)
    for place, name in references:
        holder = await response_with_item(request, name)
        item = None if holder is None else responses.all_items_of(holder).get(name)
        if item is None:
            raise refused(f"input[{place}].id", "names no stored item of yours")
        items[place] = item
    return items


async def _find_pictures(request: Request, messages: list[dict[str, Any]]) -> None:
    """Gives each uploaded picture the address at which a model can read it."""
    pictures = responses.pictures_by_id(messages)
    if len(pictures) > REFERENCES_MAX:
        raise refused("input", f"must not have more than {REFERENCES_MAX} uploaded pictures")
    for each in pictures:
        file = await services(request).store.file(each["file_id"])
        if file is None or file.removed_at is not None or not caller(request).reaches(file.account_id):
            raise refused("input", f"has a picture '{each['file_id']}', and there is no such file of yours")
        each["url"] = file.url(origin(request))
