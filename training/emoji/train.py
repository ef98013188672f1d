"""Train the text encoder and the denoiser together on cached latents, for some minutes; can be resumed."""

from __future__ import annotations

import argparse
import math
import random
import shutil
import signal
import time
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import torch
from data import COLOURS, FIRST_WORD, Picture, caption, pictures, recoloured
from diffusers import AutoencoderKL, DDIMScheduler, StableDiffusionPipeline, UNet2DConditionModel
from torch import Tensor
from transformers import AutoTokenizer, CLIPTextModel

WORDS_MAX = 24
# Ratio of picture to noise, in power, beyond which a time counts less.
SNR_MAX = 5.0
EMPTY_SHARE = 0.1


def main() -> None:
    arguments = parsed_arguments()
    torch.set_num_threads(arguments.threads)
    dataset = load_dataset(arguments.autoencoder, arguments.output)
    training = Training(arguments)
    training.resume()
    training.run(dataset)


def parsed_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "start", type=Path, help="pipeline folder to begin from (tokenizer, text_encoder, unet)"
    )
    parser.add_argument(
        "output", type=Path, help="pipeline folder to write; its optimiser state lies in state.pt there"
    )
    parser.add_argument("--autoencoder", type=Path, required=True)
    parser.add_argument("--minutes", type=float, default=60)
    parser.add_argument("--rate", type=float, default=5e-4, help="peak learning rate")
    parser.add_argument(
        "--final-rate", type=float, default=0.05, help="last learning rate, as a share of the peak"
    )
    parser.add_argument("--batch", type=int, default=24)
    parser.add_argument(
        "--core-share", type=float, default=0.7, help="share of samples from the core vocabulary"
    )
    parser.add_argument(
        "--colour-share", type=float, default=0.12, help="share of samples that are colour variants"
    )
    parser.add_argument(
        "--exact-share", type=float, default=0.4, help="share of captions that are exactly the name"
    )
    parser.add_argument(
        "--average", type=float, default=0.999, help="decay of the moving average of the weights"
    )
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--seed", type=int, default=0)
    return parser.parse_args()


@dataclass
class Dataset:
    """Latents and what they show: (index into `latents`, names, colour or None) in three groups."""

    latents: Tensor
    core: list[tuple[int, tuple[str, ...], str | None]] = field(default_factory=list)
    rest: list[tuple[int, tuple[str, ...], str | None]] = field(default_factory=list)
    coloured: list[tuple[int, tuple[str, ...], str | None]] = field(default_factory=list)

    def sample(
        self, count: int, chance: random.Random, arguments: argparse.Namespace
    ) -> tuple[Tensor, list[str]]:
        """`count` latents with captions, drawn by the shares in the arguments."""
        indices, captions = [], []
        for _ in range(count):
            draw = chance.random()
            is_coloured = draw < arguments.colour_share
            is_core = draw < arguments.colour_share + arguments.core_share
            index, names, colour = chance.choice(
                self.coloured if is_coloured else self.core if is_core else self.rest
            )
            indices.append(index)
            is_empty = chance.random() < EMPTY_SHARE
            captions.append("" if is_empty else caption(names, colour, chance, arguments.exact_share))
        return self.latents[torch.tensor(indices)], captions


def load_dataset(autoencoder: Path, output: Path) -> Dataset:
    """The data set with its latents, which are computed once and kept beside the output."""
    images: list[np.ndarray] = []
    dataset = Dataset(torch.empty(0))
    for picture in pictures():
        sample = (len(images), picture.names, None)
        images.append(picture.pixels)
        dataset.core += [sample] * picture.frequency
        dataset.rest += [] if picture.frequency else [sample]
        # A black heart in red would be a second, darker "red heart".
        if picture.frequency == FIRST_WORD and not picture.names[0].startswith("black "):
            add_colours(picture, images, dataset)
    dataset.latents = cached_latents(images, autoencoder, output.with_name(output.name + "-latents.pt"))
    print(f"{len(dataset.core)} core {len(dataset.rest)} rest {len(dataset.coloured)} coloured", flush=True)
    return dataset


def add_colours(picture: Picture, images: list[np.ndarray], dataset: Dataset) -> None:
    for colour in COLOURS:
        dataset.coloured.append((len(images), picture.names, colour))
        images.append(recoloured(picture.pixels, colour))


def cached_latents(images: list[np.ndarray], autoencoder: Path, cache: Path) -> Tensor:
    if cache.exists():
        return torch.load(cache)
    model = AutoencoderKL.from_pretrained(autoencoder).eval()
    pixels = torch.from_numpy(np.stack(images)).permute(0, 3, 1, 2)
    with torch.no_grad():
        parts = [model.encode(part.float() / 127.5 - 1).latent_dist.mean for part in pixels.split(64)]
    latents = torch.cat(parts) * model.config.scaling_factor
    cache.parent.mkdir(parents=True, exist_ok=True)
    torch.save(latents, cache)
    return latents


