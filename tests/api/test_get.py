"""GET /v1/predictions/{id}."""

import strict
from foretell.event import Kind
from foretell.prediction import Phase, Steps
from served_api import Api
from servers import until


def shown(api: Api, prediction_id: str, **headers: str) -> dict[str, object]:
    with api.client(**headers) as client:
        answer = client.get(f"/v1/predictions/{prediction_id}")
    assert answer.status_code == 200, answer.text
    strict.check(strict.PREDICTION, answer.json())
    found: dict[str, object] = answer.json()
    return found


def test_every_state_has_every_field(either_api: Api) -> None:
    api = either_api
    prediction_id = api.create()["id"]
    states = [shown(api, prediction_id)]
    hold = api.take(prediction_id)
    api.run(api.store.note(hold, phase=Phase.LOADING, progress=None))
    states.append(shown(api, prediction_id))
    assert api.run(api.store.begin(hold))
    states.append(shown(api, prediction_id))
    file = api.succeed_with_file(hold, b"a picture")
    states.append(shown(api, prediction_id))
    assert [each["status"] for each in states] == ["starting", "starting", "processing", "succeeded"]
    assert len({frozenset(each) for each in states}) == 1
    assert states[1]["metadata"]["phase"] == "loading"
    address = f"{api.address}{file.path}"
    assert states[3]["output"] == states[3]["result"] == [address]
    assert states[3]["metadata"]["storage"]["files"] == [
        {"name": file.name, "type": "image/png", "size": 9, "url": address}
    ]
    assert states[3]["metrics"]["image_count"] == states[3]["metrics"]["asset_count"] == 1
    assert states[3]["metrics"]["predict_time"] >= 0


def test_a_waiting_prediction_says_its_place_in_the_queue(api: Api) -> None:
    place = shown(api, api.create("embed")["id"])["metadata"]["queue_position"]
    assert isinstance(place, int)
    assert place >= 1


def test_the_text_so_far_is_the_output_while_it_runs(either_api: Api) -> None:
    api = either_api
    prediction_id = api.create("deepbrain")["id"]
    hold = api.begin(prediction_id)
    assert shown(api, prediction_id)["output"] is None
    for sequence, word in enumerate(["Once ", "upon ", "a time"], start=1):
        api.say(hold, sequence, Kind.OUTPUT, value=word)
    until(lambda: shown(api, prediction_id)["output"] == "Once upon a time", about="the text so far")
    api.succeed(hold, "Once upon a time.")
    assert shown(api, prediction_id)["output"] == "Once upon a time."


def test_progress_is_a_number_that_never_falls(api: Api) -> None:
    prediction_id = api.create()["id"]
    hold = api.begin(prediction_id)
    seen = []
    for progress in (10.0, 40.0, 30.0):
        api.run(api.store.note(hold, phase=Phase.RUNNING, progress=progress))
        seen.append(shown(api, prediction_id)["metrics"]["progress"])
    assert seen == [10.0, 40.0, 40.0]


def test_a_run_that_counts_its_steps_shows_how_many_of_how_many_are_done(api: Api) -> None:
    prediction_id = api.create()["id"]
    hold = api.begin(prediction_id)
    assert "progress" not in shown(api, prediction_id)["metadata"]
    api.run(api.store.note(hold, phase=Phase.RUNNING, progress=12.0, steps=Steps(3, 25)))
    running = shown(api, prediction_id)
    assert running["metadata"]["progress"] == {"done": 3, "of": 25, "unit": "step"}
    assert running["metrics"]["progress"] == 12.0


def test_an_unknown_and_a_foreign_prediction_are_missing_alike(api: Api) -> None:
    foreign = api.create()["id"]
    messages = set()
    with api.client(api.other_account()) as stranger:
        for prediction_id in (foreign, "00000000-0000-7000-8000-000000000000"):
            answer = stranger.get(f"/v1/predictions/{prediction_id}")
            strict.check_refusal(answer, 404, "PREDICTION_NOT_FOUND")
            messages.add(answer.json()["error"]["message"].replace(prediction_id, "it"))
    assert len(messages) == 1


def test_a_public_prediction_needs_no_key_and_never_shows_the_webhook(api: Api) -> None:
    prediction_id = api.create(privacy="public", webhook="https://example.com/hook")["id"]
    with api.anyone() as anyone, api.client(api.other_account()) as stranger:
        for client in (anyone, stranger):
            answer = client.get(f"/v1/predictions/{prediction_id}")
            strict.check(strict.PREDICTION, answer.json())
            assert answer.json()["webhook"] == {"url": None, "events": []}
            assert "example.com" not in answer.text
            assert api.account.id not in answer.text
    assert shown(api, prediction_id)["webhook"] == {"url": "https://example.com/hook", "events": []}


def test_a_private_prediction_without_a_key_asks_for_one(api: Api) -> None:
    with api.anyone() as anyone:
        answer = anyone.get(f"/v1/predictions/{api.create()['id']}")
    strict.check_refusal(answer, 401, "UNAUTHORIZED")


def test_a_public_prediction_cannot_be_changed_by_others(api: Api) -> None:
    path = f"/v1/predictions/{api.create(privacy='public')['id']}"
    with api.anyone() as anyone, api.client(api.other_account()) as stranger:
        strict.check_refusal(anyone.post(f"{path}/cancel"), 401, "UNAUTHORIZED")
        strict.check_refusal(stranger.post(f"{path}/cancel"), 404, "PREDICTION_NOT_FOUND")
        strict.check_refusal(stranger.delete(path), 404, "PREDICTION_NOT_FOUND")


def test_each_caller_reads_their_own_word_for_a_cancel(api: Api) -> None:
    prediction_id = api.create()["id"]
    api.run(api.store.cancel(prediction_id, account_id=None))
    assert shown(api, prediction_id)["status"] == "canceled"
    assert shown(api, prediction_id, **{"content-type": "application/json"})["status"] == "cancelled"
    asked = {"accept-version": "docs", "content-type": "application/json"}
    assert shown(api, prediction_id, **asked)["status"] == "canceled"
    assert shown(api, prediction_id, **{"accept-version": "sdk"})["status"] == "cancelled"
