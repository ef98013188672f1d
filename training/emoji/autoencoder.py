"""Train, or go on training, the autoencoder: 64 x 64 pixels to 4 x 16 x 16 latents and back."""

from __future__ import annotations

import argparse
import math
import time
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as functional
from data import COLOURS, pictures, recoloured
from diffusers import AutoencoderKL

BATCH = 16


def main() -> None:
    arguments = parsed_arguments()
    torch.set_num_threads(arguments.threads)
    torch.manual_seed(arguments.seed)
    autoencoder = AutoencoderKL.from_pretrained(arguments.start) if arguments.start else new_autoencoder()
    if arguments.decoder_only:
        autoencoder.encoder.requires_grad_(False)
        autoencoder.quant_conv.requires_grad_(False)
    images = training_pixels()
    train(autoencoder, images, seconds=arguments.minutes * 60, peak_rate=arguments.rate)
    if not arguments.decoder_only:
        scale(autoencoder.eval(), images[0])
    autoencoder.save_pretrained(arguments.output)


def scale(autoencoder: AutoencoderKL, plain: torch.Tensor) -> None:
    """Notes the factor that gives latents a deviation of one."""
    with torch.no_grad():
        latents = torch.cat([autoencoder.encode(signed(part)).latent_dist.mean for part in plain.split(64)])
    autoencoder.register_to_config(scaling_factor=1 / latents.std().item())
    print("channel deviations", latents.std((0, 2, 3)).tolist(), flush=True)


def parsed_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("output", type=Path)
    parser.add_argument("--start", type=Path, help="folder of an autoencoder to continue from")
    parser.add_argument("--decoder-only", action="store_true", help="leave the latents as they are")
    parser.add_argument("--minutes", type=float, default=10)
    parser.add_argument("--rate", type=float, default=2e-3, help="peak learning rate")
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
    """All pictures as they are, and in other colours."""
    everything = [picture.pixels for picture in pictures()]
    variants = [recoloured(pixels, colour) for pixels in everything for colour in COLOURS]
    return as_tensor(everything), as_tensor(variants)


def as_tensor(images: list[np.ndarray]) -> torch.Tensor:
    return torch.from_numpy(np.stack(images)).permute(0, 3, 1, 2).contiguous()


def signed(pixels: torch.Tensor) -> torch.Tensor:
    return pixels.float() / 127.5 - 1


def train(
    autoencoder: AutoencoderKL, images: tuple[torch.Tensor, torch.Tensor], *, seconds: float, peak_rate: float
) -> None:
    """Two plain pictures to one colour variant; the rate rises for 50 steps and falls by a half cosine."""
    autoencoder.to(memory_format=torch.channels_last)
    parameters = [parameter for parameter in autoencoder.parameters() if parameter.requires_grad]
    optimizer = torch.optim.AdamW(parameters, peak_rate, weight_decay=1e-4)
    started, losses = time.monotonic(), []
    while (done := (time.monotonic() - started) / seconds) < 1:
        rate = peak_rate * min(1, (len(losses) + 1) / 50) * (0.51 + 0.49 * math.cos(math.pi * done))
        optimizer.param_groups[0]["lr"] = rate
        batch = torch.cat([some(images[0], BATCH - BATCH // 3), some(images[1], BATCH // 3)])
        loss = loss_of(autoencoder, signed(batch).contiguous(memory_format=torch.channels_last))
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(parameters, 1.0)
        optimizer.step()
        losses.append(loss.item())
        if len(losses) % 100 == 0:
            print(f"step {len(losses)} loss {np.mean(losses[-100:]):.4f} done {done:.0%}", flush=True)


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
