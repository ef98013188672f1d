"""POST /v1/files, GET and DELETE /v1/files/{id}, and uploads as inputs."""

import hashlib
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest

import strict
from served_api import Api, version

PNG = b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 40


def uploaded(
    api: Api, name: str = "my fox.png", data: bytes = PNG, kind: str = "image/png"
) -> dict[str, object]:
    with api.client() as client:
        answer = client.post("/v1/files", files={"file": (name, data, kind)})
    assert answer.status_code == 201, answer.text
    found: dict[str, object] = answer.json()
    return found


def blobs(api: Api) -> list[Path]:
    return [
        each for each in Path(api.services.config.data).rglob("*") if each.is_file() and "blob" in str(each)
    ]


def test_an_uploaded_file_is_described_served_and_deleted(either_api: Api) -> None:
    api = either_api
    file = uploaded(api)
    assert re.fullmatch(r"my-fox-[0-9a-f]{6}\.png", str(file["name"]))
    assert (file["type"], file["size"], file["sha256"]) == (
        "image/png",
        len(PNG),
        hashlib.sha256(PNG).hexdigest(),
    )
    with api.client() as client, api.anyone() as anyone:
        assert anyone.get(str(file["url"])).content == PNG
        path = f"/v1/files/{file['id']}"
        assert client.get(path).json() == file
        assert client.delete(path).json() == file | {"success": True}
        strict.check_refusal(client.get(path), 404, "FILE_NOT_FOUND")
        strict.check_refusal(anyone.get(str(file["url"])), 404, "FILE_NOT_FOUND")


@pytest.mark.parametrize(
    ("name", "kind", "stored", "shown"),
    [
        ("../../etc/passwd", "text/plain", r"passwd-\w{6}\.txt", "text/plain"),
        ("C:\\temp\\a.JPG", "", r"a-\w{6}\.jpg", "image/jpeg"),
        ("🦊.webp", "application/octet-stream", r"file-\w{6}\.webp", "image/webp"),
        ("x" * 500 + ".png", "image/png", r"x{80}-\w{6}\.png", "image/png"),
        ("noise", "no type at all", r"noise-\w{6}\.bin", "application/octet-stream"),
        ("a.b.tar.gz", "image/png\r\nx-evil: 1", r"a.b.tar-\w{6}\.gz", "image/png"),
    ],
)
def test_a_name_is_made_safe_and_a_type_is_found(
    api: Api, name: str, kind: str, stored: str, shown: str
) -> None:
    file = uploaded(api, name, b"data", kind)
    assert re.fullmatch(stored, str(file["name"]))
    assert str(file["type"]).startswith(shown.split("/")[0])


def test_fields_before_and_after_the_file_do_no_harm_and_an_empty_file_is_a_file(api: Api) -> None:
    with api.client() as client:
        answer = client.post(
            "/v1/files", data={"purpose": "input"}, files={"content": ("empty.txt", b"", "text/plain")}
        )
        assert answer.json()["size"] == 0
        assert client.get(answer.json()["url"]).content == b""


def test_a_file_beyond_the_limit_is_refused_and_leaves_nothing_behind(api_with: Callable[..., Api]) -> None:
    api = api_with(upload_bytes_max=50_000)
    with api.client() as client:
        answer = client.post("/v1/files", files={"file": ("big.bin", b"x" * 200_000)})
    strict.check_refusal(answer, 413, "PAYLOAD_TOO_LARGE")
    assert blobs(api) == []


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        ("application/json", b"{}"),
        ("multipart/form-data", b"--x\r\n\r\n--x--"),
        ("multipart/form-data; boundary=x", b""),
        (f"multipart/form-data; boundary={'x' * 4_000}", b""),
        ("multipart/form-data; boundary=x", b"garbage"),
        (
            "multipart/form-data; boundary=x",
            b'--x\r\ncontent-disposition: form-data; name="a"\r\n\r\n1\r\n--x--\r\n',
        ),
        (
            "multipart/form-data; boundary=x",
            b'--x\r\ncontent-disposition: form-data; name="file"; filename="a.txt"\r\n\r\nunfinished',
        ),
    ],
)
def test_what_is_no_upload_is_refused_and_leaves_nothing_behind(
    api_with: Callable[..., Api], kind: str, body: bytes
) -> None:
    api = api_with()
    with api.client(**{"content-type": kind}) as client:
        strict.check_refusal(client.post("/v1/files", content=body), 400, "INVALID_REQUEST")
    assert blobs(api) == []


