"""A node's end of the link, for tests: it starts a real child and speaks frames with it."""

from __future__ import annotations

import json
import os
import select
import socket
import struct
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Any

Frame = dict[str, Any]

CHILD = Path(__file__).parents[2] / "src" / "foretell" / "child"
PATIENCE_SECONDS = 20.0


class Child:
    """A child process and everything it has said. Ends the process when the block ends."""

    def __init__(
        self, folder: Path, *, python: str = sys.executable, environment: dict[str, str] | None = None
    ) -> None:
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        self.frames: list[Frame] = []
        self._node, theirs = socket.socketpair()
        with theirs:
            self.process = subprocess.Popen(
                [python, "-u", str(CHILD), "--fd", str(theirs.fileno())],
                pass_fds=[theirs.fileno()],
                cwd=folder,
                env={**os.environ, **(environment or {})},
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                start_new_session=True,
            )
        self._buffer = bytearray()
        self._pipes = {"stdout": bytearray(), "stderr": bytearray()}
        self._drains = {
            name: threading.Thread(target=self._drain, args=(name,), daemon=True) for name in self._pipes
        }
        for drain in self._drains.values():
            drain.start()

    def __enter__(self) -> Child:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.hang_up()
        self.process.kill()
        self.process.wait()

    def send(self, **frame: Any) -> None:
        self.send_bytes(json.dumps(frame).encode())

    def send_all(self, frames: list[Frame]) -> None:
        """Sends them at once."""
        bodies = [json.dumps(each).encode() for each in frames]
        self._node.sendall(b"".join(struct.pack(">I", len(each)) + each for each in bodies))

    def send_bytes(self, body: bytes) -> None:
        self._node.sendall(struct.pack(">I", len(body)) + body)

    def hang_up(self) -> None:
        self._node.close()

    def set_up(self, code: str, *, predictor: str = "predict.py:Predictor", **more: Any) -> Frame:
        """Writes the code as a model, and waits until it is ready or has failed to be."""
        model = self.folder / "model"
        model.mkdir(exist_ok=True)
        (model / predictor.partition(":")[0]).write_text(code)
        self.send(type="setup", folder=str(model), predictor=predictor, **{"concurrency": 1, **more})
        return self.wait_for(lambda frame: frame["type"] in ("ready", "setup_failed"))

    def begin(self, id: str = "a", **input: Any) -> Path:
        """Asks for a run; gives the run's folder."""
        folder = self.folder / "runs" / id
        folder.mkdir(parents=True)
        self.send(type="run", id=id, input=input, folder=str(folder))
        return folder

    def begin_together(self, *inputs: dict[str, Any], batch: str = "batch") -> list[str]:
        """Asks for a batch; gives the ids of its members."""
        ids = [f"{batch}-{index}" for index in range(len(inputs))]
        for run_id, given in zip(ids, inputs, strict=True):
            folder = self.folder / "runs" / run_id
            folder.mkdir(parents=True)
            self.send(type="member", id=run_id, input=given, folder=str(folder))
        self.send(type="batch", id=batch, members=ids)
        return ids

    def run(self, id: str = "a", **input: Any) -> Frame:
        """Asks for a run and waits for its last frame."""
        self.begin(id, **input)
        return self.ending(id)

    def ending(self, id: str = "a") -> Frame:
        return self.wait_for(lambda f: f["type"] in ("done", "failed", "canceled") and f["id"] == id)

    def wait_for(self, wanted: Callable[[Frame], bool], seconds: float = PATIENCE_SECONDS) -> Frame:
        """The first frame, of those heard before or those to come, that is wanted."""
        deadline = time.monotonic() + seconds
        looked_at = 0
        while True:
            for frame in self.frames[looked_at:]:
                if wanted(frame):
                    return frame
            looked_at = len(self.frames)
            self._hear(deadline)

    def log(self, id: str | None = "a", source: str = "stdout") -> str:
        texts = (f["text"] for f in self.of("log", id) if f["source"] == source)
        return "".join(texts)

    def of(self, kind: str, id: str | None = "a") -> list[Frame]:
        return [frame for frame in self.frames if frame["type"] == kind and frame.get("id") == id]

    def values(self, id: str = "a") -> list[Any]:
        return [frame["value"] for frame in self.of("output", id)]

    def wait_for_log(self, text: str, id: str | None = "a") -> None:
        self.wait_for(lambda _: text in self.log(id) + self.log(id, "stderr"))

    def wait_until(self, fact: Callable[[], bool], seconds: float = PATIENCE_SECONDS) -> None:
        """Waits for something outside of the link, which nobody reads meanwhile."""
        deadline = time.monotonic() + seconds
        while not fact():
            assert time.monotonic() < deadline
            select.select([], [], [], 0.005)

    def wait_for_hang_up(self, seconds: float = PATIENCE_SECONDS) -> None:
        self._node.settimeout(seconds)
        while self._node.recv(1 << 20):
            pass

    def pipe(self, name: str) -> bytes:
        """All that came by a pipe of a child that has ended."""
        self._drains[name].join(PATIENCE_SECONDS)
        return bytes(self._pipes[name])

    def _hear(self, deadline: float) -> None:
        while not self._frame_is_whole():
            ready, _, _ = select.select([self._node], [], [], max(0.0, deadline - time.monotonic()))
            assert ready, f"nothing more was heard; so far: {self._said()}"
            chunk = self._node.recv(1 << 20)
            assert chunk, f"the child hung up (exit {self.process.wait()}); it said: {self._said()}"
            self._buffer += chunk
        while self._frame_is_whole():
            (size,) = struct.unpack_from(">I", self._buffer)
            self.frames += _unfolded(json.loads(self._buffer[4 : 4 + size]))
            del self._buffer[: 4 + size]

    def _frame_is_whole(self) -> bool:
        return len(self._buffer) >= 4 and len(self._buffer) >= 4 + struct.unpack_from(">I", self._buffer)[0]

    def _said(self) -> str:
        return (
            f"{[str(f)[:300] for f in self.frames[-10:]]}, stderr: {bytes(self._pipes['stderr'])[-2000:]!r}"
        )

    def _drain(self, name: str) -> None:
        pipe = getattr(self.process, name)
        for chunk in iter(lambda: os.read(pipe.fileno(), 65536), b""):
            self._pipes[name] += chunk


def _unfolded(frame: Frame) -> list[Frame]:
    """What a run has yielded one by one, however it was sent."""
    if frame["type"] != "items":
        return [frame]
    return [{"type": "output", "id": frame["id"], "value": each, "files": []} for each in frame["values"]]
