"""Embeddings, pictures with words, translations and classes, by models that were added without code."""

import base64
import io

import httpx
import pytest
from openai import OpenAI

from families.language.asking import create, ended, run
from servers import Foretell

pytest.importorskip("PIL")

from PIL import Image

pytestmark = [pytest.mark.needs("families"), pytest.mark.needs("models"), pytest.mark.timeout(300)]

SENTENCES = ["The cat sits outside.", "A kitten is playing in the yard.", "naïve café 東京 🎉", "word " * 400]


def picture(colour: str) -> str:
    file = io.BytesIO()
    Image.new("RGB", (40, 30), colour).save(file, "PNG")
    return f"data:image/png;base64,{base64.b64encode(file.getvalue()).decode()}"


def test_vectors_are_those_of_the_built_in_encoder(client: OpenAI) -> None:
    ours, theirs = (
        client.embeddings.create(model=model, input=SENTENCES, encoding_format="float")
        for model in ("minilm", "embed")
    )
    for one, other in zip(ours.data, theirs.data, strict=True):
        assert max(abs(a - b) for a, b in zip(one.embedding, other.embedding, strict=True)) < 1e-4
    assert ours.usage.prompt_tokens == theirs.usage.prompt_tokens


def test_tokens_are_embedded_as_they_are_and_strange_ones_refused(server: Foretell) -> None:
    found = run(server, "minilm", tokens=[[101, 102]])
    assert found["metrics"]["tokens_in"] == 2
    strange = ended(server, create(server, "minilm", tokens=[[101, 10**6]])["id"])
    assert strange["status"] == "failed"
    assert "vocabulary" in str(strange["error"])


def test_a_picture_in_a_talk_is_read_and_changes_the_answer(client: OpenAI) -> None:
    def said(*parts: dict) -> tuple[str, int]:
        words = {"type": "text", "text": "Hello"}
        asked = [{"role": "user", "content": [words, *parts]}]
        found = client.chat.completions.create(
            model="tiny-vision", messages=asked, temperature=0, max_tokens=12
        )
        return found.choices[0].message.content, found.usage.prompt_tokens

    red, blue = ({"type": "image_url", "image_url": {"url": picture(each)}} for each in ("red", "blue"))
    (nothing, words), (of_red, more), (of_blue, _), (of_both, most) = (
        said(),
        said(red),
        said(blue),
        said(red, blue),
    )
    assert more - words == 16  # the 32 pixels of its side are four times eight
    assert most - words == 32
    assert len({nothing, of_red, of_both}) == 3
    assert of_red != of_blue


def test_a_picture_beside_a_prompt_is_read_too(server: Foretell) -> None:
    found = run(server, "tiny-vision", image=picture("red"), max_tokens=4, temperature=0)
    assert found["metrics"]["tokens_in"] > 16


def test_an_address_in_a_talk_is_not_fetched(server: Foretell) -> None:
    part = {"type": "image_url", "image_url": {"url": "http://127.0.0.1:1/cat.png"}}
    found = ended(server, create(server, "tiny-vision", messages=[{"role": "user", "content": [part]}])["id"])
    assert found["status"] == "failed"
    assert "data: URI" in str(found["error"])


def test_a_rewriter_writes_word_by_word_and_knows_its_languages(server: Foretell) -> None:
    found = run(server, "tiny-rewriter", prompt="Hello world", max_tokens=8)
    assert found["metrics"]["tokens_out"] <= 8
    strange = ended(server, create(server, "tiny-rewriter", prompt="Hello", target_language="xx")["id"])
    assert "no language 'xx'" in str(strange["error"])


def test_classes_come_with_how_well_they_fit(server: Foretell) -> None:
    def classes(prediction: dict) -> dict[str, float]:
        found = httpx.get(prediction["output"][0]).json()
        return {each["label"]: each["score"] for each in found}

    words = classes(run(server, "tiny-sorter", text="Hello world."))
    assert set(words) == {"good", "bad"}
    assert sum(words.values()) == pytest.approx(1, abs=1e-4)
    assert len(classes(run(server, "tiny-eye", image=picture("red"), top_k=2))) == 2
