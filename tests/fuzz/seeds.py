"""What a hunt begins with: things as they are when nobody means harm, and the words they are made of."""

import json
from pathlib import Path

from foretell import catalog

MODELS = Path(catalog.__file__).parents[1] / "models"

BODIES = (
    {"model": "truefusion", "input": {"prompt": "a fox", "num_outputs": 2}, "await": False, "ttl": 60},
    {
        "model": "truefusion",
        "input": {"prompt": "a fox", "width": 512.0},
        "webhook": {"url": "https://example.com/hook", "events": ["completed"]},
        "webhook_events_filter": ["completed"],
        "privacy": "public",
        "metadata": {"a": [1, None]},
    },
    {
        "model": "deepbrain",
        "messages": [
            {"role": "system", "content": "Be brief."},
            {"role": "user", "content": [{"type": "text", "text": "Hello"}]},
            {"role": "assistant", "tool_calls": [{"id": "c", "type": "function", "function": {"name": "f"}}]},
            {"role": "tool", "tool_call_id": "c", "content": "4"},
        ],
        "tools": [{"type": "function", "function": {"name": "f", "parameters": {"type": "object"}}}],
        "response_format": {"type": "json_schema", "json_schema": {"name": "n", "schema": {}}},
        "max_tokens": 5,
        "stop": ["x"],
        "n": 2,
        "temperature": 0.5,
        "stream_options": {"include_usage": True},
    },
    {
        "model": "deepbrain",
        "input": [
            {"role": "user", "content": [{"type": "input_text", "text": "Hello"}]},
            {"type": "item_reference", "id": "msg_1"},
        ],
        "previous_response_id": "resp_1",
        "background": True,
        "store": True,
        "text": {"format": {"type": "text"}},
        "reasoning": {"effort": "low"},
    },
    {"model": "embed", "input": ["one", "two"], "encoding_format": "base64", "dimensions": 384},
    {"model": "embed", "input": [[1, 2], [3]]},
    {"model": "truefusion", "prompt": "a fox", "size": "1024x1024", "n": 1, "response_format": "b64_json"},
    {"model": "speech", "input": "Hello", "voice": "alloy", "response_format": "wav", "speed": 1.5},
    {"model": "omni-moderation-latest", "input": [{"type": "text", "text": "Hello"}]},
    {"name": "shop", "scopes": ["run"], "models": ["truefusion"], "expires_at": "2030-01-01T00:00:00Z"},
    {"amount": "1.5", "note": "a gift", "requests_per_minute": 5, "role": "member"},
)

STREAM = b'id: 1:2\nevent: output\ndata: {"text": "a"}\n\n: ping\n\nevent: done\ndata: {}\n\n'

FORM = (
    b'--b\r\nContent-Disposition: form-data; name="purpose"\r\n\r\nuser_data\r\n'
    b'--b\r\nContent-Disposition: form-data; name="file"; filename="c\xc3\xa4t%20.png"\r\n'
    b"Content-Type: image/png\r\n\r\n\x89PNG\r\n\x1a\n\r\n--b--\r\n"
)

FRAMES = (
    {"type": "hello", "pid": 1, "protocol": 1, "python": "3.11"},
    {"type": "ready", "concurrency": 2, "streaming": True},
    {"type": "log", "id": "r", "source": "stdout", "text": "x"},
    {"type": "progress", "id": "r", "fraction": 0.5},
    {"type": "metric", "id": "r", "name": "n", "value": 1, "mode": "replace"},
    {"type": "output", "id": "r", "value": ["x"], "files": [{"at": [0], "path": "a.png"}]},
    {"type": "done", "id": "r", "value": {"a": "x"}, "files": [{"at": ["a"], "path": "b/c.png"}]},
    {"type": "delta", "id": "r", "delta": {"a": 1}},
    {"type": "failed", "id": "r", "message": "no", "traceback": "x"},
    {"type": "canceled", "id": "r"},
)

FILES = (
    b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\x10\0\0\0\x20\x08\x02\0\0\0" + b"\0" * 16,
    b"GIF89a\x10\0\x20\0\0\0\0,",
    b"\xff\xd8\xff\xe0\0\x10JFIF\0\1\1\0\0\1\0\1\0\0\xff\xc0\0\x11\x08\0\x10\0\x20\3" + b"\0" * 16,
    b"BM" + b"\0" * 16 + b"\x10\0\0\0\x20\0\0\0",
    b"RIFF\x30\0\0\0WEBPVP8 \x10\0\0\0\0\0\0\x9d\x01\x2a\x10\0\x20\0" + b"\0" * 16,
    b"RIFF\x30\0\0\0WAVEfmt \x10\0\0\0\1\0\1\0\x40\x1f\0\0\x80\x3e\0\0\2\0\x10\0data\x10\0\0\0" + b"\0" * 16,
    b"fLaC\0\0\0\x22\x10\0\x10\0\0\0\0\0\0\0\x0a\xc4\x42\xf0\0\0\x10\0" + b"\0" * 24,
    b"OggS\0\2" + b"\0" * 20 + b"\1\x1e\1vorbis" + b"\0" * 24,
    b"ID3\4\0\0\0\0\0\x0aTIT2\0\0\0\2\0\0\xff\xfb\x90\x44" + b"\0" * 64,
    b"\0\0\0\x18ftypmp42\0\0\0\0mp42isom\0\0\0\x74moov\0\0\0\x6cmvhd" + b"\0\0\3\xe8" * 26,
    b"\x1aE\xdf\xa3" + b"\x80" * 32,
    b"<svg width='10' height='20px' xmlns='http://www.w3.org/2000/svg'/>",
)

ADDRESSES = (
    "https://example.com:8443/a/b.png?c=d#e",
    "http://[::ffff:127.0.0.1]:80/",
    "http://b\u00fccher.example/%2e%2e/%00",
    "data:text/plain;charset=utf-8;base64,SGVsbG8=",
    "data:,a%20b",
    "attachment; filename*=UTF-8''..%2f..%2fetc; filename=\"a\"",
    "bytes=0-4",
)


def predictors() -> list[str]:
    """The source of every built-in predictor."""
    return [path.read_text() for path in sorted(MODELS.glob("*/predict.py"))]


def words() -> list[str]:
    """What the fuzzer may put in as a whole, in its dictionary's spelling."""
    found = {
        "\\x0d\\x0a",
        "--b",
        "\\xe2\\x80\\xa8",
        "\\xc2\\x85",
        "data:",
        "\\\\u0000",
        "\\\\ud800",
        "1e400",
        "-0.0",
        "NaN",
        "true",
        "null",
    }
    for body in (*BODIES, *FRAMES):
        found |= set(_words(body))
    return sorted(found)


def as_json(value: object) -> bytes:
    return json.dumps(value).encode()


def _words(value: object) -> list[str]:
    if isinstance(value, dict):
        return [*value, *(word for each in value.values() for word in _words(each))]
    if isinstance(value, list):
        return [word for each in value for word in _words(each)]
    return [value] if isinstance(value, str) and value.isascii() and value.isprintable() and value else []
