"""POST /v1/predictions/{id}/cancel."""

import strict
from served_api import Api

CLIENT = {"content-type": "application/json"}


def test_a_waiting_and_a_running_prediction_are_canceled_at_once(either_api: Api) -> None:
    api = either_api
    waiting, running = api.create()["id"], api.create("deepbrain")["id"]
    hold = api.begin(running)
    with api.client() as client:
        for prediction_id in (waiting, running):
            body = client.post(f"/v1/predictions/{prediction_id}/cancel").json()
            assert (body["status"], body["success"], body["output"]) == ("canceled", True, None)
            assert body["completed_at"] is not None
            strict.check(strict.PREDICTION, body)
    assert api.run(api.store.begin(hold)) is False


def test_canceling_twice_gives_the_same_answer(api: Api) -> None:
    path = f"/v1/predictions/{api.create()['id']}/cancel"
    with api.client() as client:
        first, second = client.post(path), client.post(path)
    assert first.status_code == second.status_code == 200
    assert first.json() == second.json()


def test_the_clients_read_their_own_spelling(api: Api) -> None:
    with api.client(**CLIENT) as client:
        body = client.post(f"/v1/predictions/{api.create()['id']}/cancel").json()
    assert body["status"] == "cancelled"


def test_what_has_ended_otherwise_cannot_be_canceled(api: Api) -> None:
    done, failed = api.create()["id"], api.create()["id"]
    api.succeed(api.begin(done), "text")
    api.fail(api.begin(failed), "raised", "no")
    with api.client() as client:
        for prediction_id in (done, failed):
            strict.check_refusal(
                client.post(f"/v1/predictions/{prediction_id}/cancel"), 409, "INVALID_REQUEST"
            )


def test_an_unknown_prediction_is_missing(api: Api) -> None:
    with api.client() as client:
        strict.check_refusal(client.post("/v1/predictions/nope/cancel"), 404, "PREDICTION_NOT_FOUND")
