"""Children of nodes that died: found by process id and start time, and killed before anything loads."""

import os
import signal
import subprocess
from pathlib import Path

from foretell.node import processes
from foretell.node.folder import children_recorded, is_abandoned, remove
from foretell.node.processes import PROC, stat, sweep


def clear_leftovers(root: Path) -> list[int]:
    """Kills what dead nodes left running, removes their folders, and gives the ids of those killed."""
    if not root.is_dir():
        return []
    killed: list[int] = []
    for folder in root.iterdir():
        if not folder.is_dir() or not is_abandoned(folder):
            continue
        for pid, started in children_recorded(folder).items():
            killed += _killed_session(pid, started)
        # What a child has started in sessions of its own still bears its mark.
        killed += [pid for pid in sweep(folder, {}) if pid not in killed]
        remove(folder)
    return killed


def start_time(pid: int) -> str | None:
    """When a process started, in words that only serve to be compared; None: there is no such process."""
    if PROC.is_dir():
        return processes.start_time(pid)
    found = subprocess.run(
        ["ps", "-o", "lstart=", "-p", str(pid)], capture_output=True, text=True, check=False
    )
    return found.stdout.strip() or None


def _killed_session(leader: int, started: str) -> list[int]:
    """A child leads a session of its own; its members outlive it when the node was killed with it."""
    members = [leader] if start_time(leader) == started else []
    members += [pid for pid in _members(leader, started) if pid != leader]
    for pid in members:
        _kill(pid)
    return members


def _members(session: int, started: str) -> list[int]:
    """Processes of that session, unless its leader's id has been given to a newer process."""
    if not PROC.is_dir() or start_time(session) not in {None, started}:
        return []
    found = []
    for entry in PROC.iterdir():
        fields = stat(int(entry.name)) if entry.name.isdigit() else None
        if fields and int(fields[3]) == session and int(fields[19]) >= int(started):
            found.append(int(entry.name))
    return found


def _kill(pid: int) -> None:
    try:
        os.kill(pid, signal.SIGKILL)
    except ProcessLookupError:
        return
