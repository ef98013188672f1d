"""The prediction object from the noun alone: outputs, metrics, privacy, spelling."""

import json
from typing import Any

import pytest
from msgspec.structs import replace

import strict
from foretell.dialects import skytells
from foretell.file import File, Purpose
from foretell.prediction import FILE_KEY, Failure, Phase, Prediction, Status, Subscription

SECOND = 1_000_000
CREATED = 1_772_659_258 * SECOND
FIELDS: dict[str, Any] = {
    "id": "01a203b1-b10b-7ec5-b75a-ed477a0ade68",
    "account_id": "account-1",
    "key_id": "key-1",
    "model": "truefusion",
    "model_type": "image",
    "version_id": "version-1",
    "lane": "version-1:any",
    "status": Status.STARTING,
    "node": None,
    "attempt": 0,
    "losses": 0,
    "priority": 0,
    "created_at": CREATED,
    "held_at": None,
    "started_at": None,
    "completed_at": None,
    "updated_at": CREATED,
    "origin": "http://127.0.0.1:8900",
    "source": "api",
    "privacy": "private",
    "stream": False,
    "phase": Phase.QUEUED,
    "progress": 0.0,
    "cost_nanocredits": 0,
    "data_removed_at": None,
    "deleted_at": None,
    "input": {"prompt": "a fox"},
}
STARTING = Prediction(**FIELDS)
SUCCEEDED = replace(
    STARTING,
    status=Status.SUCCEEDED,
    phase=None,
    started_at=CREATED + 2 * SECOND,
    completed_at=CREATED + 5 * SECOND,
    updated_at=CREATED + 5 * SECOND,
)


def file(name: str, content_type: str = "image/png", purpose: Purpose = Purpose.OUTPUT) -> File:
    return File(
        id=f"token-{name}",
        account_id="account-1",
        prediction_id=STARTING.id,
        purpose=purpose,
        name=name,
        content_type=content_type,
        size_bytes=7,
        sha256="00",
        created_at=CREATED,
    )


def shown(prediction: Prediction, *files: File, **options: Any) -> dict[str, Any]:
    body = skytells.render(prediction, list(files), **options)
    strict.check(strict.PREDICTION, body)
    return body


def address(name: str) -> str:
    return f"http://127.0.0.1:8900/files/token-{name}/{name}"


def of(name: str) -> dict[str, str]:
    return {FILE_KEY: f"token-{name}"}


@pytest.mark.parametrize(
    ("result", "output", "whole"),
    [
        ("text", "text", "text"),
        ("", "", ""),
        (["a", "b"], ["a", "b"], ["a", "b"]),
        ([], [], []),
        (of("a.png"), [address("a.png")], address("a.png")),
        (
            [of("a.png"), of("b.png")],
            [address("a.png"), address("b.png")],
            [address("a.png"), address("b.png")],
        ),
        (42, [address("output.json")], 42),
        (True, [address("output.json")], True),
        ([0.5, 1.5], [address("output.json")], [0.5, 1.5]),
        (
            {"text": "a fox", "image": of("a.png")},
            [address("output.json")],
            {"text": "a fox", "image": address("a.png")},
        ),
    ],
)
def test_output_is_urls_or_text_and_result_is_the_models_own(result: Any, output: Any, whole: Any) -> None:
    files = [file("a.png"), file("b.png"), file("output.json", "application/json", Purpose.VALUE)]
    body = shown(replace(SUCCEEDED, result=result), *files)
    assert body["output"] == output
    assert body["result"] == whole


def test_an_input_upload_is_no_output() -> None:
    body = shown(
        replace(SUCCEEDED, result=of("a.png")), file("a.png"), file("in.png", purpose=Purpose.UPLOAD)
    )
    assert [each["name"] for each in body["metadata"]["storage"]["files"]] == ["a.png"]


def test_a_withheld_file_is_left_out() -> None:
    body = shown(replace(SUCCEEDED, result=[of("a.png"), of("gone.png")]), file("a.png"))
    assert body["output"] == [address("a.png")]
    assert body["result"] == [address("a.png"), None]


@pytest.mark.parametrize("status", [Status.STARTING, Status.FAILED, Status.CANCELED])
def test_there_is_no_output_unless_it_succeeded(status: Status) -> None:
    body = shown(replace(STARTING, status=status, result="half"), text_so_far="half")
    assert (body["output"], body["result"]) == (None, None)


