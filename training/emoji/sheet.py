"""Draw the prompts of prompts.txt with the exported model, one seed for all, and save them as one sheet."""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw

HERE = Path(__file__).parent
MODELS = HERE.parents[1] / "src" / "foretell" / "models"
sys.path[:0] = [str(MODELS / "truefusion"), str(MODELS / "upscale")]

from emoji_diffusion import Diffusion, noise  # noqa: E402

CELL, CAPTION_HEIGHT, COLUMNS = 160, 14, 8
Enlarge = Callable[[np.ndarray], np.ndarray]


def main() -> None:
    arguments = parsed_arguments()
    prompts = [line.strip() for line in arguments.prompts.read_text().splitlines() if line.strip()]
    diffusion = Diffusion.open(lambda name: arguments.weights / name)
    enlarge = enlarger(arguments.enlarge)
    started, images = time.monotonic(), []
    for prompt in prompts:
        settings = {"steps": arguments.steps, "guidance": arguments.guidance}
        drawn = diffusion.generate(prompt, noise=noise(arguments.seed), **settings)
        pixels = enlarge((drawn * 255).round().astype(np.uint8))
        images.append(Image.fromarray(pixels).resize((CELL, CELL), Image.Resampling.LANCZOS))
    print(f"{(time.monotonic() - started) / len(images):.2f} seconds a picture")
    sheet(images, prompts if arguments.captions else []).save(arguments.output, optimize=True)


def parsed_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("weights", type=Path, help="folder with the exported files")
    parser.add_argument("output", type=Path, help="picture to write")
    parser.add_argument("--prompts", type=Path, default=HERE / "prompts.txt")
    parser.add_argument("--steps", type=int, default=25)
    parser.add_argument("--guidance", type=float, default=3.0)
    parser.add_argument("--seed", type=int, default=3)
    parser.add_argument(
        "--enlarge", type=Path, help="folder of the Real-ESRGAN weights, to enlarge as the model does"
    )
    parser.add_argument("--no-captions", dest="captions", action="store_false", help="to judge what is seen")
    return parser.parse_args()


def enlarger(folder: Path | None) -> Enlarge:
    if folder is None:
        return lambda pixels: pixels
    from realesrgan import Upscaler

    return Upscaler(folder, "realesr-animevideov3-x4").enlarge


def sheet(images: list[Image.Image], captions: list[str]) -> Image.Image:
    """The images in rows of eight, with their captions below if there are any."""
    height = CELL + (CAPTION_HEIGHT if captions else 0)
    page = Image.new("RGB", (COLUMNS * CELL, -(-len(images) // COLUMNS) * height), "white")
    pen = ImageDraw.Draw(page)
    for index, image in enumerate(images):
        x, y = index % COLUMNS * CELL, index // COLUMNS * height
        page.paste(image, (x, y))
        if captions:
            pen.text((x + 4, y + CELL), captions[index], fill="black")
    return page


if __name__ == "__main__":
    main()
