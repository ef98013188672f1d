"""What predictors of pictures take, described once for all of them."""

from cog import Input
from settings import GUIDANCE, MULTIPLE, SCHEDULERS, SIDE, STEPS

SIDE_MIN = 64
SIDE_MAX = max(2 * SIDE, 1024)
ASPECT_RATIOS = ["1:1", "16:9", "4:3", "3:2", "2:3", "3:4", "9:16", "21:9"]

PROMPT = Input(max_length=10_000, description="What the picture shows.")
NEGATIVE_PROMPT = Input(default="", max_length=10_000, description="What to keep away from.")
STEPS_TAKEN = Input(default=STEPS, ge=1, le=200, description="Denoising steps: more take longer.")
GUIDED = Input(default=GUIDANCE, ge=0, le=50, description="How strictly the prompt is followed.")
SCHEDULER = Input(
    default=SCHEDULERS[0],
    choices=SCHEDULERS,
    description="How the steps are taken; `default` is the model's own.",
)
SEED = Input(default=None, ge=0, le=2**53, description="The same seed and inputs give the same picture.")
WIDTH = Input(
    default=None,
    ge=SIDE_MIN,
    le=SIDE_MAX,
    description=f"In pixels, made a multiple of {MULTIPLE}; wins over the aspect ratio.",
)
HEIGHT = Input(
    default=None,
    ge=SIDE_MIN,
    le=SIDE_MAX,
    description=f"In pixels, made a multiple of {MULTIPLE}; wins over the aspect ratio.",
)
ASPECT_RATIO = Input(
    default="1:1",
    choices=ASPECT_RATIOS,
    description="Width to height, where neither is given and there is no picture to start from.",
)
NUM_OUTPUTS = Input(default=1, ge=1, le=8, description="Pictures to draw; each has the next seed.")
IMAGE = Input(default=None, description="A picture to start from.")
IMAGE_WANTED = Input(description="The picture to change.")
MASK = Input(default=None, description="White where `image` is drawn anew, black where it stays.")
MASK_WANTED = Input(description="White where the picture is drawn anew, black where it stays.")
STRENGTH = Input(
    default=0.8, ge=0.01, le=1, description="How far to go from `image`: 1 leaves nothing of it."
)
LORA = Input(default=None, description="A LoRA for this model, as .safetensors.")
LORA_SCALE = Input(default=1.0, ge=-4, le=4, description="How strongly the LoRA counts.")
OUTPUT_FORMAT = Input(default="png", choices=["png", "jpg", "webp"], description="The kind of file.")
OUTPUT_QUALITY = Input(default=90, ge=1, le=100, description="For jpg and webp; png loses nothing.")
SAFETY_CHECKER = Input(
    default=True, description="Withhold pictures that are not safe for work. The server does it."
)
