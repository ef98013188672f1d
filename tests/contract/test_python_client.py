"""The official Python client, unmodified: models, runs, errors, lists."""

import asyncio
import time
from datetime import UTC, datetime
from pathlib import PurePosixPath
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest
from skytells import AsyncSkytellsClient, SkytellsClient, SkytellsError

import strict
from servers import KEY, Foretell

FOX = {"prompt": "a fox", "width": 64, "height": 64}


def fails(call: Any, error_id: str, status: int) -> SkytellsError:
    with pytest.raises(SkytellsError) as caught:
        call()
    assert (caught.value.error_id, caught.value.http_status) == (error_id, status)
    assert isinstance(caught.value.details, str)
    return caught.value


def test_models_list_has_what_applications_read(client: SkytellsClient) -> None:
    models = client.models.list()
    assert {"truefusion", "picture", "slow"} <= {each["namespace"] for each in models}
    for each in models:
        strict.check(strict.MODEL, each)
        assert "input_schema" not in each


def test_schemas_come_with_the_fields_option(client: SkytellsClient) -> None:
    assert all("input_schema" in each for each in client.models.list(fields=["input_schema"]))
    model = client.models.get("truefusion", fields=["input_schema", "output_schema"])
    assert "prompt" in model["input_schema"]["properties"]
    assert model["output_schema"]["type"] == "array"


def test_an_unknown_model_is_not_found(client: SkytellsClient) -> None:
    fails(lambda: client.models.get("nope"), "MODEL_NOT_FOUND", 404)
    fails(lambda: client.run("nope", input=FOX), "MODEL_NOT_FOUND", 404)


def test_a_slug_may_have_its_vendor_before_it(client: SkytellsClient) -> None:
    assert client.models.get("skytells/truefusion")["namespace"] == "truefusion"


@pytest.mark.parametrize("key", ["sk-wrong", None])
def test_a_wrong_or_missing_key_is_unauthorized_everywhere(server: Foretell, key: str | None) -> None:
    stranger = SkytellsClient(key, base_url=f"{server.address}/v1")
    for call in (
        stranger.models.list,
        lambda: stranger.models.get("truefusion"),
        stranger.predictions.list,
        lambda: stranger.predictions.get("some-id"),
        lambda: stranger.run("truefusion", input=FOX),
        lambda: stranger.predictions.create({"model": "truefusion", "input": FOX}),
        lambda: stranger.stream_prediction("some-id"),
        lambda: stranger.cancel_prediction("some-id"),
        lambda: stranger.delete_prediction("some-id"),
    ):
        fails(call, "UNAUTHORIZED", 401)


@pytest.mark.parametrize("end", ["/v1", "/v1/", "//v1//"])
def test_the_base_url_may_end_as_it_likes(server: Foretell, end: str) -> None:
    assert SkytellsClient(KEY, base_url=f"{server.address}{end}").models.list()


def test_a_run_gives_an_address_that_anyone_can_fetch(client: SkytellsClient) -> None:
    prediction = client.run("truefusion", input=FOX)
    assert prediction.status == "succeeded"
    assert isinstance(prediction.output, list)
    address = prediction.outputs()
    assert isinstance(address, str)
    picture = httpx.get(address)
    assert picture.headers["content-type"] == "image/png"
    assert picture.content.startswith(b"\x89PNG")
    assert prediction.raw()["model"]["name"] == "truefusion"
    strict.check(strict.PREDICTION, prediction.raw())


def test_what_applications_send_to_the_vendors_models_is_taken(client: SkytellsClient) -> None:
    published = {"prompt": "a fox", "aspect_ratio": "16:9", "number_of_images": 2, "prompt_optimizer": True}
    for model in ("truefusion", "truefusion-ultra", "FLUX.2-pro"):
        prediction = client.run(model, input=published)
        assert (prediction.status, len(prediction.output)) == ("succeeded", 2)
        assert prediction.raw()["model"]["name"] == model
    lyrics = {
        "lyrics": "la la",
        "prompt": "pop",
        "sample_rate": 44100,
        "bitrate": 256000,
        "audio_format": "mp3",
    }
    assert client.run("beatfusion-2.0", input=lyrics).outputs().endswith(".mp3")


def test_two_outputs_stay_a_list_with_names_of_their_own(client: SkytellsClient) -> None:
    addresses = client.run("truefusion", input=FOX | {"num_outputs": 2}).outputs()
    assert isinstance(addresses, list)
    assert len({PurePosixPath(urlsplit(each).path).name for each in addresses}) == 2


def test_a_failed_run_raises_with_the_models_own_sentence(client: SkytellsClient) -> None:
    error = fails(lambda: client.run("fail", input={"message": "No such fox."}), "PREDICTION_FAILED", 0)
    failed = client.predictions.get(error.details.split()[1])
    assert (failed["status"], failed["output"]) == ("failed", None)
    assert failed["response"] == failed["error"] == str(error)
    assert "No such fox." in str(error)
    strict.check(strict.PREDICTION, failed)


