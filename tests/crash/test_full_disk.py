"""The disk is full, or cannot be written: new work is refused, nothing accepted is lost, and it recovers by itself."""

import subprocess
from pathlib import Path

import pytest

from crash.disks import GIVES_A_FILE, disk
from foretell.config import Config
from predictions import create, end, model, processing
from promises import Memory, broken, rest
from servers import KEY, Receiver, running

pytestmark = pytest.mark.needs("mount")
OPTIONS = ("--sandbox", "--port", "0", "--key", KEY)


def fill(directory: Path) -> Path:
    """A file that leaves no room for anything else."""
    filler = directory / "filler"
    with filler.open("wb", buffering=0) as file:
        try:
            while True:
                file.write(b"0" * 65_536)
        except OSError:
            return filler


def kept(data: Path, made: list[str], receiver: Receiver) -> list[str]:
    config = Config(data=str(data))
    rest(config)
    return broken(config, Memory(made=dict.fromkeys(made, "made"), subscribed=set(made)), receiver)


def test_a_full_disk_refuses_new_work_and_loses_none_of_the_old(tmp_path: Path, receiver: Receiver) -> None:
    with disk(tmp_path / "disk", 24) as small:
        data = small / "data"
        with running(data, *OPTIONS) as server, server.client() as client:
            made = [create(server, "echo", {"prompt": str(number)}, receiver)["id"] for number in range(5)]
            for each in made:
                end(server, each)
            long = create(server, "slow", {"seconds": 2}, receiver)["id"]
            processing(server, long)
            filler = fill(small)
            bodies = [{"model": "echo", "input": {"prompt": "y" * 100_000}} for _ in range(5)]
            answers = [client.post("/v1/predictions", json=body) for body in bodies]
            refused = [each for each in answers if each.status_code != 200]
            assert refused
            for each in refused:
                assert each.status_code == 503, each.text
                assert int(each.headers["retry-after"]) > 0
            made += [each.json()["id"] for each in answers if each.status_code == 200]
            assert client.get(f"/v1/predictions/{made[0]}").json()["output"] == "0"
            assert client.get("/healthz").status_code == 200
            filler.unlink()
            assert end(server, long)["status"] == "succeeded"
            after = create(server, "echo", {"prompt": "after"}, receiver)["id"]
            assert end(server, after)["output"] == "after"
            known = [*made[:5], long, after]
            assert kept(data, known, receiver) == []
            assert server.stop() == 0


def test_outputs_that_cannot_be_stored_fail_their_prediction_with_the_reason_and_leave_nothing(
    tmp_path: Path, receiver: Receiver
) -> None:
    data, models = tmp_path / "data", model(tmp_path / "models", "file", GIVES_A_FILE)
    with disk(data / "blobs", 4) as blobs, running(data, *OPTIONS, "--models", models) as server:
        fits = create(server, "file", {"kilobytes": 100}, receiver)["id"]
        assert end(server, fits)["status"] == "succeeded"
        too_large = create(server, "file", {"kilobytes": 8_000}, receiver)["id"]
        failed = end(server, too_large)
        assert (failed["status"], failed["error_id"]) == ("failed", "storage_failed"), failed
        assert "could not be stored" in failed["error"]
        subprocess.run(["mount", "-o", "remount,ro", str(blobs)], check=True)
        read_only = create(server, "file", {}, receiver)["id"]
        assert end(server, read_only)["error_id"] == "storage_failed"
        with server.client() as client:
            refused = client.post("/v1/files", files={"file": ("a.txt", b"z" * 1000)})
            assert refused.status_code == 503, refused.text
        subprocess.run(["mount", "-o", "remount,rw", str(blobs)], check=True)
        again = create(server, "file", {}, receiver)["id"]
        assert end(server, again)["status"] == "succeeded"
        assert kept(data, [fits, too_large, read_only, again], receiver) == []
