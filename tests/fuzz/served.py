"""The whole API in this process, asked without a network: any bytes at any address."""

import asyncio
import json
import re
import tempfile
from pathlib import Path
from typing import Any
from urllib.parse import quote

from foretell import catalog
from foretell.account import Key, Role, key_digest, new_key
from foretell.api import Services, app
from foretell.blobs import open_blobs
from foretell.config import Config
from foretell.outbound import Outbound
from foretell.seal import Seal
from foretell.store import Store, open_store
from fuzz.seeds import as_json
from fuzz.values import Bytes, bent, value

KINDS = ("application/json", "multipart/form-data; boundary=b", "", "text/plain")
PLAIN = (b"POST /", b"PATCH /")
SILENT = {500}
"""What no caller's bytes may lead to."""
HEADER_NAMES = (
    "prefer",
    "accept",
    "idempotency-key",
    "range",
    "if-none-match",
    "content-length",
    "x-request-id",
    "host",
    "origin",
    "last-event-id",
    "authorization",
)
_PLACE = re.compile(r"\{[^}]+\}")
_LINE_BREAKS = re.compile(rb"[\r\n\0]")


class Site:
    """The API, with the sandbox's models and an operator's key, and nobody who runs anything."""

    def __init__(self) -> None:
        # Kept until the process ends; the system's own cleaning takes the rest.
        self._directory = tempfile.TemporaryDirectory(prefix="foretell-fuzz-")
        self._loop = asyncio.new_event_loop()
        self._loop.run_until_complete(self._start(Path(self._directory.name)))

    async def _start(self, place: Path) -> None:
        config = Config(
            data=str(place),
            cache=str(place / "cache"),
            durability="process",
            sandbox=True,
            await_seconds_max=0.01,
            inference_seconds_max=0.01,
            disk_free_min_bytes=0,
        )
        store = await open_store(config)
        for each in catalog.sandbox():
            await store.register(each)
        self._key = await _operators_key(store)
        self._app = app(
            Services(
                config=config,
                store=store,
                blobs=open_blobs(config),
                seal=Seal(b"a secret of the fuzzer, long enough"),
                check_form=Outbound(config).check_form,
                heartbeat_seconds=0.01,
            )
        )
        self.places = sorted(
            (method, route.path)
            for route in self._app.routes
            for method in route.methods or ()
            if method not in {"HEAD", "OPTIONS"}
        )

    def with_body(self, data: bytes) -> None:
        """Asks one of the routes that take a body; what begins like a request is one."""
        if data.startswith(PLAIN):
            head, _, body = data.partition(b"\n")
            method, path, *_ = (*head.decode("utf-8", "replace").split(), "/", "/")
            self.ask(method, path, KINDS[0], body)
            return
        source = Bytes(data)
        asked = [(method, path) for method, path in self.places if method in {"POST", "PATCH", "PUT"}]
        method, path = asked[source.number(len(asked))]
        path = _PLACE.sub("x", path)
        kind = source.number(4)
        if kind == 3:
            self.ask(method, path, KINDS[source.number(len(KINDS))], source.rest())
        else:
            made = value(source) if kind == 2 else bent(source)
            self.ask(method, path, KINDS[0], as_json(made))

    def with_address(self, data: bytes) -> None:
        """Asks for any address, with any query and headers."""
        source = Bytes(data)
        method, path = self.places[source.number(len(self.places))]
        path = _PLACE.sub(lambda _: source.text(), path)
        headers = [
            (HEADER_NAMES[source.number(len(HEADER_NAMES))], source.text()) for _ in range(source.number(4))
        ]
        body = source.rest()
        self.ask(method, path, KINDS[0], b"{}", query=body, headers=headers)

    def ask(self, method: str, path: str, kind: str, body: bytes, **more: Any) -> tuple[int, bytes]:
        """Status and body of the answer, which must be sound: its head well formed, a refusal JSON."""
        return self._loop.run_until_complete(self._asked(method, path, kind, body, **more))

    async def _asked(
        self, method: str, path: str, kind: str, body: bytes, *, query: bytes = b"", headers: Any = ()
    ) -> tuple[int, bytes]:
        given = [(name.encode(), text.encode()) for name, text in headers]
        given += [(b"x-api-key", self._key.encode()), (b"content-type", kind.encode())]
        scope = {
            "type": "http",
            "method": method,
            "path": path,
            "raw_path": quote(path).encode(),
            "query_string": quote(query, safe="=&%+;[]").encode(),
            "headers": [(name, _LINE_BREAKS.sub(b" ", text)) for name, text in given],
            "scheme": "http",
            "http_version": "1.1",
            "client": ("127.0.0.1", 1),
            "server": ("127.0.0.1", 80),
        }
        call = _Call(body)
        async with asyncio.timeout(10):
            await self._app(scope, call.receive, call.send)
        return call.checked(f"{method} {path}")


async def _operators_key(store: Store) -> str:
    account = await store.create_account("default", Role.OPERATOR)
    key_id, raw = new_key()
    key = Key(
        id=key_id,
        account_id=account.id,
        name="fuzz",
        sha256=key_digest(raw),
        last4=raw[-4:],
        created_at=1_700_000_000_000_000,
    )
    await store.create_key(key)
    return raw


class _Call:
    def __init__(self, body: bytes) -> None:
        self._body: bytes | None = body
        self._status = 0
        self._headers: dict[bytes, bytes] = {}
        self._said = b""

    async def receive(self) -> dict[str, Any]:
        if self._body is None:
            # Only now, when all was read, and a stream would otherwise never end.
            await asyncio.sleep(0.02)
            return {"type": "http.disconnect"}
        body, self._body = self._body, None
        return {"type": "http.request", "body": body, "more_body": False}

    async def send(self, message: Any) -> None:
        if message["type"] == "http.response.start":
            self._status = message["status"]
            self._headers = dict(message["headers"])
        else:
            self._said += message.get("body", b"")

    def checked(self, about: str) -> tuple[int, bytes]:
        assert self._status not in SILENT, f"{about}: {self._status} {self._said!r}"
        for name, text in self._headers.items():
            assert not _LINE_BREAKS.search(name + text), f"{about}: a header with a line break"
        if self._headers.get(b"content-type") == b"application/json" and self._said:
            json.loads(self._said)
        return self._status, self._said
