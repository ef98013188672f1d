"""One answer as a network writes it, token by token, in a thread of its own that can be stopped at any of them."""

import queue
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Optional, Union

import torch
from transformers import LogitsProcessorList, StoppingCriteriaList

WAITING_TOKENS_MAX = 64


@dataclass(frozen=True)
class Token:
    """A token's number. `scores` are the logarithms of all tokens' likelihoods, where they were asked for."""

    number: int
    scores: Optional[torch.Tensor] = None


@dataclass(frozen=True)
class Choosing:
    """How tokens are chosen. `temperature` 0 takes the likeliest; `seed` makes an answer repeatable."""

    tokens_max: int
    temperature: float = 0.0
    top_p: float = 1.0
    repeat_penalty: float = 1.0
    seed: int = 0
    is_scored: bool = False
    processors: tuple[Any, ...] = field(default=())

    def options(self) -> dict[str, Any]:
        """The same in the words of transformers' `generate`."""
        found: dict[str, Any] = {"max_new_tokens": self.tokens_max, "repetition_penalty": self.repeat_penalty}
        if self.temperature > 0:
            return found | {"do_sample": True, "temperature": self.temperature, "top_p": self.top_p}
        return found | {"do_sample": False, "temperature": None, "top_p": None, "top_k": None}


class Generation:
    def __init__(self, model: Any, inputs: dict[str, Any], choosing: Choosing) -> None:
        self._waiting: queue.Queue[Union[Token, Exception, None]] = queue.Queue(WAITING_TOKENS_MAX)
        self._stopped = threading.Event()
        self._scores = Scores()
        self._is_prompt = True
        arguments = (model, inputs, choosing)
        self._thread = threading.Thread(target=self._write, args=arguments, daemon=True)

    def tokens(self) -> Iterator[Token]:
        """Closing the iterator stops the network, before another answer can begin."""
        self._thread.start()
        try:
            while (token := self._next()) is not None:
                if isinstance(token, Exception):
                    raise token
                yield token
        finally:
            self._stopped.set()
            self._thread.join()

    def put(self, numbers: torch.Tensor) -> None:
        """Called by `generate` with the prompt, and then with each token."""
        if self._is_prompt:
            self._is_prompt = False
            return
        for number in numbers.flatten().tolist():
            self._say(Token(number, self._scores.last))

    def end(self) -> None:
        """Called by `generate` after the last token."""

    def _write(self, model: Any, inputs: dict[str, Any], choosing: Choosing) -> None:
        processors = [*choosing.processors, *([self._scores] if choosing.is_scored else [])]
        try:
            torch.manual_seed(choosing.seed)
            with torch.inference_mode():
                model.generate(
                    **inputs,
                    **choosing.options(),
                    streamer=self,
                    logits_processor=LogitsProcessorList(processors),
                    stopping_criteria=StoppingCriteriaList([self._is_over]),
                )
            self._say(None)
        except Exception as error:  # noqa: BLE001 - whatever it is, it is raised where the answer is read
            self._say(error)

    def _is_over(self, numbers: torch.Tensor, _scores: Any, **_: Any) -> torch.Tensor:
        return torch.full((len(numbers),), self._stopped.is_set(), device=numbers.device)

    def _say(self, token: Union[Token, Exception, None]) -> None:
        while not self._stopped.is_set():
            try:
                self._waiting.put(token, timeout=0.1)
                return
            except queue.Full:
                continue

    def _next(self) -> Union[Token, Exception, None]:
        # A cancel is raised between bytecodes of this thread, so it must not sleep in one long wait.
        while True:
            try:
                return self._waiting.get(timeout=0.1)
            except queue.Empty:
                continue


class Scores:
    """Looks at how likely the network holds each token, before one is chosen."""

    last: Optional[torch.Tensor] = None

    def __call__(self, _numbers: torch.Tensor, scores: torch.Tensor) -> torch.Tensor:
        self.last = torch.log_softmax(scores[0].float(), dim=-1)
        return scores
