"""The child does not outlive its node."""

from __future__ import annotations

import ctypes
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
