"""How long a prediction is kept: by its own wish, its key's, its model's and the server's; and what is left of it."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest

import strict
from foretell.event import Kind
from foretell.retention import SECONDS_MAX, Retention
from served_api import Api, version
from servers import until

LASTING = 3_600


@pytest.fixture
def served(either_api: Api) -> Iterator[Api]:
    yield either_api


def purged(api: Api, prediction_id: str) -> None:
    """Waits until the time of its output is over, and purges it."""

    def is_purged() -> bool:
        api.run(api.store.purge(100))
        return api.get(prediction_id).data_removed_at is not None

    until(is_purged, about="the purge", seconds=10)


def retention(api: Api, prediction_id: str) -> Retention | None:
    return api.get(prediction_id).retention


def test_a_purged_prediction_says_so_is_listed_and_its_files_are_gone(served: Api) -> None:
    api = served
    made = api.create(ttl=1, input={"prompt": "a secret fox"}, webhook="http://127.0.0.1:9/hook")
    hold = api.begin(made["id"])
    api.say(hold, 1, Kind.LOG, text="secret log\n", stream="stdout")
    file = api.succeed_with_file(hold, b"secret bytes")
    with api.client() as client:
        before = client.get(f"/v1/predictions/{made['id']}").json()
        assert (before["data_removed"], before["metadata"]["data_available"]) == (False, True)
        assert before["metadata"]["data_expires_at"] > before["completed_at"]
        purged(api, made["id"])

        found = client.get(f"/v1/predictions/{made['id']}").json()
        strict.check(strict.PREDICTION, found)
        assert (found["status"], found["input"], found["output"], found["result"]) == (
            "succeeded",
            {},
            None,
            None,
        )
        assert (found["data_removed"], found["metadata"]["data_available"]) == (True, False)
        assert found["metadata"]["removed"] == ["inputs", "logs", "outputs"]
        assert found["metadata"]["storage"]["files"] == []
        assert "data_expires_at" not in found["metadata"]
        assert found["metrics"]["image_count"] == 1
        assert found["webhook"]["url"] == "http://127.0.0.1:9/hook"
        assert client.get("/v1/predictions").json()["data"] == [found]
        stream = client.get(f"/v1/predictions/{made['id']}/stream", headers={"accept": "text/event-stream"})
        assert "event: done" in stream.text
        assert "secret" not in stream.text
        for path in (file.path, f"/v1/files/{file.id}"):
            strict.check_refusal(client.get(path), 410, "GONE")
        answer = client.delete(f"/v1/predictions/{made['id']}")
        assert answer.status_code == 200, answer.text
        strict.check_refusal(client.get(file.path), 404, "FILE_NOT_FOUND")


@pytest.mark.parametrize("ttl", [0, -1, 1.5, "60", True, SECONDS_MAX + 1, [], 1e300])
def test_a_ttl_that_is_no_number_of_seconds_is_refused(api: Api, ttl: object) -> None:
    body = {"model": "truefusion", "input": {"prompt": "a fox"}, "ttl": ttl}
    with api.client() as client:
        answer = client.post("/v1/predict", json=body)
    assert answer.status_code in {400, 422}, answer.text
    assert "ttl" in answer.text


@pytest.mark.parametrize("ttl", [60, 60.0, SECONDS_MAX])
def test_a_ttl_is_how_long_every_part_is_kept(api: Api, ttl: float) -> None:
    kept = retention(api, api.create(ttl=ttl)["id"])
    assert kept == Retention(
        keep_outputs_seconds=int(ttl), keep_inputs_seconds=int(ttl), keep_logs_seconds=int(ttl)
    )


def test_without_any_wish_everything_is_kept(api: Api) -> None:
    assert retention(api, api.create()["id"]) is None
    assert retention(api, api.create(ttl=None)["id"]) is None


def test_the_shortest_time_holds_of_server_model_key_and_prediction(api_with: Callable[..., Api]) -> None:
    api = api_with(keep_outputs_seconds=1_000, keep_logs_seconds=70)
    plain = version("brief", "image", {"type": "object", "properties": {"prompt": {"type": "string"}}})
    manifest = replace(plain.manifest, retention=Retention(keep_outputs_seconds=500, keep_inputs_seconds=50))
    api.run(api.store.register(replace(plain, manifest=manifest)))
    [key] = api.run(api.store.keys(api.account.id))
    with api.client() as client:
        path = f"/v1/admin/keys/{key.id}/retention"
        answer = client.patch(path, json={"keep_outputs_seconds": 300, "keep_inputs_seconds": 60})
        assert answer.json() == {
            "keep_outputs_seconds": 300,
            "keep_inputs_seconds": 60,
            "keep_logs_seconds": 0,
        }
        assert client.patch(path, json={"keep_inputs_seconds": 0}).json()["keep_outputs_seconds"] == 300
        for wrong in (-1, SECONDS_MAX + 1, "1"):
            assert client.patch(path, json={"keep_outputs_seconds": wrong}).status_code in {400, 422}
        assert client.patch("/v1/admin/keys/nobody/retention", json={}).status_code == 404

    def kept(model: str, **body: Any) -> tuple[int, int, int]:
        found = retention(api, api.create(model, **body)["id"])
        assert found is not None
        return found.keep_outputs_seconds, found.keep_inputs_seconds, found.keep_logs_seconds

    until(lambda: kept("truefusion") == (300, 0, 70), about="the key's new times")
    assert kept("brief") == (300, 50, 70)
    assert kept("brief", ttl=65) == (65, 50, 65)


def test_an_upload_is_kept_as_long_as_the_settings_say(api_with: Callable[..., Api]) -> None:
    api = api_with(keep_uploads_seconds=1)
    with api.client() as client:
        file = client.post("/v1/files", files={"file": ("a.txt", b"words")}).json()

        def is_gone() -> bool:
            api.run(api.store.purge(10))
            return client.get(f"/v1/files/{file['id']}").status_code == 410

        until(is_gone, about="the end of the upload", seconds=10)
        strict.check_refusal(client.get(file["url"]), 410, "GONE")
        assert client.get("/v1/files").json()["data"] == []
