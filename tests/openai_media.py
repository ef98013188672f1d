"""Models of pictures and sound for tests, calls that send forms, and the ends of runs that make files."""

import json
from typing import Any

import httpx

from foretell.file import File
from foretell.ids import new_token
from foretell.prediction import FILE_KEY, Hold, Outcome, Status
from openai_calls import Call
from served_api import Api, version

WORDS = {"type": "string"}
FILE = {"type": "string", "format": "uri"}
ONE_FILE = {"output_schema": FILE}


def inputs(*required: str, **properties: Any) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": properties,
        "required": list(required),
        "additionalProperties": False,
    }


PAINTER = inputs(
    "prompt",
    prompt=WORDS,
    width={"type": "integer", "minimum": 64, "maximum": 1024},
    height={"type": "integer", "minimum": 64, "maximum": 1024},
    num_outputs={"type": "integer", "minimum": 1, "maximum": 4, "default": 1},
    seed={"type": ["integer", "null"]},
    style={"type": "string"},
    output_format={"enum": ["png", "jpg"], "default": "png"},
    output_quality={"type": "integer", "minimum": 1, "maximum": 100},
)
SHAPES = inputs(
    "prompt",
    prompt=WORDS,
    seed={"type": ["integer", "null"]},
    aspect_ratio={"enum": ["1:1", "16:9", "2:3", "auto"], "default": "1:1"},
)
CHANGER = inputs(
    "image",
    image=FILE,
    strength={"type": "number"},
    steps={"type": "integer"},
    tags={"type": "array", "items": WORDS},
    title=WORDS,
    keep={"type": "boolean", "default": False},
    style={"enum": ["pop", "wave"]},
)
SPEAKER = inputs(
    "prompt",
    prompt=WORDS,
    voice={"enum": ["alloy", "nova"], "default": "nova"},
    speed={"type": "number", "minimum": 0.5, "maximum": 2},
    output_format={"enum": ["wav", "mp3", "opus"], "default": "wav"},
)
SCRIBE = inputs(
    "audio",
    audio=FILE,
    initial_prompt={"type": "string", "default": ""},
    language={"enum": ["en", "fr"], "default": "en"},
    output_format={"enum": ["text", "srt", "vtt", "json"], "default": "text"},
    word_timestamps={"type": "boolean", "default": False},
)
VERSIONS = (
    version("painter", "image", PAINTER, aliases=("gpt-image-1",)),
    version("shapes", "image", SHAPES),
    version("fixed", "image", inputs("prompt", prompt=WORDS), **ONE_FILE),
    version("changer", "image", CHANGER, **ONE_FILE),
    version("repainter", "image", inputs("image", image=FILE, prompt=WORDS), **ONE_FILE),
    version("speaker", "audio", SPEAKER, aliases=("tts-1",), **ONE_FILE),
    version("hummer", "audio", inputs("text", text=WORDS), **ONE_FILE),
    version("scribe", "text", SCRIBE, aliases=("whisper-1",)),
    version("plain-scribe", "text", inputs("file", file=FILE), streaming=True),
)


class FormCall(Call):
    """One POST of a form with files, made on a thread of its own."""

    def __init__(self, api: Api, path: str, fields: dict[str, Any], files: Any) -> None:
        self._files = files
        super().__init__(api, path, fields)

    def _run(self) -> None:
        try:
            with self._client.stream("POST", self._path, data=self._body, files=self._files) as answer:
                self.headers = answer.headers
                self.status = answer.status_code
                for line in answer.iter_lines():
                    self.lines.append(line)
        except (httpx.HTTPError, OSError, RuntimeError):
            self.lines.append("(cut)")


def post_form(api: Api, path: str, fields: dict[str, Any], files: Any) -> httpx.Response:
    with api.anyone(authorization=f"Bearer {api.key}") as client:
        return client.post(path, data=fields, files=files)


def post(api: Api, path: str, **body: Any) -> httpx.Response:
    with api.anyone(authorization=f"Bearer {api.key}") as client:
        return client.post(path, json=body)


def succeed_with(api: Api, hold: Hold, *contents: bytes, media_type: str = "image/png") -> list[File]:
    """Ends it with a list of files."""
    files = [
        api.run(api.stored(hold, data, name=f"file-{new_token(64)}", content_type=media_type))
        for data in contents
    ]
    outcome = Outcome(status=Status.SUCCEEDED, result=[{FILE_KEY: file.id} for file in files])
    assert api.run(api.store.finish(hold, outcome, files=files)) is not None
    return files


def events(call: Call) -> list[tuple[str, dict[str, Any]]]:
    """Names and data of a stream that has ended."""
    lines = [each for each in call.ended().lines if each.startswith(("event: ", "data: "))]
    names = [each.removeprefix("event: ") for each in lines[::2]]
    return list(zip(names, [json.loads(each.removeprefix("data: ")) for each in lines[1::2]], strict=True))


def uploads(api: Api) -> list[dict[str, Any]]:
    with api.client() as client:
        found: list[dict[str, Any]] = client.get("/v1/files").json()["data"]
    return found
