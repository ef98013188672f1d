"""The families' environments in the cache, and models of tiny weights that a test has made.

`python -m families.places` builds the environments, which takes some minutes the first time.
"""

import asyncio
import os
import subprocess
from pathlib import Path

from foretell import config, families
from foretell.families.files import Files
from foretell.families.requirements import ALL, TORCH
from foretell.model import Manifest
from foretell.weights import Environments

TINY = Path(__file__).with_name("tiny.py")


def manifest(requirements: tuple[str, ...]) -> Manifest:
    """Of a model that needs these, and nothing else."""
    return Manifest(
        namespace="for-a-test",
        name="For a test",
        type="text",
        description="",
        folder=".",
        predictor="predict.py:predict",
        environment="own",
        requirements=requirements,
    )


def environments() -> Environments:
    return Environments(config.load(os.environ).cache_path)


def python(requirements: tuple[str, ...]) -> Path:
    """The Python that has the requirements; they are installed if need be."""
    return asyncio.run(environments().python(manifest(requirements), print))


def make(kind: str, folder: Path) -> Path:
    """The directory with the tiny weights that `tiny.py` calls so."""
    made = [str(python(TORCH)), str(TINY), kind, str(folder)]
    done = subprocess.run(made, capture_output=True, text=True, check=False, timeout=110)
    assert done.returncode == 0, done.stderr
    return folder


def add(weights: Path, models: Path, *, name: str) -> Path:
    """The folder of a model that runs the weights, among `models`."""
    files = families.of_file(weights) if weights.is_file() else families.of_directory(weights)
    families.write_folder(
        families.recognize(files), models / name, namespace=name, weight_source=f"file:{weights}"
    )
    return models / name


def listing(sizes: dict[str, int], texts: dict[str, bytes] | None = None, *, title: str = "weights") -> Files:
    """Files of which only `texts` can be read."""
    found = texts or {}
    sizes = {**sizes, **{path: len(text) for path, text in found.items()}}
    return Files(sizes=sizes, part=lambda path, start, size: found[path][start : start + size], title=title)


if __name__ == "__main__":
    for each in ALL:
        print(python(each))
