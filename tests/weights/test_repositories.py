"""Whole repositories of a hub, and directories, as a model's weights."""

import asyncio
import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from foretell.errors import Code, Error
from foretell.model import Manifest, Weight
from foretell.weights import Repository, Weights
from foretell.weights.digests import digest
from weights.hub_server import HubServer

Made = Callable[..., Manifest]
FILES = {
    "config.json": b'{"hidden": 4}',
    "model.safetensors": os.urandom(400_000),
    "pytorch_model.bin": os.urandom(1_000),
    "empty.txt": b"",
    "sub/tokens.json": b"[]",
    ".gitattributes": b"*.bin filter=lfs",
}


@pytest.fixture
def hub() -> Iterator[HubServer]:
    with HubServer() as found:
        yield found


def weights_of(tmp_path: Path, hub: HubServer, token: str = "") -> Weights:
    return Weights(tmp_path / "cache", environment={"HF_ENDPOINT": hub.url, "HF_TOKEN": token})


def whole(revision: str = "main", **more: object) -> Weight:
    return Weight(name="model", source=f"hf:owner/name@{revision}", **more)  # type: ignore[arg-type]


def pinned(weights: Weights, manifest: Manifest) -> Weight:
    (found,) = asyncio.run(weights.pinned(manifest))
    return found


def refusal(weights: Weights, manifest: Manifest) -> str:
    with pytest.raises(Error) as caught:
        pinned(weights, manifest)
    assert caught.value.code is Code.UNAVAILABLE
    return caught.value.message


def fetched(hub: HubServer) -> list[str]:
    return [path.rpartition("/")[2] for path, _ in hub.asked if "/resolve/" in path]


def names(folder: Path) -> set[str]:
    return {each.relative_to(folder).as_posix() for each in folder.rglob("*") if each.is_file()}


def test_a_repository_is_fetched_as_a_directory_and_fixed_to_its_commit(
    tmp_path: Path, hub: HubServer, manifest: Made
) -> None:
    commit, weights = hub.put("owner/name", FILES), weights_of(tmp_path, hub)
    found = pinned(weights, manifest(whole()))
    assert found.source == f"hf:owner/name@{commit}"
    assert found.size_bytes == sum(map(len, FILES.values())) - len(FILES[".gitattributes"])
    hub.put("owner/name", FILES | {"config.json": b"{}"})
    hub.asked.clear()
    (folder,) = asyncio.run(weights.ready(manifest(found))).values()
    assert (names(folder), fetched(hub)) == (set(FILES) - {".gitattributes"}, [])
    assert (folder / "config.json").read_bytes() == FILES["config.json"]
    assert asyncio.run(digest(folder)) == found.sha256


def test_another_machine_fetches_the_same_commit_and_checks_it(
    tmp_path: Path, hub: HubServer, manifest: Made
) -> None:
    hub.put("owner/name", FILES)
    found = pinned(weights_of(tmp_path / "one", hub), manifest(whole()))
    hub.put("owner/name", {"config.json": b"of another commit"})
    (folder,) = asyncio.run(weights_of(tmp_path / "two", hub).ready(manifest(found))).values()
    assert asyncio.run(digest(folder)) == found.sha256


def test_only_the_files_that_are_wanted_are_fetched(tmp_path: Path, hub: HubServer, manifest: Made) -> None:
    hub.put("owner/name", FILES)
    asked = whole(include=("*.json", "*.bin", "*.safetensors"), exclude=("*.bin",))
    found = pinned(weights_of(tmp_path, hub), manifest(asked))
    (folder,) = asyncio.run(weights_of(tmp_path, hub).ready(manifest(found))).values()
    assert names(folder) == {"config.json", "model.safetensors", "sub/tokens.json"}
    assert "pytorch_model.bin" not in fetched(hub)
    nothing = refusal(weights_of(tmp_path, hub), manifest(whole(include=("*.gguf",))))
    assert "no file that matches 'include'" in nothing


def test_a_broken_line_is_taken_up_where_it_was(tmp_path: Path, hub: HubServer, manifest: Made) -> None:
    hub.put("owner/name", {"model.safetensors": FILES["model.safetensors"]})
    hub.break_after = [100_000]
    pinned(weights_of(tmp_path, hub), manifest(whole()))
    assert [span for path, span in hub.asked if "/resolve/" in path] == [None, "bytes=100000-"]


def test_a_file_that_comes_damaged_is_told_and_not_kept(
    tmp_path: Path, hub: HubServer, manifest: Made
) -> None:
    hub.put("owner/name", FILES)
    for path in ("config.json", "model.safetensors"):
        hub.spoil = {path}
        assert f"{path} of owner/name came damaged" in refusal(weights_of(tmp_path, hub), manifest(whole()))
    hub.spoil = set()
    hub.asked.clear()
    pinned(weights_of(tmp_path, hub), manifest(whole()))
    assert "model.safetensors" in fetched(hub)
    assert "pytorch_model.bin" not in fetched(hub), "what came whole before is not fetched again"


def test_why_a_repository_cannot_be_read_is_said_in_a_sentence(
    tmp_path: Path, hub: HubServer, manifest: Made
) -> None:
    anyone, known = weights_of(tmp_path, hub), weights_of(tmp_path, hub, token="hf_right")
    assert "no repository owner/name, or it is private" in refusal(anyone, manifest(whole()))
    assert "HF_TOKEN" in refusal(anyone, manifest(whole()))
    assert "HF_TOKEN" not in refusal(known, manifest(whole()))
    hub.put("owner/name", FILES)
    assert "no revision 'v9'" in refusal(anyone, manifest(whole("v9")))
    hub.gated = {"owner/name"}
    assert "Access to model owner/name is restricted" in refusal(anyone, manifest(whole()))
    assert pinned(known, manifest(whole())).sha256
    nowhere = Weights(tmp_path / "other", environment={"HF_ENDPOINT": "http://127.0.0.1:1"})
    assert "could not be reached" in refusal(nowhere, manifest(whole()))


def test_a_part_of_a_file_is_read_without_the_rest(tmp_path: Path, hub: HubServer) -> None:
    hub.put("owner/name", FILES)
    there = weights_of(tmp_path, hub).hub
    repository = Repository("owner/name", "main")
    assert there.part(repository, "config.json", 2, 6) == b"hidden"
    assert there.part(repository, "config.json", 0, 10_000) == FILES["config.json"]


def test_a_directory_beside_the_model_is_its_weights(tmp_path: Path, manifest: Made) -> None:
    found = manifest(Weight(name="model", source="file:weights"))
    folder = Path(found.folder, "weights", "deep")
    folder.mkdir(parents=True)
    (folder / "a.bin").write_bytes(b"abc")
    weights = Weights(tmp_path / "cache")
    assert weights.is_ready(found)
    said = pinned(weights, found)
    assert (said.size_bytes, said.sha256) == (3, asyncio.run(digest(folder.parent)))
    assert asyncio.run(weights.ready(manifest(said))) == {"model": folder.parent}
    (folder / "a.bin").write_bytes(b"other")
    with pytest.raises(Error, match="its SHA-256 is"):
        asyncio.run(weights.ready(manifest(said)))
