"""Checkpoints in one file: Stable Diffusion 1.5 and XL, and Flux, told apart by the names of their tensors."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from foretell.errors import Code, Error
from foretell.families.diffusers.pipelines import PIPELINES, Pipeline, distilled
from foretell.families.files import Files
from foretell.families.recognized import Companion, Recognized

_CONFIGURATIONS = ("*.json", "*/*.json", "*/*.txt", "*/*.model")
_SD_TEXT = ("cond_stage_model.", "conditioner.")
CONFIG = "configuration"
"""The name of the weights that hold what a checkpoint lacks."""


class Found(Protocol):
    """Makes what was recognized of a pipeline's class and its settings."""

    def __call__(
        self,
        files: Files,
        name: str,
        known: Pipeline,
        *,
        include: tuple[str, ...],
        more: Mapping[str, Any],
        companions: tuple[Companion, ...],
    ) -> Recognized: ...


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """A pipeline's class, the repository that has its configuration, and the parts to take from there whole."""

    name: str
    repository: str
    side: int
    parts: tuple[str, ...] = ()

    @property
    def companion(self) -> Companion:
        include = (*_CONFIGURATIONS, *(f"{part}/*.safetensors" for part in self.parts))
        return Companion(CONFIG, f"hf:{self.repository}@main", include)


def recognize(files: Files, *, found: Found) -> Recognized | None:
    """A directory with one checkpoint, or the file itself; None where there is none."""
    paths = [path for path in files.ending_in(".safetensors") if "/" not in path]
    if len(paths) != 1 or "config.json" in files.sizes:
        return None
    checkpoint = of_tensors(files.tensors(paths[0]))
    if checkpoint is None:
        return None
    known = distilled(PIPELINES[checkpoint.name], f"{files.title} {paths[0]} {checkpoint.repository}")
    more = {"side": checkpoint.side, "multiple": 16, "variant": "", "file": paths[0], "config": CONFIG}
    more["parts"] = list(checkpoint.parts)
    return found(
        files,
        checkpoint.name,
        known,
        include=(paths[0],),
        more=more,
        companions=(checkpoint.companion,),
    )


def of_tensors(tensors: Mapping[str, Any]) -> Checkpoint | None:
    """Which checkpoint has these tensors. Error(INVALID_REQUEST) for one that lacks what cannot be had elsewhere."""
    if _has(tensors, "double_blocks."):
        return _flux(tensors)
    if not _has(tensors, "model.diffusion_model.input_blocks."):
        return None
    if not any(_has(tensors, prefix) for prefix in _SD_TEXT) or not _has(tensors, "first_stage_model."):
        raise Error(
            Code.INVALID_REQUEST,
            "The checkpoint holds a denoiser without its text encoder or decoder; take one that holds them all.",
        )
    if _has(tensors, "conditioner.embedders.1."):
        return Checkpoint("StableDiffusionXLPipeline", "stabilityai/stable-diffusion-xl-base-1.0", 1024)
    if _has(tensors, "cond_stage_model.model."):
        raise Error(
            Code.INVALID_REQUEST, "Checkpoints of Stable Diffusion 2 are not run; take its directory."
        )
    return Checkpoint("StableDiffusionPipeline", "stable-diffusion-v1-5/stable-diffusion-v1-5", 512)


def _flux(tensors: Mapping[str, Any]) -> Checkpoint:
    repository = "FLUX.1-dev" if _has(tensors, "guidance_in.") else "FLUX.1-schnell"
    parts = ("text_encoder", "text_encoder_2", "vae")
    return Checkpoint("FluxPipeline", f"black-forest-labs/{repository}", 1024, parts)


def _has(tensors: Collection[str], prefix: str) -> bool:
    return any(name.startswith((prefix, f"model.diffusion_model.{prefix}")) for name in tensors)
