"""The API on a real port with a real store, and a hand that does to predictions what a node would."""

import asyncio
import threading
from collections.abc import Coroutine
from pathlib import Path
from typing import Any, TypeVar

import httpx

from described import Described
from foretell.account import Account, Key, Role, key_digest, new_key
from foretell.api import Services, app
from foretell.blobs import open_blobs
from foretell.config import Config
from foretell.event import Event, Kind
from foretell.file import File, Purpose
from foretell.ids import new_token
from foretell.main.listening import Listening, local_only, origin, private_socket, public_socket, socket_path
from foretell.model import Manifest, Version
from foretell.outbound import Outbound
from foretell.prediction import FILE_KEY, Failure, Hold, Outcome, Prediction, Status
from foretell.seal import Seal
from foretell.store import Store, open_store

SECONDS = 20.0
SECRET = b"a secret of the tests, long enough"
T = TypeVar("T")

PICTURE_INPUT = {
    "type": "object",
    "required": ["prompt"],
    "properties": {
        "prompt": {"type": "string", "minLength": 1},
        "steps": {"type": "integer", "minimum": 1, "maximum": 50, "default": 25},
        "num_outputs": {"type": "integer", "minimum": 1, "maximum": 4, "default": 1},
        "safety_checker": {"type": "boolean", "default": False},
        "image": {"type": "string", "format": "uri"},
        "token": {"type": "string", "format": "password"},
    },
}
TEXT_INPUT = {"type": "object", "required": ["prompt"], "properties": {"prompt": {"type": "string"}}}


def version(namespace: str, kind: str, given: dict[str, Any], **more: Any) -> Version:
    manifest = Manifest(
        namespace=namespace,
        name=namespace.title(),
        type=kind,
        description="For tests.",
        folder="/nowhere",
        predictor="predict.py:Predictor",
        capabilities=more.pop("capabilities", ()),
        aliases=more.pop("aliases", ()),
        hidden=more.pop("hidden", False),
    )
    output = more.pop("output_schema", {"type": "string"})
    return Version(
        id=f"version-{namespace}",
        manifest=manifest,
        input_schema=given,
        output_schema=output,
        streaming=more.pop("streaming", False),
        created_at=1_700_000_000_000_000,
        **more,
    )


VERSIONS = (
    version("truefusion", "image", PICTURE_INPUT, aliases=("FLUX.2-pro",)),
    version("deepbrain", "text", TEXT_INPUT, streaming=True),
    version("embed", "embedding", TEXT_INPUT, output_schema={}),
    version("safety", "image", TEXT_INPUT, hidden=True),
    version("lumo", "video", TEXT_INPUT, offline_reason="it has no build for this machine"),
)


