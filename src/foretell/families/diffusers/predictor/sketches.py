"""What latents look like, roughly and at next to no cost: a straight line from each to a colour.

The line is found once for each model, by encoding a picture of plain colours with the model's own encoder.
"""

import io
import time
from typing import Any, Optional

import torch
from PIL import Image

from foretell import preview

SIDE_MAX = 256
"""Of a sketch, in pixels."""
BLOCKS = 8
BLOCK_PIXELS = 32
QUIET_SECONDS = 0.2
"""More often nobody hears of one."""


class Sketches:
    """Those of one pipeline. Where they cannot be made, there are none, and a line in the log says so once."""

    def __init__(self, pipeline: Any) -> None:
        self._pipeline = pipeline
        self._line: Optional[torch.Tensor] = None
        self._broken = False
        self._shown_seconds = 0.0

    def show(self, latents: torch.Tensor, size: tuple[int, int]) -> None:
        """Previews the first picture, or the middle frame, of the latents of a picture of `size` pixels."""
        if self._broken or time.monotonic() - self._shown_seconds < QUIET_SECONDS:
            return
        self._shown_seconds = time.monotonic()
        try:
            preview(self._drawn(latents, size))
        except Exception as error:  # noqa: BLE001 - a picture that nobody needs must not end a run
            self._broken = True
            print(f"There are no previews of this pipeline: {error}")

    def _drawn(self, latents: torch.Tensor, size: tuple[int, int]) -> bytes:
        if self._line is None:
            self._line = self._found_line()
        plane = _plane(self._unpacked(latents, size))
        colours = (torch.cat([plane, torch.ones_like(plane[:1])]).movedim(0, -1) @ self._line).clamp(0, 1)
        picture = Image.fromarray((colours * 255).round().to(torch.uint8).numpy())
        scale = min(SIDE_MAX / max(size), 1.0)
        shown = picture.resize(
            (max(1, int(size[0] * scale)), max(1, int(size[1] * scale))), Image.Resampling.BICUBIC
        )
        file = io.BytesIO()
        shown.save(file, "JPEG", quality=80)
        return file.getvalue()

    def _unpacked(self, latents: torch.Tensor, size: tuple[int, int]) -> torch.Tensor:
        if latents.ndim != 3:
            return latents
        # Some keep them as a row of patches.
        return self._pipeline._unpack_latents(latents, size[1], size[0], self._pipeline.vae_scale_factor)

    @torch.no_grad()
    def _found_line(self) -> torch.Tensor:
        """A matrix from latents, and a one, to red, green and blue."""
        coder = self._pipeline.vae
        side = BLOCKS * BLOCK_PIXELS
        colours = torch.rand((1, 3, BLOCKS, BLOCKS), generator=torch.Generator().manual_seed(0))
        picture = torch.nn.functional.interpolate(colours, size=(side, side), mode="nearest")
        latents = _plane(self._encoded(coder, picture * 2 - 1))
        seen = torch.nn.functional.interpolate(picture, size=latents.shape[-2:], mode="area")[0]
        rows = torch.cat([latents, torch.ones_like(latents[:1])]).flatten(1).T
        return torch.linalg.lstsq(rows, seen.flatten(1).T).solution

    def _encoded(self, coder: Any, picture: torch.Tensor) -> torch.Tensor:
        kind = next(coder.parameters())
        if kind.dtype == torch.float16 and getattr(coder.config, "force_upcast", False):
            raise ValueError("its decoder cannot encode in half precision")
        # Where parts take turns on the GPU, this one is elsewhere now.
        device = self._pipeline._execution_device
        given = picture.to(device, kind.dtype)
        given = given.unsqueeze(2) if _is_film(coder) else given
        found = coder.encode(given)
        latents = found.latent_dist.mode() if hasattr(found, "latent_dist") else found.latent
        return _scaled(latents.float().cpu(), coder.config)


def _is_film(coder: Any) -> bool:
    return any(isinstance(each, torch.nn.Conv3d) for each in coder.modules())


def _plane(latents: torch.Tensor) -> torch.Tensor:
    """Channels x height x width of the first picture, or of the frame in the middle."""
    first = latents[0].detach().float().cpu()
    return first[:, first.shape[1] // 2] if first.ndim == 4 else first


def _scaled(latents: torch.Tensor, config: Any) -> torch.Tensor:
    """The encoder's latents as the denoiser knows them."""
    mean, spread = getattr(config, "latents_mean", None), getattr(config, "latents_std", None)
    if mean is not None and spread is not None:
        shape = (1, -1, *([1] * (latents.ndim - 2)))
        return (latents - torch.tensor(mean).view(shape)) / torch.tensor(spread).view(shape)
    shift = getattr(config, "shift_factor", None) or 0.0
    return (latents - shift) * (getattr(config, "scaling_factor", None) or 1.0)
