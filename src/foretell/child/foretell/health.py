"""The predictor's own word on whether it can go on: its `healthcheck()`, asked after setup and after a failure."""

from __future__ import annotations

import inspect
import os
import threading
from collections.abc import Callable
from typing import Any, Optional

from . import failure

SECONDS_MAX = 5.0
FLUSH_SECONDS = 2.0

Healthcheck = Optional[Callable[[], Any]]


class Unhealthy(Exception):
    """The predictor says that it cannot go on."""


def require(healthcheck: Healthcheck) -> None:
    """Raises `Unhealthy`. A check that takes longer than `SECONDS_MAX` ends the process: nothing else may end it."""
    if healthcheck is None:
        return
    watch = threading.Timer(SECONDS_MAX, _too_slow)
    watch.daemon = True
    watch.start()
    try:
        _judge(_waited_for(healthcheck()))
    except Unhealthy:
        raise
    except Exception as error:
        raise Unhealthy(f"healthcheck() raised {failure.message(error)}") from error
    finally:
        watch.cancel()


async def require_here(healthcheck: Healthcheck) -> None:
    """The same on the event loop that is running."""
    if healthcheck is None:
        return
    import asyncio

    try:
        found = healthcheck()
        _judge(await asyncio.wait_for(found, SECONDS_MAX) if inspect.isawaitable(found) else found)
    except asyncio.TimeoutError as error:
        raise Unhealthy(f"healthcheck() took longer than {SECONDS_MAX:g} seconds") from error
    except Unhealthy:
        raise
    except Exception as error:
        raise Unhealthy(f"healthcheck() raised {failure.message(error)}") from error


def _waited_for(found: Any) -> Any:
    if not inspect.iscoroutine(found):
        return found
    import asyncio

    return asyncio.run(found)


def _judge(found: Any) -> None:
    if not found:
        raise Unhealthy("healthcheck() says that the model cannot go on")


def _too_slow() -> None:
    os.write(2, b"healthcheck() took longer than %g seconds\n" % SECONDS_MAX)
    os._exit(1)
