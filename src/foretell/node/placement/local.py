"""A child process on this machine: started clean, watched, and killed with all it started."""

import asyncio
import contextlib
import os
import resource
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from foretell.node import processes
from foretell.node.link import Link, open_link
from foretell.node.pipe import Pipe
from foretell.node.placement.seclusion import CHILD, Seclusion

OPEN_FILES_MAX = 65_536
KEPT_VARIABLES = (
    "PATH",
    "CUDA_VISIBLE_DEVICES",
    "LD_LIBRARY_PATH",
    "MKL_NUM_THREADS",
    "OMP_NUM_THREADS",
    "OMP_WAIT_POLICY",
    "OPENBLAS_NUM_THREADS",
    "TZ",
)
"""All that every child sees of its node's environment; secrets are never among it."""

DEFAULTS = {
    "PATH": os.defpath,
    # Threads that spin while they wait take the processor from other models: on a busy machine one was 15 times slower.
    "OMP_WAIT_POLICY": "PASSIVE",
}

Hear = Callable[[str, str], None]
"""Is told `(source, text)`: what the process wrote on its standard output or error."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Start:
    """What to start: `python` runs the child in the folder `scratch`, which is also its home.

    `variables`: what of `environment` it sees beyond what every child does.
    `data_bytes_max`: how much memory of its own it may ask for; None: as much as there is.
    """

    python: Path
    scratch: Path
    environment: Mapping[str, str]
    variables: tuple[str, ...] = ()
    seclusion: Seclusion = field(default_factory=Seclusion)
    data_bytes_max: int | None = None


class Child:
    """A running process and everything that leads to it."""

    def __init__(self, process: subprocess.Popen[bytes], scratch: Path, link: Link, hear: Hear) -> None:
        self.pid = process.pid
        self.link = link
        self.exited: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        assert process.stdout is not None and process.stderr is not None
        self._process = process
        self._scratch = scratch
        self._kin: processes.Started = {}
        self._is_collected = False
        self._sweeping: asyncio.Task[None] | None = None
        self._pipes = (Pipe(process.stdout, "stdout", hear), Pipe(process.stderr, "stderr", hear))
        self._watch()

    def drain(self) -> None:
        """Hears at once what the process has written so far."""
        for pipe in self._pipes:
            pipe.drain()

    def terminate(self) -> None:
        """Asks the process and all it started to end."""
        self._signal(signal.SIGTERM)

    def kill(self) -> None:
        """Ends the process and all it started."""
        self._signal(signal.SIGKILL)

    def close(self) -> None:
        """Lets go of the link and the pipes, which others may still hold open."""
        self.link.close()
        for pipe in self._pipes:
            pipe.close()

    def started_since(self, ticks: int) -> bool:
        """Whether something that the process has started since then still runs."""
        return bool(processes.descendants(self.pid, since=ticks))

    def _signal(self, number: signal.Signals) -> None:
        # Before the exit is collected the id cannot be another process's; after it there is nothing to do.
        if not self._is_collected:
            # Once the process is dead, nobody knows any more what in other sessions it had started.
            self._kin |= processes.descendants(self.pid)
            _signal_group(self.pid, number)
            processes.send(number, self._kin)

    def _watch(self) -> None:
        try:
            descriptor = os.pidfd_open(self.pid)
        except (AttributeError, OSError):
            self._watch_from_thread()
            return
        loop = asyncio.get_running_loop()

        def ended() -> None:
            loop.remove_reader(descriptor)
            os.close(descriptor)
            self._collect()

        loop.add_reader(descriptor, ended)

    def _watch_from_thread(self) -> None:
        loop = asyncio.get_running_loop()

        def wait() -> None:
            self._process.wait()
            with contextlib.suppress(RuntimeError):  # the loop was closed meanwhile
                loop.call_soon_threadsafe(self._collect)

        threading.Thread(target=wait, name=f"child-{self.pid}", daemon=True).start()

    def _collect(self) -> None:
        if not self._is_collected:
            _signal_group(self.pid, signal.SIGKILL)
            code = self._process.wait()
            self._is_collected = True
            self._sweeping = asyncio.get_running_loop().create_task(self._swept(code))

    async def _swept(self, code: int) -> None:
        """The process is gone when all that it has started is."""
        try:
            await asyncio.to_thread(processes.sweep, self._scratch, self._kin)
        finally:
            self.exited.set_result(code)


async def start(what: Start, hear: Hear) -> Child:
    """Starts a child that dies with this process. Raises OSError when it cannot be started."""
    ours, theirs = socket.socketpair()
    try:
        process = _started(what, theirs)
    except OSError:
        ours.close()
        raise
    finally:
        theirs.close()
    _limit(process.pid, what.data_bytes_max)
    return Child(process, what.scratch, await open_link(ours), hear)


def _started(what: Start, link: socket.socket) -> subprocess.Popen[bytes]:
    # In this thread, although it takes a millisecond: the child dies when the thread that started it ends.
    return subprocess.Popen(
        [str(what.python), "-u", str(CHILD), "--fd", str(link.fileno()), *what.seclusion.arguments()],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        pass_fds=[link.fileno()],
        cwd=what.scratch,
        env=clean_environment(what.environment, home=what.scratch, variables=what.variables),
        start_new_session=True,
    )


def clean_environment(
    environment: Mapping[str, str], *, home: Path, variables: Iterable[str] = ()
) -> dict[str, str]:
    """What a child may see of `environment`, `variables` among it, with a home of its own."""
    kept = {name: environment[name] for name in (*KEPT_VARIABLES, *variables) if name in environment}
    own = {"HOME": str(home), "TMPDIR": str(home), "LANG": "C.UTF-8", "PYTHONDONTWRITEBYTECODE": "1"}
    return DEFAULTS | kept | own | processes.marked(home)


def death_sentence(code: int) -> str:
    """How a process ended, for the caller: `code` is its exit code, or a signal's number below zero."""
    if code >= 0:
        return f"ended with exit code {code}"
    try:
        name = signal.Signals(-code).name
    except ValueError:
        name = f"signal {-code}"
    return f"was killed by {name}" + (" (out of memory?)" if name == "SIGKILL" else "")


def _limit(pid: int, data_bytes_max: int | None) -> None:
    """No core dumps, bounds on open files and memory. Set from outside, before the child is told what to run."""
    if sys.platform != "linux":
        return
    _, most = resource.prlimit(pid, resource.RLIMIT_NOFILE)
    files = OPEN_FILES_MAX if most == resource.RLIM_INFINITY else min(OPEN_FILES_MAX, most)
    with contextlib.suppress(ProcessLookupError):
        resource.prlimit(pid, resource.RLIMIT_NOFILE, (files, files))
        resource.prlimit(pid, resource.RLIMIT_CORE, (0, 0))
        if data_bytes_max is not None:
            resource.prlimit(pid, resource.RLIMIT_DATA, (data_bytes_max, data_bytes_max))


def _signal_group(pid: int, number: signal.Signals) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(pid, number)
