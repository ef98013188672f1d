"""A real server between two turns of a conversation, with the official client."""

from contextlib import AbstractContextManager
from pathlib import Path

import openai
import pytest

from servers import KEY, Foretell, running, until


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return tmp_path / "data"


def started(data: Path) -> AbstractContextManager[Foretell]:
    return running(data, "--sandbox", "--port", "0", "--key", KEY)


def client_of(server: Foretell) -> openai.OpenAI:
    return openai.OpenAI(base_url=f"{server.address}/v1", api_key=KEY, max_retries=0)


def test_a_conversation_goes_on_after_a_restart(data: Path) -> None:
    with started(data) as server, client_of(server) as client:
        first = client.responses.create(model="deepbrain", input="A colour?", store=True)
        server.stop()
    with started(data) as server, client_of(server) as client:
        second = client.responses.create(
            model="deepbrain", input="Another?", previous_response_id=first.id, stream=True
        )
        said = list(second)
        last = said[-1]
        assert last.type == "response.completed"
        items = client.responses.input_items.list(last.response.id, order="asc")
        texts = [part.text for item in items for part in item.content]
        assert texts == ["A colour?", first.output_text, "Another?"]
        assert client.responses.retrieve(first.id) == first


def test_the_official_client_resumes_a_response_in_the_background(data: Path) -> None:
    with started(data) as server, client_of(server) as client:
        asked = client.responses.create(
            model="deepbrain", input="one two three four", background=True, stream=True
        )
        first = next(iter(asked))
        asked.close()
        response_id = first.response.id
        resumed = list(
            client.responses.retrieve(response_id, stream=True, starting_after=first.sequence_number)
        )
        assert [each.sequence_number for each in resumed] == list(range(1, len(resumed) + 1))
        assert resumed[-1].response.output_text == "one two three four"
        done = until(
            lambda: (
                found if (found := client.responses.retrieve(response_id)).status == "completed" else None
            ),
            about="the end",
        )
        assert done.output_text == "one two three four"
        assert client.responses.cancel(response_id).status == "completed"
        client.responses.delete(response_id)
        with pytest.raises(openai.NotFoundError):
            client.responses.retrieve(response_id)


def test_the_official_client_accumulates_a_stream(data: Path) -> None:
    with started(data) as server, client_of(server) as client:
        with client.responses.stream(model="deepbrain", input="one two three") as stream:
            deltas = [each.snapshot for each in stream if each.type == "response.output_text.delta"]
            final = stream.get_final_response()
        assert deltas == ["one", "one two", "one two three"]
        assert final.output_text == "one two three"
        assert final.usage is not None and final.usage.output_tokens == 3
