"""Models of the Replicate service, whose documented answers a server on this machine replays."""

import json
import threading
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from elsewhere.connected import FAR_KEY, Asked, Near, Replaying, Reply, events, near, replaying, told
from servers import foretell, until

SCHEMA = {
    "components": {
        "schemas": {
            "Input": {
                "type": "object",
                "title": "Input",
                "required": ["prompt"],
                "properties": {
                    "prompt": {"type": "string", "x-order": 0},
                    "image": {"type": "string", "format": "uri", "x-order": 1},
                    "size": {
                        "allOf": [{"$ref": "#/components/schemas/size"}],
                        "default": "small",
                        "x-order": 2,
                    },
                },
            },
            "size": {"enum": ["small", "large"], "type": "string", "title": "size"},
            "Output": {
                "type": "array",
                "items": {"type": "string"},
                "x-cog-array-type": "iterator",
                "x-cog-array-display": "concatenate",
            },
        }
    }
}
FILES = {"type": "array", "items": {"type": "string", "format": "uri"}}
MADE = {"id": "gm3qorzdhgbfurvjtvhg6dckhu", "status": "starting", "error": None, "logs": "", "output": None}


class Service:
    """Replays a model and its predictions. `final` is how they end, once they `may_end`."""

    def __init__(self) -> None:
        self.schema: Any = SCHEMA
        self.final: dict[str, Any] = {"status": "succeeded", "output": ["once ", "upon"]}
        self.may_end = threading.Event()
        self.may_end.set()
        self.canceled = False
        self.stream_url = ""
        self.picture_url = ""

    def __call__(self, asked: Asked) -> Reply:
        if asked.headers.get("authorization") != f"Bearer {FAR_KEY}":
            return told(
                {"title": "Unauthenticated", "detail": "You did not pass a token.", "status": 401}, 401
            )
        match asked.method, asked.path:
            case "GET", "/v1/models/acme/teller":
                version = {"id": "f" * 64, "openapi_schema": self.schema}
                return told(
                    {"owner": "acme", "name": "teller", "description": "Tells.", "latest_version": version}
                )
            case "POST", "/v1/predictions":
                urls = {"stream": self.stream_url} if self.stream_url else {}
                return told(MADE | {"urls": urls}, 201)
            case "POST", "/v1/predictions/gm3qorzdhgbfurvjtvhg6dckhu/cancel":
                self.canceled = True
                return told(MADE | {"status": "canceled"})
            case "GET", "/v1/predictions/gm3qorzdhgbfurvjtvhg6dckhu":
                return told(self._now())
        return told({"title": "Not found", "detail": f"There is no {asked.path}", "status": 404}, 404)

    def _now(self) -> dict[str, Any]:
        if self.canceled:
            return MADE | {"status": "canceled", "metrics": {"predict_time": 0.4, "input_token_count": 9}}
        if not self.may_end.is_set():
            return MADE | {"status": "processing", "logs": "step 1\n"}
        metrics = {"predict_time": 1.5, "input_token_count": 9, "output_token_count": 2}
        return MADE | {"logs": "step 1\nstep 2\n", "metrics": metrics} | self.final


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Near]:
    with near(tmp_path_factory.mktemp("near")) as server:
        yield server


@pytest.fixture
def service() -> Service:
    return Service()


@pytest.fixture
def there(service: Service) -> Iterator[Replaying]:
    with replaying(service) as server:
        yield server


def connected(here: Near, there: Replaying, name: str = "teller") -> str:
    asked = ("--kind", "replicate", "--model", "acme/teller", "--key-variable", "FAR_KEY")
    return here.connect(there.url, name, *asked)


def test_its_schema_is_ours_in_one_piece(here: Near, there: Replaying) -> None:
    model = connected(here, there)
    found = here.client.get(f"/v1/models/{model}", params={"fields": "input_schema"}).json()["input_schema"]
    assert found["properties"]["size"]["enum"] == ["small", "large"]
    refused = here.client.post(
        "/v1/predictions", json={"model": model, "input": {"prompt": "x", "size": "huge"}}
    )
    assert refused.status_code == 422


