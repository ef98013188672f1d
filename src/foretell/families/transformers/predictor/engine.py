"""Opens the language model that this folder is about."""

from language_model import LanguageModel
from placing import loaded
from settings import CONTEXT_TOKENS, QUANTISED, WEIGHT
from transformers import AutoModelForCausalLM, AutoTokenizer

from foretell import weights


def opened() -> LanguageModel:
    folder = weights(WEIGHT)
    tokenizer = AutoTokenizer.from_pretrained(str(folder), local_files_only=True)
    model = loaded(AutoModelForCausalLM, folder, is_quantised=QUANTISED)
    return LanguageModel(model, tokenizer, context_tokens=CONTEXT_TOKENS)
