"""Wheels for tests, made without building anything."""

import hashlib
import io
import tarfile
import zipfile
from pathlib import Path

WAITS = """
import pathlib, shutil, time
def build_wheel(folder, *_):
    until_seconds = time.monotonic() + 60
    while not pathlib.Path({until!r}).exists() and time.monotonic() < until_seconds:
        time.sleep(0.02)
    return shutil.copy({wheel!r}, folder).rpartition("/")[2]
"""
BUILT_BY_ITSELF = '[build-system]\nrequires = []\nbuild-backend = "building"\nbackend-path = ["."]\n'


def make_wheel(
    folder: Path,
    name: str,
    files: dict[str, bytes],
    *,
    tag: str = "py3-none-any",
    version: str = "1.0",
    requires: tuple[str, ...] = (),
) -> Path:
    """A wheel that pip takes, with `files` in it."""
    about = f"{name}-{version}.dist-info"
    path = folder / f"{name}-{version}-{tag}.whl"
    needs = "".join(f"Requires-Dist: {each}\n" for each in requires)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as wheel:
        for each, data in files.items():
            wheel.writestr(each, data)
        wheel.writestr(
            f"{about}/METADATA", f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n{needs}"
        )
        wheel.writestr(f"{about}/WHEEL", f"Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: {tag}\n")
        names = [*files, f"{about}/METADATA", f"{about}/WHEEL", f"{about}/RECORD"]
        wheel.writestr(f"{about}/RECORD", "".join(f"{each},,\n" for each in names))
    return path


def make_waiting_package(folder: Path, name: str, files: dict[str, bytes], *, until: Path) -> Path:
    """A source package whose installation goes on as soon as there is a file at `until`."""
    wheels = folder / "built"
    wheels.mkdir()
    wheel = make_wheel(wheels, name, files)
    about = f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n"
    building = WAITS.format(until=str(until), wheel=str(wheel))
    path = folder / f"{name}-1.0.tar.gz"
    with tarfile.open(path, "w:gz") as package:
        for each, text in {
            "PKG-INFO": about,
            "pyproject.toml": BUILT_BY_ITSELF,
            "building.py": building,
        }.items():
            member = tarfile.TarInfo(f"{name}-1.0/{each}")
            member.size = len(text.encode())
            package.addfile(member, io.BytesIO(text.encode()))
    return path


def sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
