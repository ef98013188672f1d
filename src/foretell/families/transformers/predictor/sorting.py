"""Says which of its labels a text fits."""

from typing import Any

import torch
from cog import BasePredictor, Input
from placing import loaded
from settings import WEIGHT
from transformers import AutoModelForSequenceClassification, AutoTokenizer

from foretell import InputTooLong, weights


class Sorting(BasePredictor):
    def setup(self) -> None:
        folder = weights(WEIGHT)
        self.tokenizer = AutoTokenizer.from_pretrained(str(folder), local_files_only=True)
        self.model = loaded(AutoModelForSequenceClassification, folder)

    def predict(
        self,
        text: str = Input(min_length=1, description="The text to judge."),
        pair: str = Input(
            default="",
            description="For models that judge two texts: the second, such as the answer to a question.",
        ),
        top_k: int = Input(
            default=5, ge=1, le=100, description="How many labels to name, the likeliest first."
        ),
    ) -> list[dict[str, Any]]:
        inputs = self.tokenizer(text, *([pair] if pair else []), return_tensors="pt")
        count, most = inputs["input_ids"].shape[1], self.tokenizer.model_max_length
        if count > most:
            raise InputTooLong(f"The text is {count} tokens long; at most {most} are read.")
        self.record_metric("tokens_in", count)
        with torch.inference_mode():
            logits = self.model(**inputs.to(self.model.device)).logits[0].float()
        # Each label stands for itself where several may hold, or where there is just one.
        each_alone = self.model.config.problem_type == "multi_label_classification" or len(logits) == 1
        scores = logits.sigmoid() if each_alone else logits.softmax(dim=-1)
        found = scores.topk(min(top_k, len(scores)))
        names = self.model.config.id2label
        return [
            {"label": names[number], "score": round(score, 6)}
            for number, score in zip(found.indices.tolist(), found.values.tolist(), strict=True)
        ]
