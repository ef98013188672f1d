"""An encoder of texts, and what Sentence Transformers does with what it says."""

import json
from pathlib import Path
from typing import Any

import torch
from placing import loaded
from transformers import AutoModel, AutoTokenizer

POOLINGS = {
    "pooling_mode_mean_tokens": "mean",
    "pooling_mode_cls_token": "first",
    "pooling_mode_lasttoken": "last",
    "pooling_mode_max_tokens": "max",
}


class Encoder:
    """Tokens in, vectors out. `prompts` are what may be put before a text, by name."""

    def __init__(self, folder: Path, *, tokens_max: int, is_quantised: bool) -> None:
        self._tokenizer = AutoTokenizer.from_pretrained(str(folder), local_files_only=True)
        self._model = loaded(AutoModel, folder, is_quantised=is_quantised)
        self._tokens_max = tokens_max
        self._pooling = "mean"
        self._layers: list[Any] = []
        self._is_normal = not (folder / "modules.json").exists()
        for module in _read(folder / "modules.json", []):
            self._add(module["type"].rpartition(".")[2], folder / module["path"])
        described = _read(folder / "config_sentence_transformers.json", {})
        self.prompts: dict[str, str] = described.get("prompts") or {}
        self.prompt_name: str = described.get("default_prompt_name") or ""

    @property
    def vocabulary(self) -> int:
        """How many pieces it knows: their numbers are from 0 to one less."""
        return int(self._model.get_input_embeddings().weight.shape[0])

    def tokens(self, text: str) -> list[int]:
        """The text as the numbers of its pieces, between the marks of start and end; cut if too long."""
        return self._tokenizer(text, truncation=True, max_length=self._tokens_max)["input_ids"]

    def encode(self, texts: list[list[int]]) -> torch.Tensor:
        """A vector for each text."""
        longest = max(map(len, texts))
        numbers = torch.zeros((len(texts), longest), dtype=torch.long)
        mask = torch.zeros_like(numbers)
        for row, text in enumerate(texts):
            numbers[row, : len(text)] = torch.tensor(text)
            mask[row, : len(text)] = 1
        device = self._model.device
        with torch.inference_mode():
            states = self._model(input_ids=numbers.to(device), attention_mask=mask.to(device))
            vectors = self._pooled(states.last_hidden_state.float(), mask.to(device))
            for layer in self._layers:
                vectors = layer(vectors)
            return torch.nn.functional.normalize(vectors, dim=-1) if self._is_normal else vectors

    def _pooled(self, states: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
        if self._pooling == "first":
            return states[:, 0]
        if self._pooling == "last":
            return states[torch.arange(len(states), device=states.device), mask.sum(dim=1) - 1]
        weights = mask.unsqueeze(-1).to(states.dtype)
        if self._pooling == "max":
            return states.masked_fill(weights == 0, float("-inf")).amax(dim=1)
        return (states * weights).sum(dim=1) / weights.sum(dim=1)

    def _add(self, kind: str, folder: Path) -> None:
        if kind == "Pooling":
            chosen = [name for flag, name in POOLINGS.items() if _read(folder / "config.json", {}).get(flag)]
            if len(chosen) != 1:
                raise ValueError(f"{folder.name} pools in a way that is not known here.")
            self._pooling = chosen[0]
        elif kind == "Dense":
            self._layers.append(_dense(folder).to(self._model.device))
        elif kind == "Normalize":
            self._is_normal = True
        elif kind not in ("Transformer", "Dropout"):
            raise ValueError(f"The model has a part '{kind}', which is not known here.")


def _dense(folder: Path) -> torch.nn.Module:
    from safetensors.torch import load_file  # only some models have such a layer

    described = _read(folder / "config.json", {})
    linear = torch.nn.Linear(described["in_features"], described["out_features"], bias=described["bias"])
    path = folder / "model.safetensors"
    found = load_file(path) if path.exists() else torch.load(folder / "pytorch_model.bin", weights_only=True)
    linear.load_state_dict({name.removeprefix("linear."): each for name, each in found.items()})
    activation = getattr(torch.nn, described["activation_function"].rpartition(".")[2])()
    return torch.nn.Sequential(linear, activation).eval()


def _read(path: Path, otherwise: Any) -> Any:
    return json.loads(path.read_text()) if path.exists() else otherwise
