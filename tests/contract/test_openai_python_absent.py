"""What OpenAI's client can ask for and this server does not have: a 404 or 422 in the client's own words, at once."""

from typing import Any

import openai
import pytest
from openai import OpenAI

SOUND = ("a.wav", b"RIFF")
ABSENT: dict[str, Any] = {
    "completions": lambda client: client.completions.create(model="deepbrain", prompt="x"),
    "batches": lambda client: client.batches.list(),
    "fine_tuning": lambda client: client.fine_tuning.jobs.list(),
    "vector_stores": lambda client: client.vector_stores.list(),
    "uploads": lambda client: client.uploads.cancel("x"),
    "conversations": lambda client: client.conversations.retrieve("x"),
    "videos": lambda client: client.videos.retrieve("x"),
    "translations": lambda client: client.audio.translations.create(model="transcribe", file=SOUND),
    "variations": lambda client: client.images.create_variation(image=("a.png", b"\x89PNG")),
}


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
@pytest.mark.parametrize("call", ABSENT.values(), ids=list(ABSENT))
def test_what_is_not_served_is_refused_at_once_in_the_clients_words(openai_client: OpenAI, call: Any) -> None:
    with pytest.raises((openai.NotFoundError, openai.UnprocessableEntityError)) as caught:
        call(openai_client)
    assert caught.value.request_id
    assert isinstance(caught.value.body, dict)
    assert caught.value.body["message"]
