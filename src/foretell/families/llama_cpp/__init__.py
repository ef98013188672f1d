"""GGUF files: language models for llama.cpp, known by what their header says."""

import re
from collections.abc import Mapping
from pathlib import Path, PurePosixPath
from typing import Any

from foretell.errors import Code, Error
from foretell.families.files import Files
from foretell.families.llama_cpp.header import read_header
from foretell.families.recognized import Recognized
from foretell.families.requirements import LLAMA_CPP
from foretell.families.transformers.templates import knows_tools

__all__ = ["recognize"]

ROOM_TOKENS = 8192
"""Memory for so many tokens is taken at once; a `settings.py` may say more."""
ANSWER_TOKENS = 512
PREFERRED = ("Q4_K_M", "Q5_K_M", "Q4_K_S", "Q4_0", "Q4_1", "Q6_K", "Q8_0", "F16", "BF16")
"""Of several files of one model, the first of these is taken: most of the quality for the least memory."""
ENCODERS = frozenset(
    {"bert", "nomic-bert", "nomic-bert-moe", "jina-bert-v2", "modern-bert", "gemma-embedding"}
)
QUANTISATIONS = {
    0: "F32", 1: "F16", 2: "Q4_0", 3: "Q4_1", 7: "Q8_0", 8: "Q5_0", 9: "Q5_1", 10: "Q2_K", 11: "Q3_K_S",
    12: "Q3_K_M", 13: "Q3_K_L", 14: "Q4_K_S", 15: "Q4_K_M", 16: "Q5_K_S", 17: "Q5_K_M", 18: "Q6_K",
    24: "IQ1_S", 25: "IQ4_NL", 26: "IQ3_S", 28: "IQ2_S", 30: "IQ4_XS", 32: "BF16",
}  # fmt: skip

_FAMILIES = Path(__file__).parents[1]
_MODELS = Path(__file__).parents[2] / "models"
_PART = re.compile(r"-\d{5}-of-\d{5}\.gguf$")
_TALK = tuple(
    _MODELS / "deepbrain" / f"{name}.py" for name in ("language_model", "talk", "functions", "conversation")
)
_CHAT = _FAMILIES / "transformers" / "predictor"


def recognize(files: Files) -> Recognized | None:
    """The way to run a `.gguf` file, or the handiest one in a directory of them.

    Error(INVALID_REQUEST) for one that holds something else than a language model.
    """
    chosen = _chosen(files)
    if not chosen:
        return None
    header = read_header(files, chosen[0])
    architecture = str(header.get("general.architecture", ""))
    room = header.get(f"{architecture}.context_length")
    if not isinstance(room, int) or architecture in ENCODERS:
        kind = architecture or "unknown"
        message = f"{chosen[0]} holds a model of the kind '{kind}', which is no language model for llama.cpp."
        raise Error(Code.INVALID_REQUEST, message)
    template = str(header.get("tokenizer.chat_template", ""))
    name = "chat" if template else "text"
    return Recognized(
        family="llama_cpp",
        type="text",
        title=_title(header, files, chosen[0]),
        capabilities=_capabilities(template),
        requirements=LLAMA_CPP,
        predictor=f"{name}.py:{name.capitalize()}",
        files=(_CHAT / "chat.py", *_sources(name), Path(__file__).parent / "predictor" / "engine.py", *_TALK),
        include=() if files.is_single else tuple(chosen),
        settings=_settings(header, min(room, ROOM_TOKENS), template) | {"file": _file(files, chosen)},
        example=_example(template),
        limits=_limits(sum(files.sizes[path] for path in chosen), min(room, ROOM_TOKENS)),
        license=files.license or str(header.get("general.license", "")),
        weight=files.weight,
    )


def _chosen(files: Files) -> list[str]:
    """The files of one model: all parts of it, where it comes in parts."""
    found = [path for path in files.ending_in(".gguf") if not PurePosixPath(path).name.startswith("mmproj")]
    if not found:
        return []
    first = min(found, key=lambda path: (_rank(path), path.count("/"), path))
    if not _PART.search(first):
        return [first]
    whole = _PART.sub("", first)
    return [path for path in found if _PART.search(path) and _PART.sub("", path) == whole]


def _rank(path: str) -> int:
    name = PurePosixPath(path).name.upper().replace("-", "_")
    return next((place for place, each in enumerate(PREFERRED) if each in name), len(PREFERRED))


def _file(files: Files, chosen: list[str]) -> str:
    """Which file of the directory is opened; "" where the weights are one file."""
    return "" if files.is_single else chosen[0]


def _sources(name: str) -> tuple[Path, ...]:
    return (_CHAT / "text.py",) if name == "text" else ()


def _title(header: Mapping[str, Any], files: Files, path: str) -> str:
    name = str(files.title or header.get("general.name") or PurePosixPath(path).stem)
    bits = QUANTISATIONS.get(header.get("general.file_type", -1), "")
    return f"{name} ({bits})" if bits and bits not in name else name


def _capabilities(template: str) -> tuple[str, ...]:
    return (
        "text-generation",
        *(("chat",) if template else ()),
        "streaming",
        *(("tools", "json") if template else ()),
    )


def _settings(header: Mapping[str, Any], room: int, template: str) -> dict[str, Any]:
    return {
        "context_tokens": room,
        "answer_tokens": min(ANSWER_TOKENS, room),
        "answer_tokens_max": room,
        "temperature": _number(header.get("general.sampling.temp"), 0.7, 2.0),
        "top_p": _number(header.get("general.sampling.top_p"), 0.95, 1.0),
        "native_tools": knows_tools(template),
    }


def _number(value: Any, otherwise: float, most: float) -> float:
    return round(min(max(float(value), 0.0), most), 4) if isinstance(value, int | float) else otherwise


def _example(template: str) -> dict[str, Any]:
    asked = "What is the capital of France? Answer in one sentence." if template else "Once upon a time"
    return {"prompt": asked, "max_tokens": 32}


def _limits(stored_bytes: int, room: int) -> dict[str, float]:
    stored_mb = stored_bytes // 1024**2
    return {
        "memory_mb": 400 + int(stored_mb * 1.2) + room // 16,
        "load_timeout_seconds": 120 + stored_mb // 30,
        "run_timeout_seconds": 1800,
        "idle_seconds": 600,
    }
