"""What the child sees of the machine: not its node's secrets, and no network where its author wants none.

The process goes into namespaces of its own and gives up all power over them before any code of the model runs.
Run as a program it does nothing else: whoever starts it learns whether this machine allows it. Models wait for
that program, so it imports next to nothing.
"""

# Paths as objects would be most of what it imports.
# ruff: noqa: PTH103, PTH109, PTH120, PTH123, PTH208

from __future__ import annotations

import ctypes
import os
import resource
import struct
import sys

# Not from typing, which would be the rest.
TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Optional

_PROCESSES_MAX = 4096
_CLONE_NEWNS = 0x00020000
_CLONE_NEWUSER = 0x10000000
_CLONE_NEWNET = 0x40000000
_MS_RDONLY, _MS_NOSUID, _MS_NODEV, _MS_NOEXEC = 1, 2, 4, 8
_MS_REMOUNT, _MS_BIND, _MS_REC, _MS_SLAVE = 32, 4096, 16384, 1 << 19
_SECLUDED = _MS_NOSUID | _MS_NODEV | _MS_NOEXEC
_PR_CAPBSET_DROP = 24
_CAPABILITY_VERSION_3 = 0x20080522
_SIOCSIFFLAGS = 0x8914
_IFF_UP_RUNNING = 0x1 | 0x40


def seclude(hidden: Optional[str], kept: Sequence[str], *, network: bool) -> None:
    """From here on the directory `hidden` is empty but for the directories `kept` in it; `network`: there is one.

    Raises OSError where the system does not allow that; the process is then good for nothing.
    """
    if hidden is None and network:
        return
    uid, gid, here = os.geteuid(), os.getegid(), os.getcwd()
    mounts = 0 if hidden is None else _CLONE_NEWNS
    _call("unshare", _CLONE_NEWUSER | mounts | (0 if network else _CLONE_NEWNET))
    # Inside, this user is who they were, and there is nobody else.
    _write("/proc/self/setgroups", "deny")
    _write("/proc/self/uid_map", "{0} {0} 1".format(uid))
    _write("/proc/self/gid_map", "{0} {0} 1".format(gid))
    # Only here: without a namespace of its own, all that this user runs elsewhere would count.
    resource.setrlimit(resource.RLIMIT_NPROC, (_PROCESSES_MAX, _PROCESSES_MAX))
    if hidden is not None:
        _hide(hidden, kept)
        # By its path anew: the old directory would lead up into what was hidden.
        os.chdir(here)
    if not network:
        _raise_loopback()
    _give_up_power()


def _hide(hidden: str, kept: Sequence[str]) -> None:
    _call("mount", None, b"/", None, _MS_REC | _MS_SLAVE, None)
    opened = [(each, os.open(each, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)) for each in kept]
    _call("mount", b"none", os.fsencode(hidden), b"tmpfs", _SECLUDED, b"size=1m,mode=755")
    for path, descriptor in opened:
        os.makedirs(path, exist_ok=True)
        source = "/proc/self/fd/{}".format(descriptor).encode()
        _call("mount", source, os.fsencode(path), None, _MS_BIND | _MS_REC, None)
        os.close(descriptor)
    _call("mount", None, os.fsencode(hidden), None, _MS_REMOUNT | _MS_BIND | _MS_RDONLY | _SECLUDED, None)


def _raise_loopback() -> None:
    """Programs talk to themselves over it; it leads nowhere else."""
    import fcntl
    import socket

    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as end:
        fcntl.ioctl(end, _SIOCSIFFLAGS, struct.pack("16sH14s", b"lo", _IFF_UP_RUNNING, b""))


def _give_up_power() -> None:
    """Else the model could undo what was done."""
    number = 0
    while _libc().prctl(_PR_CAPBSET_DROP, number, 0, 0, 0) == 0:
        number += 1
    head = struct.pack("=Ii", _CAPABILITY_VERSION_3, 0)
    _call("capset", head, struct.pack("=6I", *[0] * 6))


def _write(path: str, text: str) -> None:
    with open(path, "w", encoding="ascii") as file:
        file.write(text)


def _call(name: str, *arguments: object) -> None:
    if getattr(_libc(), name)(*arguments) != 0:
        number = ctypes.get_errno()
        raise OSError(number, "{}: {}".format(name, os.strerror(number)))


def _libc() -> ctypes.CDLL:
    return ctypes.CDLL(None, use_errno=True)


if __name__ == "__main__":
    seclude(sys.argv[2] or None, [], network=sys.argv[1] == "network")
    # Root alone reads what belongs to others, and in its own namespace it is root over itself only.
    for place in (os.path.dirname(__file__), sys.prefix, *sys.argv[3:]):
        os.listdir(place)
