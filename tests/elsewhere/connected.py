"""Two servers for tests: a Foretell whose models run elsewhere, and what it is connected to."""

import json
import re
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

from servers import KEY, SECONDS, Foretell, foretell, running, until

FAR_KEY = "sk-the-key-for-there"
FINAL = ("succeeded", "failed", "canceled")


class Near:
    """A Foretell to which models of other servers are connected."""

    def __init__(self, server: Foretell, data: Path) -> None:
        self.server = server
        self.client = server.client()
        self.data = data
        self._connected: set[Any] = set()

    def connect(self, url: str, name: str, *options: str, **settings: Any) -> str:
        """Connects a model, once, and gives its name here. `settings` are changed in its folder before it is added."""
        known = (url, name, *options, *settings.items())
        if known in self._connected:
            return name
        self._connected.add(known)
        folder = self.data / "folders" / name
        shutil.rmtree(folder, ignore_errors=True)
        asked = ("models", "connect", url, "--name", name, "--folder", str(folder), *options)
        self._succeed(*asked)
        _change(folder / "settings.py", settings)
        # It is tried once here, by the test: not by an example that takes its time.
        manifest = folder / "model.toml"
        manifest.write_text(manifest.read_text().partition("[[examples]]")[0])
        self._succeed("models", "add", str(folder))
        return name

    def _succeed(self, *command: str) -> None:
        ran = foretell(*command, data=self.data, FAR_KEY=FAR_KEY)
        assert ran.returncode == 0, ran.stderr

    def create(self, model: str, /, **given: Any) -> str:
        answer = self.client.post("/v1/predictions", json={"model": model, "input": given})
        assert answer.status_code == 200, answer.text
        return str(answer.json()["id"])

    def get(self, prediction_id: str) -> dict[str, Any]:
        found: dict[str, Any] = self.client.get(f"/v1/predictions/{prediction_id}").json()
        return found

    def ended(self, prediction_id: str) -> dict[str, Any]:
        return until(
            lambda: found if (found := self.get(prediction_id))["status"] in FINAL else None,
            about=f"the end of {prediction_id}",
        )

    def run(self, model: str, /, **given: Any) -> dict[str, Any]:
        return self.ended(self.create(model, **given))

    def logged(self, prediction_id: str) -> str:
        told = self.events(prediction_id)
        return "".join(data["text"] for name, data in told if name == "log")

    def events(self, prediction_id: str) -> list[tuple[str, Any]]:
        """All that its stream tells, to the end."""
        headers = {"accept": "text/event-stream"}
        text = self.client.get(f"/v1/predictions/{prediction_id}/stream", headers=headers).text
        return [
            (name, json.loads(data)) for name, data in re.findall(r"(?m)^event: (\w+)\ndata: (.*)$", text)
        ]


def _change(file: Path, settings: dict[str, Any]) -> None:
    text = file.read_text()
    for name, value in settings.items():
        text, count = re.subn(rf"(?m)^{name} = .*$", f"{name} = {value!r}", text)
        assert count == 1, f"there is no {name} in {text}"
    file.write_text(text)


@contextmanager
def near(data: Path, *options: str, **variables: str) -> Iterator[Near]:
    """It runs, with short graces; `variables` are in its environment."""
    settings = {"FAR_KEY": FAR_KEY, "FORETELL_DURABILITY": "process"} | variables
    with running(data, "--port", "0", "--key", KEY, *options, **settings) as server:
        yield Near(server, data)


@contextmanager
def far(data: Path, *options: str, sandbox: bool = True) -> Iterator[Foretell]:
    """The other Foretell, with stand-ins for its models, or with the built-in ones."""
    models = ("--sandbox", *options) if sandbox else options
    with running(data, "--port", "0", "--key", FAR_KEY, *models, FORETELL_DURABILITY="process") as server:
        yield server


@dataclass
class Asked:
    """A request that a replaying server was sent."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes
    at_seconds: float = field(default_factory=time.monotonic)

    @property
    def json(self) -> Any:
        return json.loads(self.body)


Reply = tuple[int, dict[str, str], bytes | list[bytes]]


class Replaying:
    """Answers as services document that they do; remembers what it was asked."""

    def __init__(self, answer: Callable[[Asked], Reply]) -> None:
        self.asked: list[Asked] = []
        self.answer = answer
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _answering(self))
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        Thread(target=self._server.serve_forever, daemon=True).start()

    def of(self, method: str, path: str) -> list[Asked]:
        return [each for each in self.asked if (each.method, each.path.partition("?")[0]) == (method, path)]

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


def _answering(replaying: Replaying) -> type[BaseHTTPRequestHandler]:
    class Answering(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            body = self.rfile.read(int(self.headers.get("content-length", 0)))
            headers = {name.lower(): value for name, value in self.headers.items()}
            replaying.asked.append(Asked(self.command, self.path, headers, body))
            status, more, said = replaying.answer(replaying.asked[-1])
            self.send_response(status)
            length = (
                {"content-length": str(len(said))} if isinstance(said, bytes) else {"connection": "close"}
            )
            for name, value in (more | length).items():
                self.send_header(name, value)
            self.end_headers()
            for piece in [said] if isinstance(said, bytes) else said:
                self.wfile.write(piece)
                self.wfile.flush()

        def do_POST(self) -> None:
            self.do_GET()

        def log_message(self, *_: object) -> None:
            pass

    return Answering


@contextmanager
def replaying(answer: Callable[[Asked], Reply]) -> Iterator[Replaying]:
    """It answers what `answer` says to each request."""
    server = Replaying(answer)
    try:
        yield server
    finally:
        server.close()


def told(value: Any, status: int = 200, **headers: str) -> Reply:
    """An answer in JSON."""
    named = {name.replace("_", "-"): each for name, each in headers.items()}
    return status, {"content-type": "application/json"} | named, json.dumps(value).encode()


def events(*data: str) -> Reply:
    """An answer in server-sent events, each already with its lines."""
    return 200, {"content-type": "text/event-stream"}, [f"{each}\n\n".encode() for each in data]


__all__ = [
    "FAR_KEY",
    "SECONDS",
    "Asked",
    "Near",
    "Replaying",
    "Reply",
    "events",
    "far",
    "near",
    "replaying",
    "told",
]
