"""Postgres's own programs `pg_dump` and `pg_restore`: which are there, and runs that show no secret."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from psycopg import conninfo, pq

from foretell.errors import Code, Error

LINES_MAX = 20
END_SECONDS = 10.0
VERSION_SECONDS = 30.0
TIMEOUTS_SINCE = 17
"""From this version on they set `transaction_timeout`, which an older server does not know."""

_VERSION = re.compile(r"\(PostgreSQL\) (\d+)")
_TABLE = re.compile(r"dumping contents of table|processing data for table")

Told = Callable[[int], None]
"""Is told of how many tables the program has begun."""


@dataclass(frozen=True, slots=True)
class Program:
    """A program and its major version."""

    name: str
    path: str
    major: int


def found(name: str, given: Path | None) -> Program:
    """The program of that name on the PATH, or `given`. Raises Error(INVALID_REQUEST) that says what to install."""
    path = shutil.which(str(given) if given else name)
    if path is None:
        where = str(given) if given else f"'{name}' on the PATH"
        raise Error(Code.INVALID_REQUEST, f"There is no program {where}. {_advice(name)}")
    try:
        done = subprocess.run(
            [path, "--version"], capture_output=True, text=True, timeout=VERSION_SECONDS, check=False
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise Error(Code.INVALID_REQUEST, f"{path} cannot be run: {error}. {_advice(name)}") from error
    version = _VERSION.search(done.stdout)
    if done.returncode or version is None or name not in done.stdout:
        raise Error(Code.INVALID_REQUEST, f"{path} is no {name} that works. {_advice(name)}")
    return Program(name, path, int(version[1]))


def require_fitting(program: Program, *, server: int, least: int) -> None:
    """Raises Error(INVALID_REQUEST) unless it is of version `least` or newer and speaks with a server that old."""
    if program.major < least:
        message = f"{program.path} is of version {program.major}, and {least} is needed."
        raise Error(Code.INVALID_REQUEST, f"{message} {_advice(program.name, least)}")
    if program.major >= TIMEOUTS_SINCE > server:
        message = (
            f"What {program.path} of version {program.major} writes, Postgres {server} does not understand."
        )
        raise Error(Code.INVALID_REQUEST, f"{message} {_advice(program.name, server)}")


def run(program: Program, arguments: Sequence[str], address: str, database: str, *, told: Told) -> None:
    """Runs it to its end against the `database` at `address`. Raises Error(UNAVAILABLE) with what it said if it fails.

    It has ended when this returns, however that comes about.
    """
    environment, named = _connection(address, database)
    process = subprocess.Popen(
        [program.path, "--no-password", "--verbose", f"--dbname={named}", *arguments],
        env=os.environ | environment | {"LC_ALL": "C"},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        errors="replace",
    )
    try:
        said = _followed(process, told)
        code = process.wait()
    finally:
        _end(process)
    if code:
        raise Error(
            Code.UNAVAILABLE, f"{program.name} failed:", details=tuple(said) or (f"It ended with {code}.",)
        )


def _followed(process: subprocess.Popen[str], told: Told) -> list[str]:
    """What it says of errors, or else said last."""
    assert process.stderr is not None
    last: deque[str] = deque(maxlen=LINES_MAX)
    begun = 0
    for line in process.stderr:
        last.append(line.rstrip())
        if _TABLE.search(line):
            begun += 1
            told(begun)
    errors = [line for line in last if re.search("error|fatal", line, re.IGNORECASE)]
    return errors or list(last)[-3:]


def _end(process: subprocess.Popen[str]) -> None:
    if process.poll() is None:
        process.terminate()
        try:
            process.wait(END_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
    if process.stderr is not None:
        process.stderr.close()


def _connection(address: str, database: str) -> tuple[dict[str, str], str]:
    """The variables that say how to connect, and what is left for the command line: nothing that is secret."""
    variables: dict[str, str] = {}
    others: dict[str, str] = {"dbname": database}
    for option in pq.Conninfo.parse(address.encode()):
        keyword = option.keyword.decode()
        if option.val is None or keyword == "dbname":
            continue
        if option.envvar is not None:
            variables[option.envvar.decode()] = option.val.decode()
        elif option.dispchar:
            message = f"The database's address has '{keyword}', which must not be seen on a command line."
            raise Error(Code.INVALID_REQUEST, f"{message} Use a service file for it.")
        else:
            others[keyword] = option.val.decode()
    return variables, conninfo.make_conninfo(**others)


def _advice(name: str, major: int | None = None) -> str:
    package = f"postgresql-client-{major}" if major else "postgresql-client"
    option = f"--{name.replace('_', '-')} PATH"
    return f"Install Postgres's client programs (Debian: {package}), or say where it is: {option}."
