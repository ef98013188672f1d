"""The pipeline: loaded as the device wants it, its relatives that share its networks, and LoRAs put into it."""

import hashlib
import inspect
import os
import pathlib
from typing import Any, Optional

# Everything that is needed lies here already.
os.environ["HF_HUB_OFFLINE"] = "1"

import diffusers
import safetensors
import safetensors.torch
import settings
import torch
import transformers
from schedulers import named

from foretell import weights

ROOM = 1.25
"""Memory that a run takes beside the networks, as a part of theirs."""


class Loaded:
    """One model's pipeline. `relative` gives those that do something else with the same networks."""

    def __init__(self) -> None:
        diffusers.utils.logging.disable_progress_bar()
        transformers.utils.logging.disable_progress_bar()
        self.device = _device()
        self.pipeline = _placed(_opened(_dtype(self.device)), self.device)
        self._own_scheduler = getattr(self.pipeline, "scheduler", None)
        self._relatives: dict[str, Any] = {}
        self._lora = ""

    def relative(self, kind: str) -> Any:
        """The pipeline as `AutoPipelineForInpainting` and the like make it, or a class of diffusers."""
        if kind not in self._relatives:
            maker = getattr(diffusers, kind)
            made = maker.from_pipe(self.pipeline)
            made.set_progress_bar_config(disable=True)
            if getattr(self.pipeline, "_all_hooks", None):
                made.enable_model_cpu_offload(device=self.device)
            self._relatives[kind] = made
        return self._relatives[kind]

    def prepare(
        self, pipeline: Any, *, scheduler: str, lora: Optional[pathlib.Path], lora_scale: float
    ) -> None:
        """Readies the pipeline for a run. Raises ValueError for a LoRA that is not for it."""
        if self._own_scheduler is not None:
            pipeline.scheduler = named(scheduler, self._own_scheduler)
        self._use_lora(lora, lora_scale)

    def run(self, pipeline: Any, **wishes: Any) -> Any:
        """What the pipeline gives for those wishes of which it takes notice and that are not None.

        Raises ValueError where the memory of the GPU is not enough.
        """
        takes = inspect.signature(pipeline.__call__).parameters
        given = {name: value for name, value in wishes.items() if name in takes and value is not None}
        try:
            return pipeline(**given)
        except torch.OutOfMemoryError as error:
            raise ValueError(
                "This GPU has too little memory for that: ask for fewer pixels or frames."
            ) from error
        finally:
            if self.device == "cuda":
                torch.cuda.empty_cache()

    def _use_lora(self, lora: Optional[pathlib.Path], scale: float) -> None:
        mark = hashlib.sha256(lora.read_bytes()).hexdigest() if lora else ""
        if mark != self._lora:
            if self._lora:
                self.pipeline.unload_lora_weights()
            self._lora = ""
            if lora:
                self._load_lora(lora)
            self._lora = mark
        if lora:
            self.pipeline.set_adapters(["lora"], [scale])

    def _load_lora(self, lora: pathlib.Path) -> None:
        if not hasattr(self.pipeline, "load_lora_weights"):
            raise ValueError("This model takes no LoRA.")
        try:
            self.pipeline.load_lora_weights(safetensors.torch.load_file(lora), adapter_name="lora")
        except (ValueError, KeyError, RuntimeError, safetensors.SafetensorError) as error:
            self._forget_lora()
            raise ValueError(f"The LoRA does not fit this model: {str(error)[:300]}") from error
        if not any("lora" in names for names in self.pipeline.get_list_adapters().values()):
            self._forget_lora()
            raise ValueError("The LoRA does not fit this model: it names none of its networks.")

    def _forget_lora(self) -> None:
        try:
            self.pipeline.unload_lora_weights()
        except (ValueError, KeyError, AttributeError) as error:
            print(f"nothing of the LoRA was left to take out: {error}")


def generator(seed: int) -> torch.Generator:
    """The noise of a seed, the same on each device."""
    return torch.Generator("cpu").manual_seed(seed)


def _device() -> str:
    if torch.cuda.is_available():
        return "cuda"
    return "mps" if torch.backends.mps.is_available() else "cpu"


def _dtype(device: str) -> torch.dtype:
    if device == "cpu":
        return torch.float32
    if device == "cuda" and settings.HALF == "bfloat16" and not torch.cuda.is_bf16_supported():
        return torch.float16
    return getattr(torch, settings.HALF)


def _opened(dtype: torch.dtype) -> Any:
    maker = getattr(diffusers, settings.PIPELINE)
    path = pathlib.Path(weights(settings.WEIGHT))
    if getattr(settings, "CONFIG", ""):
        return _from_checkpoint(maker, path if path.is_file() else path / settings.FILE, dtype)
    options: dict[str, Any] = {"variant": settings.VARIANT} if settings.VARIANT else {}
    if "safety_checker" in inspect.signature(maker.__init__).parameters and not hasattr(
        settings, "IMAGE_ENCODER"
    ):
        options |= {"safety_checker": None, "feature_extractor": None, "requires_safety_checker": False}
    return maker.from_pretrained(path, dtype=dtype, local_files_only=True, **options)


def _from_checkpoint(maker: Any, file: pathlib.Path, dtype: torch.dtype) -> Any:
    """A checkpoint in one file; what it lacks lies beside it."""
    folder = pathlib.Path(weights(settings.CONFIG))
    parts = {}
    if settings.PARTS:
        network = diffusers.FluxTransformer2DModel.from_single_file(
            file, config=str(folder), subfolder="transformer", dtype=dtype, local_files_only=True
        )
        return maker.from_pretrained(folder, transformer=network, dtype=dtype, local_files_only=True)
    if "safety_checker" in inspect.signature(maker.__init__).parameters:
        parts = {"safety_checker": None, "feature_extractor": None, "requires_safety_checker": False}
    return maker.from_single_file(file, config=str(folder), dtype=dtype, local_files_only=True, **parts)


def _placed(pipeline: Any, device: str) -> Any:
    """On the device as a whole if it has the room, else part by part as they are needed."""
    pipeline.set_progress_bar_config(disable=True)
    networks = [each for each in pipeline.components.values() if isinstance(each, torch.nn.Module)]
    sizes = [sum(each.numel() * each.element_size() for each in network.parameters()) for network in networks]
    if device != "cuda":
        return pipeline.to(device)
    free, _ = torch.cuda.mem_get_info()
    if sum(sizes) * ROOM < free:
        return pipeline.to(device)
    if max(sizes) * ROOM < free:
        print("The GPU has not the room for all parts at once: they take turns.")
        pipeline.enable_model_cpu_offload(device=device)
    else:
        print("The GPU has not the room for the largest part: its layers take turns, which is slow.")
        pipeline.enable_sequential_cpu_offload(device=device)
    return pipeline