def test_it_is_asked_for_by_version_and_followed_to_its_end(here: Near, there: Replaying) -> None:
    ended = here.run(connected(here, there), prompt="a tale")
    assert (ended["status"], ended["output"]) == ("succeeded", "once upon")
    (made,) = there.of("POST", "/v1/predictions")
    assert made.json == {
        "version": "f" * 64,
        "input": {"prompt": "a tale", "size": "small"},
        "stream": True,
    }
    assert (ended["metrics"]["tokens_in"], ended["metrics"]["tokens_out"]) == (9, 2)
    assert "step 1\nstep 2\n" in here.logged(ended["id"])


def test_its_stream_lies_elsewhere_and_gets_no_key(here: Near, there: Replaying, service: Service) -> None:
    pieces = (
        "event: output\nid: 1:0\ndata: once",
        "event: output\nid: 2:0\ndata:  upon\ndata: ",
        "event: done\ndata: {}",
    )
    with replaying(lambda asked: events(*pieces)) as stream:
        service.stream_url = f"{stream.url}/s/1"
        told_here = here.events(here.create(connected(here, there), prompt="a tale"))
        assert [data["value"] for name, data in told_here if name == "output"] == ["once", " upon\n"]
        assert told_here[-1][1]["output"] == "once upon\n"
        assert "authorization" not in stream.asked[0].headers


def test_a_picture_it_made_becomes_ours(here: Near, there: Replaying, service: Service) -> None:
    schemas = SCHEMA["components"]["schemas"] | {"Output": FILES}
    service.schema = {"components": {"schemas": schemas}}
    with replaying(lambda asked: (200, {"content-type": "image/png"}, b"\x89PNG a picture")) as delivery:
        service.final = {"status": "succeeded", "output": [f"{delivery.url}/xyz/out-0.png"]}
        ended = here.run(connected(here, there, "painter"), prompt="a fox")
        assert ended["status"] == "succeeded", ended
        assert httpx.get(ended["output"][0]).content == b"\x89PNG a picture"
        assert "authorization" not in delivery.asked[0].headers


def test_a_failure_there_is_told_in_its_words(here: Near, there: Replaying, service: Service) -> None:
    service.final = {"status": "failed", "error": "CUDA out of memory"}
    ended = here.run(connected(here, there), prompt="a tale")
    assert ended["error"].endswith("failed to run it: CUDA out of memory")


def test_a_cancel_here_is_a_cancel_there(here: Near, there: Replaying, service: Service) -> None:
    service.may_end.clear()
    made = here.create(connected(here, there), prompt="a tale")
    until(
        lambda: "step 1" in here.server.said() or there.of("GET", f"/v1/predictions/{MADE['id']}"),
        about="its run",
    )
    here.client.post(f"/v1/predictions/{made}/cancel")
    until(lambda: service.canceled, about="the cancel there")
    until(lambda: here.get(made)["metrics"].get("tokens_in") == 9, about="what was used")


def test_a_file_of_the_input_is_sent_along(here: Near, there: Replaying) -> None:
    here.run(connected(here, there), prompt="a tale", image="data:image/png;base64,aGVsbG8=")
    made = there.of("POST", "/v1/predictions")[-1].json
    assert made["input"]["image"] == "data:image/png;base64,aGVsbG8="


def test_a_token_that_is_missing_is_told(here: Near, there: Replaying) -> None:
    asked = ("models", "connect", there.url, "--kind", "replicate", "--model", "acme/teller")
    ran = foretell(*asked, data=here.data)
    assert "REPLICATE_API_TOKEN is not set here" in ran.stderr
    ran = foretell(*asked, data=here.data, REPLICATE_API_TOKEN="r8_wrong")
    assert "refuses the key in REPLICATE_API_TOKEN: You did not pass a token." in ran.stderr
    assert "r8_wrong" not in json.dumps(ran.stderr)
