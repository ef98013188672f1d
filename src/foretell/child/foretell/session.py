"""The child from hello to exit: it hears the node, and has the predictor live in the main thread."""

from __future__ import annotations

import contextlib
import faulthandler
import os
import platform
import queue
import threading
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, NoReturn, Union

from . import failure, leash, scope, seclusion, streams
from .hearing import Hearing
from .link import PROTOCOL, Frame, Link, asked, connect
from .outbox import Outbox
from .predictor import Loaded, load
from .runs import Runs

if TYPE_CHECKING:
    from .asynchronous import AsyncRuns

FLUSH_SECONDS = 2.0
PARTS = {"setup": ("folder", "predictor"), "run": ("id", "input", "folder"), "cancel": ("id",)}
PARTS |= {"member": PARTS["run"], "batch": ("id", "members")}


def main(arguments: list[str]) -> NoReturn:
    """Serves the node that the command line names, until it says stop or goes."""
    wanted = asked(arguments)
    # Before anything else: what secludes a process may only have one thread, and it loosens the leash.
    try:
        seclusion.seclude(wanted.hide, wanted.keep, network=not wanted.no_network)
    except OSError as error:
        os.write(2, "The model's process could not be kept apart: {}\n".format(error).encode())
        os._exit(1)
    leash.tie()
    leash.tie_forks()
    faulthandler.enable(2)
    link = connect(wanted.fd)
    outbox = Outbox(link)
    outbox.start()
    os.register_at_fork(after_in_child=link.close)
    os.register_at_fork(after_in_child=outbox.silence)
    streams.install(outbox)
    outbox.put(
        {"type": "hello", "pid": os.getpid(), "protocol": PROTOCOL, "python": platform.python_version()}
    )
    Session(link, outbox).serve()


class Session:
    """What the node asked for, and who does it."""

    def __init__(self, link: Link, outbox: Outbox) -> None:
        self._hearing = Hearing(link)
        self._outbox = outbox
        self._setup: queue.SimpleQueue[Frame] = queue.SimpleQueue()
        self._lock = threading.Lock()
        self._early: list[Frame] = []
        self._runs: Union[Runs, AsyncRuns, None] = None

    def serve(self) -> NoReturn:
        """Does what it hears until that is to stop, and exits: threads that would not end do not matter."""
        self._hearing.start(self._hear, self._hang_up)
        self._live(self._setup.get())

    def _hear(self, frame: Frame) -> None:
        kind = frame["type"]
        for part in PARTS.get(kind, ()):
            frame[part]
        if kind == "setup":
            scope.declare_weights(frame.get("weights") or {})
            self._setup.put(frame)
        elif kind in ("run", "member", "batch"):
            self._run(frame)
        elif kind == "cancel":
            self._cancel(frame["id"])
        elif kind == "stop":
            self._exit(0)

    def _run(self, frame: Frame) -> None:
        if self._runs is None:
            with self._lock:
                if self._runs is None:
                    self._early.append(frame)
                    return
        self._runs.run(frame)

    def _cancel(self, run_id: str) -> None:
        with self._lock:
            early = [frame for frame in self._early if frame["id"] == run_id]
            self._early = [frame for frame in self._early if frame["id"] != run_id]
        if early:
            self._outbox.put({"type": "canceled", "id": run_id})
        elif self._runs is not None:
            self._runs.cancel(run_id)

    def _live(self, frame: Frame) -> NoReturn:
        begun_seconds = time.monotonic()
        try:
            loaded = load(frame["folder"], frame["predictor"], list(frame.get("paths") or ()))
            runs = self._runs_of(loaded, int(frame.get("concurrency") or 1))
            runs.live(self._on_ready(runs, loaded, begun_seconds))
        except BaseException as error:  # noqa: BLE001 - the author's setup can raise anything
            self._fail(error)
        self._exit(1)

    def _runs_of(self, loaded: Loaded, concurrency: int) -> Union[Runs, AsyncRuns]:
        if loaded.is_async:
            # asyncio takes longer to import than all the rest; a synchronous predictor need not wait for it.
            from .asynchronous import AsyncRuns

            return AsyncRuns(loaded, self._outbox, max(concurrency, loaded.concurrent))
        return Runs(loaded, self._outbox, self._hearing)

    def _on_ready(
        self, runs: Union[Runs, AsyncRuns], loaded: Loaded, begun_seconds: float
    ) -> Callable[[], None]:
        def ready() -> None:
            self._outbox.put(
                {
                    "type": "ready",
                    "streaming": loaded.is_streaming,
                    "concurrency": runs.capacity,
                    "setup_seconds": round(time.monotonic() - begun_seconds, 6),
                }
            )
            self._hearing.attend(self._outbox.send, runs.repeat_cancels)
            with self._lock:
                early, self._early = self._early, []
                for frame in early:
                    runs.run(frame)
                self._runs = runs

        return ready

    def _fail(self, error: BaseException) -> None:
        if self._runs is not None:
            # Not the setup, but the thread or the loop that the runs were in: they broke it.
            self._leave(failure.trace(error))
        self._outbox.put(
            {"type": "setup_failed", "message": failure.message(error), "traceback": failure.trace(error)}
        )

    def _hang_up(self, reason: Exception) -> NoReturn:
        self._leave(f"the link to the node ended: {reason}\n")

    def _leave(self, words: str) -> NoReturn:
        # The link is of no use; the pipe may be, but perhaps nobody reads that either.
        with contextlib.suppress(OSError):
            os.write(2, words.encode("utf-8", "replace"))
        os._exit(1)

    def _exit(self, status: int) -> NoReturn:
        self._outbox.flush(FLUSH_SECONDS)
        os._exit(status)
