"""The ways in which steps are taken, by name."""

from typing import Any

import diffusers

NOISE: dict[str, tuple[str, dict[str, Any]]] = {
    "ddim": ("DDIMScheduler", {}),
    "dpm++": ("DPMSolverMultistepScheduler", {}),
    "dpm++-karras": ("DPMSolverMultistepScheduler", {"use_karras_sigmas": True}),
    "euler": ("EulerDiscreteScheduler", {}),
    "euler-ancestral": ("EulerAncestralDiscreteScheduler", {}),
    "heun": ("HeunDiscreteScheduler", {}),
    "lcm": ("LCMScheduler", {}),
    "lms": ("LMSDiscreteScheduler", {}),
    "pndm": ("PNDMScheduler", {"skip_prk_steps": True}),
    "unipc": ("UniPCMultistepScheduler", {}),
}
FLOW: dict[str, tuple[str, dict[str, Any]]] = {
    "euler": ("FlowMatchEulerDiscreteScheduler", {}),
    "unipc": ("UniPCMultistepScheduler", {"use_flow_sigmas": True, "prediction_type": "flow_prediction"}),
}


def named(name: str, own: Any) -> Any:
    """The scheduler of that name, set as the model's own is."""
    if name == "default":
        # Fresh each time: some remember the steps they have taken.
        return type(own).from_config(own.config)
    is_flow = "Flow" in type(own).__name__ or own.config.get("use_flow_sigmas")
    kind, options = (FLOW if is_flow else NOISE)[name]
    if kind == type(own).__name__ and not options:
        return type(own).from_config(own.config)
    if is_flow and own.config.get("flow_shift") and not kind.startswith("UniPC"):
        options = {**options, "shift": own.config["flow_shift"]}
    elif is_flow and own.config.get("shift") and kind.startswith("UniPC"):
        options = {**options, "flow_shift": own.config["shift"]}
    return getattr(diffusers, kind).from_config(own.config, **options)
