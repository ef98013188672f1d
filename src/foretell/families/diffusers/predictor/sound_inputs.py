"""What predictors of sounds and songs take, described once for both."""

from cog import Input
from settings import GUIDANCE, SECONDS, SECONDS_MAX, STEPS

PROMPT = Input(max_length=10_000, description="What is to be heard.")
NEGATIVE_PROMPT = Input(default="", max_length=10_000, description="What to keep away from.")
LYRICS = Input(default="", max_length=10_000, description="What is sung; left empty, nothing is.")
LENGTH = Input(default=SECONDS, ge=0.001, le=SECONDS_MAX, description="How long it is.")
STEPS_TAKEN = Input(default=STEPS, ge=1, le=500, description="Denoising steps: more take longer.")
GUIDED = Input(default=GUIDANCE, ge=0, le=50, description="How strictly the prompt is followed.")
SEED = Input(default=None, ge=0, le=2**53, description="The same seed and inputs give the same sound.")
OUTPUT_FORMAT = Input(default="wav", choices=["wav", "mp3", "flac"], description="The kind of file.")