def test_a_large_upload_is_streamed(api: Api) -> None:
    block = bytes(range(256)) * 256

    def body() -> Iterator[bytes]:
        yield b'--x\r\ncontent-disposition: form-data; name="file"; filename="big.bin"\r\n\r\n'
        for _ in range(300):
            yield block
        yield b"\r\n--x--\r\n"

    with api.client(**{"content-type": "multipart/form-data; boundary=x"}) as client:
        file = client.post("/v1/files", content=body()).json()
    assert file["size"] == 300 * len(block)
    assert file["sha256"] == hashlib.sha256(block * 300).hexdigest()


def test_a_file_is_its_owners_alone_under_its_id(api: Api) -> None:
    path = f"/v1/files/{uploaded(api)['id']}"
    with api.client(api.other_account()) as stranger:
        strict.check_refusal(stranger.get(path), 404, "FILE_NOT_FOUND")
        strict.check_refusal(stranger.delete(path), 404, "FILE_NOT_FOUND")


def test_an_output_is_deleted_with_its_prediction_only(api: Api) -> None:
    file = api.succeed_with_file(api.begin(api.create()["id"]), b"picture")
    with api.client() as client:
        assert client.get(f"/v1/files/{file.id}").json()["url"].endswith(file.path)
        strict.check_refusal(client.delete(f"/v1/files/{file.id}"), 409, "CONFLICT")


def created(api: Api, image: str, key: str | None = None) -> httpx.Response:
    with api.client(key) as client:
        body = {"model": "truefusion", "input": {"prompt": "a fox", "image": image}}
        return client.post("/v1/predictions", json=body)


def test_an_input_file_is_kept_as_the_caller_wrote_it(api: Api) -> None:
    file = uploaded(api)
    for image in (
        str(file["id"]),
        str(file["url"]),
        "https://example.com/a.png",
        "data:image/png;base64,iVBORw0KGgo=",
    ):
        assert created(api, image).json()["input"]["image"] == image


@pytest.mark.parametrize(
    "image", ["fox.png", "ftp://example.com/a", "data:nothing", "file:///etc/passwd", "", "abcdefghij"]
)
def test_an_input_that_can_be_no_file_is_refused_with_its_path(api: Api, image: str) -> None:
    answer = created(api, image)
    strict.check_refusal(answer, 422, "INVALID_INPUT")
    assert "image: " in answer.json()["error"]["details"]


def test_somebody_elses_file_is_as_good_as_none(api: Api) -> None:
    file = uploaded(api)
    stranger = api.other_account()
    for image in (str(file["id"]), str(file["url"])):
        answer = created(api, image, stranger)
        strict.check_refusal(answer, 422, "INVALID_INPUT")
        assert "no such file" in answer.json()["error"]["details"]


def test_an_input_names_a_thousand_files_at_most(api_with: Callable[..., Api]) -> None:
    api = api_with()
    pictures = {"type": "array", "items": {"type": "string", "format": "uri"}}
    collage = version("collage", "image", {"type": "object", "properties": {"pictures": pictures}})
    api.run(api.store.register(collage))
    with api.client() as client:
        answers = [
            client.post("/v1/predictions", json={"model": "collage", "input": {"pictures": addresses}})
            for addresses in (["https://example.com/a"] * 1_000, ["https://example.com/a"] * 1_001)
        ]
    assert answers[0].status_code == 200
    strict.check_refusal(answers[1], 422, "INVALID_INPUT")
    reason = "pictures[1000]: is beyond the 1,000 files that an input may name"
    assert answers[1].json()["error"]["details"] == reason
