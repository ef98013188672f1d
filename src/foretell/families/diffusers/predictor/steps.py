"""Hearing of the steps of a run: how far it is, and what the picture looks like so far."""

import inspect
from collections.abc import Callable
from typing import Any, Optional

from foretell import progress

OnLatents = Callable[[Any], None]


class Steps:
    """The steps of several pipeline calls in a row, as one progress."""

    def __init__(self, calls: int, on_latents: Optional[OnLatents] = None) -> None:
        self._calls = calls
        self._done_calls = 0
        self._done_steps = 0
        self._on_latents = on_latents

    def next_call(self) -> None:
        """The last call is done, and another may begin."""
        self._done_calls += 1
        self._done_steps = 0
        progress(min(self._done_calls / self._calls, 1.0))

    def arguments(self, pipeline: Any, steps: int) -> dict[str, Any]:
        """What makes a call of the pipeline tell of its steps, in whichever way it can."""
        takes = inspect.signature(pipeline.__call__).parameters
        if "callback_on_step_end" in takes:
            return {
                "callback_on_step_end": lambda running, _step, _time, found: self._heard(
                    running, found, steps
                )
            }
        if "callback" in takes:
            return {"callback": lambda _step, _time, latents: self._count(steps), "callback_steps": 1}
        return {}

    def _heard(self, running: Any, found: dict[str, Any], steps: int) -> dict[str, Any]:
        # An image's strength leaves some steps out.
        self._count(getattr(running, "num_timesteps", None) or steps)
        if self._on_latents is not None and "latents" in found:
            self._on_latents(found["latents"])
        return found

    def _count(self, steps: int) -> None:
        self._done_steps += 1
        within = min(self._done_steps / steps, 1.0) * 0.97  # decoding is still to come
        done = self._done_calls * steps + min(self._done_steps, steps)
        progress(done, self._calls * steps, share=(self._done_calls + within) / self._calls)
