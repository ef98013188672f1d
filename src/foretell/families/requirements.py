"""The packages of families, pinned. Models with equal lists share one environment."""

TORCH = (
    "torch==2.13.0",
    "diffusers==0.42.1",
    "transformers==5.23.0",
    "accelerate==1.15.0",
    "peft==0.21.2",
    "safetensors==0.8.0",
    "sentencepiece==0.2.3",
    "protobuf==7.36.2",
    "ftfy==6.3.1",
    "torchsde==0.2.6",
    "llguidance==1.9.1",
    "pillow==13.0.0",
    "av==18.1.0",
    "numpy==2.4.6",
)
"""Everything that runs with torch: one list for all, so that it is installed once."""

ONNX = ("onnxruntime==1.32.0", "pillow==13.0.0", "numpy==2.4.6")

LLAMA_CPP = ("xllamacpp==2026.10.11549",)
FASTER_WHISPER = ("faster-whisper==1.2.1", "ctranslate2==4.8.5", "av==18.1.0", "numpy==2.4.6")

ALL = (TORCH, ONNX, LLAMA_CPP, FASTER_WHISPER)
"""Every environment that a family may want."""
