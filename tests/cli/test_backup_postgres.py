"""Backups of a site on Postgres are made beside its running servers, and everything is there again after a restore."""

import os
import shlex
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from cli.test_backup import busy, drawn, picture
from databases import direct_to, postgres_database, postgres_program
from foretell.config import Config
from servers import FORETELL, KEY, Foretell, clean_environment, foretell, running, until

pytestmark = pytest.mark.needs("postgres")

OPTIONS = ("--sandbox", "--port", "0", "--key", KEY)
PASSWORD = "word-that-nobody-sees"


@pytest.fixture
def address() -> Iterator[str]:
    with postgres_database() as found:
        yield found.replace("postgres:@", f"postgres:{PASSWORD}@")


@pytest.fixture
def empty() -> Iterator[str]:
    with postgres_database(is_empty=True) as found:
        yield found


@pytest.fixture
def server(tmp_path: Path, address: str) -> Iterator[Foretell]:
    with running(tmp_path / "data", *OPTIONS, FORETELL_DATABASE=address) as found:
        yield found


@pytest.fixture
def elsewhere(tmp_path: Path, server: Foretell) -> Path:
    """A data directory of another machine's, which shares the files and the secret with the server's."""
    found = tmp_path / "elsewhere"
    found.mkdir()
    for name in ("blobs", "secret"):
        (found / name).symlink_to(tmp_path / "data" / name)
    return found


def backed_up(
    path: Path, data: Path, address: str, program: Path | None = None
) -> subprocess.CompletedProcess[str]:
    chosen = program or postgres_program("pg_dump")
    return foretell("backup", str(path), "--pg-dump", str(chosen), data=data, FORETELL_DATABASE=address)


def restored(path: Path, data: Path, address: str) -> subprocess.CompletedProcess[str]:
    chosen = postgres_program("pg_restore")
    return foretell("restore", str(path), "--pg-restore", str(chosen), data=data, FORETELL_DATABASE=address)


def script(path: Path, *lines: str) -> Path:
    """A program in place of pg_dump: its version, or the lines."""
    version = f'[ "$1" = --version ] && exec {shlex.quote(str(postgres_program("pg_dump")))} --version'
    path.write_text("\n".join(["#!/bin/sh", version, *lines, ""]))
    path.chmod(0o755)
    return path


