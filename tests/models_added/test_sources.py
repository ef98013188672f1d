"""Where models come from besides folders: archives, a hub, weights alone; and weights that are theirs."""

import json
import shutil
import struct
import tarfile
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from models_added.folders import EXAMPLE, MANIFEST, PREDICT, added, model, said
from servers import KEY, Foretell, running
from weights.file_server import FileServer
from weights.hub_server import HubServer

WITH_WEIGHTS = PREDICT.replace(
    'self.mark = "!"', "import foretell; self.mark = (foretell.weights('model') / 'mark.txt').read_text()"
)
WEIGHTS = '[[weights]]\nname = "model"\nsource = "{}"\n'


@pytest.fixture(scope="module")
def hub() -> Iterator[HubServer]:
    with HubServer() as found:
        yield found


@pytest.fixture(scope="module")
def server(data: Path, hub: HubServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Foretell]:
    settings = {"HF_ENDPOINT": hub.url, "FORETELL_CACHE": str(tmp_path_factory.mktemp("cache"))}
    with running(data, "--sandbox", "--port", "0", "--key", KEY, **settings) as started:
        yield started


def test_a_folder_comes_in_an_archive_from_a_disk_or_an_address(
    server: Foretell, data: Path, tmp_path: Path
) -> None:
    folder = model(tmp_path, "packed")
    zipped, tarred = tmp_path / "packed.zip", tmp_path / "packed.tar.gz"
    with zipfile.ZipFile(zipped, "w") as archive:
        for each in folder.iterdir():
            archive.write(each, f"packed/{each.name}")
    with tarfile.open(tarred, "w:gz") as archive:
        archive.add(folder, "packed")
    with FileServer(files={"/a/packed.zip": zipped.read_bytes()}) as elsewhere:
        sources = (str(zipped), str(tarred), f"{elsewhere.url}/a/packed.zip")
        found = [added(each, data) for each in sources]
        assert [each["state"] for each in found] == ["succeeded"] * 3, [each["error"] for each in found]
        assert len({each["version"] for each in found}) == 1
        assert "the server answered 404" in added(f"{elsewhere.url}/no.zip", data)["error"]
    assert said(server, "packed") == "HELLO!"


def test_an_archive_that_would_write_elsewhere_is_refused(
    server: Foretell, data: Path, tmp_path: Path
) -> None:
    path = tmp_path / "evil.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("../../escaped", b"x")
    assert "unsafe member" in added(path, data)["error"]
    path.write_bytes(b"no zip")
    assert "cannot be unpacked" in added(path, data)["error"]
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("readme.txt", b"x")
    assert "holds no model.toml and no cog.yaml, but: readme.txt" in added(path, data)["error"]


def test_a_models_weights_come_with_it_and_are_fixed(
    server: Foretell, data: Path, tmp_path: Path, hub: HubServer
) -> None:
    hub.put("owner/marks", {"mark.txt": b"~", "big.bin": b"x" * 1000})
    folder = model(
        tmp_path, "hubbed", predict=WITH_WEIGHTS, manifest=MANIFEST + WEIGHTS.format("hf:owner/marks@main")
    )
    first = added(folder, data)
    assert first["state"] == "succeeded", first["error"]
    assert said(server, "hubbed") == "HELLO~"
    hub.put("owner/marks", {"mark.txt": b"^"})
    second = added(folder, data)
    assert (said(server, "hubbed"), first["version"] == second["version"]) == ("HELLO^", False)
    assert said(server, f"hubbed:{first['version']}") == "HELLO~"
    lock = json.loads((data / "models" / "hubbed" / first["version"] / "weights.lock").read_text())
    assert lock["model"]["source"].startswith("hf:owner/marks@")


def test_weights_in_the_folder_are_a_part_of_the_version(
    server: Foretell, data: Path, tmp_path: Path
) -> None:
    folder = model(
        tmp_path, "inside", predict=WITH_WEIGHTS, manifest=MANIFEST + WEIGHTS.format("file:weights")
    )
    (folder / "weights").mkdir()
    (folder / "weights" / "mark.txt").write_text("1")
    first = added(folder, data)
    assert first["state"] == "succeeded", first["error"]
    (folder / "weights" / "mark.txt").write_text("2")
    assert said(server, "inside") == "HELLO1"
    added(folder, data)
    shutil.rmtree(folder)
    assert (said(server, "inside"), said(server, f"inside:{first['version']}")) == ("HELLO2", "HELLO1")


def test_folders_beside_the_models_own_come_with_it(server: Foretell, data: Path, tmp_path: Path) -> None:
    (tmp_path / "beside").mkdir()
    (tmp_path / "beside" / "marks.py").write_text("MARK = ';'\n")
    predict = PREDICT.replace("from cog", "import marks\nfrom cog").replace('"!"', "marks.MARK")
    added(model(tmp_path, "pair", predict=predict, manifest='paths = ["../beside"]' + MANIFEST), data)
    (tmp_path / "beside" / "marks.py").write_text("MARK = 'changed'\n")
    assert said(server, "pair") == "HELLO;"


def test_a_repository_with_a_model_folder_is_one(server: Foretell, data: Path, hub: HubServer) -> None:
    hub.put("owner/whole", {"model.toml": (MANIFEST + EXAMPLE).encode(), "predict.py": PREDICT.encode()})
    found = added("hf:owner/whole", data)
    assert (found["state"], said(server, "whole")) == ("succeeded", "HELLO!")
    assert "There is no repository" in added("hf:owner/nothing", data)["error"]
    assert "has no revision 'v2'" in added("hf:owner/whole@v2", data)["error"]


def test_weights_that_no_family_knows_are_named(
    server: Foretell, data: Path, tmp_path: Path, hub: HubServer
) -> None:
    header = b"{}".ljust(8)
    hub.put("owner/odd", {"odd.safetensors": struct.pack("<Q", len(header)) + header})
    for source in ("hf:owner/odd", str(tmp_path)):
        (tmp_path / "notes.txt").write_text("nothing")
        found = added(source, data)
        assert (found["state"], found["steps"][-1]["name"]) == ("failed", "reading")
        assert "odd.safetensors" in found["error"] or "notes.txt" in found["error"]
