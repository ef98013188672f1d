"""Each example Cog directory gives, unmodified, what it gives under Cog's own server."""

import base64
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from operator import contains
from pathlib import Path
from typing import Any

import pytest

from cog_itself import EXAMPLES, Cog, cog_running, content
from foretell import catalog
from servers import Foretell

pytestmark = pytest.mark.needs("cog")

HELLO = "data:text/plain;base64," + base64.b64encode(b"hello").decode()
TYPED = {
    "words": "tea and cake",
    "file": HELLO,
    "key": "hush-hush",
    "names": ["ann", "bob"],
    "numbers": [3, 4],
    "files": [HELLO, "data:text/plain,plain%20words"],
    "settings": {"deep": {"er": [1, 2.5, None]}, "a": True},
    "address": "https://example.com/not/fetched.png",
}
Start = Callable[[str], Cog]


@pytest.fixture(scope="module")
def cog(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Start]:
    """Starts Cog's server with an example; each is started once."""
    started: dict[str, Cog] = {}
    with ExitStack() as stack:

        def start(name: str) -> Cog:
            if name not in started:
                version = catalog.read_folder(EXAMPLES / name, created_at=0)
                directory = tmp_path_factory.mktemp(name)
                started[name] = stack.enter_context(cog_running(EXAMPLES / name, version, directory))
            return started[name]

        yield start


def predicted(server: Foretell, model: str, given: dict[str, Any]) -> dict[str, Any]:
    with server.client() as client:
        body = {"model": model, "input": given, "await": True}
        found: dict[str, Any] = client.post("/v1/predict", json=body).json()
    assert found["status"] == "succeeded", found
    return found


def read(server: Foretell, url: str) -> bytes:
    with server.client() as client:
        return client.get(url).content


@pytest.mark.parametrize(
    "given",
    [
        {"name": "Ada"},
        {"name": "Zoë 🎈", "language": "it", "loudness": 3},
        {"name": "https://example.com/ada.png", "loudness": 0},
    ],
)
def test_text_becomes_the_same_text(examples: Foretell, cog: Start, given: dict[str, Any]) -> None:
    assert predicted(examples, "greeter", given)["output"] == cog("greeter").predict(given)["output"]


@pytest.mark.parametrize("more", [{}, {"strength": 0.25}, {"strength": 1}])
def test_a_picture_becomes_the_same_picture(examples: Foretell, cog: Start, more: dict[str, Any]) -> None:
    given = {"image": picture(), **more}
    (url,) = predicted(examples, "sepia", given)["output"]
    wanted = content(cog("sepia").predict(given)["output"])
    assert wanted.startswith(b"\x89PNG") and read(examples, url) == wanted


def test_a_streamed_text_comes_in_the_same_pieces(examples: Foretell, cog: Start) -> None:
    given = {"hero": "an otter", "places": 4}
    wanted = cog("storyteller").streamed(given)
    assert len(wanted) == 6 and wanted[-1] == "And that is all."
    found = predicted(examples, "storyteller", given)
    assert found["output"] == "".join(wanted)
    with examples.client() as client:
        accepts = {"accept": "text/event-stream"}
        said = client.get(f"/v1/predictions/{found['id']}/stream", headers=accepts).text
    pieces = [event for event in said.split("\n\n") if "event: output" in event]
    assert len(pieces) == len(wanted) and all(map(contains, pieces, wanted)), pieces
    metrics = cog("storyteller").predict(given)["metrics"]
    assert found["metrics"]["places_seen"] == metrics["places_seen"] == 4


@pytest.mark.parametrize(
    "more",
    [
        {},
        {"note": "said", "either": 5, "flag": True, "count": 100, "ratio": 2},
        {"note": None, "either": ["a", "b"], "ratio": 1.0, "names": [], "files": []},
        {"either": "https://example.com/either"},
    ],
)
def test_inputs_of_every_kind_arrive_alike(examples: Foretell, cog: Start, more: dict[str, Any]) -> None:
    given = TYPED | more
    wanted = cog("inventory").predict(given)
    assert wanted["status"] == "succeeded", wanted
    found = predicted(examples, "inventory", given)
    assert found["result"] == wanted["output"]
    assert found["metrics"]["files_read"] == wanted["metrics"]["files_read"]


def test_a_list_of_files_is_the_same_files(examples: Foretell, cog: Start) -> None:
    given = {"count": 4, "brightness": 200}
    found = predicted(examples, "examples/falling-ball", given)
    wanted = [content(each) for each in cog("frames").predict(given)["output"]]
    assert len(wanted) == 4 and [read(examples, each) for each in found["output"]] == wanted
    assert found["metrics"]["asset_count"] == 4


@pytest.mark.parametrize(
    ("model", "name", "given"),
    [
        ("greeter", "greeter", {"name": ""}),
        ("greeter", "greeter", {"name": "x", "language": "de"}),
        ("greeter", "greeter", {"name": "x", "loudness": 4}),
        ("greeter", "greeter", {}),
        ("inventory", "inventory", TYPED | {"count": 0}),
        ("inventory", "inventory", TYPED | {"numbers": ["one"]}),
        ("inventory", "inventory", TYPED | {"either": {"no": 1}}),
        ("examples/falling-ball", "frames", {"count": "many"}),
    ],
)
def test_what_cog_refuses_is_refused_here_for_the_same_field(
    examples: Foretell, cog: Start, model: str, name: str, given: dict[str, Any]
) -> None:
    refused = cog(name).predict(given)["detail"]
    field = refused[0]["loc"][-1].partition("/")[0]
    with examples.client() as client:
        answered = client.post("/v1/predict", json={"model": model, "input": given})
    assert answered.status_code == 422
    assert field in str(answered.json()["error"])


def picture() -> str:
    pixels = bytes(part for y in range(12) for x in range(16) for part in (x * 16, y * 20, 90))
    return "data:image/x-portable-pixmap;base64," + base64.b64encode(b"P6 16 12 255\n" + pixels).decode()


def test_the_examples_are_read_as_what_they_are() -> None:
    versions = {
        path.name: catalog.read_folder(path, created_at=0)
        for path in Path(EXAMPLES).glob("*/")
        if catalog.is_folder(path)
    }
    found = {name: (each.model, each.manifest.type, each.streaming) for name, each in versions.items()}
    assert found == {
        "greeter": ("greeter", "text", False),
        "sepia": ("sepia", "image", False),
        "storyteller": ("storyteller", "text", True),
        "inventory": ("inventory", "text", False),
        "frames": ("examples/falling-ball", "image", False),
    }
