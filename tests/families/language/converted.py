"""SmolLM2, out of its GGUF file, as a directory of transformers: `python converted.py FILE FOLDER`.

Runs in the families' own environment, with the package `gguf` beside it.
"""

import sys
from pathlib import Path

import torch
from transformers import AutoConfig, AutoModelForCausalLM, AutoTokenizer

file, target = Path(sys.argv[1]), sys.argv[2]
folder = str(file.parent)
quantised = AutoModelForCausalLM.from_pretrained(folder, gguf_file=file.name, dtype=torch.bfloat16)
config = AutoConfig.from_pretrained(folder, gguf_file=file.name)
# What was loaded from such a file does not let itself be saved.
plain = AutoModelForCausalLM.from_config(config, dtype=torch.bfloat16)
plain.load_state_dict(quantised.state_dict())
plain.tie_weights()
plain.save_pretrained(target)
AutoTokenizer.from_pretrained(folder, gguf_file=file.name).save_pretrained(target)