def test_while_it_runs_the_output_is_what_was_said_so_far() -> None:
    running = replace(STARTING, status=Status.PROCESSING, started_at=CREATED, phase=Phase.RUNNING)
    assert shown(running, text_so_far="Once upon")["output"] == "Once upon"
    assert shown(running, text_so_far=["a", "b"])["output"] == ["a", "b"]
    assert shown(running)["output"] is None
    assert shown(running)["metadata"]["phase"] == "running"


def test_instants_are_utc_with_six_decimals_and_null_before_they_come() -> None:
    body = shown(STARTING)
    assert body["created_at"] == body["updated_at"] == "2026-03-04T21:20:58.000000Z"
    assert (body["started_at"], body["completed_at"]) == (None, None)


def test_metrics_are_numbers_and_what_was_not_measured_follows_from_the_row() -> None:
    measured = {"predict_time": 2.5, "tokens_out": 7, "is_fast": True}
    body = shown(replace(SUCCEEDED, result=of("a.png"), metrics=measured), file("a.png"))
    assert body["metrics"] == {
        "queue_time": 2.0,
        "total_time": 5.0,
        "predict_time": 2.5,
        "asset_count": 1,
        "image_count": 1,
        "tokens_out": 7,
        "progress": 100,
    }
    assert shown(STARTING)["metrics"] == {}


def test_what_it_was_at_is_told_to_the_millisecond() -> None:
    row = replace(SUCCEEDED, held_at=SUCCEEDED.created_at + 1_234_567, metrics={"predict_time": 2.3456})
    assert shown(row)["metadata"]["phases"] == {"queued_seconds": 1.235, "running_seconds": 2.346}


def test_a_failure_is_told_in_every_field_that_clients_read() -> None:
    body = shown(replace(SUCCEEDED, status=Status.FAILED, failure=Failure("timeout", "It took too long.")))
    assert body["response"] == body["error"] == body["error_message"] == "It took too long."
    assert body["error_id"] == "timeout"


def test_the_spelling_is_the_callers_and_the_source_the_clients() -> None:
    canceled = replace(SUCCEEDED, status=Status.CANCELED, source="dashboard")
    assert shown(canceled)["status"] == "canceled"
    assert shown(canceled)["source"] == "dashboard"
    sdk = shown(canceled, spelling="cancelled", sdk=True)
    assert (sdk["status"], sdk["source"]) == ("cancelled", "web")


def test_the_public_see_no_webhook() -> None:
    hooked = replace(STARTING, webhook=Subscription("https://example.com/x", ("*",), ("failed",), "canceled"))
    assert shown(hooked)["webhook"] == {"url": "https://example.com/x", "events": ["*"]}
    body = shown(hooked, public=True)
    assert body["webhook"] == {"url": None, "events": []}
    assert "account-1" not in str(body)
    assert "key-1" not in str(body)


def test_removed_data_is_said_twice() -> None:
    body = shown(replace(SUCCEEDED, result=of("a.png"), data_removed_at=CREATED), file("a.png"))
    assert (body["data_removed"], body["metadata"]["data_available"]) == (True, False)
    assert body["output"] == [address("a.png")]


def test_credits_are_shown_as_a_number_of_whole_credits() -> None:
    body = shown(replace(SUCCEEDED, result="x", cost_nanocredits=30_000_000))
    assert body["metadata"]["billing"]["credits_used"] == 0.03


def test_the_envelope_holds_the_prediction_twice() -> None:
    flat = shown(replace(SUCCEEDED, result="x"))
    body = json.loads(skytells.enveloped(json.dumps(flat).encode(), flat["status"]))
    assert (body["success"], body["message"], body["data"]) == (True, "Prediction succeeded", flat)
    strict.check(strict.PREDICTION, body)


def test_what_the_node_noted_is_kept_in_the_metadata() -> None:
    noted = {"hardware": "cpu", "stopped_by": {"stage": "cooperative", "seconds": 0.1}}
    body = shown(replace(SUCCEEDED, result="x", metadata=noted))
    assert body["metadata"]["hardware"] == "cpu"
    assert body["metadata"]["stopped_by"]["stage"] == "cooperative"


def test_a_count_is_a_whole_number_and_a_time_keeps_its_fraction() -> None:
    metrics = skytells.render(replace(SUCCEEDED, metrics={"tokens_out": 12.0, "predict_time": 1.25}), [])[
        "metrics"
    ]
    assert repr(metrics["tokens_out"]) == "12"
    assert metrics["predict_time"] == 1.25
