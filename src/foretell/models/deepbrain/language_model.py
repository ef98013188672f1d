"""A GGUF language model in this process, run by llama.cpp, whose answers can be stopped at any token."""

import os
import queue
import tempfile
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Union

import xllamacpp

from foretell import InputTooLong

WAITING_CHUNKS_MAX = 64

Chunk = dict[str, Any]


@dataclass(frozen=True)
class Size:
    """How much is read together, and by how many cores.

    `batch_tokens` are read between two looks at whether to stop: with a small model less than half a second.
    llama.cpp's `threads` wait for each other by spinning: two are slower than one as soon as the machine does
    anything else (measured with SmolLM2: 4 to 30 tokens a second against 110).
    """

    context_tokens: int = 4096
    batch_tokens: int = 128
    threads: int = 1


class LanguageModel:
    def __init__(self, weights: Path, size: Size = Size()) -> None:
        with tempfile.TemporaryDirectory(prefix="llama-") as folder:
            # llama.cpp always listens for HTTP; here on a socket whose folder is gone once it has loaded.
            # Its address may have some hundred characters, and the folder lie deeper: from here it is short.
            address = min(folder, os.path.relpath(folder), key=len)
            self._llama = xllamacpp.Server(_settings(weights, size, Path(address, "http.sock")))

    def chunks(self, request: dict[str, Any]) -> Iterator[Chunk]:
        """The answer to a chat completion request as it is written: OpenAI's chunks, the last with `usage`.

        A `prompt` in place of `messages` is gone on with. Closing the iterator stops the model.
        Raises ValueError for a request that the model cannot take.
        """
        chunks: queue.Queue[Union[Chunk, Exception, None]] = queue.Queue(WAITING_CHUNKS_MAX)
        stopped = threading.Event()
        options = {"stream": True, "stream_options": {"include_usage": True}, "return_progress": True}
        arguments = ({**request, **options, "cache_prompt": False}, chunks, stopped)
        threading.Thread(target=self._write, args=arguments, daemon=True).start()
        try:
            while (chunk := _next(chunks)) is not None:
                yield _checked(chunk)
        finally:
            stopped.set()

    def _write(self, request: dict[str, Any], chunks: "queue.Queue[Any]", stopped: threading.Event) -> None:
        def stop_after(chunk: Union[Chunk, Exception, None]) -> bool:
            while not stopped.is_set():
                try:
                    chunks.put(chunk, timeout=0.1)
                    return False
                except queue.Full:
                    continue
            return True

        try:
            answer = (
                self._llama.handle_completions if "prompt" in request else self._llama.handle_chat_completions
            )
            answer(request, stop_after)
            stop_after(None)
        except Exception as error:  # noqa: BLE001 - whatever it is, it is raised where the answer is read
            stop_after(error)


def _settings(weights: Path, size: Size, socket: Path) -> xllamacpp.CommonParams:
    settings = xllamacpp.CommonParams()
    settings.model.path = str(weights)
    settings.n_ctx = size.context_tokens
    settings.n_batch = settings.n_ubatch = size.batch_tokens
    settings.cpuparams.n_threads = settings.cpuparams_batch.n_threads = size.threads
    settings.hostnames = [str(socket)]
    settings.n_threads_http = 1
    # Nothing of one caller's prompt is kept for the next.
    settings.cache_ram_mib = 0
    settings.cache_idle_slots = False
    settings.verbosity = -1
    return settings


def _next(chunks: "queue.Queue[Union[Chunk, Exception, None]]") -> Union[Chunk, Exception, None]:
    # A cancel is raised between bytecodes of this thread, so it must not sleep in one long wait.
    while True:
        try:
            return chunks.get(timeout=0.1)
        except queue.Empty:
            continue


def _checked(chunk: Union[Chunk, Exception]) -> Chunk:
    if isinstance(chunk, Exception):
        _, is_schema, where = str(chunk).partition("JSON schema error at ")
        raise ValueError(f"The JSON schema cannot be followed, at {where}") if is_schema else chunk
    if "error" not in chunk:
        return {**chunk, "choices": [_as_chat(each) for each in chunk["choices"]]}
    if chunk["error"].get("type") == "exceed_context_size_error":
        length, room = chunk["error"].get("n_prompt_tokens"), chunk["error"].get("n_ctx")
        raise InputTooLong(f"The prompt is {length} tokens long; with its answer it must fit {room}.")
    raise ValueError(f"The model refused the request: {chunk['error'].get('message')}")


def _as_chat(choice: dict[str, Any]) -> dict[str, Any]:
    """What goes on with a prompt says its text elsewhere."""
    return choice if "delta" in choice else {**choice, "delta": {"content": choice["text"]}}
