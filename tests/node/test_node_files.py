"""Files on their way into a run and out of it."""

import base64
import http.server
import os
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from foretell.file import File, Purpose
from foretell.ids import new_token
from foretell.model import Version
from foretell.node.content_types import content_type
from foretell.node.fetch import data_of, own_file_id
from foretell.node.frames import FileAt
from foretell.node.outputs import Outputs, unique_name
from foretell.node.trouble import RunFailed
from foretell.prediction import FILE_KEY, Prediction, Status
from node.places import ACCOUNT, Place, place, until
from samples import kept

pytestmark = pytest.mark.anyio

READ = """
class Predictor(BasePredictor):
    def predict(
        self, files: Optional[List[Path]] = None, file: Optional[Path] = None, text: str = ""
    ) -> List[str]:
        found = ([file] if file else []) + list(files or [])
        return [f"{path.suffix}:{path.read_text()}" for path in found] + ([text] if text else [])
"""
PNG = bytes.fromhex("89504e470d0a1a0a") + bytes(60)


@pytest.fixture
def address(tmp_path: Path) -> Iterator[str]:
    """A server of files on this machine."""
    folder = tmp_path / "served"
    folder.mkdir()
    (folder / "note.txt").write_text("from afar")

    class Files(http.server.SimpleHTTPRequestHandler):
        def __init__(self, *given: object) -> None:
            super().__init__(*given, directory=str(folder))  # type: ignore[arg-type]

        def log_message(self, *given: object) -> None:
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Files)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    thread.join()
    server.server_close()


MAKES_A_FILE = """
class Predictor(BasePredictor):
    def predict(self) -> Path:
        Path("a.txt").write_text("inside")
        return Path("a.txt")
"""


async def upload(here: Place, data: bytes, *, account: str = ACCOUNT) -> File:
    file = File(
        id=new_token(),
        account_id=account,
        prediction_id=None,
        purpose=Purpose.UPLOAD,
        name="upload.md",
        content_type="text/markdown",
        size_bytes=len(data),
        sha256="0" * 64,
        created_at=1,
    )
    await here.surroundings.blobs.put_bytes(file.blob, data)
    await kept(here.store, file)
    return file


async def test_an_input_file_comes_by_url_by_data_uri_and_from_our_own(here: Place, address: str) -> None:
    file = await upload(here, b"of ours")
    data = "data:text/plain;base64," + base64.b64encode(b"in line").decode()
    given = [f"{address}/note.txt", data, file.id, f"http://127.0.0.1:8900{file.path}"]
    found = await here.run(await here.model(READ), files=given, file=data, text=f"{address}/note.txt")
    assert found.result == [
        ".txt:in line", ".txt:from afar", ".txt:in line", ".md:of ours", ".md:of ours", f"{address}/note.txt",
    ]  # fmt: skip
    assert found.input["files"] == given


async def failed_by(here: Place, version: Version, file: str) -> str:
    found = await here.run(version, file=file)
    assert found.status is Status.FAILED and found.failure is not None
    assert found.failure.code == "bad_input"
    return found.failure.message


async def test_an_input_file_that_cannot_be_had_fails_the_prediction_by_name(
    here: Place, address: str
) -> None:
    version = await here.model(READ)
    foreign = await upload(here, b"secret", account="somebody-else")
    assert "404" in await failed_by(here, version, f"{address}/missing.txt")
    assert "base64" in await failed_by(here, version, "data:;base64,*")
    assert "comma" in await failed_by(here, version, "data:nothing")
    assert (await failed_by(here, version, foreign.id)).startswith("file: There is no file")
    assert (await failed_by(here, version, "http://127.0.0.1:1/x")).startswith("file: ")


async def test_an_input_file_larger_than_allowed_is_refused(tmp_path: Path, address: str) -> None:
    (tmp_path / "served" / "large.bin").write_bytes(bytes(5_000))
    async with place(tmp_path, fetch_bytes_max=4_000) as here:
        version = await here.model(READ)
        await failed_by(here, version, f"{address}/large.bin")
        await failed_by(here, version, "data:text/plain," + "x" * 5_000)


