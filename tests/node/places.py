"""A node with a real store, real files and real children, its graces made short."""

import asyncio
import os
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from foretell import catalog
from foretell.blobs import open_blobs
from foretell.config import Config
from foretell.hardware import ANY
from foretell.ids import new_id
from foretell.model import Version
from foretell.node import Node, Surroundings, machine
from foretell.outbound import Outbound
from foretell.prediction import NewPrediction, Prediction, Status
from foretell.seal import Seal
from foretell.store import Store, open_store
from foretell.weights import Weights
from foretell.weights.environments import Environments

DEADLINE_SECONDS = 20.0
SECRET = b"the node's secret in the tests"
ACCOUNT = "00000000-0000-7000-8000-000000000001"


class Place:
    """A store, a node on it, and what a test does with them."""

    def __init__(self, surroundings: Surroundings, node: Node, folders: Path) -> None:
        self.surroundings = surroundings
        self.store: Store = surroundings.store
        self.node = node
        self.folders = folders

    async def model(self, source: str, *, name: str = "model", settings: str = "") -> Version:
        """Registers a model whose predictor is `source`; `settings` are lines of its model.toml."""
        version = catalog.read_folder(self.folder(source, name=name, settings=settings), created_at=0)
        await self.store.register(version)
        return version

    def folder(self, source: str, *, name: str = "model", settings: str = "") -> Path:
        """A model's folder, not registered."""
        folder = self.folders / f"{name}-{new_id()}"
        folder.mkdir()
        (folder / "predict.py").write_text(HEAD + source)
        (folder / "model.toml").write_text(MANIFEST.format(name=name) + settings)
        return folder

    def new(
        self,
        version: Version,
        /,
        priority: int = 0,
        cancel_after_seconds: float | None = None,
        hardware: str = ANY,
        **given: Any,
    ) -> NewPrediction:
        """A request for a run of the model."""
        return NewPrediction(
            id=new_id(),
            account_id=ACCOUNT,
            key_id=None,
            model=version.model,
            model_type=version.manifest.type,
            version_id=version.id,
            lane=version.lane(hardware),
            input=given,
            input_hash="0" * 64,
            origin="http://127.0.0.1:8900",
            priority=priority,
            cancel_after_seconds=cancel_after_seconds,
            pricing=None if version.manifest.pricing.is_free else version.manifest.pricing,
        )

    async def create(self, version: Version, /, **given: Any) -> str:
        """The id of a new prediction; what is `given` is as in `new`."""
        return (await self.store.create(self.new(version, **given))).id

    async def awaited(self, version: Version, /, **given: Any) -> Prediction:
        """The same for somebody who waits for the end, as it is when it is written."""
        created = await self.store.create_within(self.new(version, **given), None, awaited=True)
        return created.prediction

    async def ended(self, prediction_id: str, *, seconds: float = DEADLINE_SECONDS) -> Prediction:
        found = await self.store.await_terminal(prediction_id, seconds)
        assert found is not None
        assert found.status.is_terminal, f"still {found.status} ({found.phase}) after {seconds} seconds"
        whole = await self.store.get(prediction_id)
        assert whole is not None
        return whole

    async def run(self, version: Version, /, **given: Any) -> Prediction:
        return await self.ended(await self.create(version, **given))

    async def run_on(self, version: Version, hardware: str, /, **given: Any) -> Prediction:
        """The same for a caller who asks for that class of hardware."""
        return await self.ended(await self.create(version, hardware=hardware, **given))

    async def reaches(self, prediction_id: str, status: Status) -> Prediction:
        """Waits for that status."""
        return await until(lambda: self._of_status(prediction_id, status))

    async def logged(self, prediction_id: str) -> str:
        events = await self.store.events(prediction_id, limit=100_000)
        return "".join(each.data["text"] for each in events if each.kind == "log")

    async def _of_status(self, prediction_id: str, status: Status) -> Prediction | None:
        found = await self.store.get(prediction_id)
        assert found is not None
        return found if found.status is status else None


HEAD = """
import asyncio, os, signal, subprocess, sys, threading, time
from typing import Any, AsyncIterator, Iterator, List, Optional
from cog import BaseModel, BasePredictor, ConcatenateIterator, Input, Path
from foretell import progress
"""
MANIFEST = """
name = "{name}"
namespace = "{name}"
type = "text"
description = "A model of the tests."
predictor = "predict.py:Predictor"
"""


async def until(look: Callable[[], Any], *, seconds: float = DEADLINE_SECONDS) -> Any:
    """What `look` finds, once it finds something."""
    deadline = time.monotonic() + seconds
    while True:
        found = look()
        if asyncio.iscoroutine(found):
            found = await found
        if found:
            return found
        assert time.monotonic() < deadline, "it did not happen in time"
        await asyncio.sleep(0.01)


def settings(tmp_path: Path, **more: Any) -> Config:
    usual: dict[str, Any] = {
        "data": str(tmp_path / "data"),
        "cache": str(tmp_path / "cache"),
        "stop_cooperative_seconds": 0.3,
        "stop_terminate_seconds": 0.3,
        "shutdown_seconds": 0.5,
        "heartbeat_seconds": 0.5,
        "durability": "process",
    }
    return Config(**(usual | more))


@asynccontextmanager
async def place(tmp_path: Path, **more: Any) -> AsyncIterator[Place]:
    """A started node. `more` are settings."""
    config = settings(tmp_path, **more)
    store = await open_store(config)
    surroundings = Surroundings(
        config=config,
        store=store,
        blobs=open_blobs(config),
        weights=Weights(config.cache_path),
        environments=Environments(config.cache_path, ()),
        outbound=Outbound(config),
        seal=Seal(SECRET),
        machine=machine.found(config, os.environ),
    )
    node = Node(surroundings)
    folders = tmp_path / "models"
    folders.mkdir(exist_ok=True)
    await node.start()
    try:
        yield Place(surroundings, node, folders)
    finally:
        await node.stop(0.0)
        await surroundings.outbound.close()
        await store.close()