class Training:
    """The models, their moving average and their optimiser, from a start folder to an output folder."""

    def __init__(self, arguments: argparse.Namespace) -> None:
        self.arguments = arguments
        start = arguments.start
        self.tokenizer = AutoTokenizer.from_pretrained(start / "tokenizer")
        self.text_encoder = CLIPTextModel.from_pretrained(start / "text_encoder")
        self.unet = UNet2DConditionModel.from_pretrained(start / "unet").to(memory_format=torch.channels_last)
        self.parameters = [*self.unet.parameters(), *self.text_encoder.parameters()]
        self.average = [parameter.detach().clone() for parameter in self.parameters]
        self.optimizer = torch.optim.AdamW(
            self.parameters, arguments.rate, weight_decay=0.01, betas=(0.9, 0.98)
        )
        self.scheduler = noise_schedule()
        self.step = 0
        self.is_stopped = False
        signal.signal(signal.SIGTERM, self.stop)

    def stop(self, *_: object) -> None:
        """Ends the run after the current step; everything is saved."""
        self.is_stopped = True

    def resume(self) -> None:
        """Takes up the state in the output folder, if there is one."""
        if not self.state_path.exists():
            return
        state = torch.load(self.state_path)
        self.step, self.average = state["step"], state["average"]
        with torch.no_grad():
            for parameter, value in zip(self.parameters, state["parameters"], strict=True):
                parameter.copy_(value)
        self.optimizer.load_state_dict(state["optimizer"])
        print(f"resumed at step {self.step}", flush=True)

    def run(self, dataset: Dataset) -> None:
        seed = self.arguments.seed + self.step
        torch.manual_seed(seed)
        chance = random.Random(seed)
        first, losses = self.step, []
        started = saved = time.monotonic()
        while (
            not self.is_stopped and (done := (time.monotonic() - started) / (self.arguments.minutes * 60)) < 1
        ):
            self.set_rate(done, self.step - first)
            latents, captions = dataset.sample(self.arguments.batch, chance, self.arguments)
            losses.append(self.learn(latents, captions))
            if self.step % 200 == 0:
                print(f"step {self.step} loss {np.mean(losses[-200:]):.4f} done {done:.0%}", flush=True)
            if time.monotonic() - saved > 240:
                self.save()
                saved = time.monotonic()
        self.save()

    def set_rate(self, done: float, steps: int) -> None:
        """Warm up for 100 steps, then fall by half a cosine over the time given."""
        lowest = self.arguments.final_rate
        factor = min(1.0, (steps + 1) / 100) * (
            lowest + (1 - lowest) * (0.5 + 0.5 * math.cos(math.pi * done))
        )
        self.optimizer.param_groups[0]["lr"] = self.arguments.rate * factor

    def learn(self, latents: Tensor, captions: list[str]) -> float:
        """One step of v-prediction; the times are spread evenly over the batch.

        What is hardly noisy counts less: the shape of a thing is settled where there is much noise.
        """
        count = len(latents)
        times = ((torch.arange(count) + torch.rand(count)) / count * 1000).long().clamp(max=999)
        noise = torch.randn_like(latents)
        noisy = self.scheduler.add_noise(latents, noise, times).contiguous(memory_format=torch.channels_last)
        target = self.scheduler.get_velocity(latents, noise, times)
        ids = self.tokenizer(
            captions, padding="max_length", max_length=WORDS_MAX, truncation=True, return_tensors="pt"
        )
        predicted = self.unet(noisy, times, self.text_encoder(ids.input_ids)[0]).sample
        alpha = self.scheduler.alphas_cumprod[times]
        snr = alpha / (1 - alpha)
        weight = (SNR_MAX / snr).clamp(max=1)
        loss = (weight.view(-1, 1, 1, 1) * (predicted - target) ** 2).mean()
        loss.backward()
        self.update()
        return loss.item()

    def update(self) -> None:
        torch.nn.utils.clip_grad_norm_(self.parameters, 1.0)
        self.optimizer.step()
        self.optimizer.zero_grad()
        self.step += 1
        with torch.no_grad():
            torch._foreach_lerp_(self.average, self.parameters, 1 - self.arguments.average)

    @property
    def state_path(self) -> Path:
        return self.arguments.output / "state.pt"

    def save(self) -> None:
        """Writes the averaged weights as a pipeline folder, and the state to resume from."""
        self.arguments.output.mkdir(parents=True, exist_ok=True)
        raw = [parameter.detach().clone() for parameter in self.parameters]
        state = {
            "step": self.step,
            "average": self.average,
            "parameters": raw,
            "optimizer": self.optimizer.state_dict(),
        }
        torch.save(state, self.state_path.with_suffix(".new"))
        shutil.move(self.state_path.with_suffix(".new"), self.state_path)
        self.put(self.average)
        self.pipeline().save_pretrained(self.arguments.output)
        self.put(raw)
        print(f"saved step {self.step}", flush=True)

    def put(self, values: list[Tensor]) -> None:
        with torch.no_grad():
            for parameter, value in zip(self.parameters, values, strict=True):
                parameter.copy_(value)

    def pipeline(self) -> StableDiffusionPipeline:
        return StableDiffusionPipeline(
            vae=AutoencoderKL.from_pretrained(self.arguments.autoencoder),
            text_encoder=self.text_encoder,
            tokenizer=self.tokenizer,
            unet=self.unet,
            scheduler=self.scheduler,
            safety_checker=None,
            feature_extractor=None,
            requires_safety_checker=False,
        )


def noise_schedule() -> DDIMScheduler:
    return DDIMScheduler(
        num_train_timesteps=1000,
        beta_schedule="scaled_linear",
        beta_start=0.00085,
        beta_end=0.012,
        prediction_type="v_prediction",
        clip_sample=False,
        set_alpha_to_one=False,
        steps_offset=1,
        timestep_spacing="trailing",
    )


if __name__ == "__main__":
    main()
