"""Names of others' models, and the operator's own: what answers to them, and that it says so."""

from pathlib import Path
from typing import Any

import pytest

from foretell import catalog
from foretell.catalog.names import aliases, shipped, unknown
from foretell.config import Config
from foretell.errors import Error
from foretell.model import Alias

BUILT_IN = {each.model: each for each in catalog.load(Config())[0]}
KINDS = {
    "image": ("flux", "truefusion", "dall-e", "imagen", "gpt-image"),
    "video": ("truefusion-video", "veo", "sora", "mera", "lumo"),
    "audio": ("tts", "gpt-4o-mini-tts", "beatfusion"),
    "embedding": ("text-embedding", "skytells-embed"),
    "text": ("gpt", "kimi", "whisper", "deepbrain", "skytells-3"),
}


def kind_of(name: str) -> str:
    """What a model of this name makes, by the longest beginning that says so."""
    found = [
        (len(each), kind)
        for kind, beginnings in KINDS.items()
        for each in beginnings
        if name.lower().startswith(each)
    ]
    return max(found)[1]


@pytest.mark.parametrize("alias", shipped(), ids=lambda each: each.name)
def test_a_name_means_a_built_in_model_of_its_kind_and_says_which(alias: Alias) -> None:
    version = BUILT_IN[alias.runs]
    assert version.manifest.type == kind_of(alias.name)
    assert not version.manifest.hidden
    assert alias.says.endswith(".")
    inputs = set(version.input_schema["properties"])
    assert set(alias.rename.values()) <= inputs
    assert not (set(alias.ignore) | set(alias.rename)) & inputs, "what the model takes is not left out"


def test_the_page_of_names_says_of_each_what_really_runs() -> None:
    page = (Path(__file__).parents[2] / "docs/names.md").read_text()
    rows = [line for line in page.splitlines() if line.startswith("| `")]
    assert sum(row.partition(" | ")[0].count("`") // 2 for row in rows) == len(shipped())
    for alias in shipped():
        (row,) = [each for each in rows if f"`{alias.name}`" in each.partition(" | ")[0]]
        assert row.endswith(f"| `{alias.runs}` | {alias.says} |")


def test_no_name_is_given_twice() -> None:
    names = [each.name.casefold() for each in shipped()]
    assert len(set(names)) == len(names)
    assert not {each.name for each in shipped() if each.name != each.runs} & set(BUILT_IN)


def test_names_that_the_vendor_and_openai_publish_are_there() -> None:
    names = {each.name for each in shipped()}
    assert {"FLUX.2-pro", "gpt-image-1", "dall-e-3", "truefusion-2", "truefusion-ultra", "flux-pro"} <= names
    assert {"gpt-5", "gpt-5-nano", "kimi-k2.6", "text-embedding-3-small", "skytells-embed-3-large"} <= names
    assert {"tts-1", "whisper-1", "truefusion-video", "lumo", "veo-3.1", "sora-2", "beatfusion-2.0"} <= names


def test_vectors_of_another_length_are_announced() -> None:
    says = {each.name: each.says for each in shipped()}
    assert "384" in says["text-embedding-3-large"]


def test_inputs_are_renamed_and_left_out_only_where_the_model_does_not_take_them() -> None:
    alias = Alias(name="n", runs="m", ignore=("quality", "steps"), rename={"lyrics": "prompt", "seed": "x"})
    given = {"lyrics": "la", "prompt": "jazz", "quality": "high", "steps": 3, "seed": 4, "other": 5}
    assert alias.translated(given, {"prompt", "steps", "seed"}) == {
        "prompt": "la",
        "steps": 3,
        "seed": 4,
        "other": 5,
    }


def test_the_operator_names_models_in_a_word_or_in_a_table() -> None:
    names: dict[str, Any] = {
        "painter": "truefusion",
        "flux-pro": {"runs": "truefusion", "says": "Emoji.", "ignore": ["raw"], "rename": {"text": "prompt"}},
    }
    config = Config(names=names)
    assert aliases(config)[:2] == [
        Alias(name="painter", runs="truefusion"),
        Alias(name="flux-pro", runs="truefusion", says="Emoji.", ignore=("raw",), rename={"text": "prompt"}),
    ]
    assert aliases(Config(names=names, vendor_names=False)) == aliases(config)[:2]
    assert unknown(config, BUILT_IN) == []


@pytest.mark.parametrize(
    ("names", "problem"),
    [
        ({"a b": "truefusion"}, "'names.a b' must be letters"),
        ({"a": {}}, "'names.a.runs' is missing"),
        ({"a": {"runs": "x", "ignroe": []}}, "did you mean 'ignore'"),
        ({"a": {"runs": "x", "rename": {"b": 1}}}, "'names.a.rename' must give"),
        ({"a": {"runs": "x", "tokens": "o200k"}}, "'names.a.tokens' must be cl100k_base"),
        ({"a": 3}, "'names.a' must be a table"),
    ],
)
def test_a_name_that_makes_no_sense_is_refused(names: dict[str, Any], problem: str) -> None:
    with pytest.raises(Error, match=problem):
        aliases(Config(names=names))


def test_a_name_or_a_price_for_a_model_that_is_not_there_is_told() -> None:
    config = Config(names={"a": "truefusoin"}, prices={"embde": {"amount": 1}})
    assert unknown(config, BUILT_IN) == [
        "'names.a': there is no model 'truefusoin'; did you mean 'truefusion'?",
        "'prices.embde': there is no model 'embde'; did you mean 'embed'?",
    ]
