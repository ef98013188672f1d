"""Weights for transformers: language models, encoders, speech in and out, and what reads pictures."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from foretell.errors import Code, Error
from foretell.families.files import Files
from foretell.families.recognized import Recognized
from foretell.families.requirements import TORCH
from foretell.families.transformers.kinds import Kind, kind_of
from foretell.families.transformers.settings import is_quantised, settings_of

__all__ = ["Kind", "recognize"]

QUANTISED_BY = {"bitsandbytes": "bitsandbytes==0.50.2", "compressed-tensors": "compressed-tensors==0.20.0"}
"""What weights of fewer bits need beside transformers, by the name that their configuration gives."""
ALONE = frozenset({"fp8", "mxfp4", "torchao"})
"""What transformers reads by itself."""

GPU_MB = 1500
"""What a GPU holds beside the weights: CUDA itself, and what a run remembers."""
BESIDE_GPUS_MB = 6000
"""CUDA's libraries, and one file of weights on its way to the GPU."""
GPUS_MAX = 16

_HERE = Path(__file__).parent
_PREDICTOR = _HERE / "predictor"
_MODELS = _HERE.parents[1] / "models"
_TEXTS = (".json", ".txt", ".model", ".jinja", ".tiktoken", ".vocab", ".spm")
_WEIGHTS = (".safetensors", ".bin")


def recognize(files: Files) -> Recognized | None:
    """The way to run a directory with a `config.json` of transformers.

    Error(INVALID_REQUEST) for one whose kind of model there is no predictor for.
    """
    config = files.table("config.json")
    if "model_type" not in config or not _weights(files):
        return None
    kind = kind_of(files, config)
    if kind is None:
        raise Error(Code.INVALID_REQUEST, _unknown(config))
    return Recognized(
        family="transformers",
        type=kind.type,
        title=files.title or str(config["model_type"]),
        capabilities=kind.capabilities,
        requirements=(*TORCH, *_quantisation(config)),
        predictor=kind.predictor,
        files=tuple(_source(name) for name in kind.files),
        include=_include(files),
        settings=settings_of(kind, files, config),
        example=kind.example,
        limits=_limits(files),
        license=files.license,
        gpu_memory_mb=GPU_MB + int(_stored_mb(files) * 1.2),
        beside_gpus_mb=BESIDE_GPUS_MB,
        gpus_max=GPUS_MAX,
    )


def _unknown(config: Mapping[str, Any]) -> str:
    named = ", ".join(map(str, config.get("architectures") or [config["model_type"]]))
    return (
        f"There is no ready predictor for weights that call themselves {named}. "
        "Write one: 'foretell models init' makes a folder to start from."
    )


def _source(name: str) -> Path:
    """A file of this family, or of the built-in model that is named before it."""
    return _MODELS / name if "/" in name else _PREDICTOR / name


def _quantisation(config: Mapping[str, Any]) -> tuple[str, ...]:
    if not is_quantised(config):
        return ()
    method = str(config["quantization_config"].get("quant_method", ""))
    if method in ALONE:
        return ()
    if method not in QUANTISED_BY:
        known = ", ".join(sorted({*QUANTISED_BY, *ALONE}))
        message = f"These weights are quantised by '{method}', which is not run here ({known} are)."
        raise Error(Code.INVALID_REQUEST, f"{message} There may be a GGUF file of the same model.")
    return (QUANTISED_BY[method],)


def _weights(files: Files) -> list[str]:
    """The files of weights beside the configuration, in the safest form there is."""
    for suffix in _WEIGHTS:
        found = [path for path in files.ending_in(suffix) if "/" not in path and _is_model(path)]
        if found:
            return found
    return []


def _is_model(path: str) -> bool:
    """Not a trainer's state, and not the same weights again for another program."""
    return path.startswith(("model", "pytorch_model"))


def _include(files: Files) -> tuple[str, ...]:
    weights = _weights(files)
    texts = [path for path in files.sizes if path.endswith(_TEXTS) and "/" not in path]
    modules = [path for path in files.sizes if path.partition("_")[0].isdigit() and "/" in path]
    voices = [path for path in files.sizes if path.startswith("speaker_embeddings/")]
    return tuple(sorted({*weights, *texts, *modules, *voices}))


def _limits(files: Files) -> dict[str, float]:
    """Weights are mostly kept in 16 bits, and computed in 32 on a processor."""
    stored_mb = _stored_mb(files)
    return {
        "memory_mb": 900 + int(stored_mb * 2.5),
        "load_timeout_seconds": 180 + stored_mb // 30,
        "run_timeout_seconds": 1800,
        "idle_seconds": 600,
    }


def _stored_mb(files: Files) -> int:
    return sum(files.sizes[path] for path in _weights(files)) // 1024**2
