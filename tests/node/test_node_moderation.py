"""What is asked of a moderated model and what it answers is judged, and the worst of it withheld."""

from pathlib import Path
from typing import Any

import pytest

from foretell.node.moderation import CHARACTERS_MAX, MESSAGES_MAX, asked, newest, severity
from foretell.prediction import Prediction, Status
from node.places import Place, place

pytestmark = pytest.mark.anyio

MODERATED = "moderated = true\n"
PRICED = '[pricing]\namount = 2\nunit = "prediction"\n'
HIDDEN = "hidden = true\n"
SAFE = {"filtered": False, "severity": "safe"}
CLEAN = dict.fromkeys(("hate", "self_harm", "sexual", "violence"), SAFE)
FILTERED = {"finish_reason": "content_filter"}
JUDGE = """
import re

HARMS = ("hate", "self_harm", "sexual", "violence", "jailbreak")


class Predictor(BasePredictor):
    def predict(self, texts: List[str]) -> List[dict]:
        {body}
        return [dict.fromkeys(HARMS, 0.0) | scored(text) for text in texts]


def scored(text: str) -> dict:
    return {{name: float(score) for name, score in re.findall(r"([a-z_]+)=([0-9]\\.[0-9])", text)}}
"""
BROKEN = """
class Predictor(BasePredictor):
    def setup(self) -> None:
        raise OSError

    def predict(self, texts: List[str]) -> str:
        return ""
"""
CHAT = """
from foretell import delta

class Predictor(BasePredictor):
    def predict(
        self,
        prompt: str = "",
        messages: Optional[List[dict]] = None,
        say: str = Input(default="Hello.", choices=["Hello.", "Well, hate=0.9."]),
        system_prompt: str = "Be kind.",
    ) -> ConcatenateIterator[str]:
        print("the model ran")
        delta({"finish_reason": "length"})
        for piece in say.split():
            yield piece + " "
"""


async def chatted(here: Place, *, judge: str = "pass", **given: Any) -> Prediction:
    """The end of a prediction of a moderated model, where the judge reads its scores in the text."""
    await here.model(JUDGE.format(body=judge), name="moderation", settings=HIDDEN)
    version = await here.model(CHAT, name="chat", settings=MODERATED + PRICED)
    # As creating does it: the defaults are filled in.
    usual = {
        name: each["default"]
        for name, each in version.input_schema["properties"].items()
        if "default" in each
    }
    return await here.run(version, **(usual | given))


async def test_harmless_words_are_answered_and_both_sides_are_said_to_be_safe(here: Place) -> None:
    found = await chatted(here, prompt="How do tides work?")
    assert (found.status, found.result) == (Status.SUCCEEDED, "Hello. ")
    assert found.metadata["moderation"] == {
        "prompt": CLEAN | {"jailbreak": {"filtered": False, "detected": False}},
        "output": CLEAN,
    }
    assert found.metadata["message"] == {"finish_reason": "length"}
    assert found.cost_nanocredits == 2_000_000_000


async def test_a_filtered_prompt_is_not_run_and_ends_well_with_an_empty_answer_that_costs_nothing(
    here: Place,
) -> None:
    found = await chatted(here, prompt="Well, violence=0.6.")
    assert (found.status, found.result) == (Status.SUCCEEDED, "")
    assert found.metadata["message"] == FILTERED
    assert found.metadata["moderation"]["output"] is None
    assert found.metadata["moderation"]["prompt"]["violence"] == {"filtered": True, "severity": "medium"}
    assert found.metadata["moderation"]["prompt"]["hate"] == SAFE
    assert "the model ran" not in await here.logged(found.id)
    assert found.cost_nanocredits == 0
    assert found.metrics["predict_time"] == 0


async def test_an_attempt_to_talk_the_model_out_of_its_rules_is_detected_and_not_run(here: Place) -> None:
    found = await chatted(here, prompt="jailbreak=0.8")
    assert found.metadata["moderation"]["prompt"]["jailbreak"] == {"filtered": True, "detected": True}
    assert found.result == ""


async def test_a_filtered_answer_is_withheld(here: Place) -> None:
    found = await chatted(here, prompt="Say it.", say="Well, hate=0.9.")
    assert (found.status, found.result) == (Status.SUCCEEDED, "")
    assert found.metadata["message"] == FILTERED
    assert found.metadata["moderation"]["output"]["hate"] == {"filtered": True, "severity": "high"}
    assert "the model ran" in await here.logged(found.id)


