"""Processes that a model's process has started, also those that have gone their own ways since.

They are found by descent, for a child adopts what its descendants leave behind, and by a mark in the environment,
which outlives their ancestors. What hides from both has a new environment, and an ancestor that died by itself.
"""

import os
import signal
import subprocess
import time
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path

PROC = Path("/proc")
MARK = "FORETELL_REPLICA"
"""The variable that says to which replica a process belongs: the path of its scratch folder, with a slash."""
SWEEPS_MAX = 50
SWEEP_SECONDS = 0.02
_TICKS_A_SECOND = os.sysconf("SC_CLK_TCK")

Started = dict[int, str]
"""Processes by their ids, with when they started: an id may be given to another process later."""


def marked(folder: Path) -> dict[str, str]:
    """What a process of the replica with that scratch folder has in its environment."""
    return {MARK: f"{folder}/"}


def start_time(pid: int) -> str | None:
    """When a process started, in ticks since the machine did; None: there is none, or it has ended."""
    fields = stat(pid)
    return fields[19] if fields else None


def stat(pid: int) -> list[str] | None:
    """The fields of /proc/PID/stat from the third on: what stands before may contain spaces."""
    try:
        text = (PROC / str(pid) / "stat").read_text()
    except OSError:
        return None
    fields = text[text.rindex(")") + 2 :].split()
    return None if fields[0] in {"Z", "X"} else fields


def ticks() -> int:
    """Now, as start times count it."""
    clock = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)
    return int(time.clock_gettime(clock) * _TICKS_A_SECOND)


def descendants(pid: int, *, since: int = 0) -> Started:
    """What a process has started and what that has started, as far as it lives, and began at `since` or later."""
    found: Started = {}
    parents = [pid]
    while parents:
        for child in _children(parents.pop()):
            started = start_time(child)
            if child not in found and started is not None:
                found[child] = started
                parents.append(child)
    return {each: started for each, started in found.items() if int(started) >= since}


def family(pid: int) -> list[int]:
    """A process and all that it has started, as far as it lives."""
    return [pid, *descendants(pid)]


def held_mb(pids: Collection[int]) -> int:
    """How much memory processes hold, in MB; what they share is counted for each."""
    if not PROC.is_dir():
        return sum(_told_mb(each) for each in pids)
    pages = 0
    for each in pids:
        try:
            pages += int((PROC / str(each) / "statm").read_text().split()[1])
        except (OSError, IndexError):
            continue
    return pages * os.sysconf("SC_PAGE_SIZE") // 1024**2


def bearing(folder: Path) -> Started:
    """Every process marked as of a replica whose scratch folder is this one or in it."""
    found: Started = {}
    prefix = f"{MARK}={folder}/".encode()
    for pid in _everybody():
        started = start_time(pid)
        if started is not None and _bears(pid, prefix):
            found[pid] = started
    return found


def send(number: signal.Signals, processes: Mapping[int, str]) -> None:
    """Sends a signal to those that still are who they were."""
    for pid, started in processes.items():
        if start_time(pid) == started:
            _send(number, pid)


def sweep(folder: Path, known: Mapping[int, str]) -> list[int]:
    """Kills what is known and all that is marked, until nothing of it is left; gives the ids."""
    killed: dict[int, None] = {}
    for _ in range(SWEEPS_MAX):
        living = bearing(folder) | {pid: at for pid, at in known.items() if start_time(pid) == at}
        if not living:
            break
        send(signal.SIGKILL, living)
        killed |= dict.fromkeys(living)
        time.sleep(SWEEP_SECONDS)
    for pid in killed:
        _collect(pid)
    return list(killed)


def _children(pid: int) -> Iterator[int]:
    try:
        threads = list((PROC / str(pid) / "task").iterdir())
    except OSError:
        return
    for thread in threads:
        try:
            yield from map(int, (thread / "children").read_text().split())
        except OSError:
            continue


def _everybody() -> Iterator[int]:
    if PROC.is_dir():
        yield from (int(entry.name) for entry in PROC.iterdir() if entry.name.isdigit())


def _bears(pid: int, prefix: bytes) -> bool:
    try:
        environment = (PROC / str(pid) / "environ").read_bytes()
    except OSError:
        return False
    return environment.startswith(prefix) or b"\0" + prefix in environment


def _send(number: signal.Signals, pid: int) -> None:
    try:
        os.kill(pid, number)
    except (ProcessLookupError, PermissionError):
        return


def _collect(pid: int) -> None:
    """Where this process is the first of its container, what nobody else waits for is left to it."""
    try:
        os.waitpid(pid, os.WNOHANG)
    except ChildProcessError:
        return


def _told_mb(pid: int) -> int:
    found = subprocess.run(["ps", "-o", "rss=", "-p", str(pid)], capture_output=True, text=True, check=False)
    return int(found.stdout.strip() or 0) // 1024
