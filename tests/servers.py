"""Real servers for tests: `foretell` processes on free ports, and a receiver of their webhooks."""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, TypeVar

import httpx
import psutil

FORETELL = str(Path(sys.executable).parent / "foretell")
SETPRIV = shutil.which("setpriv")
LEASH = [SETPRIV, "--pdeathsig", "KILL"] if SETPRIV else []
"""Before a command: it does not outlive tests that are killed, nor the thread of theirs that has started it."""
KEY = "sk-test"
SECONDS = 60.0
T = TypeVar("T")


def until(find: Callable[[], T | None], *, about: str, seconds: float = SECONDS) -> T:
    """What `find` finds, as soon as it is something."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        found = find()
        if found:
            return found
        time.sleep(0.02)
    raise AssertionError(f"{about}: not within {seconds:g} s")


def clean_environment(**extra: str) -> dict[str, str]:
    """This process's environment without settings of its own, but for the cache, which may be shared."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("FORETELL_")}
    if cache := os.environ.get("FORETELL_CACHE"):
        kept["FORETELL_CACHE"] = cache
    return kept | extra


class Foretell:
    """One process of `foretell serve`, `api` or `node`."""

    def __init__(self, data: Path, *options: str, command: str = "serve", **environment: str) -> None:
        data.mkdir(parents=True, exist_ok=True)
        self._said = data / f"said-{time.monotonic_ns()}"
        with self._said.open("wb") as said:
            self.process = subprocess.Popen(
                [*LEASH, FORETELL, command, "--data", str(data), *options],
                stdout=said,
                stderr=subprocess.STDOUT,
                env=clean_environment(**environment),
            )
        self.address = ""

    def ready(self) -> "Foretell":
        """Waits until it answers; fails with what it said when it ended instead."""

        def found() -> str | None:
            assert self.process.poll() is None, f"the server ended: {self.said()}"
            match = re.search(r"ready at (http://\S+)|runs models", self.said())
            return match and (match[1] or "no address")

        self.address = until(found, about=f"the start of {self.process.args}")
        return self

    def said(self) -> str:
        return self._said.read_text()

    def client(self, key: str = KEY) -> httpx.Client:
        return httpx.Client(base_url=self.address, headers={"x-api-key": key}, timeout=SECONDS)

    def kill(self) -> None:
        self.process.kill()
        self.process.wait(SECONDS)

    def stop(self) -> int:
        """Asks it to stop, and gives its exit code."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(SECONDS)

    def children(self) -> list[psutil.Process]:
        return psutil.Process(self.process.pid).children(recursive=True)


@contextmanager
def running(data: Path, *options: str, command: str = "serve", **settings: str) -> Iterator[Foretell]:
    """A server that is killed at the end if it still runs."""
    server = Foretell(data, *options, command=command, **settings)
    try:
        yield server.ready()
    finally:
        if server.process.poll() is None:
            server.kill()


class Receiver:
    """Takes webhooks on loopback and remembers what came; while it `refuses`, it answers 500 and forgets.

    It answers once it `may_answer`, as it may from the start.
    """

    def __init__(self, port: int = 0) -> None:
        self.got: list[dict[str, Any]] = []
        self.refuses = False
        self.may_answer = threading.Event()
        self.may_answer.set()
        receiver = self

        class Taking(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                size = int(self.headers["content-length"])
                body = self.rfile.read(size)
                if len(body) < size:
                    return  # who sent it has died meanwhile
                if not receiver.refuses:
                    receiver.keep(dict(self.headers.items()), body)
                receiver.may_answer.wait()
                self.send_response(500 if receiver.refuses else 200)
                self.send_header("content-length", "0")
                self.end_headers()

            def log_message(self, *_: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", port), Taking)
        self.port = self._server.server_port
        self.url = f"http://127.0.0.1:{self.port}/hook"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def keep(self, headers: dict[str, str], body: bytes) -> None:
        named = {name.lower(): value for name, value in headers.items()}
        self.got.append({"headers": named, "body": json.loads(body), "raw": body})

    def statuses(self, prediction_id: str) -> list[str]:
        """The statuses that were told of a prediction, in the order they came."""
        return [each["body"]["status"] for each in self.got if each["body"]["id"] == prediction_id]

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


def foretell(
    *arguments: str, data: Path | None = None, **environment: str
) -> subprocess.CompletedProcess[str]:
    """Runs a command to its end."""
    options = ["--data", str(data)] if data else []
    return subprocess.run(
        [FORETELL, *arguments, *options],
        capture_output=True,
        text=True,
        timeout=SECONDS,
        env=clean_environment(**environment),
        check=False,
    )
