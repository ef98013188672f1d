"""GET /files/{token}/{name}."""

from dataclasses import replace

import pytest

import strict
from foretell.file import File
from samples import kept
from served_api import Api

DATA = bytes(range(256)) * 4


@pytest.fixture(scope="module")
def file(api: Api) -> File:
    return api.succeed_with_file(api.begin(api.create()["id"]), DATA)


def test_anyone_with_the_address_gets_the_bytes_with_the_right_type(api: Api, file: File) -> None:
    with api.anyone() as client:
        answer = client.get(file.path)
        head = client.head(file.path)
    assert answer.content == DATA
    assert answer.headers["content-type"] == "image/png"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["content-disposition"] == f'inline; filename="{file.name}"'
    assert "content-security-policy" not in answer.headers
    assert head.content == b""
    assert head.headers["content-length"] == answer.headers["content-length"] == str(len(DATA))


@pytest.mark.parametrize(
    ("asked", "start", "end"),
    [
        ("bytes=0-0", 0, 1),
        ("bytes=100-199", 100, 200),
        ("bytes=1000-", 1000, 1024),
        ("bytes=-24", 1000, 1024),
        ("bytes=-5000", 0, 1024),
        ("bytes=1000-999999999999", 1000, 1024),
        ("BYTES=0-9", 0, 10),
    ],
)
def test_a_range_is_answered_with_206_and_those_bytes(
    api: Api, file: File, asked: str, start: int, end: int
) -> None:
    with api.anyone(range=asked) as client:
        answer = client.get(file.path)
    assert answer.status_code == 206
    assert answer.content == DATA[start:end]
    assert answer.headers["content-range"] == f"bytes {start}-{end - 1}/1024"
    assert answer.headers["content-length"] == str(end - start)


@pytest.mark.parametrize("asked", ["bytes=1024-", "bytes=5000-6000", "bytes=-0"])
def test_a_range_outside_is_416_and_says_how_long_the_file_is(api: Api, file: File, asked: str) -> None:
    with api.anyone(range=asked) as client:
        answer = client.get(file.path)
    strict.check_refusal(answer, 416, "RANGE_NOT_SATISFIABLE")
    assert answer.headers["content-range"] == "bytes */1024"


@pytest.mark.parametrize(
    "asked", ["bytes=0-1,5-6", "bytes=9-3", "items=0-5", "bytes=a-b", "bytes=-", "bytes=²-"]
)
def test_a_range_that_means_nothing_gets_the_whole(api: Api, file: File, asked: str) -> None:
    with api.anyone() as client:
        answer = client.get(file.path, headers={"range": asked.encode()})
    assert (answer.status_code, answer.content) == (200, DATA)


def test_who_has_the_file_already_is_told_so(api: Api, file: File) -> None:
    with api.anyone() as client:
        etag = client.get(file.path).headers["etag"]
        for known in (etag, f'"other", W/{etag}', "*"):
            answer = client.get(file.path, headers={"if-none-match": known})
            assert (answer.status_code, answer.content) == (304, b"")
        part = {"range": "bytes=0-9"}
        assert client.get(file.path, headers=part | {"if-range": etag}).status_code == 206
        assert client.get(file.path, headers=part | {"if-range": '"former"'}).status_code == 200


@pytest.mark.parametrize(
    "kind", ["text/html", "image/svg+xml", "application/xml", "application/octet-stream"]
)
def test_a_page_is_served_in_a_sandbox_and_only_to_be_saved(api: Api, kind: str) -> None:
    page = b"<script>alert(1)</script>"
    file = api.succeed_with_file(
        api.begin(api.create()["id"]), page, name="page-a1b2c3.html", content_type=kind
    )
    with api.anyone() as client:
        headers = client.get(file.path).headers
    assert "sandbox" in headers["content-security-policy"]
    assert headers["content-disposition"].startswith("attachment;")
    assert headers["x-content-type-options"] == "nosniff"


def test_a_name_of_any_letters_is_found_and_may_be_saved(api: Api) -> None:
    file = api.succeed_with_file(api.begin(api.create()["id"]), b"x", name='füchs "1"-a1b2c3.png')
    with api.anyone() as client:
        answer = client.get(file.path.replace('"', "%22"), params={"download": "1"})
    assert answer.content == b"x"
    assert answer.headers["content-disposition"].startswith(
        "attachment; filename*=UTF-8''f%C3%BCchs%20%221%22"
    )


def test_an_unknown_token_and_a_wrong_name_are_missing_alike(api: Api, file: File) -> None:
    with api.anyone() as client:
        for path in (f"/files/nothing-of-the-kind/{file.name}", f"/files/{file.id}/other.png"):
            strict.check_refusal(client.get(path), 404, "FILE_NOT_FOUND")


def test_a_file_whose_data_was_removed_is_gone(api: Api) -> None:
    hold = api.begin(api.create()["id"])
    file = replace(api.run(api.stored(hold, b"x")), removed_at=1_800_000_000_000_000)
    api.run(kept(api.store, file))
    with api.client() as client:
        strict.check_refusal(client.get(file.path), 410, "GONE")
        strict.check_refusal(client.get(f"/v1/files/{file.id}"), 410, "GONE")


def test_a_lost_blob_is_an_honest_404(api: Api) -> None:
    file = api.succeed_with_file(api.begin(api.create()["id"]), b"x")
    api.run(api.services.blobs.delete([file.blob]))
    with api.anyone() as client:
        strict.check_refusal(client.get(file.path), 404, "FILE_NOT_FOUND")
