"""Fields: bodies of which a part is OpenAI's, and the rest goes to the model as it is."""

from collections.abc import Mapping
from typing import Any

import msgspec
from starlette.requests import Request

from foretell.api.requests import body_of
from foretell.dialects.openai import wrong_body
from foretell.errors import Code, Error
from foretell.schema import InputSchema

_decoder = msgspec.json.Decoder(dict[str, Any])


async def json_fields(request: Request, kind: type[msgspec.Struct]) -> dict[str, Any]:
    """The fields of a JSON body that are not null; those that `kind` has are as it says.

    Raises Error(INVALID_PARAMETER | MISSING_FIELD) naming the field, Error(INVALID_REQUEST).
    """
    return _checked(await body_of(request, _decoder), kind, strict=True)


def model_of(sent: Mapping[str, list[str]]) -> str:
    """The model that a form names. Raises Error(MISSING_FIELD)."""
    name = sent.get("model", [""])[0].strip()
    if not name:
        raise Error(Code.MISSING_FIELD, "'model' is required.", details=("model: is required",))
    return name


def form_fields(
    sent: Mapping[str, list[str]], file_field: str, kind: type[msgspec.Struct], schema: InputSchema
) -> dict[str, Any]:
    """The same of a form, in which everything is text: what `kind` has not is of the type that the model wants."""
    found: dict[str, Any] = {}
    for name, values in sent.items():
        own, is_list = name.removesuffix("[]"), name.endswith("[]") or len(values) > 1
        if own not in kind.__struct_fields__:
            typed = [_typed(each, schema.said_of(own)) for each in values]
            found[own] = typed if is_list else typed[0]
        elif is_list or values[0]:
            found[own] = values if is_list else values[0]
    checked = _checked(found | {file_field: b""}, kind, strict=False)
    return {name: value for name, value in checked.items() if name != file_field}


def _checked(sent: dict[str, Any], kind: type[msgspec.Struct], *, strict: bool) -> dict[str, Any]:
    try:
        found = msgspec.convert(sent, kind, strict=strict)
    except msgspec.ValidationError as error:
        raise wrong_body(str(error)) from error
    known = {name: getattr(found, name) for name in kind.__struct_fields__}
    return {name: value for name, value in (sent | known).items() if value is not None}


def _typed(text: str, said: Mapping[str, Any] | None) -> Any:
    """The text as the type that the model wants; as it is where it is none such, for the model to refuse."""
    wanted = {} if said is None else said
    kinds = wanted.get("type", "string")
    if "string" in kinds:
        return text
    try:
        return msgspec.json.decode(text)
    except (ValueError, RecursionError):
        return text
