"""/v1/files for callers who send nothing but `Authorization`, and the list for the others."""

from collections.abc import Callable
from typing import Any

import httpx
import pytest

import strict
from openai_calls import refusal
from served_api import Api

PNG = b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 40


def openai(api: Api, key: str = "") -> httpx.Client:
    return api.anyone(authorization=f"Bearer {key or api.key}")


def uploaded(client: httpx.Client, name: str = "my fox.png", **fields: str) -> dict[str, Any]:
    answer = client.post("/v1/files", data=fields, files={"file": (name, PNG)})
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def test_a_file_is_kept_under_the_name_and_for_the_purpose_that_were_given(either_api: Api) -> None:
    with openai(either_api) as client:
        file = uploaded(client, "mein Fuchs 🦊.png", purpose="vision")
        assert file == {
            "id": file["id"],
            "object": "file",
            "bytes": len(PNG),
            "created_at": file["created_at"],
            "expires_at": None,
            "filename": "mein Fuchs 🦊.png",
            "purpose": "vision",
            "status": "processed",
            "status_details": None,
        }
        assert isinstance(file["created_at"], int)
        path = f"/v1/files/{file['id']}"
        assert client.get(path).json() == file
        content = client.get(f"{path}/content")
        assert (content.content, content.headers["content-type"]) == (PNG, "image/png")
        assert client.get(f"{path}/content", headers={"range": "bytes=1-3"}).content == b"PNG"
        assert client.delete(path).json() == {"id": file["id"], "object": "file", "deleted": True}
        for gone in (path, f"{path}/content"):
            assert refusal(client.get(gone))[0::2] == (404, "file_not_found")


def test_the_same_file_has_another_shape_for_other_callers(api: Api) -> None:
    with openai(api) as client, api.client() as other:
        file = uploaded(client)
        shown = other.get(f"/v1/files/{file['id']}").json()
        assert shown["name"].startswith("my-fox-")
        assert other.get(f"/v1/files/{file['id']}/content").content == PNG
        assert client.get(f"/v1/files/{shown['id']}").json() == file


def test_files_are_listed_in_pages_of_either_direction(api: Api) -> None:
    key = api.other_account()
    with openai(api, key) as client:
        ids = [uploaded(client, purpose=purpose)["id"] for purpose in ("vision", "batch", "batch")]
        everything = client.get("/v1/files").json()
        assert [each["id"] for each in everything["data"]] == ids[::-1]
        assert (everything["object"], everything["has_more"]) == ("list", False)
        assert (everything["first_id"], everything["last_id"]) == (ids[2], ids[0])
        first = client.get("/v1/files", params={"limit": 2, "order": "asc"}).json()
        assert ([each["id"] for each in first["data"]], first["has_more"]) == (ids[:2], True)
        second = client.get("/v1/files", params={"order": "asc", "after": first["last_id"]}).json()
        assert ([each["id"] for each in second["data"]], second["has_more"]) == (ids[2:], False)
        batch = client.get("/v1/files", params={"purpose": "batch"}).json()
        assert [each["id"] for each in batch["data"]] == ids[:0:-1]


def test_other_callers_list_uploads_in_numbered_pages(api: Api) -> None:
    key = api.other_account()
    with api.client(key) as client:
        for number in range(3):
            client.post("/v1/files", files={"file": (f"{number}.png", PNG)})
        first = client.get("/v1/files", params={"per_page": 2}).json()
        second = client.get("/v1/files", params={"per_page": 2, "page": 2}).json()
        assert first["pagination"] == {"current_page": 1, "per_page": 2, "total": 3, "last_page": 2}
        assert [each["name"][0] for each in first["data"] + second["data"]] == ["2", "1", "0"]
        assert client.get(f"/v1/files/{second['data'][0]['id']}").json() == second["data"][0]
        strict.check_refusal(client.get("/v1/files", params={"per_page": 51}), 400, "INVALID_PARAMETER")


def test_nobody_sees_the_files_of_others(api: Api) -> None:
    with openai(api) as client, openai(api, api.other_account()) as stranger:
        path = f"/v1/files/{uploaded(client)['id']}"
        assert stranger.get("/v1/files").json()["data"] == []
        for answer in (stranger.get(path), stranger.get(f"{path}/content"), stranger.delete(path)):
            assert refusal(answer)[0::2] == (404, "file_not_found")


@pytest.mark.parametrize(
    ("params", "param"),
    [
        ({"limit": 0}, None),
        ({"limit": 10_001}, None),
        ({"order": "up"}, "order"),
        ({"after": "nobody"}, "after"),
    ],
)
def test_a_page_that_cannot_be_is_refused(api: Api, params: dict[str, Any], param: str | None) -> None:
    with openai(api) as client:
        status, _, code, found = refusal(client.get("/v1/files", params=params))
    assert (status, code, found) == (400, "invalid_parameter", param)


@pytest.mark.parametrize(
    "fields", [{"purpose": "two words"}, {"purpose": "x" * 65}, {"expires_after[anchor]": "created_at"}]
)
def test_a_wish_for_a_file_that_cannot_be_met_is_refused_and_nothing_is_kept(
    api_with: Callable[..., Api], fields: dict[str, str]
) -> None:
    api = api_with()
    with openai(api) as client:
        answer = client.post("/v1/files", data=fields, files={"file": ("fox.png", PNG)})
        assert refusal(answer)[0::2] == (400, "invalid_parameter")
        assert client.get("/v1/files").json()["data"] == []
    assert [each for each in (api.services.config.data_path / "blobs").rglob("*") if each.is_file()] == []
