"""Builds everything from a Config, starts it in order, and stops it so that nothing is lost."""

import asyncio
import contextlib
import logging
import os
import socket
import time
from collections.abc import Coroutine
from dataclasses import replace
from pathlib import Path

from foretell import api, catalog
from foretell.adding import Additions
from foretell.blobs import Blobs, open_blobs
from foretell.config import Config
from foretell.errors import Code, Error
from foretell.loops import Courier, Janitor
from foretell.main.founding import found_account, found_directory, offer_sign_in, secret
from foretell.main.listening import (
    Listening,
    is_served,
    local_only,
    origin,
    private_socket,
    public_socket,
    socket_path,
)
from foretell.main.watching import Watching
from foretell.model import Version
from foretell.node import Node, Surroundings, machine
from foretell.outbound import Outbound
from foretell.seal import Seal
from foretell.store import Store, open_store
from foretell.weights import Claims, Environments, Weights

_log = logging.getLogger(__name__)


class Server:
    """An API, a node, or both, on one store; `start` and `stop` are each called once.

    `listen`: whether callers reach the API by TCP, or only this user by the socket in the data directory.
    """

    def __init__(self, config: Config, *, api: bool = True, node: bool = True, listen: bool = True) -> None:
        if not config.database and not api:
            raise Error(Code.INVALID_REQUEST, "A node by itself needs Postgres, which --database names.")
        self.config = config
        self.address = ""
        """Where callers reach it, once started."""
        self.first_key: str | None = None
        """The key that the first start made."""
        self.sign_in_token: str | None = None
        """What signs the operator in to the dashboard, once, within a quarter of an hour of the start."""
        self.problems: list[str] = []
        """What is wrong with models that were left out, a sentence each."""
        self.without_effect: list[str] = []
        """What in the settings is about models that are not there, a sentence each."""
        self._has_api, self._has_node, self._listens = api, node, listen
        self._closing = contextlib.AsyncExitStack()
        self._additions: Additions | None = None

    async def start(self) -> None:
        """Returns when callers are answered. Raises Error or LockedError, with nothing left running."""
        try:
            await self._start()
        except BaseException:
            await self._closing.aclose()
            raise

    async def stop(self) -> None:
        """Stops accepting, lets runs finish for `config.shutdown_seconds`, gives the rest back, answers."""
        await self._closing.aclose()

    async def _start(self) -> None:
        found_directory(self.config.data_path)
        # Listening comes first, because a port that is taken should be said at once.
        listener = self._public() if self._has_api and self._listens else None
        store = await open_store(self.config)
        self._closing.push_async_callback(store.close)
        self._watching = Watching(self.config)
        self._watching.start(store, self._closing)
        blobs = open_blobs(self.config)
        outbound = Outbound(self.config, serves_callers=self._has_api)
        self._closing.push_async_callback(outbound.close)
        if self._has_api:
            await self._found(store)
            listening = await self._listening(store, blobs, outbound, listener)
        if self._has_node:
            await self._start_node(store, blobs, outbound)
        if self._additions is not None:
            # Before the node stops: it should not wait for a trial.
            self._closing.push_async_callback(self._additions.close)
        if self._has_api:
            for each in listening:
                each.start()
                self._closing.callback(each.refuse)

    def _public(self) -> socket.socket:
        listener = public_socket(self.config.host, self.config.port)
        self._closing.callback(listener.close)
        self.config = replace(self.config, port=listener.getsockname()[1])
        self.address = self.config.public_url or origin(listener)
        return listener

    async def _found(self, store: Store) -> None:
        """Registers the models as they are on disk now, and makes the first account."""
        now = time.time_ns() // 1_000
        # Beside servers that run on Postgres, a command knows neither their models nor their prices.
        is_alone = self._listens or self._has_node or not self.config.database
        if is_alone or not await store.models():
            await self._register(store, now)
        if not self.config.database:
            # SQLite has one server: whatever a courier had when it was killed, nobody delivers any more.
            await store.free_deliveries()
        self.first_key = await found_account(store, self.config, is_served=self._listens, now=now)
        if self._listens:
            self.sign_in_token = await offer_sign_in(store, now=now)

    async def _register(self, store: Store, now: int) -> None:
        reason = Environments(self.config.cache_path).offline_reason
        versions, self.problems = catalog.load(self.config, created_at=now, offline_reason=reason)
        added = {each.model for each in await store.models() if each.manifest.is_snapshot}
        self.problems += _hidden(versions, added, self.config)
        # At once, so that the disk is flushed once for all of them.
        writes = (store.register(version, current=version.model not in added) for version in versions)
        await asyncio.gather(*writes)
        loaded = {version.model for version in versions} | added
        await store.retire(_gone(await store.models(), loaded))
        # What an operator registered by hand is not where models are looked for; its price is in the settings.
        known = {version.model: version for version in await store.models()}
        for model in known.keys() & self.config.prices.keys() - (loaded - added):
            await store.register(catalog.priced(known[model], self.config.prices))
        for version in known.values():
            # What could not be had the last time may be there now: the next call finds out.
            if version.manifest.is_snapshot and version.offline_reason is not None:
                await store.set_offline(version.id, reason(version.manifest))
        self.without_effect = catalog.unknown(self.config, known)

    async def _listening(
        self, store: Store, blobs: Blobs, outbound: Outbound, listener: socket.socket | None
    ) -> list[Listening]:
        """The API on its sockets, not yet answering, and the loops that go on beside it."""
        seal = Seal(secret(self.config))
        services = api.Services(
            config=self.config,
            store=store,
            blobs=blobs,
            seal=seal,
            check_form=outbound.check_form,
            has_node=self._has_node,
            measures=self._watching.measures,
            is_traced=self._watching.tracing is not None,
        )
        self._additions = services.additions
        await self._additions.open(alone=not self.config.database)
        # A command that only looks something up is no place to deliver what is owed to others.
        if self._listens or self._has_node:
            self._go_on("courier", Courier(store, seal, outbound, self.config).run())
            self._go_on("janitor", Janitor(store, blobs, self.config).run())
        app = api.app(services)
        found = [] if listener is None else [Listening(app, listener)]
        path = socket_path(self.config.data_path)
        # Several APIs on Postgres may share a directory: the first serves its operator.
        if not is_served(path):
            self._closing.callback(path.unlink, missing_ok=True)
            found.append(Listening(local_only(app), private_socket(path)))
        for each in found:
            self._closing.push_async_callback(each.finish)
        self._closing.callback(services.stopping.set)
        return found

    def _go_on(self, name: str, work: Coroutine[None, None, None]) -> None:
        """Does something until the server stops; its end before that is loud."""

        def ended(task: asyncio.Task[None]) -> None:
            if not task.cancelled() and (trouble := task.exception()):
                _log.critical("The %s has ended", name, exc_info=trouble)

        async def end() -> None:
            task.cancel()
            await asyncio.wait({task})

        task = asyncio.create_task(work, name=name)
        task.add_done_callback(ended)
        self._closing.push_async_callback(end)

    async def _start_node(self, store: Store, blobs: Blobs, outbound: Outbound) -> None:
        cache, claims = self.config.cache_path, Claims(self.config.cache_path, self.config.data_path)
        surroundings = Surroundings(
            config=self.config,
            store=store,
            blobs=blobs,
            weights=Weights(cache, claims=claims),
            environments=Environments(cache, claims=claims),
            outbound=outbound,
            seal=Seal(secret(self.config)),
            machine=machine.found(self.config, os.environ),
        )
        node = Node(surroundings)
        await node.start()
        self._closing.push_async_callback(node.stop, self.config.shutdown_seconds)


def _hidden(versions: list[Version], added: set[str], config: Config) -> list[str]:
    """What an operator's own folders say in vain, because a model of that name was added."""
    return [
        f"{each.manifest.folder}: the model '{each.model}' that was added answers to its name; "
        f"'foretell models remove {each.model}' gives it back"
        for each in versions
        if config.models and each.model in added and not _is_built_in(each)
    ]


def _gone(registered: list[Version], loaded: set[str]) -> list[str]:
    """The models of earlier starts that are there no more. What an operator registered by hand stays."""
    others = [version for version in registered if version.model not in loaded]
    return [each.model for each in others if _is_built_in(each) or not Path(each.manifest.folder).exists()]


def _is_built_in(version: Version) -> bool:
    return catalog.MODELS in Path(version.manifest.folder).parents
