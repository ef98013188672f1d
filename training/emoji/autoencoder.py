"""Train, or go on training, the autoencoder that turns a 64 x 64 picture into 4 x 16 x 16 latents and back."""

from __future__ import annotations

import argparse
import time
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as functional
from data import COLOURS, pictures, recoloured
from diffusers import AutoencoderKL

PEAK_RATE, BATCH = 2e-3, 16


def main() -> None:
    arguments = parsed_arguments()
    torch.set_num_threads(arguments.threads)
    torch.manual_seed(arguments.seed)
    autoencoder = AutoencoderKL.from_pretrained(arguments.start) if arguments.start else new_autoencoder()
    plain, coloured = training_pixels()
    train(autoencoder, plain, coloured, arguments.minutes * 60)
    autoencoder.eval()
    with torch.no_grad():
        latents = torch.cat(
            [autoencoder.encode(signed(plain[i : i + 64])).latent_dist.mean for i in range(0, len(plain), 64)]
        )
    autoencoder.register_to_config(scaling_factor=1 / latents.std().item())
    autoencoder.save_pretrained(arguments.output)
    print("channel deviations", latents.std((0, 2, 3)).tolist(), flush=True)


def parsed_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("output", type=Path)
    parser.add_argument("--start", type=Path, help="folder of an autoencoder to continue from")
    parser.add_argument("--minutes", type=float, default=10)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--seed", type=int, default=0)
    return parser.parse_args()


def new_autoencoder() -> AutoencoderKL:
    return AutoencoderKL(
        in_channels=3,
        out_channels=3,
        block_out_channels=(24, 32, 48),
        layers_per_block=1,
        down_block_types=("DownEncoderBlock2D",) * 3,
        up_block_types=("UpDecoderBlock2D",) * 3,
        latent_channels=4,
        norm_num_groups=8,
        mid_block_add_attention=False,
        sample_size=64,
    )


def training_pixels() -> tuple[torch.Tensor, torch.Tensor]:
    """All pictures as they are, and the colour variants of those that have one main colour."""
    everything = pictures()
    variants = [recoloured(picture.pixels, colour) for picture in everything for colour in COLOURS]
    return as_tensor([picture.pixels for picture in everything]), as_tensor(
        [v for v in variants if v is not None]
    )


def as_tensor(images: list[np.ndarray]) -> torch.Tensor:
    return torch.from_numpy(np.stack(images)).permute(0, 3, 1, 2).contiguous()


def signed(pixels: torch.Tensor) -> torch.Tensor:
    return pixels.float() / 127.5 - 1


def train(autoencoder: AutoencoderKL, plain: torch.Tensor, coloured: torch.Tensor, seconds: float) -> None:
    autoencoder.to(memory_format=torch.channels_last)
    optimizer = torch.optim.AdamW(autoencoder.parameters(), PEAK_RATE, weight_decay=1e-4)
    started, step, losses = time.monotonic(), 0, []
    while (done := (time.monotonic() - started) / seconds) < 1:
        optimizer.param_groups[0]["lr"] = (
            PEAK_RATE * min(1, (step + 1) / 50) * (0.51 + 0.49 * np.cos(np.pi * done))
        )
        batch = torch.cat([some(plain, BATCH - BATCH // 3), some(coloured, BATCH // 3)])
        loss = loss_of(autoencoder, signed(batch).contiguous(memory_format=torch.channels_last))
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(autoencoder.parameters(), 1.0)
        optimizer.step()
        step += 1
        losses.append(loss.item())
        if step % 100 == 0:
            print(
                f"step {step} seconds {time.monotonic() - started:.0f} loss {np.mean(losses[-100:]):.4f}",
                flush=True,
            )


def some(images: torch.Tensor, count: int) -> torch.Tensor:
    return images[torch.randint(0, len(images), (count,))]


def loss_of(autoencoder: AutoencoderKL, images: torch.Tensor) -> torch.Tensor:
    """Difference in pixels, in edges, and (so that no hue is given up) in the colour of 8 x 8 patches."""
    posterior = autoencoder.encode(images).latent_dist
    drawn = autoencoder.decode(posterior.sample()).sample
    edges = functional.l1_loss(drawn.diff(dim=3), images.diff(dim=3)) + functional.l1_loss(
        drawn.diff(dim=2), images.diff(dim=2)
    )
    patches = functional.l1_loss(functional.avg_pool2d(drawn, 8), functional.avg_pool2d(images, 8))
    return functional.l1_loss(drawn, images) + 0.5 * edges + patches + 1.6e-6 * posterior.kl().mean()


if __name__ == "__main__":
    main()