async def test_a_private_address_is_not_fetched_for_callers_from_elsewhere(
    tmp_path: Path, address: str
) -> None:
    async with place(tmp_path, host="0.0.0.0") as here:
        await failed_by(here, await here.model(READ), f"{address}/note.txt")


SAFETY = """
class Predictor(BasePredictor):
    def predict(self, image: Path) -> dict:
        {body}
        return {{"nsfw": 0.9 if b"naked" in image.read_bytes() else 0.1}}
"""
DRAW = f"""
class Predictor(BasePredictor):
    def predict(self, subjects: List[str], safety_checker: bool = True) -> List[Path]:
        found = []
        for number, subject in enumerate(subjects):
            Path(f"{{number}}.png").write_bytes({PNG!r} + subject.encode())
            found.append(Path(f"{{number}}.png"))
        return found
"""


async def test_a_picture_that_the_safety_checker_flags_is_withheld(here: Place) -> None:
    await here.model(SAFETY.format(body="pass"), name="safety")
    version = await here.model(DRAW, name="draw")
    found = await here.run(version, subjects=["tree", "naked", "house"], safety_checker=True)
    assert found.metadata["safety"] == {"checked": 3, "withheld": 1, "scores": [0.1, 0.9, 0.1]}
    files = await here.store.files_of(found.id)
    assert len(files) == 2 and {each[FILE_KEY] for each in found.result} == {each.id for each in files}
    assert found.metrics["image_count"] == 2
    unchecked = await here.run(version, subjects=["naked"], safety_checker=False)
    assert unchecked.status is Status.SUCCEEDED and "safety" not in unchecked.metadata


async def test_what_judges_counts_each_time_it_has_judged(here: Place) -> None:
    judge = await here.model(SAFETY.format(body="pass"), name="safety")
    await here.run(await here.model(DRAW), subjects=["tree", "house"], safety_checker=True)

    async def runs() -> set[int]:
        return {each.facts.runs for each in await here.store.replicas() if each.version_id == judge.id}

    async def are_two() -> bool:
        return await runs() == {2}

    await until(are_two)


async def test_a_prediction_all_of_whose_pictures_are_flagged_fails(here: Place) -> None:
    await here.model(SAFETY.format(body="pass"), name="safety")
    found = await here.run(await here.model(DRAW), subjects=["naked", "naked"], safety_checker=True)
    assert found.failure is not None and found.failure.code == "unsafe_output"
    assert found.metadata["safety"]["withheld"] == 2
    assert await here.store.files_of(found.id) == []


@pytest.mark.parametrize("body", ["os._exit(1)", "raise ValueError('blind')", "return {'other': 1}"])
async def test_what_could_not_be_checked_is_not_given(here: Place, body: str) -> None:
    await here.model(SAFETY.format(body=body), name="safety")
    found = await here.run(await here.model(DRAW), subjects=["tree"], safety_checker=True)
    assert found.failure is not None and found.failure.code == "safety_failed"


async def test_without_a_safety_checker_a_check_that_was_asked_for_fails(here: Place) -> None:
    found = await here.run(await here.model(DRAW), subjects=["tree"], safety_checker=True)
    assert found.failure is not None and found.failure.code == "safety_failed"


async def test_the_checker_gets_its_memory_from_the_model_that_drew(tmp_path: Path) -> None:
    async with place(tmp_path, memory_mb=300) as here:
        limits = "[limits]\nmemory_mb = 200\n"
        await here.model(SAFETY.format(body="pass"), name="safety", settings=limits)
        version = await here.model(DRAW, name="draw", settings=limits)
        found = [await here.run(version, subjects=["tree"], safety_checker=True) for _ in range(2)]
    assert [each.status for each in found] == [Status.SUCCEEDED] * 2


def outputs_in(tmp_path: Path, prediction: Prediction) -> tuple[Outputs, Path]:
    folder, kept = tmp_path / "folder", tmp_path / "kept"
    folder.mkdir()
    kept.mkdir()
    return Outputs(prediction, folder, kept, bytes_max=1_000, clock=lambda: 1), folder


