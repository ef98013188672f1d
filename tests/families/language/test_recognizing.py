"""What a directory of weights is, told from its files alone."""

import json
import struct
from dataclasses import replace
from typing import Any

import pytest

from families.places import listing
from foretell.errors import Error
from foretell.families import Files, Recognized, recognize

MB = 1024**2
TEMPLATE = "{% for m in messages %}{{ m.content }}{% endfor %}"


def weights(config: dict[str, Any], *, sizes: dict[str, int] | None = None, **texts: Any) -> Files:
    """A directory with a configuration; `tokenizer_config` is `tokenizer_config.json`."""
    found = {f"{name}.json": json.dumps(each).encode() for name, each in {"config": config, **texts}.items()}
    return listing(sizes or {"model.safetensors": 300 * MB}, found, title="My-Model")


def llama(**more: Any) -> dict[str, Any]:
    return {"architectures": ["LlamaForCausalLM"], "model_type": "llama", **more}


@pytest.mark.parametrize(
    ("architecture", "model_type", "predictor", "type", "capability"),
    [
        ("Qwen3ForCausalLM", "qwen3", "text.py:Text", "text", "text-generation"),
        ("GPT2LMHeadModel", "gpt2", "text.py:Text", "text", "text-generation"),
        ("T5ForConditionalGeneration", "t5", "rewriting.py:Rewriting", "text", "text-to-text"),
        ("MarianMTModel", "marian", "rewriting.py:Rewriting", "text", "text-to-text"),
        ("M2M100ForConditionalGeneration", "m2m_100", "rewriting.py:Rewriting", "text", "text-to-text"),
        ("WhisperForConditionalGeneration", "whisper", "hearing.py:Hearing", "text", "speech-to-text"),
        ("Wav2Vec2ForCTC", "wav2vec2", "spelling.py:Spelling", "text", "speech-to-text"),
        ("VitsModel", "vits", "speaking.py:Speaking", "audio", "text-to-speech"),
        ("BertModel", "bert", "vectors.py:Vectors", "embedding", "embeddings"),
        ("BertForSequenceClassification", "bert", "sorting.py:Sorting", "text", "text-classification"),
        ("ViTForImageClassification", "vit", "seeing.py:Seeing", "text", "image-classification"),
    ],
)
def test_the_kind_follows_from_what_the_weights_call_themselves(
    architecture: str, model_type: str, predictor: str, type: str, capability: str
) -> None:
    found = recognize(weights({"architectures": [architecture], "model_type": model_type}))
    assert (found.family, found.predictor, found.type) == ("transformers", predictor, type)
    assert capability in found.capabilities
    assert found.title == "My-Model"
    assert all(path.is_file() for path in found.files)
    assert found.example  # so that adding the model tries it


@pytest.mark.parametrize(
    "texts",
    [
        {"tokenizer_config": {"chat_template": TEMPLATE}},
        {"tokenizer_config": {"chat_template": [{"name": "default", "template": TEMPLATE}]}},
        {"chat_template": {"chat_template": TEMPLATE}},
    ],
)
def test_a_language_model_with_a_chat_template_chats(texts: dict[str, Any]) -> None:
    found = recognize(weights(llama(), **texts))
    assert found.predictor == "chat.py:Chat"
    assert {"chat", "tools", "json", "streaming"} <= set(found.capabilities)


def test_a_model_that_sees_takes_pictures_in_its_talk() -> None:
    config = {"architectures": ["LlavaForConditionalGeneration"], "model_type": "llava", "vision_config": {}}
    found = recognize(weights(config, chat_template={"chat_template": TEMPLATE}))
    assert found.predictor == "vision.py:Vision"
    assert "vision" in found.capabilities


def test_sentence_transformers_are_encoders_whatever_is_inside() -> None:
    found = recognize(weights(llama(max_position_embeddings=4096), modules=[]))
    assert (found.type, found.settings["tokens_max"]) == ("embedding", 4096)


def chat(config: dict[str, Any] | None = None, *, template: str = TEMPLATE, **texts: Any) -> Recognized:
    return recognize(weights(config or llama(), tokenizer_config={"chat_template": template}, **texts))


