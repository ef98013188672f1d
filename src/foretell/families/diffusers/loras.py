"""LoRA files: they change another model and are none themselves."""

from collections.abc import Collection

from foretell.errors import Code, Error
from foretell.families.files import Files

MARKS = ("lora_A.", "lora_B.", "lora_down.", "lora_up.", ".lora.down.", ".lora.up.", "lora_unet_", "lora_te")


def is_lora(tensors: Collection[str]) -> bool:
    """Whether these are the tensors of a LoRA: all of them belong to one."""
    return bool(tensors) and all(
        any(mark in name for mark in MARKS) or name.endswith(".alpha") for name in tensors
    )


def refuse_lora(files: Files) -> None:
    """Error(INVALID_REQUEST) for a LoRA, which says what it can be used with; nothing for anything else."""
    paths = files.ending_in(".safetensors")
    if not paths or not is_lora(files.tensors(paths[0])):
        return
    base = files.front_matter().get("base_model", "")
    first = f"add it with 'foretell models add hf:{base}'" if base else "add that model"
    raise Error(
        Code.INVALID_REQUEST,
        f"{paths[0]} is a LoRA, which changes another model{f', {base},' if base else ''} and is none itself: "
        f"{first}, and give the file as the input 'lora' of a prediction.",
    )
