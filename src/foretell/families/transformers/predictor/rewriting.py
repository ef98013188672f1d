"""A model that reads a whole text and writes another: a translation, a summary, an answer."""

import random
from typing import Any, Optional

from cog import BasePredictor, ConcatenateIterator, Input
from generating import Choosing, Generation
from placing import loaded
from settings import ANSWER_TOKENS, ANSWER_TOKENS_MAX, WEIGHT
from transformers import AutoModelForSeq2SeqLM, AutoTokenizer
from writing import Letters

from foretell import InputTooLong, delta, progress, weights


class Rewriting(BasePredictor):
    def setup(self) -> None:
        folder = str(weights(WEIGHT))
        self.tokenizer = AutoTokenizer.from_pretrained(folder, local_files_only=True)
        self.model = loaded(AutoModelForSeq2SeqLM, weights(WEIGHT))

    def predict(
        self,
        prompt: str = Input(
            min_length=1,
            description="The text to read. Some models want to be told what to do with it, such as "
            "`translate English to German: …`; their model card says how.",
        ),
        source_language: str = Input(
            default="",
            description="For models of many languages: the code of the text's own, such as `eng_Latn`.",
        ),
        target_language: str = Input(
            default="", description="For models of many languages: the code of the one to write in."
        ),
        max_tokens: int = Input(
            default=ANSWER_TOKENS,
            ge=1,
            le=ANSWER_TOKENS_MAX,
            description="The length of what is written at most, in tokens.",
        ),
        temperature: float = Input(
            default=0.0,
            ge=0.0,
            le=2.0,
            description="How freely words are chosen; 0 always takes the likeliest.",
        ),
        top_p: float = Input(
            default=1.0,
            ge=0.0,
            le=1.0,
            description="Choose among the likeliest words that together reach this share.",
        ),
        seed: Optional[int] = Input(
            default=None, ge=0, le=4294967294, description="The same seed and input give the same text."
        ),
    ) -> ConcatenateIterator[str]:
        if seed is None:
            seed = random.randrange(2**31)
            print(f"seed: {seed}")
        inputs = self._read(prompt, source_language)
        inputs |= self._language(target_language)
        choosing = Choosing(tokens_max=max_tokens, temperature=temperature, top_p=top_p, seed=seed)
        letters, ended = Letters(self.tokenizer), False
        ends = self._ends()
        generation = Generation(self.model, inputs, choosing)
        for count, token in enumerate(generation.tokens(), start=1):
            self.record_metric("tokens_out", count)
            progress(min(count / max_tokens, 1.0))
            ended = token.number in ends
            if text := letters.add(token.number):
                yield text
        if text := letters.end():
            yield text
        delta({"finish_reason": "stop" if ended else "length"})

    def _read(self, prompt: str, language: str) -> dict[str, Any]:
        if language:
            self._number(language)
            self.tokenizer.src_lang = language
        inputs = self.tokenizer(prompt, return_tensors="pt")
        count, most = inputs["input_ids"].shape[1], self.tokenizer.model_max_length
        if count > most:
            raise InputTooLong(f"The text is {count} tokens long; at most {most} are read.")
        self.record_metric("tokens_in", count)
        inputs.pop("token_type_ids", None)
        return dict(inputs.to(self.model.device))

    def _language(self, language: str) -> dict[str, Any]:
        return {"forced_bos_token_id": self._number(language)} if language else {}

    def _number(self, language: str) -> int:
        """The token that stands for a language. Raises ValueError where there is none."""
        for written in (language, f"__{language}__"):
            number = self.tokenizer.convert_tokens_to_ids(written)
            if number is not None and number != self.tokenizer.unk_token_id:
                return number
        raise ValueError(f"The model knows no language '{language}'.")

    def _ends(self) -> list[int]:
        found = self.model.generation_config.eos_token_id
        return found if isinstance(found, list) else [found]
