"""Running a model on a test's server, and looking at what came of it."""

import io
import json
from base64 import b64encode
from typing import TYPE_CHECKING, Any

import httpx

from servers import Foretell, until

if TYPE_CHECKING:
    import numpy as np
    from PIL import Image

LOADED_SECONDS = 120.0


def run(server: Foretell, model: str, **given: Any) -> dict[str, Any]:
    """The prediction when it has ended well."""
    ended = finished(server, create(server, model, **given)["id"])
    assert ended["status"] == "succeeded", ended["error"]
    return ended


def create(server: Foretell, model: str, **given: Any) -> dict[str, Any]:
    with server.client() as client:
        answer = client.post("/v1/predict", json={"model": model, "input": given})
        assert answer.is_success, answer.text
        return answer.json()


def finished(server: Foretell, id: str) -> dict[str, Any]:
    def found() -> dict[str, Any] | None:
        with server.client() as client:
            now = client.get(f"/v1/predictions/{id}").json()
        return now if now["status"] in ("succeeded", "failed", "canceled", "cancelled") else None

    return until(found, about=f"the end of {id}", seconds=LOADED_SECONDS)


def events(server: Foretell, id: str) -> list[tuple[str, dict[str, Any]]]:
    """All that the stream of a prediction says to its end."""
    found, name = [], ""
    with server.client() as client, client.stream("GET", f"/v1/predictions/{id}?stream=true") as answer:
        for line in answer.iter_lines():
            if line.startswith("event: "):
                name = line.removeprefix("event: ")
            elif line.startswith("data: "):
                found.append((name, json.loads(line.removeprefix("data: "))))
    return found


def fetched(prediction: dict[str, Any], number: int = 0) -> bytes:
    output = prediction["output"]
    return httpx.get(output[number] if isinstance(output, list) else output).content


def pixels(prediction: dict[str, Any], number: int = 0) -> "np.ndarray":
    import numpy as np
    from PIL import Image

    return np.asarray(Image.open(io.BytesIO(fetched(prediction, number))).convert("RGB")).astype(int)


def uri(picture: "Image.Image") -> str:
    file = io.BytesIO()
    picture.save(file, "PNG")
    return "data:image/png;base64," + b64encode(file.getvalue()).decode()