@pytest.mark.parametrize(
    ("config", "room"),
    [
        (llama(max_position_embeddings=8192), 8192),
        (llama(max_position_embeddings=131_072), 32_768),
        (llama(n_positions=1024), 1024),
        (llama(text_config={"max_position_embeddings": 4096}), 4096),
        (llama(), 2048),
    ],
)
def test_the_room_for_a_talk_is_the_models_own_as_far_as_memory_reaches(
    config: dict[str, Any], room: int
) -> None:
    found = chat(config)
    assert (found.settings["context_tokens"], found.settings["answer_tokens_max"]) == (room, room)
    assert found.settings["answer_tokens"] <= room


def test_how_freely_words_are_chosen_is_what_the_weights_recommend() -> None:
    said = {"do_sample": True, "temperature": 0.6, "top_p": 0.8}
    recommended = chat(generation_config=said).settings
    assert (recommended["temperature"], recommended["top_p"]) == (0.6, 0.8)
    silent = chat(generation_config={"temperature": 5.0}).settings
    assert (silent["temperature"], silent["top_p"]) == (0.7, 0.95)


def test_tools_are_the_templates_own_where_its_calls_are_understood() -> None:
    assert chat(template="{% if tools %}<tool_call>{% endif %}").settings["native_tools"]
    assert not chat(template="{% if tools %}<|calls|>{% endif %}").settings["native_tools"]
    assert not chat().settings["native_tools"]


def test_each_weight_is_taken_once_and_in_its_safest_form() -> None:
    sizes = {
        "model-00001-of-00002.safetensors": MB,
        "model-00002-of-00002.safetensors": MB,
        "pytorch_model.bin": 2 * MB,
        "consolidated.safetensors": 2 * MB,
        "optimizer.bin": 4 * MB,
        "onnx/model.onnx": MB,
        "model.safetensors.index.json": 100,
        "tokenizer.json": 100,
        "LICENSE": 9,
    }
    found = recognize(weights(llama(), sizes=sizes))
    assert set(found.include) == {
        "config.json",
        "model-00001-of-00002.safetensors",
        "model-00002-of-00002.safetensors",
        "model.safetensors.index.json",
        "tokenizer.json",
    }
    old = recognize(weights(llama(), sizes={"pytorch_model.bin": MB, "training_args.bin": 9}))
    assert set(old.include) == {"config.json", "pytorch_model.bin"}


def test_memory_is_asked_for_by_the_size_of_the_weights() -> None:
    small, large = (
        recognize(weights(llama(), sizes={"model.safetensors": size * MB})) for size in (100, 8000)
    )
    assert large.limits["memory_mb"] > 8000 > small.limits["memory_mb"]
    assert large.limits["load_timeout_seconds"] > small.limits["load_timeout_seconds"]


def test_weights_of_fewer_bits_bring_what_reads_them_or_say_that_nothing_does() -> None:
    plain = recognize(weights(llama()))
    packed = recognize(weights(llama(quantization_config={"quant_method": "bitsandbytes"})))
    [more] = set(packed.requirements) - set(plain.requirements)
    assert more.startswith("bitsandbytes==")
    assert packed.settings["quantised"]
    with pytest.raises(Error, match="quantised by 'gptq'"):
        recognize(weights(llama(quantization_config={"quant_method": "gptq"})))


def test_a_kind_without_a_predictor_is_named() -> None:
    with pytest.raises(Error, match="BertForMaskedLM"):
        recognize(weights({"architectures": ["BertForMaskedLM"], "model_type": "bert"}))


def whisper(words: int) -> Recognized:
    config = json.dumps({"alignment_heads": [], "suppress_ids": []}).encode()
    vocabulary = b"".join(b"word\n" for _ in range(words))
    texts = {"config.json": config, "vocabulary.txt": vocabulary}
    return recognize(listing({"model.bin": 80 * MB, "tokenizer.json": 9}, texts))


def test_a_whisper_of_ctranslate2_knows_its_languages_by_its_vocabulary() -> None:
    assert whisper(51_864).settings["languages"] == {"en": "english"}
    many = whisper(51_865)
    assert (many.family, many.settings["language"]) == ("whisper", "auto")
    assert len(many.settings["languages"]) == 101


def text(value: str) -> bytes:
    return struct.pack("<Q", len(value.encode())) + value.encode()


def gguf(values: dict[str, str | int | float | list[str]]) -> bytes:
    head = b"GGUF" + struct.pack("<IQQ", 3, 0, len(values))
    return head + b"".join(text(name) + _value(each) for name, each in values.items())


