"""Draw the prompts of prompts.txt with the exported model, one fixed seed for all, and save them as one sheet."""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parents[1] / "src" / "foretell" / "models" / "truefusion"))

from emoji_diffusion import Diffusion, noise  # noqa: E402

CELL, CAPTION_HEIGHT, COLUMNS = 128, 14, 8


def main() -> None:
    arguments = parsed_arguments()
    prompts = [line.strip() for line in arguments.prompts.read_text().splitlines() if line.strip()]
    diffusion = Diffusion.open(lambda name: arguments.weights / name)
    started = time.monotonic()
    images = []
    for prompt in prompts:
        pixels = diffusion.generate(
            prompt, steps=arguments.steps, guidance=arguments.guidance, noise=noise(arguments.seed)
        )
        images.append(Image.fromarray((pixels * 255).round().astype(np.uint8)))
    print(f"{(time.monotonic() - started) / len(images):.2f} seconds a picture")
    sheet(
        [image.resize((CELL, CELL), Image.Resampling.LANCZOS) for image in images],
        prompts if arguments.captions else [],
    ).save(arguments.output)


def parsed_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("weights", type=Path, help="folder with the exported files")
    parser.add_argument("output", type=Path, help="picture to write")
    parser.add_argument("--prompts", type=Path, default=HERE / "prompts.txt")
    parser.add_argument("--steps", type=int, default=25)
    parser.add_argument("--guidance", type=float, default=4.0)
    parser.add_argument("--seed", type=int, default=3)
    parser.add_argument("--no-captions", dest="captions", action="store_false")
    return parser.parse_args()


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
