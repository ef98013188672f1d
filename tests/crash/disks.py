"""Disks of a test's own, that may fill up, and a model that fills them."""

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

GIVES_A_FILE = """
    import time
    from cog import Path
    def predict(seconds: float = 0.0, kilobytes: int = 100) -> Path:
        time.sleep(seconds)
        Path("note.txt").write_text("x" * kilobytes * 1000)
        return Path("note.txt")
    """


@contextmanager
def disk(directory: Path, megabytes: int) -> Iterator[Path]:
    """A file system of its own at `directory`."""
    directory.mkdir(parents=True)
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={megabytes}m", "tmpfs", str(directory)], check=True)
    try:
        yield directory
    finally:
        subprocess.run(["umount", "--lazy", str(directory)], check=True)
