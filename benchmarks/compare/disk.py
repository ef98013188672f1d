"""How long the disk takes to keep a promise: every figure of a durable server has to be read beside it."""

import os
import statistics
import time
from pathlib import Path

BLOCK = b"\0" * 4_096
TIMES = 100


def flush_ms(folder: Path) -> float:
    """The median of a small write with fdatasync, in milliseconds."""
    taken = []
    path = folder / "probe"
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT, 0o600)
    try:
        for _ in range(TIMES):
            since = time.perf_counter()
            os.pwrite(descriptor, BLOCK, 0)
            os.fdatasync(descriptor)
            taken.append(time.perf_counter() - since)
    finally:
        os.close(descriptor)
        path.unlink()
    return statistics.median(taken) * 1_000
