"""Archives of a model's folder, unpacked without trusting what is in them."""

import stat
import tarfile
import zipfile
from pathlib import Path, PurePosixPath

from foretell.catalog import is_folder
from foretell.errors import Code, Error

UNPACKED_BYTES_MAX = 128 * 1024**3
MEMBERS_MAX = 100_000
_ENDINGS = (".zip", ".tar", ".tar.gz", ".tgz")


def is_archive(name: str) -> bool:
    """Whether a file of this name is unpacked."""
    return name.lower().endswith(_ENDINGS)


def unpack(archive: Path, target: Path) -> Path:
    """The model folder in an archive: all of it, or its only directory. Blocks.

    Error(INVALID_REQUEST) when there is none, or something in it would end up elsewhere.
    """
    target.mkdir(parents=True)
    try:
        _unpack_zip(archive, target) if archive.name.lower().endswith(".zip") else _unpack_tar(
            archive, target
        )
    except (zipfile.BadZipFile, tarfile.TarError, EOFError) as error:
        raise Error(Code.INVALID_REQUEST, f"{archive.name} cannot be unpacked: {error}.") from error
    inside = [each for each in target.iterdir() if not each.name.startswith((".", "__MACOSX"))]
    only: list[Path] = inside if len(inside) == 1 else []
    for folder in (target, *only):
        if folder.is_dir() and is_folder(folder):
            return folder
    names = ", ".join(sorted(each.name for each in inside)[:8])
    raise Error(Code.INVALID_REQUEST, f"{archive.name} holds no model.toml and no cog.yaml, but: {names}.")


def _unpack_zip(archive: Path, target: Path) -> None:
    with zipfile.ZipFile(archive) as opened:
        _check(archive, len(opened.infolist()), sum(each.file_size for each in opened.infolist()))
        for each in opened.infolist():
            path = PurePosixPath(each.filename)
            if path.is_absolute() or ".." in path.parts or stat.S_ISLNK(each.external_attr >> 16):
                raise Error(Code.INVALID_REQUEST, f"{archive.name} has an unsafe member '{each.filename}'.")
            opened.extract(each, target)


def _unpack_tar(archive: Path, target: Path) -> None:
    with tarfile.open(archive) as opened:
        members = opened.getmembers()
        _check(archive, len(members), sum(each.size for each in members))
        opened.extractall(target, members, filter="data")


def _check(archive: Path, members: int, size_bytes: int) -> None:
    if members > MEMBERS_MAX or size_bytes > UNPACKED_BYTES_MAX:
        message = (
            f"{archive.name} unpacks to {members:,} files of {size_bytes:,} bytes together; that is too much."
        )
        raise Error(Code.TOO_LARGE, message)
