"""The child does not outlive its node, and what was forked from the child does not outlive the child."""

from __future__ import annotations

import contextlib
import ctypes
import fcntl
import os
import signal
import sys

_PR_SET_PDEATHSIG = 1
_PR_SET_CHILD_SUBREAPER = 36
_PR_SET_NO_NEW_PRIVS = 38


def tie() -> None:
    """On Linux the kernel kills this process when its parent ends; elsewhere the end of the link must do."""
    # Ctrl-C in a terminal goes to every process of it; when to stop is for the node to say.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    if not sys.platform.startswith("linux"):
        return
    parent = os.getppid()
    prctl = ctypes.CDLL(None, use_errno=True).prctl
    prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    # What a model starts and lets go of stays below this process, where the node finds it.
    prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    # Whatever a model starts, no set-user-id program gives it more than it has.
    prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
    if os.getppid() != parent:
        os._exit(1)


def tie_forks() -> None:
    """On Linux the kernel kills what is forked from this process, and from that, when this process ends.

    The node does so, too; but where the node was killed nobody else would. A death signal of the kernel's cannot do it:
    a process that was forked twice has lost its parent long before.
    """
    if not sys.platform.startswith("linux"):
        return
    end, life = os.pipe()
    pipe = os.fstat(end)

    def follow() -> None:
        # What is forked may fork again when it has closed all that it had open, and opened something else instead.
        with contextlib.suppress(OSError):
            if os.path.samestat(os.fstat(life), pipe) and _is_to_write(life):
                os.close(life)
        with contextlib.suppress(OSError):
            if os.path.samestat(os.fstat(end), pipe):
                _end_with(end)

    os.register_at_fork(after_in_child=follow)


def _is_to_write(descriptor: int) -> bool:
    return fcntl.fcntl(descriptor, fcntl.F_GETFL) & os.O_ACCMODE == os.O_WRONLY


def _end_with(pipe: int) -> None:
    """From here on the kernel kills this process when nobody can write to the pipe any more."""
    # Opened anew: of each opening it is one process that is told.
    told = os.open("/proc/self/fd/{}".format(pipe), os.O_RDONLY | os.O_NONBLOCK)
    # A program that takes this process' place ends with the pipe as well.
    os.set_inheritable(told, True)
    fcntl.fcntl(told, fcntl.F_SETOWN, os.getpid())
    fcntl.fcntl(told, fcntl.F_SETSIG, signal.SIGKILL)
    fcntl.fcntl(told, fcntl.F_SETFL, os.O_ASYNC | os.O_NONBLOCK)
    with contextlib.suppress(BlockingIOError):
        os.read(told, 1)
        # It was too late to be told.
        os._exit(1)