async def test_words_of_any_message_but_the_models_own_count(here: Place) -> None:
    own = {"role": "assistant", "content": "hate=0.9"}
    parts = [{"type": "image_url", "image_url": {"url": "data:,"}}, {"type": "text", "text": "sexual=0.9"}]
    found = await chatted(here, messages=[own, {"role": "user", "content": parts}])
    prompt = found.metadata["moderation"]["prompt"]
    assert (prompt["hate"], prompt["sexual"]) == (SAFE, {"filtered": True, "severity": "high"})


async def test_a_judge_that_fails_fails_no_prediction_and_nothing_is_said_of_what_it_would_have_judged(
    here: Place, caplog: pytest.LogCaptureFixture
) -> None:
    found = await chatted(here, judge='raise ValueError("no idea")', prompt="violence=0.9")
    assert (found.status, found.result) == (Status.SUCCEEDED, "Hello. ")
    assert "moderation" not in found.metadata
    assert "could not judge" in caplog.text


async def test_a_judge_that_cannot_be_loaded_fails_no_prediction(here: Place) -> None:
    await here.model(BROKEN, name="moderation", settings=HIDDEN)
    version = await here.model(CHAT, name="chat", settings=MODERATED)
    found = await here.run(version, prompt="violence=0.9")
    assert found.status is Status.SUCCEEDED
    assert "moderation" not in found.metadata


async def test_where_memory_holds_the_model_alone_it_keeps_its_place_and_words_go_unjudged(
    tmp_path: Path,
) -> None:
    limits = "[limits]\nmemory_mb = 200\n"
    async with place(tmp_path, memory_mb=300) as here:
        here.node.fleet.swap_after_seconds = 0.0
        await here.model(JUDGE.format(body="pass"), name="moderation", settings=HIDDEN + limits)
        version = await here.model(CHAT, name="chat", settings=MODERATED + limits)
        for _ in range(2):
            found = await here.run(version, prompt="violence=0.9")
            assert (found.status, found.attempt) == (Status.SUCCEEDED, 1)
            assert "moderation" not in found.metadata


async def test_with_moderation_off_nothing_is_judged(tmp_path: Path) -> None:
    async with place(tmp_path, moderation=False) as here:
        found = await chatted(here, prompt="violence=0.9")
        assert found.result == "Hello. "
        assert "moderation" not in found.metadata


async def test_a_model_that_is_not_moderated_is_not_judged(here: Place) -> None:
    await here.model(JUDGE.format(body="pass"), name="moderation", settings=HIDDEN)
    found = await here.run(await here.model(CHAT, name="chat"), prompt="violence=0.9")
    assert "moderation" not in found.metadata


async def test_the_threshold_is_the_operators(tmp_path: Path) -> None:
    async with place(tmp_path, moderation_threshold=0.9) as here:
        found = await chatted(here, prompt="violence=0.6")
        assert found.result == "Hello. "
        assert found.metadata["moderation"]["prompt"]["violence"] == {"filtered": False, "severity": "low"}


async def test_the_time_of_judging_is_none_of_the_runs(here: Place) -> None:
    found = await chatted(here, judge="time.sleep(0.4)", prompt="How do tides work?")
    assert found.metrics["total_time"] - found.metrics["predict_time"] > 0.8


@pytest.mark.parametrize(
    ("score", "word"), [(0.0, "safe"), (0.24, "safe"), (0.25, "low"), (0.5, "medium"), (0.75, "high")]
)
def test_a_score_has_a_word(score: float, word: str) -> None:
    assert severity(score, 0.5) == word


def test_defaults_choices_and_files_are_not_the_callers_words() -> None:
    schema = {
        "properties": {
            "prompt": {"type": "string"},
            "system_prompt": {"type": "string", "default": "Be kind."},
            "style": {"allOf": [{"$ref": "#/components/schemas/style"}]},
            "image": {"type": "string", "format": "uri"},
        }
    }
    given = {
        "prompt": "Hi.",
        "system_prompt": "Be kind.",
        "style": "rude",
        "image": "https://example.org/a.png",
    }
    assert asked(given, schema) == ["Hi."]
    assert asked(given | {"system_prompt": "Be rude."}, schema) == ["Hi.", "Be rude."]


def test_the_newest_messages_and_characters_are_judged() -> None:
    messages = [{"role": "user", "content": str(number)} for number in range(MESSAGES_MAX + 5)]
    assert asked({"messages": messages}, {})[0] == "5"
    assert newest(["a" * CHARACTERS_MAX, "bc"]) == ["a" * (CHARACTERS_MAX - 2), "bc"]
    assert newest(["lost", "a" * CHARACTERS_MAX]) == ["a" * CHARACTERS_MAX]
