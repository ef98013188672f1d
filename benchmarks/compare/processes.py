"""A server under test as processes: started, found to answer, weighed, and ended with all its children."""

import contextlib
import os
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil

START_SECONDS = 120.0
LOOK_SECONDS = 0.01
END_SECONDS = 15.0
MEGABYTE = 1024**2


@dataclass(frozen=True, slots=True)
class Memory:
    """What all processes of a server hold together, in megabytes; `pss_mb` counts shared pages once."""

    rss_mb: float
    pss_mb: float
    processes: int


class Tree:
    """A process and all that it has started."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        self._root = psutil.Process(process.pid)

    def cpu_seconds(self) -> float:
        """What those that live now have used, in user and system time together."""
        return sum(_cpu_seconds(each) for each in self._all())

    def memory(self) -> Memory:
        """What they hold now."""
        found = []
        for each in self._all():
            with contextlib.suppress(psutil.Error):
                found.append(each.memory_full_info())
        return Memory(
            sum(each.rss for each in found) / MEGABYTE,
            sum(each.pss for each in found) / MEGABYTE,
            len(found),
        )

    def end(self) -> None:
        """Ends all of them; returns when they are gone."""
        found = self._all()
        with contextlib.suppress(psutil.Error):
            self._root.send_signal(signal.SIGTERM)
        _, alive = psutil.wait_procs(found, timeout=END_SECONDS)
        for each in alive:
            with contextlib.suppress(psutil.Error):
                each.kill()
        psutil.wait_procs(alive, timeout=END_SECONDS)

    def _all(self) -> list[psutil.Process]:
        try:
            return [self._root, *self._root.children(recursive=True)]
        except psutil.Error:
            return []


def free_port() -> int:
    """A port of this machine that nobody listens on just now."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port: int = found.getsockname()[1]
        return port


@contextmanager
def started(
    command: list[str], *, folder: Path, environment: dict[str, str], answers: Callable[[], bool]
) -> Iterator[tuple[Tree, float]]:
    """The processes of a server, and the seconds until it first answered. Raises TimeoutError with its log's end."""
    log = folder / "log"
    since = time.perf_counter()
    with log.open("wb") as file:
        process = subprocess.Popen(
            command,
            cwd=folder,
            stdin=subprocess.DEVNULL,
            stdout=file,
            stderr=subprocess.STDOUT,
            env=os.environ | environment,
            start_new_session=True,
        )
    tree = Tree(process)
    try:
        while not answers():
            if process.poll() is not None or time.perf_counter() - since > START_SECONDS:
                raise TimeoutError(
                    f"{command[0]} did not answer:\n{log.read_text(errors='replace')[-2_000:]}"
                )
            time.sleep(LOOK_SECONDS)
        yield tree, time.perf_counter() - since
    finally:
        tree.end()
        process.wait()


def _cpu_seconds(process: psutil.Process) -> float:
    try:
        used = process.cpu_times()
    except psutil.Error:
        return 0.0
    return used.user + used.system
