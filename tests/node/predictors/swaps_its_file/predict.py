"""Yields a file and then puts a symbolic link, a pipe, a folder or nothing in its place."""

import os
import time
from collections.abc import Iterator

from cog import BasePredictor, Input, Path, current_scope


class Predictor(BasePredictor):
    def predict(
        self,
        swap: str = Input(
            default="link", choices=["link", "hardlink", "pipe", "folder", "nothing", "parent"]
        ),
        target: str = Input(default="/etc/passwd"),
    ) -> Iterator[Path]:
        path = Path("honest.txt")
        path.write_text("honest")
        yield path
        out = current_scope().folder / "out"
        given = out / "0-honest.txt"
        given.unlink(missing_ok=True)
        if swap == "link":
            given.symlink_to(target)
        elif swap == "hardlink":
            os.link(target, given)
        elif swap == "pipe":
            os.mkfifo(given)
        elif swap == "folder":
            given.mkdir()
        elif swap == "parent":
            out.rmdir()
            out.symlink_to(Path(target).parent)
        time.sleep(0.2)
