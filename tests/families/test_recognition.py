"""What weights are is told from their files alone, without fetching what is big."""

import json
import struct
from pathlib import Path
from typing import Any

import pytest

from families.places import add, listing
from foretell import catalog, families
from foretell.errors import Code, Error
from foretell.families import Files, Recognized

SDXL = {
    "_class_name": "StableDiffusionXLPipeline",
    "scheduler": ["diffusers", "EulerAncestralDiscreteScheduler"],
    "text_encoder": ["transformers", "CLIPTextModel"],
    "tokenizer": ["transformers", "CLIPTokenizer"],
    "unet": ["diffusers", "UNet2DConditionModel"],
    "vae": ["diffusers", "AutoencoderKL"],
    "image_encoder": [None, None],
}
CONFIGURATIONS = {
    "scheduler/scheduler_config.json": {},
    "text_encoder/config.json": {},
    "tokenizer/vocab.json": {},
    "unet/config.json": {"sample_size": 128},
    "vae/config.json": {"block_out_channels": [128, 256, 512, 512]},
}
WEIGHTS = {
    "text_encoder/model.safetensors": 492,
    "text_encoder/model.fp16.safetensors": 246,
    "text_encoder/pytorch_model.bin": 492,
    "unet/diffusion_pytorch_model.safetensors": 10_000,
    "unet/diffusion_pytorch_model.fp16.safetensors": 5_000,
    "unet/flax_model.msgpack": 10_000,
    "vae/diffusion_pytorch_model.safetensors": 334,
    "vae/diffusion_pytorch_model.fp16.safetensors": 167,
    "vae_decoder/model.onnx": 200,
    "sd_xl_turbo_1.0.safetensors": 13_000,
}


def pipeline(index: dict[str, Any], weights: dict[str, int] = WEIGHTS, **more: Any) -> Files:
    tables = {**CONFIGURATIONS, "model_index.json": index}
    return listing(weights, {path: json.dumps(each).encode() for path, each in tables.items()}, **more)


def checkpoint(*tensors: str, title: str = "checkpoint") -> Files:
    header = json.dumps(
        {name: {"dtype": "F16", "shape": [1], "data_offsets": [0, 2]} for name in tensors}
    ).encode()
    text = struct.pack("<Q", len(header)) + header
    found = listing({}, {"model.safetensors": text}, title=title)
    return Files(sizes=found.sizes, part=found.part, title=title, is_single=True)


def refused(files: Files) -> str:
    with pytest.raises(Error) as raised:
        families.recognize(files)
    assert raised.value.code is Code.INVALID_REQUEST
    return raised.value.message


def written(found: Recognized, folder: Path) -> catalog.Version:
    families.write_folder(found, folder, namespace="added", weight_source="hf:owner/name@main")
    return catalog.read_folder(folder, created_at=0)


def test_a_distilled_pipeline_has_the_few_steps_that_it_is_meant_for() -> None:
    found = families.recognize(pipeline(SDXL, title="sdxl-turbo"))
    assert (found.settings["steps"], found.settings["guidance"], found.settings["side"]) == (4, 0.0, 1024)
    whole = families.recognize(pipeline(SDXL, title="sdxl-base"))
    assert (whole.settings["steps"], whole.settings["guidance"]) == (30, 5.0)


def test_of_each_part_one_form_is_fetched_and_nothing_beside_it() -> None:
    found = families.recognize(pipeline(SDXL))
    assert set(found.include) == {
        "model_index.json",
        *CONFIGURATIONS,
        "text_encoder/model.fp16.safetensors",
        "unet/diffusion_pytorch_model.fp16.safetensors",
        "vae/diffusion_pytorch_model.fp16.safetensors",
    }
    assert found.settings["variant"] == "fp16"


def test_weights_that_are_halved_only_in_part_are_taken_whole() -> None:
    weights = {
        path: size for path, size in WEIGHTS.items() if path != "vae/diffusion_pytorch_model.fp16.safetensors"
    }
    found = families.recognize(pipeline(SDXL, weights))
    assert found.settings["variant"] == ""
    assert {path for path in found.include if "safetensors" in path} == {
        "text_encoder/model.safetensors",
        "unet/diffusion_pytorch_model.safetensors",
        "vae/diffusion_pytorch_model.safetensors",
    }


