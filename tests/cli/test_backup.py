"""Backups are made beside a running server, and everything that was there is there again after a restore."""

import os
import signal
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from servers import FORETELL, KEY, Foretell, clean_environment, foretell, running, until

OPTIONS = ("--sandbox", "--port", "0", "--key", KEY)


def created(client: httpx.Client, model: str, **given: Any) -> dict[str, Any]:
    answer = client.post(
        "/v1/predictions", json={"model": model, "input": given}, headers={"Prefer": "wait=20"}
    )
    assert answer.status_code == 200, answer.text
    body: dict[str, Any] = answer.json()
    return body


def drawn(client: httpx.Client) -> dict[str, Any]:
    """A picture, made."""
    found = created(client, "truefusion", prompt="a red fox")
    assert found["status"] == "succeeded", found
    return found


def picture(client: httpx.Client, prediction: dict[str, Any]) -> bytes:
    path = httpx.URL(prediction["output"][0]).path
    answer = client.get(path)
    assert answer.status_code == 200, answer.text
    return answer.content


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Foretell]:
    with running(tmp_path / "data", *OPTIONS) as found:
        yield found


@contextmanager
def busy(server: Foretell) -> Iterator[None]:
    """Callers who make pictures and delete them, until the block ends."""
    is_over = threading.Event()

    def load() -> None:
        with server.client() as client:
            while not is_over.is_set():
                made = drawn(client)
                client.delete(f"/v1/predictions/{made['id']}")

    callers = [threading.Thread(target=load) for _ in range(2)]
    for each in callers:
        each.start()
    try:
        yield
    finally:
        is_over.set()
        for each in callers:
            each.join()


def test_what_was_backed_up_under_load_is_whole_and_served_after_a_restore(
    server: Foretell, tmp_path: Path
) -> None:
    backup, again = tmp_path / "backup", tmp_path / "again"
    with server.client() as client:
        old = drawn(client)
        shown = picture(client, old)
        upload = client.post("/v1/files", files={"file": ("a.txt", b"kept words")}).json()
        long = client.post("/v1/predictions", json={"model": "slow", "input": {"seconds": 30}}).json()
        until(
            lambda: client.get(f"/v1/predictions/{long['id']}").json()["status"] == "processing",
            about="a run",
        )
        with busy(server):
            made = foretell("backup", str(backup), data=tmp_path / "data")
        assert made.returncode == 0, made.stderr
    server.kill()

    checked = foretell("backup", str(backup), "--verify")
    assert checked.returncode == 0, checked.stderr
    assert "is sound" in checked.stderr
    restored = foretell("restore", str(backup), data=again)
    assert restored.returncode == 0, restored.stderr
    with running(again, *OPTIONS) as second, second.client() as client:
        found = client.get(f"/v1/predictions/{old['id']}").json()
        assert (found["status"], found["input"]) == ("succeeded", old["input"])
        assert picture(client, found) == shown
        assert client.get(f"/v1/files/{upload['id']}/content").content == b"kept words"
        rescued = until(
            lambda: client.get(f"/v1/predictions/{long['id']}").json()["status"] == "processing",
            about="the run that was under way",
        )
        assert rescued


def test_a_backup_that_was_damaged_is_told_of_and_not_restored(server: Foretell, tmp_path: Path) -> None:
    backup = tmp_path / "backup"
    with server.client() as client:
        for _ in range(2):
            drawn(client)
    assert foretell("backup", str(backup), data=tmp_path / "data").returncode == 0
    first, second = sorted(path for path in (backup / "blobs").rglob("*") if path.is_file())[:2]
    first.unlink()
    second.unlink()
    second.write_bytes(b"other bytes")
    for command in (
        ["backup", str(backup), "--verify"],
        ["restore", str(backup), "--data", str(tmp_path / "new")],
    ):
        answer = foretell(*command)
        assert answer.returncode == 1
        assert f"The file {first.name} cannot be read" in answer.stderr
        assert f"The file {second.name} has other bytes" in answer.stderr
    assert not (tmp_path / "new").exists()
    with server.client() as client:
        assert client.get("/readyz").status_code == 200


def test_nothing_is_overwritten(server: Foretell, tmp_path: Path) -> None:
    data, backup = tmp_path / "data", tmp_path / "backup"
    assert foretell("backup", str(backup), data=data).returncode == 0
    again = foretell("backup", str(backup), data=data)
    assert again.returncode == 1
    assert "is there already" in again.stderr
    refused = foretell("restore", str(backup), data=data)
    assert refused.returncode == 1
    assert "is not empty; --force" in refused.stderr
    in_use = foretell("restore", str(backup), "--force", data=data)
    assert in_use.returncode == 1
    assert "in use by another Foretell server" in in_use.stderr
    server.stop()
    forced = foretell("restore", str(backup), "--force", data=data)
    assert forced.returncode == 0, forced.stderr
    [aside] = data.glob("before-restore-*")
    assert (aside / "foretell.db").exists()
    with running(data, *OPTIONS) as second, second.client() as client:
        assert client.get("/v1/predictions").status_code == 200


@pytest.mark.parametrize("asked", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_backup_leaves_nothing(tmp_path: Path, asked: signal.Signals) -> None:
    data, place = tmp_path / "data", tmp_path / "place"
    with running(data, *OPTIONS) as server:
        assert server.stop() == 0
    # Whoever reads it waits for somebody who writes: so the backup is as far as it can be, and not done.
    (data / "secret").unlink()
    os.mkfifo(data / "secret")
    command = [FORETELL, "backup", str(place / "backup"), "--data", str(data)]
    process = subprocess.Popen(command, env=clean_environment(), stderr=subprocess.PIPE)
    until(lambda: list(place.glob(".backup.*.unfinished/blobs")), about="a backup under way")
    process.send_signal(asked)
    process.communicate(timeout=20)
    assert process.returncode != 0
    assert list(place.iterdir()) == []


def test_a_backup_of_nothing_is_refused(tmp_path: Path) -> None:
    nothing = foretell("backup", str(tmp_path / "backup"), data=tmp_path / "nothing")
    assert nothing.returncode == 1
    assert "There is no database in" in nothing.stderr


def test_files_that_were_lost_before_are_told_of_and_the_rest_can_be_restored(
    server: Foretell, tmp_path: Path
) -> None:
    backup, again = tmp_path / "backup", tmp_path / "again"
    with server.client() as client:
        lost, kept = drawn(client), drawn(client)
        shown = picture(client, kept)
    [file] = [
        path for path in (tmp_path / "data" / "blobs").rglob("*") if path.name in str(lost["output"][0])
    ][-1:]
    file.unlink()
    made = foretell("backup", str(backup), data=tmp_path / "data")
    checked = foretell("backup", str(backup), "--verify")
    restored = foretell("restore", str(backup), data=again)
    for each in (made, checked, restored):
        assert each.returncode == 0, each.stderr
        said = " ".join(each.stderr.split())
        assert f"1 files that the database names were lost before it was made: {file.name}" in said
    with running(again, *OPTIONS) as second, second.client() as client:
        found = client.get(f"/v1/predictions/{kept['id']}").json()
        assert picture(client, found) == shown
