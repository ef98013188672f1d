"""Turn a trained pipeline folder into what runs without torch: three ONNX files and tokenizer.json.

Weights are stored in half precision and cast to single precision when a session opens.
"""

from __future__ import annotations

import argparse
import shutil
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import torch
from diffusers import AutoencoderKL, UNet2DConditionModel
from onnx import TensorProto, helper, numpy_helper
from torch import Tensor
from transformers import CLIPTextModel

WORDS_MAX = 24
SMALLEST_HALVED = 256
ALLOWED_DIFFERENCE = 0.02


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("pipeline", type=Path)
    parser.add_argument("output", type=Path)
    arguments = parser.parse_args()
    arguments.output.mkdir(parents=True, exist_ok=True)
    export_text_encoder(arguments.pipeline, arguments.output)
    export_unet(arguments.pipeline, arguments.output)
    export_decoder(arguments.pipeline, arguments.output)
    shutil.copyfile(arguments.pipeline / "tokenizer" / "tokenizer.json", arguments.output / "tokenizer.json")
    print(sum(file.stat().st_size for file in arguments.output.iterdir()), "bytes in all")


class TextEncoder(torch.nn.Module):
    def __init__(self, folder: Path) -> None:
        super().__init__()
        self.model = CLIPTextModel.from_pretrained(folder, attn_implementation="eager").eval()

    def forward(self, ids: Tensor) -> Tensor:
        return self.model(ids)[0]


class Denoiser(torch.nn.Module):
    def __init__(self, folder: Path) -> None:
        super().__init__()
        self.model = UNet2DConditionModel.from_pretrained(folder).eval()

    def forward(self, latents: Tensor, time: Tensor, words: Tensor) -> Tensor:
        return self.model(latents, time, words).sample


class Decoder(torch.nn.Module):
    """From scaled latents to red, green and blue between 0 and 1."""

    def __init__(self, folder: Path) -> None:
        super().__init__()
        self.model = AutoencoderKL.from_pretrained(folder).eval()
        self.scale = self.model.config.scaling_factor

    def forward(self, latents: Tensor) -> Tensor:
        return (self.model.decode(latents / self.scale).sample / 2 + 0.5).clamp(0, 1)


def export_text_encoder(pipeline: Path, output: Path) -> None:
    ids = torch.randint(2, 2000, (2, WORDS_MAX))
    save(
        TextEncoder(pipeline / "text_encoder"),
        {"ids": ids},
        {"ids": {0: "batch"}},
        output / "text_encoder.onnx",
    )


def export_unet(pipeline: Path, output: Path) -> None:
    inputs = {
        "latents": torch.randn(2, 4, 16, 16),
        "time": torch.tensor([500]),
        "words": torch.randn(2, WORDS_MAX, 128),
    }
    axes = {"latents": {0: "batch", 2: "height", 3: "width"}, "words": {0: "batch"}}
    save(Denoiser(pipeline / "unet"), inputs, axes, output / "unet.onnx")


def export_decoder(pipeline: Path, output: Path) -> None:
    axes = {"latents": {0: "batch", 2: "height", 3: "width"}}
    save(Decoder(pipeline / "vae"), {"latents": torch.randn(1, 4, 16, 16)}, axes, output / "decoder.onnx")


@torch.no_grad()
def save(
    model: torch.nn.Module, inputs: dict[str, Tensor], axes: dict[str, dict[int, str]], file: Path
) -> None:
    """Exports, halves the weights, and compares the result with the original model."""
    torch.onnx.export(
        model,
        tuple(inputs.values()),
        str(file),
        input_names=list(inputs),
        output_names=["result"],
        dynamic_axes={**axes, "result": next(iter(axes.values()))},
        opset_version=17,
        dynamo=False,
    )
    halved = halve_weights(onnx.load(str(file)))
    onnx.checker.check_model(halved)
    onnx.save(halved, str(file))
    session = onnxruntime.InferenceSession(str(file), providers=["CPUExecutionProvider"])
    (ours,) = session.run(None, {name: value.numpy() for name, value in inputs.items()})
    theirs = model(*inputs.values()).numpy()
    difference = float(np.abs(ours - theirs).max() / np.abs(theirs).max())
    print(f"{file.name}: {file.stat().st_size} bytes, relative difference {difference:.5f}")
    if difference > ALLOWED_DIFFERENCE:
        raise SystemExit(f"{file.name} differs too much from the trained model")


def halve_weights(model: onnx.ModelProto) -> onnx.ModelProto:
    """The same graph whose larger weights are half precision, each followed by a cast to single precision."""
    casts = []
    for weight in model.graph.initializer:
        if weight.data_type != TensorProto.FLOAT or np.prod(weight.dims) < SMALLEST_HALVED:
            continue
        name = weight.name
        weight.CopyFrom(
            numpy_helper.from_array(numpy_helper.to_array(weight).astype(np.float16), f"{name}.half")
        )
        casts.append(helper.make_node("Cast", [f"{name}.half"], [name], to=TensorProto.FLOAT))
    for position, cast in enumerate(casts):
        model.graph.node.insert(position, cast)
    return model


if __name__ == "__main__":
    main()
