"""Which pipelines of diffusers are known, and what each takes, by the class that `model_index.json` names."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

NOISE = (
    "default",
    "ddim",
    "dpm++",
    "dpm++-karras",
    "euler",
    "euler-ancestral",
    "heun",
    "lcm",
    "lms",
    "pndm",
    "unipc",
)
"""Schedulers for networks that were trained to predict noise, or its velocity."""
FLOW = ("default", "euler", "unipc")
"""Schedulers for networks that were trained to predict a flow."""
OWN = ("default",)


@dataclass(frozen=True, slots=True, kw_only=True)
class Pipeline:
    """What one class of pipelines takes. `kind` is one of `kinds.KINDS`."""

    kind: str
    steps: int
    guidance: float
    schedulers: tuple[str, ...] = OWN
    side: int = 1024
    """Of a square picture, in pixels, where its configuration does not tell."""
    half: str = "bfloat16"
    """The kind of number in which a GPU computes it; float16 where it was trained so."""
    extra: Mapping[str, Any] = field(default_factory=dict)
    """Further settings: of films and sounds."""


def _film(kind: str, steps: int, guidance: float, **extra: Any) -> Pipeline:
    return Pipeline(
        kind=kind, steps=steps, guidance=guidance, extra=extra, schedulers=extra.pop("schedulers", OWN)
    )


_SD = Pipeline(kind="inpaint", steps=30, guidance=7.5, schedulers=NOISE, side=512, half="float16")
_SDXL = replace(_SD, guidance=5.0, side=1024)
_SD3 = Pipeline(kind="inpaint", steps=28, guidance=7.0, schedulers=FLOW, half="float16")
_FLUX = Pipeline(kind="inpaint", steps=28, guidance=3.5, schedulers=FLOW)
_QWEN = Pipeline(kind="inpaint", steps=50, guidance=4.0)
_TEXT = Pipeline(kind="text", steps=30, guidance=4.5)
_WAN = {"width": 832, "height": 480, "frames": 81, "fps": 16, "frame_step": 4, "schedulers": FLOW}
_LTX = {
    "width": 704,
    "height": 512,
    "frames": 97,
    "fps": 25,
    "frame_step": 8,
    "relative": "LTXImageToVideoPipeline",
}
_COG = {"width": 720, "height": 480, "frames": 49, "fps": 8, "frame_step": 4}
_HUNYUAN = {"width": 960, "height": 544, "frames": 61, "fps": 15, "frame_step": 4}
_SOUND = {"seconds": 10.0, "seconds_max": 47.0}

PIPELINES: Mapping[str, Pipeline] = {
    "StableDiffusionPipeline": _SD,
    "StableDiffusionInpaintPipeline": replace(_SD, kind="fill"),
    "StableDiffusionInstructPix2PixPipeline": replace(_SD, kind="edit"),
    "StableDiffusionXLPipeline": _SDXL,
    "StableDiffusionXLImg2ImgPipeline": replace(_SDXL, kind="rework"),
    "StableDiffusionXLInpaintPipeline": replace(_SDXL, kind="fill"),
    "StableDiffusion3Pipeline": _SD3,
    "LatentConsistencyModelPipeline": replace(_SD, kind="image", steps=4, guidance=8.5, schedulers=OWN),
    "KolorsPipeline": replace(_SDXL, kind="image", schedulers=OWN),
    "FluxPipeline": _FLUX,
    "FluxKontextPipeline": replace(_FLUX, kind="edit"),
    "FluxFillPipeline": replace(_FLUX, kind="fill", guidance=30.0, steps=50),
    "Flux2Pipeline": replace(_FLUX, kind="either", steps=50, guidance=4.0, schedulers=OWN),
    "Flux2KleinPipeline": replace(_FLUX, kind="either", steps=4, guidance=1.0, schedulers=OWN),
    "QwenImagePipeline": _QWEN,
    "QwenImageEditPipeline": replace(_QWEN, kind="edit"),
    "QwenImageEditPlusPipeline": replace(_QWEN, kind="edit", steps=40),
    "ZImagePipeline": replace(_FLUX, steps=50, guidance=5.0, schedulers=OWN),
    "SanaPipeline": replace(_TEXT, steps=20),
    "SanaSprintPipeline": replace(_TEXT, steps=2),
    "PixArtAlphaPipeline": replace(_TEXT, steps=20, half="float16", schedulers=NOISE),
    "PixArtSigmaPipeline": replace(_TEXT, steps=20, half="float16", schedulers=NOISE),
    "HunyuanDiTPipeline": replace(_TEXT, steps=50, guidance=5.0, half="float16", schedulers=NOISE),
    "AuraFlowPipeline": replace(_TEXT, steps=50, guidance=3.5, half="float16"),
    "LuminaPipeline": replace(_TEXT, guidance=4.0),
    "Lumina2Pipeline": replace(_TEXT, guidance=4.0),
    "ChromaPipeline": replace(_TEXT, steps=35, guidance=5.0),
    "CogView3PlusPipeline": replace(_TEXT, steps=50, guidance=5.0),
    "CogView4Pipeline": replace(_TEXT, steps=50, guidance=5.0),
    "KandinskyV22CombinedPipeline": replace(_TEXT, steps=50, guidance=4.0, side=512, half="float16"),
    "Kandinsky3Pipeline": replace(_TEXT, steps=25, guidance=3.0, half="float16"),
    "OvisImagePipeline": replace(_TEXT, steps=50, guidance=5.0),
    "WanPipeline": _film("text_film", 50, 5.0, **_WAN),
    "WanImageToVideoPipeline": _film("image_film", 50, 5.0, **_WAN),
    "LTXPipeline": _film("either_film", 50, 3.0, **_LTX),
    "LTXImageToVideoPipeline": _film("image_film", 50, 3.0, **_LTX),
    "LTXConditionPipeline": _film("either_film", 50, 3.0, **{**_LTX, "relative": ""}),
    "CogVideoXPipeline": _film("text_film", 50, 6.0, **_COG),
    "CogVideoXImageToVideoPipeline": _film("image_film", 50, 6.0, **_COG),
    "HunyuanVideoPipeline": _film("text_film", 30, 6.0, **_HUNYUAN),
    "HunyuanVideoImageToVideoPipeline": _film("image_film", 30, 1.0, **_HUNYUAN),
    "MochiPipeline": _film("text_film", 64, 4.5, width=848, height=480, frames=85, fps=30, frame_step=6),
    "AnimateDiffPipeline": _film("text_film", 25, 7.5, width=512, height=512, frames=16, fps=8, frame_step=0),
    "StableVideoDiffusionPipeline": _film(
        "motion", 25, 3.0, width=1024, height=576, frames=14, fps=7, frame_step=0
    ),
    "StableAudioPipeline": _film("sound", 100, 7.0, **_SOUND),
    "StableAudio3Pipeline": _film("sound", 50, 1.0, **_SOUND),
    "AudioLDMPipeline": _film("sound", 50, 2.5, **_SOUND),
    "AudioLDM2Pipeline": _film("sound", 100, 3.5, **_SOUND),
    "MusicLDMPipeline": _film("sound", 100, 2.0, **_SOUND),
    "AceStepPipeline": _film("song", 8, 7.0, seconds=60.0, seconds_max=240.0),
}

QUICK = (
    ("schnell", 4, 0.0),
    ("z-image-turbo", 9, 0.0),
    ("sdxl-turbo", 4, 0.0),
    ("sd-turbo", 4, 0.0),
    ("turbo", 4, 0.0),
    ("lightning", 4, 0.0),
    ("lcm", 4, 1.0),
)
"""Words in a model's name that tell that it was distilled, and the steps and guidance that it is then meant for."""


def distilled(known: Pipeline, name: str) -> Pipeline:
    """The same, with the steps and the guidance that a model of this name is meant for."""
    for word, steps, guidance in QUICK:
        if word in name.lower():
            return replace(known, steps=steps, guidance=guidance)
    return known
