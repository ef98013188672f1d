"""Whisper for CTranslate2, as faster-whisper reads it."""

import json
from pathlib import Path

from foretell.families.files import Files
from foretell.families.languages import language_settings
from foretell.families.recognized import Recognized
from foretell.families.requirements import FASTER_WHISPER

__all__ = ["recognize"]

VOCABULARIES = ("vocabulary.txt", "vocabulary.json")
NEEDED = ("model.bin", "config.json", "tokenizer.json", "preprocessor_config.json", *VOCABULARIES)
TOKENS_OF_ENGLISH = 51_864
"""How many words the vocabulary has of a Whisper that knows no other language."""

_HERE = Path(__file__).parent
_TRANSCRIBE = _HERE.parents[1] / "models" / "transcribe"


def recognize(files: Files) -> Recognized | None:
    """The way to run a directory that CTranslate2 has made of a Whisper."""
    config = files.table("config.json")
    if "model.bin" not in files.sizes or not any(name in files.sizes for name in VOCABULARIES):
        return None
    if "alignment_heads" not in config and "suppress_ids" not in config:
        return None
    stored_mb = files.sizes["model.bin"] // 1024**2
    return Recognized(
        family="whisper",
        type="text",
        title=files.title or "Whisper",
        capabilities=("speech-to-text",),
        requirements=FASTER_WHISPER,
        predictor="hearing.py:Hearing",
        files=(
            _HERE / "predictor" / "hearing.py",
            *(_TRANSCRIBE / f"{name}.py" for name in ("sound_file", "transcript", "heard")),
            _TRANSCRIBE / "examples" / "hello.mp3",
        ),
        include=tuple(name for name in NEEDED if name in files.sizes),
        settings=language_settings(multilingual=_is_multilingual(files)),
        example={"audio": "hello.mp3"},
        limits={
            "memory_mb": 700 + int(stored_mb * 1.5),
            "load_timeout_seconds": 120 + stored_mb // 30,
            "run_timeout_seconds": 3600,
            "idle_seconds": 600,
        },
        license=files.license,
    )


def _is_multilingual(files: Files) -> bool:
    if "vocabulary.txt" in files.sizes:
        return files.read("vocabulary.txt").count(b"\n") > TOKENS_OF_ENGLISH
    return len(json.loads(files.read("vocabulary.json"))) > TOKENS_OF_ENGLISH