def _value(value: str | float | list[str]) -> bytes:
    if isinstance(value, str):
        return struct.pack("<I", 8) + text(value)
    if isinstance(value, int):
        return struct.pack("<II", 4, value)
    if isinstance(value, float):
        return struct.pack("<If", 6, value)
    return struct.pack("<IIQ", 9, 8, len(value)) + b"".join(map(text, value))


QWEN: dict[str, Any] = {
    "general.architecture": "qwen3",
    "general.file_type": 15,
    "general.sampling.temp": 0.6,
    "qwen3.context_length": 40_960,
    "tokenizer.ggml.tokens": ["word" * 10] * 50_000,  # longer than one reading
    "tokenizer.chat_template": "{% if tools %}<tool_call>{% endif %}",
}


def of_gguf(files: dict[str, dict[str, Any]]) -> Recognized:
    return recognize(listing({}, {name: gguf(values) for name, values in files.items()}, title="Qwen3"))


def test_a_gguf_file_says_by_its_header_what_it_is() -> None:
    found = of_gguf({"qwen3.gguf": QWEN})
    assert (found.family, found.predictor, found.title) == ("llama_cpp", "chat.py:Chat", "Qwen3 (Q4_K_M)")
    assert found.settings["context_tokens"] == 8192
    assert found.settings["temperature"] == 0.6
    assert found.settings["native_tools"]


def test_a_gguf_file_without_a_template_goes_on_with_texts() -> None:
    plain = {name: each for name, each in QWEN.items() if name != "tokenizer.chat_template"}
    found = of_gguf({"base.gguf": plain})
    assert (found.predictor, "chat" in found.capabilities) == ("text.py:Text", False)


def test_of_several_gguf_files_the_handiest_is_taken_with_all_its_parts() -> None:
    names = ["m-Q8_0.gguf", "m-Q4_K_M-00001-of-00002.gguf", "m-Q4_K_M-00002-of-00002.gguf", "mmproj-F16.gguf"]
    found = of_gguf(dict.fromkeys(names, QWEN))
    assert found.include == ("m-Q4_K_M-00001-of-00002.gguf", "m-Q4_K_M-00002-of-00002.gguf")
    assert found.settings["file"] == "m-Q4_K_M-00001-of-00002.gguf"


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        (b"no header at all", "no GGUF file"),
        (gguf(QWEN)[:200], "damaged"),
        (b"GGUF" + struct.pack("<IQQ", 3, 0, 2**60), "damaged"),
        (b"GGUF" + struct.pack("<IQQ", 3, 0, 1) + struct.pack("<Q", 2**62), "damaged"),
        (b"GGUF" + struct.pack("<IQQ", 1, 0, 0), "version 1"),
        (gguf({"general.architecture": "bert", "bert.context_length": 512}), "'bert'"),
        (gguf({"general.architecture": "sd3"}), "'sd3'"),
    ],
)
def test_what_is_no_language_model_is_refused_with_what_it_is(content: bytes, complaint: str) -> None:
    with pytest.raises(Error, match=complaint):
        recognize(listing({}, {"model.gguf": content}))


@pytest.mark.parametrize(
    ("gpus_mb", "asked", "memory_mb"),
    [
        ([], {}, 20_900),
        ([24_000], {"gpu_memory_mb": 11_100}, 6000),
        ([8_000, 24_000], {"gpu_memory_mb": 11_100}, 6000),
        ([8_000, 8_000, 8_000], {"gpu": 2}, 6000),
        ([4_000, 4_000], {"gpu": 2}, 20_900),
    ],
)
def test_on_a_machine_with_gpus_a_model_asks_for_those_it_needs(
    gpus_mb: list[int], asked: dict, memory_mb: int
) -> None:
    found = recognize(weights(llama(), sizes={"model.safetensors": 8000 * MB}))
    assert found.gpu_memory_mb == 11_100
    placed = found.on(gpus_mb).limits
    assert {name: each for name, each in placed.items() if name.startswith("gpu")} == asked
    assert placed["memory_mb"] == memory_mb


def test_what_its_library_cannot_spread_stays_on_one_gpu() -> None:
    found = replace(recognize(weights(llama(), sizes={"model.safetensors": 8000 * MB})), gpus_max=1)
    assert found.on([8_000, 8_000]).limits["gpu"] == 1
    assert "gpu" not in whisper(51_864).on([8_000]).limits