def test_what_was_backed_up_under_load_from_another_machine_is_whole_and_served_after_a_restore(
    server: Foretell, elsewhere: Path, address: str, empty: str, tmp_path: Path
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
            made = backed_up(backup, elsewhere, address)
        assert made.returncode == 0, made.stderr
        assert "Incomplete" not in made.stderr
    server.kill()

    checked = foretell("backup", str(backup), "--verify")
    assert checked.returncode == 0, checked.stderr
    brought = restored(backup, again, empty)
    assert brought.returncode == 0, brought.stderr
    settings = {"FORETELL_DATABASE": empty, "FORETELL_LOST_SECONDS": "2", "FORETELL_HEARTBEAT_SECONDS": "0.5"}
    with running(again, *OPTIONS, **settings) as second, second.client() as client:
        found = client.get(f"/v1/predictions/{old['id']}").json()
        assert (found["status"], found["input"]) == ("succeeded", old["input"])
        assert picture(client, found) == shown
        assert client.get(f"/v1/files/{upload['id']}/content").content == b"kept words"
        with direct_to(Config(database=empty)) as direct:
            until(
                lambda: direct("SELECT 1 FROM predictions WHERE id = ? AND attempt = 2", long["id"]),
                about="the run that was under way, once more",
            )


def test_what_is_deleted_after_its_moment_is_in_a_backup_and_erased_after_it(
    server: Foretell, elsewhere: Path, address: str, tmp_path: Path
) -> None:
    begun, may_go = tmp_path / "begun", tmp_path / "may_go"
    os.mkfifo(may_go)
    real = shlex.quote(str(postgres_program("pg_dump")))
    waiting = script(tmp_path / "waiting", f"touch {begun}", f"cat {may_go}", f'exec {real} "$@"')
    with server.client() as client:
        made = drawn(client)
        [blob] = [path for path in (tmp_path / "data" / "blobs").rglob("*") if path.is_file()]
        command = [
            FORETELL,
            "backup",
            str(tmp_path / "backup"),
            "--pg-dump",
            str(waiting),
            "--data",
            str(elsewhere),
        ]
        with subprocess.Popen(command, env=clean_environment(FORETELL_DATABASE=address)) as process:
            until(begun.exists, about="the dump")
            assert client.delete(f"/v1/predictions/{made['id']}").status_code < 300
            later = drawn(client)
            may_go.write_text("go")
        assert process.returncode == 0
        checked = foretell("backup", str(tmp_path / "backup"), "--verify")
        assert checked.returncode == 0, checked.stderr
        copies = [path.name for path in (tmp_path / "backup" / "blobs").rglob("*") if path.is_file()]
        assert copies == [blob.name]
        until(lambda: not blob.exists(), about="the erasure")
        assert picture(client, later)


def test_no_password_is_on_a_command_line(
    server: Foretell, elsewhere: Path, address: str, tmp_path: Path
) -> None:
    seen = tmp_path / "seen"
    real = shlex.quote(str(postgres_program("pg_dump")))
    lines = [f'echo "$@" > {seen}', f'echo "password $PGPASSWORD" >> {seen}', f'exec {real} "$@"']
    made = backed_up(tmp_path / "backup", elsewhere, address, script(tmp_path / "watched", *lines))
    assert made.returncode == 0, made.stderr
    arguments, password = seen.read_text().splitlines()
    assert "--snapshot=" in arguments
    assert PASSWORD not in arguments + made.stderr
    assert password == f"password {PASSWORD}"


def test_a_program_that_is_missing_too_old_or_fails_is_told_of_with_what_to_do(
    server: Foretell, elsewhere: Path, address: str, tmp_path: Path
) -> None:
    old = tmp_path / "old"
    old.write_text("#!/bin/sh\necho 'pg_dump (PostgreSQL) 9.6.1'\n")
    old.chmod(0o755)
    failing = script(tmp_path / "failing", "echo 'pg_dump: error: no room' >&2", "exit 3")
    for program, said in (
        (tmp_path / "nothing", "There is no program"),
        (old, "is of version 9, and"),
        (failing, "no room"),
    ):
        answer = backed_up(tmp_path / "place" / "backup", elsewhere, address, program)
        assert answer.returncode == 1
        assert said in " ".join(answer.stderr.split())
        assert program is failing or "postgresql-client" in answer.stderr
    assert list((tmp_path / "place").iterdir()) == []


@pytest.mark.parametrize("asked", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_backup_leaves_nothing(
    server: Foretell, elsewhere: Path, address: str, tmp_path: Path, asked: signal.Signals
) -> None:
    begun, place = tmp_path / "begun", tmp_path / "place"
    endless = script(
        tmp_path / "endless", f"echo $$ > {begun}.new", f"mv {begun}.new {begun}", "exec sleep 600"
    )
    command = [FORETELL, "backup", str(place / "backup"), "--pg-dump", str(endless), "--data", str(elsewhere)]
    process = subprocess.Popen(
        command, env=clean_environment(FORETELL_DATABASE=address), stderr=subprocess.PIPE
    )
    until(begun.exists, about="the dump")
    process.send_signal(asked)
    process.communicate(timeout=20)
    assert process.returncode != 0
    assert list(place.iterdir()) == []
    assert not psutil.pid_exists(int(begun.read_text()))


def test_a_restore_takes_only_what_is_sound_and_fits_and_only_into_what_is_empty(
    server: Foretell, elsewhere: Path, address: str, empty: str, tmp_path: Path
) -> None:
    backup, data = tmp_path / "backup", tmp_path / "new"
    with server.client() as client:
        drawn(client)
    assert backed_up(backup, elsewhere, address).returncode == 0
    full = restored(backup, data, address)
    assert (full.returncode, "is not empty, and left as it is" in " ".join(full.stderr.split())) == (1, True)
    sqlite = foretell("restore", str(backup), data=data)
    assert sqlite.returncode == 1
    assert "is of a server on Postgres" in " ".join(sqlite.stderr.split())
    with (backup / "foretell.dump").open("ab") as dump:
        dump.write(b"more")
    damaged = restored(backup, data, empty)
    assert damaged.returncode == 1
    assert "foretell.dump has other bytes than it had" in damaged.stderr
    assert not data.exists()
    with direct_to(Config(database=empty)) as direct:
        assert direct("SELECT COUNT(*) FROM pg_tables WHERE schemaname = 'public'") == [(0,)]


def test_a_restore_that_fails_leaves_nothing_and_can_be_done_again(
    server: Foretell, elsewhere: Path, address: str, empty: str, tmp_path: Path
) -> None:
    backup, data = tmp_path / "backup", tmp_path / "new"
    with server.client() as client:
        drawn(client)
    assert backed_up(backup, elsewhere, address).returncode == 0
    real = shlex.quote(str(postgres_program("pg_restore")))
    lines = [
        "#!/bin/sh",
        f'[ "$1" = --version ] && exec {real} --version',
        "echo 'pg_restore: error: cut' >&2",
        "exit 1",
    ]
    failing = tmp_path / "failing"
    failing.write_text("\n".join([*lines, ""]))
    failing.chmod(0o755)
    answer = foretell(
        "restore", str(backup), "--pg-restore", str(failing), data=data, FORETELL_DATABASE=empty
    )
    assert answer.returncode == 1
    assert "error: cut" in answer.stderr
    assert [each.name for each in data.iterdir()] == ["lock"]
    brought = restored(backup, data, empty)
    assert brought.returncode == 0, brought.stderr
