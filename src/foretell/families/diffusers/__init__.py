"""Pictures, films and sounds by diffusers: a pipeline's directory, or a checkpoint in one file."""

import math
from collections.abc import Mapping
from typing import Any

from foretell.errors import Code, Error
from foretell.families.diffusers import checkpoints
from foretell.families.diffusers.components import needed
from foretell.families.diffusers.kinds import KINDS
from foretell.families.diffusers.loras import refuse_lora
from foretell.families.diffusers.pipelines import PIPELINES, Pipeline, distilled
from foretell.families.files import Files
from foretell.families.recognized import Companion, Recognized
from foretell.families.requirements import TORCH

INDEX = "model_index.json"
MEMORY_BESIDES_MB = 1500
"""What torch and diffusers take before they have loaded anything."""
GPU_MB = 2500
"""What a GPU holds beside the weights: CUDA itself, and the pictures on their way."""
RUN_SECONDS: Mapping[str, float] = {"video": 7200}
_PROMPTS = {
    "image": "a red fox in the snow, morning light",
    "video": "a red fox walks through the snow, morning light",
    "audio": "rain on a tin roof, distant thunder",
    "music": "calm piano, slow tempo",
}


def recognize(files: Files) -> Recognized | None:
    """A pipeline of diffusers, or a checkpoint of Stable Diffusion or Flux."""
    if INDEX in files.sizes:
        return _pipeline(files)
    refuse_lora(files)
    return checkpoints.recognize(files, found=_found)


def _pipeline(files: Files) -> Recognized:
    index = files.table(INDEX)
    name = index.get("_class_name")
    if not isinstance(name, str) or name not in PIPELINES:
        raise Error(
            Code.INVALID_REQUEST,
            f"{INDEX} names the pipeline {name}, which no ready predictor runs. Those are: {', '.join(PIPELINES)}.",
        )
    chosen = needed(files, index)
    called = f"{files.title} {index.get('_name_or_path', '')}"
    if name == "FluxPipeline" and files.table("transformer/config.json").get("guidance_embeds") is False:
        called += " schnell"
    known = distilled(PIPELINES[name], called)
    scale, side = _geometry(files, known)
    more = {"variant": chosen.variant, "side": side, "multiple": 2 * scale, **_length(files, known)}
    return _found(files, name, known, include=chosen.paths, more=more)


def _found(
    files: Files,
    name: str,
    known: Pipeline,
    *,
    include: tuple[str, ...],
    more: Mapping[str, Any],
    companions: tuple[Companion, ...] = (),
) -> Recognized:
    kind = KINDS[known.kind]
    settings: dict[str, Any] = {"pipeline": name, "half": known.half, "steps": known.steps}
    settings |= {"guidance": known.guidance, "schedulers": list(known.schedulers), **known.extra, **more}
    size_mb = math.ceil(sum(files.sizes[path] for path in include or files.sizes) / 1e6)
    return Recognized(
        family="diffusers",
        type=kind.type,
        title=files.title,
        description=f"{files.title}, a {name} of diffusers.",
        capabilities=kind.capabilities,
        requirements=TORCH,
        predictor=kind.predictor,
        files=kind.files,
        include=include,
        settings=settings,
        example=_example(known),
        limits={
            "load_timeout_seconds": 1800,
            "run_timeout_seconds": RUN_SECONDS.get(kind.type, 1800),
            "idle_seconds": 1800,
            "memory_mb": MEMORY_BESIDES_MB + size_mb,
        },
        license=files.license,
        weight=files.weight,
        companions=companions,
        gpu_memory_mb=GPU_MB + size_mb,
    )


def _example(known: Pipeline) -> dict[str, Any]:
    """What needs no file can be tried at once; what changes pictures needs one, and is not."""
    kind = KINDS[known.kind]
    if known.kind in {"rework", "fill", "edit", "image_film", "motion"}:
        return {}
    quick = {"num_frames": 4 * known.extra["frame_step"] + 1, "steps": 8} if kind.type == "video" else {}
    if kind.type == "video" and not known.extra["frame_step"]:
        quick["num_frames"] = known.extra["frames"]
    checked = {"safety_checker": False} if kind.type == "image" else {}
    return {"prompt": _PROMPTS[kind.type], "seed": 1, **quick, **checked}


def _length(files: Files, known: Pipeline) -> dict[str, float]:
    """How long a sound can be and is, where the configuration tells how many samples it has."""
    coder, network = files.table("vae/config.json"), files.table("transformer/config.json")
    ratios, rate, latents = (
        coder.get("downsampling_ratios"),
        coder.get("sampling_rate"),
        network.get("sample_size"),
    )
    if known.kind != "sound" or not (ratios and rate and latents):
        return {}
    longest = latents * math.prod(ratios) / rate
    return {"seconds": min(known.extra["seconds"], longest), "seconds_max": longest}


def _geometry(files: Files, known: Pipeline) -> tuple[int, int]:
    """How many pixels one latent spans, and the side of a square picture as its configuration says."""
    coder = files.table("vae/config.json") or files.table("movq/config.json")
    blocks = coder.get("block_out_channels") or coder.get("encoder_block_out_channels") or [0] * 4
    scale = 2 ** (len(blocks) - 1) if coder.get("_class_name") != "AutoencoderKLWan" else 8
    network = files.table("unet/config.json") or files.table("transformer/config.json")
    latents = network.get("sample_size")
    if not isinstance(latents, int) or not 8 <= latents * scale <= 4096:
        return scale, known.side
    return scale, max(64, latents * scale)
