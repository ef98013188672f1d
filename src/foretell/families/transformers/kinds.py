"""The kinds of models that transformers' weights make, and the predictor of each."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from foretell.families.files import Files
from foretell.families.transformers.templates import chat_template

_TALK = ("deepbrain/talk.py", "deepbrain/functions.py", "deepbrain/conversation.py")
_ENGINE = ("engine.py", "language_model.py", "generating.py", "bounds.py", "writing.py", "placing.py")
_SOUND, _PICTURE = "transcribe/examples/hello.mp3", "restyle/examples/lake.webp"
_HEARING = ("transcribe/sound_file.py", "transcribe/transcript.py", _SOUND, "placing.py")
_QUESTION = {"prompt": "What is the capital of France? Answer in one sentence.", "max_tokens": 32}


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """One predictor, and what it needs. `files` are the family's own, or `MODEL/FILE` of a built-in model."""

    name: str
    predictor: str
    type: str
    files: tuple[str, ...]
    capabilities: tuple[str, ...] = ()
    example: Mapping[str, Any] = field(default_factory=dict)


CHAT = Kind(
    name="chat",
    predictor="chat.py:Chat",
    type="text",
    files=("chat.py", *_ENGINE, *_TALK),
    capabilities=("text-generation", "chat", "streaming", "tools", "json"),
    example=_QUESTION,
)
TEXT = Kind(
    name="text",
    predictor="text.py:Text",
    type="text",
    files=("text.py", "chat.py", *_ENGINE, *_TALK),
    capabilities=("text-generation", "streaming"),
    example={"prompt": "Once upon a time", "max_tokens": 32},
)
VISION = Kind(
    name="vision",
    predictor="vision.py:Vision",
    type="text",
    files=("vision.py", "pictures.py", _PICTURE, "chat.py", *_ENGINE, *_TALK),
    capabilities=("vision", "text-generation", "chat", "streaming", "json"),
    example={"prompt": "What is in this picture?", "image": "lake.webp", "max_tokens": 32},
)
REWRITING = Kind(
    name="rewriting",
    predictor="rewriting.py:Rewriting",
    type="text",
    files=("rewriting.py", "generating.py", "writing.py", "placing.py"),
    capabilities=("text-to-text", "streaming"),
    example={"prompt": "The train leaves at noon.", "max_tokens": 32},
)
HEARING = Kind(
    name="hearing",
    predictor="hearing.py:Hearing",
    type="text",
    files=("hearing.py", *_HEARING),
    capabilities=("speech-to-text",),
    example={"audio": "hello.mp3"},
)
SPELLING = Kind(
    name="spelling",
    predictor="spelling.py:Spelling",
    type="text",
    files=("spelling.py", *_HEARING),
    capabilities=("speech-to-text",),
    example={"audio": "hello.mp3"},
)
SPEAKING = Kind(
    name="speaking",
    predictor="speaking.py:Speaking",
    type="audio",
    files=("speaking.py", "speech/audio_file.py", "placing.py"),
    capabilities=("text-to-speech",),
    example={"prompt": "Hello."},
)
VECTORS = Kind(
    name="vectors",
    predictor="vectors.py:Vectors",
    type="embedding",
    files=("vectors.py", "encoder.py", "placing.py"),
    capabilities=("embeddings",),
    example={"text": "A cat on a mat."},
)
SORTING = Kind(
    name="sorting",
    predictor="sorting.py:Sorting",
    type="text",
    files=("sorting.py", "placing.py"),
    capabilities=("text-classification",),
    example={"text": "What a lovely day."},
)
SEEING = Kind(
    name="seeing",
    predictor="seeing.py:Seeing",
    type="text",
    files=("seeing.py", "pictures.py", _PICTURE, "placing.py"),
    capabilities=("image-classification",),
    example={"image": "lake.webp"},
)

_WHISPERS = frozenset({"whisper"})
_SPEAKERS = frozenset({"vits"})
_REWRITERS = frozenset({
    "bart", "blenderbot", "led", "longt5", "m2m_100", "marian", "mbart", "mt5", "pegasus", "pegasus_x",
    "prophetnet", "t5", "umt5",
})  # fmt: skip
_ENCODERS = frozenset({
    "albert", "bert", "camembert", "deberta", "deberta-v2", "distilbert", "electra", "ernie", "modernbert", "mpnet",
    "nomic_bert", "roberta", "xlm-roberta",
})  # fmt: skip
_BY_TYPE = {
    **dict.fromkeys(_WHISPERS, HEARING),
    **dict.fromkeys(_SPEAKERS, SPEAKING),
    **dict.fromkeys(_REWRITERS, REWRITING),
}
_BY_ENDING = {
    "ForCTC": SPELLING,
    "ForSequenceClassification": SORTING,
    "ForImageClassification": SEEING,
}


def kind_of(files: Files, config: Mapping[str, Any]) -> Kind | None:
    """The kind of model that these weights are; None for one that there is no predictor for."""
    if "modules.json" in files.sizes:
        return VECTORS
    name = str((config.get("architectures") or [""])[0])
    model_type = str(config["model_type"])
    for ending, kind in _BY_ENDING.items():
        if name.endswith(ending):
            return kind
    if model_type in _BY_TYPE:
        return _BY_TYPE[model_type]
    if "vision_config" in config and name.endswith(("ForConditionalGeneration", "ForImageTextToText")):
        return VISION if chat_template(files) else None
    if name.endswith(("ForCausalLM", "LMHeadModel")):
        return CHAT if chat_template(files) else TEXT
    return VECTORS if model_type in _ENCODERS and name.endswith("Model") else None
