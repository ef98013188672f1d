"""What predictors of films take, described once for all of them."""

from cog import Input
from settings import FPS, FRAMES, GUIDANCE, HEIGHT, SCHEDULERS, STEPS, WIDTH

SIDE_MIN = 32
SIDE_MAX = 2048
FRAMES_MAX = 4 * FRAMES

PROMPT = Input(max_length=10_000, description="What the film shows.")
NEGATIVE_PROMPT = Input(default="", max_length=10_000, description="What to keep away from.")
IMAGE = Input(default=None, description="The picture with which the film begins.")
IMAGE_WANTED = Input(description="The picture with which the film begins.")
STEPS_TAKEN = Input(default=STEPS, ge=1, le=200, description="Denoising steps: more take longer.")
GUIDED = Input(default=GUIDANCE, ge=0, le=50, description="How strictly the prompt is followed.")
SCHEDULER = Input(
    default=SCHEDULERS[0],
    choices=SCHEDULERS,
    description="How the steps are taken; `default` is the model's own.",
)
SEED = Input(default=None, ge=0, le=2**53, description="The same seed and inputs give the same film.")
WIDE = Input(default=WIDTH, ge=SIDE_MIN, le=SIDE_MAX, description="In pixels, made a multiple of 16.")
HIGH = Input(default=HEIGHT, ge=SIDE_MIN, le=SIDE_MAX, description="In pixels, made a multiple of 16.")
NUM_FRAMES = Input(
    default=FRAMES, ge=1, le=FRAMES_MAX, description="How many frames; made a number that the model can make."
)
SECONDS = Input(
    default=None, ge=0.1, le=60, description="How long the film is; wins over the number of frames."
)
FRAMES_PER_SECOND = Input(default=FPS, ge=1, le=60, description="How fast the frames follow each other.")
LORA = Input(default=None, description="A LoRA for this model, as .safetensors.")
LORA_SCALE = Input(default=1.0, ge=-4, le=4, description="How strongly the LoRA counts.")
OUTPUT_FORMAT = Input(default="mp4", choices=["mp4", "webm", "gif"], description="The kind of file.")
