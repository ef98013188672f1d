"""The sentence encoder computes what the model it was taken from computes."""

import asyncio
import os
import sys
from pathlib import Path

import pytest

from foretell import catalog, config
from foretell.weights import Weights
from models.loaded import Load

MODEL = Path(__file__).parents[2] / "src" / "foretell" / "models" / "embed"
sys.path.insert(0, str(MODEL))

SENTENCES = [
    "The cat sits outside.",
    "A kitten is playing in the yard.",
    "The stock market fell today.",
    "naïve café 東京 🎉 Zürich",
    "",
    "word " * 600,
]


@pytest.fixture(scope="module")
def folder() -> Path:
    manifest = catalog.read_folder(MODEL, created_at=0).manifest
    kept = Weights(config.load(os.environ).cache_path)
    if not kept.is_ready(manifest):
        pytest.skip("the weights of 'embed' are not in the cache: run 'foretell models setup'")
    return asyncio.run(kept.ready(manifest))["minilm"]


@pytest.fixture(scope="module")
def encoder(folder: Path):
    for requirement in ("numpy", "safetensors", "tokenizers"):
        pytest.importorskip(requirement)
    from sentence_encoder import SentenceEncoder  # only where the model's requirements are installed

    return SentenceEncoder(folder)


def test_sentences_of_like_meaning_are_near_each_other(encoder) -> None:
    cat, kitten, stocks = (encoder.encode(encoder.tokens(text)) for text in SENTENCES[:3])
    assert cat @ kitten > 0.4 > 0.2 > cat @ stocks


def test_texts_that_are_computed_together_get_the_vectors_that_they_get_alone(encoder) -> None:
    texts = [encoder.tokens(text) for text in SENTENCES]
    for together, each in zip(encoder.encode_together(texts), texts, strict=True):
        assert abs(together - encoder.encode(each)).max() < 1e-6


@pytest.mark.needs("models")
def test_predictions_that_embed_answers_together_get_what_each_gets_alone(load: Load) -> None:
    embed = load("embed")
    inputs = [{"text": SENTENCES[0]}, {"texts": SENTENCES[1:4]}, {"text": ""}, {"texts": SENTENCES}]
    together = [embed.ending(each) for each in embed.begin_together(*inputs)]
    for index, given in enumerate(inputs):
        alone, found = embed.run(f"alone-{index}", **given), together[index]
        assert (found["type"], found.get("message")) == (alone["type"], alone.get("message"))
        if alone["type"] == "done":
            rows = [*zip(found["value"], alone["value"], strict=True)]
            assert max(abs(a - b) for row in rows for a, b in zip(*row, strict=True)) < 1e-6
            assert embed.of("metric", f"batch-{index}") and len(rows) == len(given.get("texts", "1"))


@pytest.mark.needs("torch")
def test_vectors_are_those_of_transformers_within_a_ten_thousandth(encoder, folder: Path) -> None:
    import torch
    from transformers import AutoModel, AutoTokenizer

    tokenizer, model = AutoTokenizer.from_pretrained(folder), AutoModel.from_pretrained(folder).eval()
    for text in SENTENCES:
        inputs = tokenizer(text, truncation=True, max_length=256, return_tensors="pt")
        with torch.no_grad():
            states = model(**inputs).last_hidden_state[0].mean(0)
        expected = torch.nn.functional.normalize(states, dim=0).numpy()
        assert abs(encoder.encode(encoder.tokens(text)) - expected).max() < 1e-4