def test_a_create_answers_within_a_second_in_the_envelope(client: SkytellsClient) -> None:
    began = time.monotonic()
    made = client.predictions.create({"model": "slow", "input": {"seconds": 0.3}})
    assert time.monotonic() - began < 1
    assert (made["status"], made["output"], made["success"]) == ("starting", None, True)
    assert made["message"]
    assert made["data"]["id"] == made["id"]
    assert set(made["urls"]) == {"get", "cancel", "stream", "delete"}


def test_a_deleted_prediction_and_its_files_are_gone(client: SkytellsClient) -> None:
    prediction = client.run("truefusion", input=FOX)
    address = prediction.outputs()
    assert isinstance(address, str)
    assert client.delete_prediction(prediction.id)["success"] is True
    fails(lambda: client.predictions.get(prediction.id), "PREDICTION_NOT_FOUND", 404)
    assert httpx.get(address).status_code == 404


def test_stream_prediction_reads_json(client: SkytellsClient) -> None:
    made = client.predictions.create({"model": "echo", "input": {"prompt": "hi"}, "stream": True})
    found = client.stream_prediction(made["id"])
    assert found["urls"]["stream"].endswith(f"/v1/predictions/{made['id']}/stream")


def test_lists_are_filtered_newest_first_and_paged(client: SkytellsClient) -> None:
    made = [client.run("echo", input={"prompt": str(number)}).id for number in range(3)]
    today = datetime.now(UTC).date().isoformat()
    page = client.predictions.list(model="echo", since=today, until=today, page=1)
    assert [each["id"] for each in page.data[:3]] == made[::-1]
    assert {each["model"]["name"] for each in page.data} == {"echo"}
    pagination = page.pagination.to_dict()
    assert pagination["current_page"] == 1
    assert pagination["total"] >= 3
    assert client.predictions.list(model="echo", page=999).data == []
    fails(lambda: client.predictions.list(model="nope"), "MODEL_NOT_FOUND", 404)
    fails(lambda: client.predictions.list(since="2026-13-01"), "INVALID_DATE_FORMAT", 400)
    fails(lambda: client.predictions.list(since="2026-02-02", until="2026-02-01"), "INVALID_DATE_RANGE", 400)


def test_pages_hold_every_prediction_once_newest_first(client: SkytellsClient) -> None:
    for number in range(21):
        client.predictions.create({"model": "echo", "input": {"prompt": str(number)}})
    first = client.predictions.list(model="echo").pagination.to_dict()
    pages = [client.predictions.list(model="echo", page=page + 1).data for page in range(first["last_page"])]
    assert len(pages) > 1
    assert all(len(page) == first["per_page"] for page in pages[:-1])
    found = [each for page in pages for each in page]
    assert len({each["id"] for each in found}) == len(found) == first["total"]
    assert [each["created_at"] for each in found] == sorted(
        (each["created_at"] for each in found), reverse=True
    )


def test_what_is_missing_and_what_is_wrong_are_told_apart(client: SkytellsClient) -> None:
    fails(lambda: client.predict({"model": "truefusion"}), "VALIDATION_ERROR", 422)
    error = fails(
        lambda: client.run("truefusion", input={"num_outputs": 99, "promt": 1}), "INVALID_INPUT", 422
    )
    assert "num_outputs: 99 is more than the maximum of 4" in error.details
    assert "did you mean 'prompt'?" in error.details


def test_a_body_that_is_too_large_is_refused_in_words_and_not_by_a_broken_pipe(
    server: Foretell, client: SkytellsClient
) -> None:
    large = {"prompt": "x" * 30_000_000}
    fails(lambda: client.run("echo", input=large), "PAYLOAD_TOO_LARGE", 413)
    stranger = SkytellsClient("sk-wrong", base_url=f"{server.address}/v1")
    fails(lambda: stranger.run("echo", input=large), "UNAUTHORIZED", 401)


def test_queued_predictions_are_dispatched_one_by_one(client: SkytellsClient) -> None:
    for number in range(3):
        client.queue({"model": "echo", "input": {"prompt": str(number)}})
    ids = [each["id"] for each in client.dispatch()]
    assert len(set(ids)) == 3
    ended = [client.wait({"id": each, "status": "starting"}, {"interval": 50}) for each in ids]
    assert [each["output"] for each in ended] == ["0", "1", "2"]


def test_the_async_client_runs_eight_at_once(server: Foretell) -> None:
    async def run_all() -> list[Any]:
        client = AsyncSkytellsClient(KEY, base_url=f"{server.address}/v1")
        return await asyncio.gather(*(client.run("echo", input={"prompt": str(n)}) for n in range(8)))

    assert [each.output for each in asyncio.run(run_all())] == [str(number) for number in range(8)]
