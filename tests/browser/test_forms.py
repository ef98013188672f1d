"""Forms made from schemas of every kind: what a person fills in is what the model is given, and back."""

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from servers import KEY, Foretell, running

pytestmark = pytest.mark.needs("browser")

MODEL = """\
namespace = "shapes"
name = "Shapes"
type = "text"
description = "Says what it was given."
predictor = "predict.py:Predictor"
schema = "schema.json"
"""
PREDICT = """\
import json
from cog import BasePredictor

class Predictor(BasePredictor):
    def predict(self, **given):
        return json.dumps(given)
"""
CAMERA = {
    "type": "object",
    "required": ["lens"],
    "properties": {"lens": {"type": "string"}, "zoom": {"type": "number", "minimum": 1, "maximum": 10}},
}
SCHEMA = {
    "input": {
        "type": "object",
        "required": ["camera"],
        "$defs": {"camera": CAMERA},
        "properties": {
            "camera": {"$ref": "#/$defs/camera", "x-order": 0},
            "mood": {"type": "string", "enum": ["calm", "wild"], "default": "calm", "x-order": 1},
            "size": {"enum": [256, 512], "default": 256, "x-order": 2},
            "loud": {"type": "boolean", "default": False, "x-order": 3},
            "day": {"type": "string", "format": "date", "x-order": 4},
            "token": {"type": "string", "format": "password", "x-order": 5},
            "weights": {"type": "array", "items": {"type": "number"}, "x-order": 6},
            "people": {
                "type": "array",
                "items": {
                    "type": "object",
                    "properties": {"name": {"type": "string"}, "age": {"type": "integer"}},
                },
                "x-order": 7,
            },
            "strength": {"anyOf": [{"type": "number"}, {"type": "null"}], "default": None, "x-order": 8},
            "extra": {"type": "object", "x-order": 9},
        },
    },
    "output": {"type": "string"},
}
GIVEN = {
    "camera": {"lens": "wide", "zoom": 2.5},
    "mood": "wild",
    "size": 512,
    "loud": True,
    "day": "2026-11-22",
    "weights": [0.5, 1],
    "people": [{"name": "Ada", "age": 36}, {"name": "Alan"}],
    "strength": 0.25,
    "extra": {"a": [1, {"b": None}]},
}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Foretell]:
    folder = tmp_path_factory.mktemp("models") / "shapes"
    folder.mkdir()
    (folder / "model.toml").write_text(MODEL)
    (folder / "predict.py").write_text(PREDICT)
    (folder / "schema.json").write_text(json.dumps(SCHEMA))
    data = tmp_path_factory.mktemp("data")
    with running(data, "--sandbox", "--models", str(folder), "--port", "0", "--key", KEY) as found:
        yield found


@pytest.fixture
def form(open_tab: Callable[..., Any]) -> Any:
    tab = open_tab()
    tab.goto("/models/shapes")
    tab.get_by_text("Settings").click()
    return tab


def of(tab: Any, name: str) -> Any:
    return tab.locator(f'[data-name="{name}"]')


def given(tab: Any) -> Any:
    """What the model was given by the run."""
    tab.get_by_role("button", name="Run", exact=True).click()
    tab.locator(".take-head .badge", has_text="succeeded").wait_for()
    return json.loads(tab.locator(".prose").inner_text())


def test_every_kind_of_field_gives_its_value(form: Any) -> None:
    of(form, "camera").get_by_label("Lens").fill("wide")
    of(form, "camera").get_by_role("spinbutton").fill("2.5")
    of(form, "mood").get_by_role("combobox").select_option("wild")
    of(form, "size").get_by_role("combobox").select_option("512")
    of(form, "loud").get_by_role("switch").check()
    of(form, "day").locator("input").fill("2026-11-22")
    for number, value in enumerate(("0.5", "1")):
        of(form, "weights").get_by_role("button", name="Add").click()
        of(form, "weights").get_by_role("spinbutton").nth(number).fill(value)
    people = of(form, "people")
    for _ in range(2):
        people.get_by_role("button", name="Add").click()
    people.get_by_label("Name").nth(0).fill("Ada")
    people.get_by_label("Age").nth(0).fill("36")
    people.get_by_label("Name").nth(1).fill("Alan")
    of(form, "strength").get_by_role("spinbutton").fill("0.25")
    of(form, "extra").locator("textarea").fill('{"a": [1, {"b": null}]}')
    assert given(form) == GIVEN


def test_what_a_link_holds_fills_every_kind_of_field(open_tab: Callable[..., Any]) -> None:
    tab = open_tab()
    tab.goto(f"/models/shapes?input={json.dumps(GIVEN)}")
    assert given(tab) == GIVEN


def test_defaults_are_left_to_the_server(form: Any) -> None:
    of(form, "camera").get_by_label("Lens").fill("wide")
    assert (
        '"input": {\n    "camera": {\n      "lens": "wide"\n    }\n  }'
        in form.locator("#code-curl").inner_text()
    )
    assert given(form) == {"camera": {"lens": "wide"}, "mood": "calm", "size": 256, "loud": False}


def test_a_problem_within_an_object_is_said_at_it(form: Any) -> None:
    of(form, "camera").get_by_role("spinbutton").fill("99")
    form.get_by_role("button", name="Run", exact=True).click()
    wrong = of(form, "camera").locator(".wrong")
    wrong.filter(has_text="maximum of 10").wait_for()


def test_json_that_is_none_is_refused_at_its_field(form: Any) -> None:
    of(form, "camera").get_by_label("Lens").fill("wide")
    of(form, "extra").locator("textarea").fill("{nothing")
    form.get_by_role("button", name="Run", exact=True).click()
    of(form, "extra").locator(".wrong").wait_for()


def test_a_secret_is_not_shown_and_not_in_the_link(form: Any) -> None:
    of(form, "camera").get_by_label("Lens").fill("wide")
    secret = of(form, "token").locator("input")
    secret.fill("hunter2")
    assert secret.get_attribute("type") == "password"
    form.wait_for_url("**input=**")
    assert "hunter2" not in form.url
    assert "hunter2" not in form.locator("#code-curl").inner_text()
    assert given(form)["token"] == "hunter2"


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_nothing_keeps_people_out_of_a_form_or_from_a_result(
    open_tab: Callable[..., Any], axe: str, scheme: str
) -> None:
    tab = open_tab(color_scheme=scheme)
    tab.goto(f"/models/shapes?input={json.dumps(GIVEN)}")
    given(tab)
    tab.get_by_role("button", name="Run again").click()
    tab.get_by_role("button", name="Run 2, succeeded").wait_for()
    tab.evaluate(axe)
    for path in (None, "/models/read", "/models/deepbrain"):
        if path is not None:
            tab.goto(path)
            tab.evaluate(axe)
        found = tab.evaluate("axe.run(document)")
        problems = [
            f"{each['id']}: {node['html'][:160]}" for each in found["violations"] for node in each["nodes"]
        ]
        assert problems == [], path
