"""Wheels for tests, made without building anything."""

import hashlib
import zipfile
from pathlib import Path


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


def sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
