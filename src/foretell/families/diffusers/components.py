"""Which files of a pipeline's directory are needed: one form of each part, without what is not loaded."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any

from foretell.errors import Code, Error
from foretell.families.files import Files

UNUSED = {"safety_checker", "feature_extractor"}
"""Parts of Stable Diffusion's own check, in whose place the server checks; `feature_extractor` only beside it."""
TOP = {"model_index.json", "README.md"}
_SMALL = (".json", ".txt", ".model", ".jinja")
_SHARD = re.compile(r"-\d{5}-of-\d{5}")


@dataclass(frozen=True, slots=True)
class Chosen:
    """The paths to fetch, and which variant of the weights they are: "" or `fp16`."""

    paths: tuple[str, ...]
    variant: str


def needed(files: Files, index: Mapping[str, Any]) -> Chosen:
    """What the pipeline's parts need. Error(INVALID_REQUEST) names a part whose weights are not there."""
    parts = _parts(index)
    weights = {name: _weights(files, name) for name in parts}
    lacking = [name for name in parts if not any(_within(path, name) for path in files.sizes)]
    if lacking:
        raise Error(Code.INVALID_REQUEST, f"The pipeline's {' and '.join(lacking)} are not there.")
    variant = "fp16" if _all_have(weights, "fp16") else ""
    paths = [path for path in files.sizes if path in TOP or path.startswith("LICENSE")]
    for name in parts:
        small = [path for path in files.sizes if _within(path, name) and path.endswith(_SMALL)]
        paths += [path for path in small if not _is_others(path, variant)]
        paths += _of_variant(weights[name], variant)
    return Chosen(tuple(paths), variant)


def _parts(index: Mapping[str, Any]) -> list[str]:
    named = [name for name, each in index.items() if isinstance(each, list) and len(each) == 2 and each[1]]
    unused = UNUSED if "safety_checker" in index and "image_encoder" not in named else set()
    return [name for name in named if name not in unused]


def _weights(files: Files, part: str) -> list[str]:
    """The part's weights as .safetensors; as .bin, which are read without running what they hold, if it has none."""
    within = [path for path in files.sizes if _within(path, part)]
    return [path for path in within if path.endswith(".safetensors")] or [
        path for path in within if path.endswith(".bin")
    ]


def _within(path: str, part: str) -> bool:
    return PurePosixPath(path).parent.as_posix() == part


def _variant_of(path: str) -> str:
    """`fp16` of `model.fp16.safetensors`, and of its shards."""
    stem = _SHARD.sub("", PurePosixPath(path).stem)
    return stem.partition(".")[2]


def _all_have(weights: Mapping[str, list[str]], variant: str) -> bool:
    """Whether each part that has weights has them in the variant."""
    return all(not paths or any(_variant_of(path) == variant for path in paths) for paths in weights.values())


def _of_variant(paths: list[str], variant: str) -> list[str]:
    return [path for path in paths if _variant_of(path) == variant] or paths


def _is_others(path: str, variant: str) -> bool:
    """Whether it lists the shards of weights that are not the chosen ones."""
    name = PurePosixPath(path).name
    return ".index." in name and (".fp16." in name) != (variant == "fp16")