@pytest.fixture
async def prediction(here: Place) -> Prediction:
    return await here.run(await here.model(READ), text="x")


async def test_no_path_leads_out_of_the_runs_folder(tmp_path: Path, prediction: Prediction) -> None:
    outputs, folder = outputs_in(tmp_path, prediction)
    secret = tmp_path / "secret"
    secret.write_text("secret")
    (folder / "link").symlink_to(secret)
    (folder / "up").symlink_to(tmp_path)
    os.link(secret, folder / "hard")
    (folder / "inner").mkdir()
    for path in (
        "link",
        "up/secret",
        "../secret",
        "inner/../../secret",
        str(secret),
        "",
        ".",
        "hard",
        "inner",
        "\0",
    ):
        with pytest.raises(RunFailed) as error:
            await outputs.take(None, [FileAt((), path)])
        assert error.value.code == "bad_output"
    assert outputs.taken == []
    assert secret.read_text() == "secret"


async def test_a_file_is_put_where_its_place_in_the_value_is(tmp_path: Path, prediction: Prediction) -> None:
    outputs, folder = outputs_in(tmp_path, prediction)
    for name in ("a", "b"):
        (folder / name).write_text(name)
    value = await outputs.take({"x": [1, None], "y": None}, [FileAt(("x", 1), "a"), FileAt(("y",), "b")])
    a, b = (each.file.id for each in outputs.taken)
    assert value == {"x": [1, {FILE_KEY: a}], "y": {FILE_KEY: b}}
    (folder / "c").write_text("c")
    with pytest.raises(RunFailed):
        await outputs.take([], [FileAt((3,), "c")])


def test_a_types_name_decides_only_where_the_bytes_say_nothing() -> None:
    assert content_type(PNG, "x.jpg") == "image/png"
    assert content_type(b"RIFF0000WEBP", "x") == "image/webp"
    assert content_type(b"\0\0\0\x18ftypisom", "x") == "video/mp4"
    assert content_type(b"hello", "x.txt") == "text/plain"
    assert content_type(b"hello", "x.png") == "application/octet-stream"
    assert content_type(b"PK\x03\x04", "x.npz") == "application/zip"


def test_a_files_name_is_safe_and_keeps_its_extension() -> None:
    assert unique_name("out/0-picture.png", "image/png").startswith("picture-")
    assert unique_name("out/3-Ünsafe näme!.PNG", "image/png").endswith(".png")
    assert unique_name("out/0-picture", "image/png").endswith(".png")
    assert unique_name("out/0-...", "text/plain").startswith("output-")
    assert unique_name("a.png", "image/png") != unique_name("a.png", "image/png")


def test_our_own_urls_are_known_and_others_are_not() -> None:
    ours = ("http://localhost:8900", "https://models.example")
    file_id = new_token()
    assert own_file_id(file_id, ours) == file_id
    assert own_file_id(f"https://models.example/files/{file_id}/a.png", ours) == file_id
    assert own_file_id(f"https://elsewhere.example/files/{file_id}/a.png", ours) is None
    assert own_file_id("https://models.example/", ours) is None


def test_a_data_uri_is_read_with_and_without_base64() -> None:
    assert data_of("data:image/png;base64,aGk=") == ("image/png", b"hi")
    assert data_of("data:,a%20b") == ("", b"a b")
    assert data_of("data:text/plain;charset=utf-8;base64,aGk") == ("text/plain", b"hi")


async def test_a_blob_that_may_have_been_left_half_put_is_known_and_to_be_erased(here: Place) -> None:
    blobs = here.surroundings.config.data_path / "blobs"
    blobs.rmdir()
    blobs.write_text("no directory")
    found = await here.run(await here.model(MAKES_A_FILE))
    assert found.status is Status.FAILED
    (file,) = await until(lambda: here.store.orphans(10))
    assert file.prediction_id == found.id
