"""Having a large file a second time without its bytes: by a clone, or by another name for it."""

import contextlib
import os
import shutil
import sys
from pathlib import Path

COPIED_BYTES_MAX = 256 * 1024**2
"""A file up to this is copied: a second name for it would change with it when somebody writes into it."""
_FICLONE = 0x40049409


def link_or_copy(source: str | Path, target: str | Path) -> None:
    """Makes `target` what `source` is now. A large one shares its bytes where the file system can do no better.

    Whoever replaces such a file leaves the other as it is; who writes into it changes both, which its SHA-256 tells.
    """
    source, target = Path(source).resolve(), Path(target)
    if _cloned(source, target):
        return
    if source.stat().st_size > COPIED_BYTES_MAX:
        with contextlib.suppress(OSError):  # another file system
            os.link(source, target)
            return
    shutil.copy2(source, target)


def _cloned(source: Path, target: Path) -> bool:
    """Whether the file system shares the bytes until one of the two is written to."""
    if sys.platform != "linux":
        return False
    import fcntl

    with source.open("rb") as given, target.open("wb") as made:
        try:
            fcntl.ioctl(made.fileno(), _FICLONE, given.fileno())
        except OSError:
            pass
        else:
            return True
    target.unlink()
    return False
