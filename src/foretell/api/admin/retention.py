"""How long what is created with a key is kept, as operators set and see it."""

from dataclasses import asdict
from typing import Annotated, TypedDict

import msgspec
from msgspec import UNSET, Meta, UnsetType
from starlette.requests import Request
from starlette.responses import Response

from foretell.api.answers import answer
from foretell.api.deeds import deed
from foretell.api.operations import operation
from foretell.api.requests import body_of, services
from foretell.audit import Action
from foretell.errors import Code, Error
from foretell.retention import SECONDS_MAX, Retention

Seconds = Annotated[
    int, Meta(ge=0, le=SECONDS_MAX, description="Seconds from the end of a prediction; 0: as long as others.")
]


class RetentionWish(msgspec.Struct):
    """How long each part is kept from now on; what is left out stays as it is."""

    keep_outputs_seconds: Seconds | UnsetType = UNSET
    keep_inputs_seconds: Seconds | UnsetType = UNSET
    keep_logs_seconds: Seconds | UnsetType = UNSET


class RetentionMessage(TypedDict):
    """How long each part is kept."""

    keep_outputs_seconds: Seconds
    keep_inputs_seconds: Seconds
    keep_logs_seconds: Seconds


_wish = msgspec.json.Decoder(RetentionWish)


@operation(
    "Change how long a key's predictions are kept",
    tag="Operator",
    description="Of what is created with the key from now on. The shortest time holds of the server's, the model's, "
    "the key's and the prediction's own.",
    path={"key": "Its id."},
    body=RetentionWish,
    examples={"An hour for outputs": {"keep_outputs_seconds": 3_600}, "As it is": {}},
    answer=RetentionMessage,
    errors=(Code.NOT_FOUND,),
)
async def change_key(request: Request) -> Response:
    wanted = await body_of(request, _wish)
    store = services(request).store
    key = await store.key(request.path_params["key"])
    if key is None:
        raise Error(Code.NOT_FOUND, f"There is no key '{request.path_params['key'][:100]}'.")
    retention = _changed(key.retention, wanted)
    if retention != key.retention:
        await store.by(deed(request, Action.KEY_CHANGED, key.id)).keep_of_key(key.id, retention)
    return answer(asdict(retention))


def _changed(retention: Retention, wanted: RetentionWish) -> Retention:
    outputs, inputs, logs = wanted.keep_outputs_seconds, wanted.keep_inputs_seconds, wanted.keep_logs_seconds
    return Retention(
        keep_outputs_seconds=retention.keep_outputs_seconds if outputs is UNSET else outputs,
        keep_inputs_seconds=retention.keep_inputs_seconds if inputs is UNSET else inputs,
        keep_logs_seconds=retention.keep_logs_seconds if logs is UNSET else logs,
    )
