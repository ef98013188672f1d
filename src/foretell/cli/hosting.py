"""A server in this process: started, announced, and stopped when it is asked to."""

import asyncio
import gc
import os
import shlex
import signal
from pathlib import Path
from typing import TYPE_CHECKING, Any

import uvloop

from foretell.cli import logs
from foretell.cli.configured import settings
from foretell.cli.saying import say
from foretell.errors import Code, Error

if TYPE_CHECKING:
    from foretell.main.server import Server

INTERRUPTED = 130
YOUNG_MAX = 20_000
"""How many new objects are looked through for garbage at a time."""


def host(command: str, file: Path | None, **chosen: Any) -> None:
    """Runs a server until it is asked to stop: `serve` is an API and a node, `api` and `node` are one of both.

    `chosen` are settings above those of `file` and the environment. Raises Error where they cannot be.
    """
    config = settings(file, **chosen)
    if command == "api" and not config.database:
        raise Error(Code.INVALID_REQUEST, "An API by itself needs Postgres, which --database names.")
    # What a start makes, stays: to look for garbage meanwhile takes a tenth of its time, and finds next to nothing.
    gc.disable()
    # Imported only here: other commands start in half the time without it.
    from foretell.main.server import Server
    from foretell.main.shielding import shield

    shield()
    logs.begin(config.log_format)
    uvloop.run(_serve(Server(config, api=command != "node", node=command != "api")))


async def _serve(server: "Server") -> None:
    asked_to_stop = _stop_signals()
    await server.start()
    try:
        _spare_garbage()
        _greet(server)
        await asked_to_stop.wait()
        say("\nStopping: runs under way may finish. Press Ctrl-C again to stop at once.", aside=True)
    finally:
        await server.stop()


def _spare_garbage() -> None:
    """What is there once the server has started stays: looking for garbage in it again and again is waste."""
    gc.freeze()
    gc.set_threshold(YOUNG_MAX, 20, 50)
    gc.enable()


def _stop_signals() -> asyncio.Event:
    """An event that the first signal sets; the second ends the process, which loses nothing accepted."""
    asked = asyncio.Event()

    def stop() -> None:
        if asked.is_set():
            os._exit(INTERRUPTED)
        asked.set()

    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop)
    return asked


def _greet(server: "Server") -> None:
    for problem in server.problems:
        say(problem, label="Model left out:", style="yellow", aside=True)
    for setting in server.without_effect:
        say(setting, label="Without effect:", style="yellow", aside=True)
    if not server.address:
        say("Foretell runs models for the APIs on this database.", aside=True)
        return
    say(server.address, label="Foretell is ready at", style="")
    if server.config.on_loopback:
        say("Only this machine can call it; so webhooks and input files may have private addresses.")
    if server.sign_in_token:
        link = f"{server.address}/sign-in?token={server.sign_in_token}"
        say(link, label="Open the dashboard (this link works once):", style="")
    if server.first_key:
        say(f"\nYour API key, shown this once: {server.first_key}\n\nTry it:\n")
        say(_example(server.address, server.first_key))


def _example(address: str, key: str) -> str:
    body = '{"model": "truefusion", "input": {"prompt": "a red fox"}, "await": true}'
    header = f"x-api-key: {key}"
    first = f"  curl {address}/v1/predict -H {shlex.quote(header)}"
    return f"{first} \\\n    -H 'content-type: application/json' -d '{body}'\n"