def test_a_pipeline_with_a_part_missing_is_refused_by_its_name() -> None:
    index = {**SDXL, "text_encoder_2": ["transformers", "CLIPTextModelWithProjection"]}
    assert "text_encoder_2" in refused(pipeline(index))


def test_a_pipeline_that_nobody_knows_is_refused_by_its_name() -> None:
    assert "ShapEPipeline" in refused(pipeline({**SDXL, "_class_name": "ShapEPipeline"}))
    assert "own.py" in refused(pipeline({**SDXL, "_class_name": ["own.py", "Own"]}))


def test_what_is_known_by_no_family_is_refused_with_what_was_seen() -> None:
    files = listing({"a.weights": 5}, {"config.json": b'{"architectures": ["OddModel"]}'})
    message = refused(files)
    assert "a.weights" in message
    assert "OddModel" in message
    assert "foretell models init" in message


@pytest.mark.parametrize(
    ("name", "predictor", "capabilities"),
    [
        ("StableDiffusion3Pipeline", "Inpainting", ("text-to-image", "image-to-image", "inpainting")),
        ("SanaPipeline", "TextToImage", ("text-to-image",)),
        ("LatentConsistencyModelPipeline", "ImageToImage", ("text-to-image", "image-to-image")),
        ("QwenImageEditPipeline", "Editing", ("image-to-image",)),
        ("Flux2KleinPipeline", "DrawingAndEditing", ("text-to-image", "image-to-image")),
        ("StableDiffusionInpaintPipeline", "Filling", ("inpainting",)),
        ("StableDiffusionXLImg2ImgPipeline", "Reworking", ("image-to-image",)),
        ("WanPipeline", "TextToVideo", ("text-to-video",)),
        ("WanImageToVideoPipeline", "ImageToVideo", ("image-to-video",)),
        ("LTXPipeline", "TextOrImageToVideo", ("text-to-video", "image-to-video")),
        ("StableVideoDiffusionPipeline", "Motion", ("image-to-video",)),
        ("StableAudioPipeline", "TextToSound", ("text-to-audio",)),
        ("AceStepPipeline", "Song", ("text-to-music",)),
    ],
)
def test_a_pipeline_becomes_a_folder_that_says_what_it_takes(
    name: str, predictor: str, capabilities: tuple[str, ...], tmp_path: Path
) -> None:
    version = written(families.recognize(pipeline({**SDXL, "_class_name": name}, title="a-model")), tmp_path)
    assert version.manifest.predictor.endswith(f":{predictor}")
    assert version.manifest.capabilities == capabilities
    inputs = version.input_schema["properties"]
    assert inputs["steps"]["default"] > 0
    assert ("image" in version.input_schema["required"]) == (
        "text-to-image" not in capabilities and "image" in inputs
    ) or ("image-to-video" in capabilities)


def test_every_pipeline_that_is_known_becomes_a_folder_that_can_be_read(tmp_path: Path) -> None:
    for name in families.diffusers.pipelines.PIPELINES:
        version = written(families.recognize(pipeline({**SDXL, "_class_name": name})), tmp_path / name)
        for example in version.manifest.examples:
            assert example.input.keys() <= version.input_schema["properties"].keys(), name


def test_the_license_and_the_title_are_those_of_the_weights(tmp_path: Path) -> None:
    card = b"---\nlicense: other\nlicense_name: sai-nc-community\ntags:\n- x\n---\n# A model"
    tables = {
        path: json.dumps(each).encode() for path, each in {**CONFIGURATIONS, "model_index.json": SDXL}.items()
    }
    version = written(
        families.recognize(listing(WEIGHTS, {**tables, "README.md": card}, title="sdxl")), tmp_path
    )
    assert (version.manifest.license, version.manifest.name) == ("sai-nc-community", "sdxl")
    weight = version.manifest.weights[0]
    assert (weight.name, weight.source) == ("model", "hf:owner/name@main")
    assert "README.md" in weight.include


