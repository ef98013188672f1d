"""DELETE /v1/predictions/{id} and /v1/predictions/{id}/delete."""

import pytest

import strict
from served_api import Api


@pytest.mark.parametrize("end", ["", "/delete"])
def test_the_last_state_is_answered_and_everything_is_gone(either_api: Api, end: str) -> None:
    api = either_api
    prediction_id = api.create()["id"]
    file = api.succeed_with_file(api.begin(prediction_id), b"a picture")
    with api.client() as client:
        assert client.get(file.path).status_code == 200
        body = client.delete(f"/v1/predictions/{prediction_id}{end}").json()
        assert (body["status"], body["success"]) == ("succeeded", True)
        assert body["output"] == [f"{api.address}{file.path}"]
        strict.check(strict.PREDICTION, body)
        path = f"/v1/predictions/{prediction_id}"
        for answer in (client.get(path), client.post(f"{path}/cancel"), client.delete(path)):
            strict.check_refusal(answer, 404, "PREDICTION_NOT_FOUND")
        strict.check_refusal(client.get(file.path), 404, "FILE_NOT_FOUND")


def test_a_live_prediction_is_canceled_first(api: Api) -> None:
    prediction_id = api.create()["id"]
    hold = api.begin(prediction_id)
    with api.client() as client:
        body = client.delete(f"/v1/predictions/{prediction_id}").json()
    assert (body["status"], body["success"]) == ("canceled", True)
    assert body["input"]["prompt"] == "a fox"
    assert api.run(api.store.begin(hold)) is False


def test_a_deleted_prediction_is_in_no_list(api: Api) -> None:
    key = api.other_account()
    with api.client(key) as client:
        fox = {"model": "truefusion", "input": {"prompt": "a fox"}}
        prediction_id = client.post("/v1/predictions", json=fox).json()["id"]
        client.delete(f"/v1/predictions/{prediction_id}")
        assert client.get("/v1/predictions").json()["pagination"]["total"] == 0
