"""What a key may spend, as its own account and operators ask for it."""

from served_api import Api


def test_a_key_tells_what_it_may_spend_and_another_accounts_is_not_found(api: Api) -> None:
    with api.client() as client:
        made = client.post("/v1/keys", json={"name": "capped"}).json()
        client.patch(f"/v1/admin/keys/{made['id']}/credits", json={"month_max": "2.5"}).raise_for_status()
        told = {"total_max": None, "month_max": 2.5, "total": 0.0, "month": 0.0}
        assert client.get(f"/v1/keys/{made['id']}/credits").json() == told
        assert client.get(f"/v1/admin/keys/{made['id']}/credits").json() == told
    with api.client(api.other_account()) as stranger:
        assert stranger.get(f"/v1/keys/{made['id']}/credits").status_code == 404
        assert stranger.get(f"/v1/admin/keys/{made['id']}/credits").status_code == 403