class Api:
    """A served API. `store` and the node's verbs run on the server's own loop."""

    def __init__(self, config: Config, *, heartbeat_seconds: float = 15.0) -> None:
        self._config = config
        self._heartbeat_seconds = heartbeat_seconds
        self._held: dict[str, Hold] = {}
        self._has_database = True
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        self.run(self._start())

    def run(self, coroutine: Coroutine[Any, Any, T]) -> T:
        return asyncio.run_coroutine_threadsafe(coroutine, self._loop).result(SECONDS)

    async def _start(self) -> None:
        self._config.data_path.mkdir(parents=True, exist_ok=True)
        self.store: Store = await open_store(self._config)
        for each in VERSIONS:
            await self.store.register(each)
        self.account = await self.store.create_account("default", Role.OPERATOR)
        self.services = Services(
            config=self._config,
            store=self.store,
            blobs=open_blobs(self._config),
            seal=Seal(SECRET),
            check_form=Outbound(self._config).check_form,
            heartbeat_seconds=self._heartbeat_seconds,
        )
        self.app = app(self.services)
        self._described = Described(self.app.routes)
        public = public_socket(self._config.host, self._config.port)
        self.address = origin(public)
        self.socket = socket_path(self._config.data_path)
        self._listening = [
            Listening(self.app, public),
            Listening(local_only(self.app), private_socket(self.socket)),
        ]
        for each in self._listening:
            each.start()
        self.key = await self._new_key(self.account)

    async def _new_key(self, account: Account) -> str:
        key_id, raw = new_key()
        await self.store.create_key(
            Key(
                id=key_id,
                account_id=account.id,
                name="test",
                sha256=key_digest(raw),
                last4=raw[-4:],
                created_at=1_700_000_000_000_000,
            )
        )
        return raw

    def stop_waiting(self) -> None:
        """What a graceful stop does first."""
        self._loop.call_soon_threadsafe(self.services.stopping.set)

    def lose_the_database(self) -> None:
        """Closes the store under the running API."""
        self._has_database = False
        self.run(self.store.close())

    def close(self) -> None:
        self.run(self._stop())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(SECONDS)

    async def _stop(self) -> None:
        self.services.stopping.set()
        for each in self._listening:
            each.refuse()
            await each.finish()
        await self.app.close()
        if self._has_database:
            await self.store.close()

    def client(self, key: str | None = None, **headers: str) -> httpx.Client:
        """An HTTP client with the first account's key, or another's."""
        return self.anyone(**{"x-api-key": key or self.key, **headers})

    def anyone(self, **headers: str) -> httpx.Client:
        """An HTTP client without a key. What it is answered must be as the reference says."""
        return httpx.Client(
            base_url=self.address,
            headers=headers,
            timeout=SECONDS,
            verify=False,
            event_hooks={"response": [self._described.check]},
        )

    def other_account(self) -> str:
        """The key of a fresh account."""
        account = self.run(self.store.create_account(f"other-{new_token()}", Role.MEMBER))
        return self.run(self._new_key(account))

    def take(self, prediction_id: str) -> Hold:
        """Holds a waiting prediction, as a node does before it loads the model."""
        prediction = self.get(prediction_id)
        for each in self.run(self.store.take(prediction.lane, node="node-1", count=1_000)):
            self._held[each.id] = Hold(each.id, "node-1", each.attempt)
        return self._held.pop(prediction_id)

    def begin(self, prediction_id: str) -> Hold:
        """Holds it and enters the predictor."""
        hold = self.take(prediction_id)
        assert self.run(self.store.begin(hold))
        return hold

    def say(self, hold: Hold, sequence: int, kind: Kind, **data: Any) -> None:
        """Says one thing, as it comes from a model."""
        event = Event(hold.prediction_id, hold.attempt, sequence, kind, data, 1_700_000_000_000_000)
        self._loop.call_soon_threadsafe(self.store.say, event)

    def succeed(self, hold: Hold, result: Any, **metrics: float) -> Prediction:
        outcome = Outcome(status=Status.SUCCEEDED, result=result, metrics=metrics)
        return self._ended(self.run(self.store.finish(hold, outcome)))

    def succeed_with_file(self, hold: Hold, data: bytes, **of: str) -> File:
        """Ends it with one file as its result."""
        file = self.run(self.stored(hold, data, **of))
        outcome = Outcome(status=Status.SUCCEEDED, result=[{FILE_KEY: file.id}])
        self._ended(self.run(self.store.finish(hold, outcome, files=[file])))
        return file

    async def stored(self, hold: Hold, data: bytes, **of: str) -> File:
        file = File(
            id=new_token(),
            account_id=of.get("account_id", self.account.id),
            prediction_id=hold.prediction_id,
            purpose=Purpose(of.get("purpose", "output")),
            name=of.get("name", "picture-a1b2c3.png"),
            content_type=of.get("content_type", "image/png"),
            size_bytes=len(data),
            sha256=key_digest(data.hex()),
            created_at=1_700_000_000_000_000,
        )
        await self.services.blobs.put_bytes(file.blob, data)
        return file

    def fail(self, hold: Hold, code: str, message: str) -> Prediction:
        outcome = Outcome(status=Status.FAILED, failure=Failure(code, message))
        return self._ended(self.run(self.store.finish(hold, outcome)))

    def get(self, prediction_id: str) -> Prediction:
        return self._ended(self.run(self.store.get(prediction_id)))

    @staticmethod
    def _ended(prediction: Prediction | None) -> Prediction:
        assert prediction is not None
        return prediction

    def create(self, model: str = "truefusion", **body: Any) -> dict[str, Any]:
        """A created prediction, as answered at `/v1/predictions`."""
        with self.client() as client:
            answer = client.post(
                "/v1/predictions", json={"model": model, "input": {"prompt": "a fox"}, **body}
            )
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = answer.json()
        return found


def config_at(data: Path, **settings: Any) -> Config:
    # Nothing in a test has to survive a loss of power.
    # A cache of its own: some of what tests call prunes it.
    settings.setdefault("cache", str(data / "cache"))
    return Config(data=str(data), port=0, durability="process", **settings)
