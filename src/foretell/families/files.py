"""The files of weights as a recognition sees them: their names and sizes, and parts of their content."""

import json
import re
import struct
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path, PurePosixPath
from typing import Any

from foretell.errors import Code, Error
from foretell.families.recognized import DIRECTORY

READ_BYTES_MAX = 32 * 1024**2
"""A configuration or a list of words is smaller; weights are larger and never read whole."""
HEADER_BYTES_MAX = 16 * 1024**2
FILES_MAX = 20_000

Part = Callable[[str, int, int], bytes]
"""The bytes of a file from a place on, at most so many; fewer at its end."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Files:
    """What there is, before anything big is fetched: a directory's files, a hub repository's, or a single file.

    `sizes` maps relative paths, with `/`, to bytes. `title` is what the whole is called where it lies.
    """

    sizes: Mapping[str, int]
    part: Part
    title: str = ""
    is_single: bool = False
    """The weights are one file and not a directory; it is the only one of `sizes`."""

    @property
    def weight(self) -> str:
        """The name by which a predictor asks for the weights; that of a single file keeps its suffix."""
        return f"model{PurePosixPath(next(iter(self.sizes))).suffix}" if self.is_single else DIRECTORY

    def read(self, path: str) -> bytes:
        """A small file's content. Error(TOO_LARGE) for what is not small."""
        if self.sizes[path] > READ_BYTES_MAX:
            raise Error(
                Code.TOO_LARGE, f"{path} has {self.sizes[path]:,} bytes; at most {READ_BYTES_MAX:,} are read."
            )
        return self.part(path, 0, self.sizes[path])

    def table(self, path: str) -> dict[str, Any]:
        """The JSON object in a file; {} where there is no such file. Error(INVALID_REQUEST) for anything else."""
        if path not in self.sizes:
            return {}
        try:
            found = json.loads(self.read(path))
        except ValueError as error:
            raise Error(Code.INVALID_REQUEST, f"{path} is not JSON: {error}") from error
        if not isinstance(found, dict):
            raise Error(Code.INVALID_REQUEST, f"{path} holds no JSON object.")
        return found

    def ending_in(self, suffix: str) -> list[str]:
        """The paths that end so, sorted, those nearer to the root first."""
        return sorted(
            (each for each in self.sizes if each.endswith(suffix)), key=lambda path: (path.count("/"), path)
        )

    def tensors(self, path: str) -> dict[str, Any]:
        """The tensors that the header of a `.safetensors` file lists: name to `dtype` and `shape`."""
        (length,) = struct.unpack("<Q", self.part(path, 0, 8).ljust(8, b"\0"))
        if not 0 < length <= min(HEADER_BYTES_MAX, self.sizes[path]):
            raise Error(Code.INVALID_REQUEST, f"{path} has no header that a .safetensors file has.")
        try:
            found = json.loads(self.part(path, 8, length))
        except ValueError as error:
            raise Error(Code.INVALID_REQUEST, f"{path} has a damaged header: {error}") from error
        return {name: each for name, each in found.items() if name != "__metadata__"}

    def front_matter(self) -> dict[str, str]:
        """What the top of a model card says in plain lines: its license, the model that it is based on."""
        if "README.md" not in self.sizes:
            return {}
        text = self.part("README.md", 0, 64 * 1024).decode(errors="replace").replace("\r\n", "\n")
        top = text[4:].partition("\n---")[0] if text.startswith("---\n") else ""
        listed = re.sub(r":\s*\n\s*-\s+", ": ", top)  # a list's first item stands for it
        pairs = (line.partition(":") for line in listed.split("\n") if re.match(r"[a-z_]+:", line))
        return {name: value.strip().strip("'\"") for name, _, value in pairs}

    @property
    def license(self) -> str:
        """The license that the model card names; "" where it names none."""
        said = self.front_matter()
        return said.get("license_name", "") or said.get("license", "")


def of_directory(path: Path) -> Files:
    """The files below a directory. Error(INVALID_REQUEST) when they are too many to be weights."""
    sizes = {}
    for each in _visible(path):
        sizes[each.relative_to(path).as_posix()] = each.stat().st_size
        if len(sizes) > FILES_MAX:
            raise Error(Code.INVALID_REQUEST, f"{path} holds more than {FILES_MAX:,} files.")
    return Files(sizes=sizes, part=partial(_part, path), title=path.resolve().name)


def of_file(path: Path) -> Files:
    """A single file of weights."""
    sizes = {path.name: path.stat().st_size}
    return Files(sizes=sizes, part=partial(_part, path.parent), title=path.stem, is_single=True)


def _visible(path: Path) -> Iterator[Path]:
    for each in sorted(path.iterdir()):
        if each.name.startswith("."):
            continue
        if each.is_dir():
            yield from _visible(each)
        elif each.is_file():
            yield each


def _part(folder: Path, path: str, start: int, size: int) -> bytes:
    with (folder / path).open("rb") as file:
        file.seek(start)
        return file.read(size)