@pytest.mark.parametrize(
    ("tensors", "name", "repository"),
    [
        (
            [
                "model.diffusion_model.input_blocks.0.0.weight",
                "cond_stage_model.transformer.x",
                "first_stage_model.y",
            ],
            "StableDiffusionPipeline",
            "stable-diffusion-v1-5/stable-diffusion-v1-5",
        ),
        (
            [
                "model.diffusion_model.input_blocks.0.0.weight",
                "conditioner.embedders.1.model.x",
                "first_stage_model.y",
            ],
            "StableDiffusionXLPipeline",
            "stabilityai/stable-diffusion-xl-base-1.0",
        ),
        (["double_blocks.0.img_attn.proj.weight"], "FluxPipeline", "black-forest-labs/FLUX.1-schnell"),
        (
            ["model.diffusion_model.double_blocks.0.x", "model.diffusion_model.guidance_in.in_layer.weight"],
            "FluxPipeline",
            "black-forest-labs/FLUX.1-dev",
        ),
    ],
)
def test_a_checkpoint_in_one_file_is_known_by_its_tensors_and_says_what_it_lacks(
    tensors: list[str], name: str, repository: str, tmp_path: Path
) -> None:
    found = families.recognize(checkpoint(*tensors))
    assert found.settings["pipeline"] == name
    version = written(found, tmp_path)
    assert [each.name for each in version.manifest.weights] == ["model.safetensors", "configuration"]
    assert version.manifest.weights[1].source == f"hf:{repository}@main"


def test_a_checkpoint_without_its_text_encoder_is_refused() -> None:
    assert "without its text encoder" in refused(checkpoint("model.diffusion_model.input_blocks.0.0.weight"))


def test_a_lora_is_refused_with_what_to_do_with_it() -> None:
    files = checkpoint("unet.down_blocks.0.lora_A.weight", "unet.down_blocks.0.lora_B.weight")
    assert "as the input 'lora'" in refused(files)
    card = b"---\nbase_model:\n- stabilityai/stable-diffusion-xl-base-1.0\n---\n"
    text = files.part("model.safetensors", 0, 10_000)
    told = refused(listing({}, {"pytorch_lora_weights.safetensors": text, "README.md": card}))
    assert "hf:stabilityai/stable-diffusion-xl-base-1.0" in told


def test_a_file_that_only_looks_like_weights_is_refused() -> None:
    for text in (b"", b"\xff" * 100, struct.pack("<Q", 50) + b"{not json}" * 5):
        assert "model.safetensors" in refused(listing({}, {"model.safetensors": text}))


def test_a_written_folder_does_not_change_when_it_is_written_again(tmp_path: Path) -> None:
    ids = [
        written(families.recognize(pipeline(SDXL)), tmp_path / str(number) / "added").id
        for number in range(2)
    ]
    assert len(set(ids)) == 1


def test_what_a_model_card_says_cannot_break_the_manifest(tmp_path: Path) -> None:
    title = 'a "model" \\ with \x7f, \n[[weights]] and é'
    version = written(families.recognize(pipeline(SDXL, title=title)), tmp_path)
    assert version.manifest.name == title
    assert len(version.manifest.weights) == 1


def test_directories_and_files_are_listed_without_what_is_hidden(tmp_path: Path) -> None:
    (tmp_path / ".git").mkdir()
    (tmp_path / ".git" / "config").write_text("x")
    (tmp_path / "unet").mkdir()
    (tmp_path / "unet" / "a.bin").write_bytes(b"12345")
    files = families.of_directory(tmp_path)
    assert files.sizes == {"unet/a.bin": 5}
    assert files.part("unet/a.bin", 1, 3) == b"234"
    single = families.of_file(tmp_path / "unet" / "a.bin")
    assert (single.weight, single.title) == ("model.bin", "a")


def test_adding_needs_no_more_than_the_path(tmp_path: Path) -> None:
    for path, text in {
        **{p: json.dumps(e) for p, e in CONFIGURATIONS.items()},
        "model_index.json": json.dumps(SDXL),
    }.items():
        (tmp_path / "weights" / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "weights" / path).write_text(text)
    folder = add(tmp_path / "weights", tmp_path / "models", name="mine")
    assert catalog.read_folder(folder, created_at=0).model == "mine"
