"""The server's memory and environment, where its secrets are, kept from other processes of the same user."""

import ctypes
import sys

_PR_SET_DUMPABLE = 4


def shield() -> None:
    """On Linux nobody but root may from now on read, trace or dump this process. What it starts is not meant."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0)
