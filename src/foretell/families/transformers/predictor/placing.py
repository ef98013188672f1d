"""Where weights are put: on which device, and how precisely they are kept there."""

import os
from pathlib import Path
from typing import Any

# Nothing is fetched while a model runs: what is not in its folder is said to be missing.
os.environ["HF_HUB_OFFLINE"] = "1"
os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")

import torch

WEIGHTS = ("*.safetensors", "*.bin")


def device() -> str:
    """The fastest that there is."""
    if torch.cuda.is_available():
        return "cuda"
    return "mps" if torch.backends.mps.is_available() else "cpu"


def loaded(kind: Any, folder: Path, *, is_quantised: bool = False, **options: Any) -> Any:
    """The model in `folder`, as one of transformers' `kind`, ready to answer.

    Several GPUs share one that is too large for the first.
    """
    where = device()
    if not is_quantised:
        options["dtype"] = _precision(where, folder)
    if where == "cuda" or is_quantised:
        options["device_map"] = "auto"
    model = kind.from_pretrained(str(folder), local_files_only=True, **options)
    return (model if "device_map" in options else model.to(where)).eval()


def _precision(where: str, folder: Path) -> torch.dtype:
    if where == "cuda":
        return torch.bfloat16 if torch.cuda.is_bf16_supported() else torch.float16
    if where == "mps":
        return torch.float16
    # A processor computes fastest in 32 bits, unless they do not fit: most weights are kept in 16.
    bytes_stored = sum(path.stat().st_size for pattern in WEIGHTS for path in folder.glob(pattern))
    return torch.float32 if bytes_stored * 2.5 < _free_bytes() else torch.bfloat16


def _free_bytes() -> int:
    try:
        return os.sysconf("SC_AVPHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (ValueError, OSError):  # macOS does not say what is free
        return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") // 2
