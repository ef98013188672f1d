"""The files a run gives: a path from a child is a stranger's path.

It is opened beneath the run's folder without following links, moved out of the child's reach, and only then
looked at: a regular file with one link and no larger than allowed.
"""

import asyncio
import hashlib
import os
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any

from foretell.file import File, Purpose
from foretell.ids import new_token
from foretell.node.beneath import chunks, move
from foretell.node.content_types import HEAD_BYTES, content_type, extension
from foretell.node.extents import Extent, extent
from foretell.node.frames import FileAt
from foretell.node.trouble import RunFailed
from foretell.prediction import FILE_KEY, Prediction

NAME_CHARACTERS_MAX = 60
COUNT_MAX = 1_000
"""Files of one run."""


@dataclass(frozen=True, slots=True)
class Taken:
    """A file that was taken from a run: its row, where its bytes wait to be stored, how large or long it is."""

    file: File
    path: Path
    extent: Extent = field(default_factory=Extent)


class Outputs:
    """The files of one attempt, in the order they came."""

    def __init__(
        self,
        prediction: Prediction,
        run_folder: Path,
        kept: Path,
        *,
        bytes_max: int,
        clock: Callable[[], int],
    ) -> None:
        """`kept`: a folder on the same file system that the child is not told of, made when it is needed."""
        self.taken: list[Taken] = []
        self.has_kept = False
        self._prediction = prediction
        self._run_folder = run_folder
        self._kept = kept
        self._bytes_max = bytes_max
        self._clock = clock

    async def take(self, value: Any, files: Sequence[FileAt]) -> Any:
        """The value with `{"$file": id}` in the place of each file. Raises RunFailed."""
        for each in files:
            if len(self.taken) >= COUNT_MAX:
                raise RunFailed("too_large", f"The output has more than {COUNT_MAX} files.")
            taken = await asyncio.to_thread(self._take, each.path)
            self.taken.append(taken)
            value = _put(value, each.at, {FILE_KEY: taken.file.id})
        return value

    def _take(self, given: str) -> Taken:
        self._kept.mkdir(exist_ok=True, mode=0o700)
        self.has_kept = True
        kept = self._kept / str(len(self.taken))
        try:
            move(self._run_folder, given, kept)
            head, size, sha256 = self._read(kept, given)
        except FileNotFoundError as error:
            raise RunFailed(
                "bad_output", f"The output names the file '{given}', which is not there."
            ) from error
        except (OSError, ValueError) as error:
            raise RunFailed(
                "bad_output", f"The output names '{given}', which is not a plain file."
            ) from error
        media_type = content_type(head, given)
        file = File(
            id=new_token(),
            account_id=self._prediction.account_id,
            prediction_id=self._prediction.id,
            purpose=Purpose.OUTPUT,
            name=unique_name(given, media_type),
            content_type=media_type,
            size_bytes=size,
            sha256=sha256,
            created_at=self._clock(),
        )
        return Taken(file, kept, extent(kept, media_type))

    def _read(self, path: Path, given: str) -> tuple[bytes, int, str]:
        """First bytes, size and SHA-256."""
        digest, size, head = hashlib.sha256(), 0, b""
        for chunk in chunks(path):
            head = head or chunk[:HEAD_BYTES]
            size += len(chunk)
            digest.update(chunk)
            if size > self._bytes_max:
                limit = f"the {self._bytes_max / 1e6:g} MB allowed"
                raise RunFailed("too_large", f"The file '{given}' is larger than {limit}.")
        return head, size, digest.hexdigest()


def unique_name(given: str, media_type: str) -> str:
    """A name that no other file has, close to the given one: `<stem>-<6 random>.<extension>`."""
    path = PurePosixPath(re.sub(r"^(out/)?\d+-", "", given))
    stem = re.sub(r"[^A-Za-z0-9._-]+", "-", path.stem).strip("-.")[:NAME_CHARACTERS_MAX] or "output"
    suffix = (
        path.suffix.lower() if re.fullmatch(r"\.[A-Za-z0-9]{1,12}", path.suffix) else extension(media_type)
    )
    return f"{stem}-{os.urandom(3).hex()}{suffix}"


def _put(value: Any, at: Sequence[str | int], file: dict[str, str]) -> Any:
    if not at:
        return file
    inner = value
    try:
        for step in at[:-1]:
            inner = inner[step]
        inner[at[-1]] = file
    except (LookupError, TypeError) as error:
        raise RunFailed("bad_output", "The output names a file in a place that it does not have.") from error
    return value
