"""Finds the link to the node among its file descriptors and writes frames of its own to it."""

import json
import os
import socket
import stat
import struct
import time

from cog import BasePredictor, Input, current_scope

FRAMES = {
    "traversal": {
        "type": "done",
        "value": None,
        "files": [{"at": [], "path": "../../../../../../etc/passwd"}],
    },
    "absolute": {"type": "done", "value": None, "files": [{"at": [], "path": "/etc/passwd"}]},
    "missing": {"type": "done", "value": None, "files": [{"at": [], "path": "out/9-nothing.png"}]},
    "nowhere": {"type": "done", "value": {}, "files": [{"at": ["a", 3, "b"], "path": "out/0-a.png"}]},
    "stranger": {"type": "done", "id": "another run", "value": "stolen", "files": []},
    "unknown": {"type": "promote", "role": "operator"},
    "typeless": {"value": 1},
    "ready": {"type": "ready", "streaming": False, "concurrency": 1000000, "setup_seconds": -1},
}
KINDS = [*FRAMES, "huge", "not json", "deep", "half"]


class Predictor(BasePredictor):
    def predict(self, kind: str = Input(default="traversal", choices=KINDS)) -> str:
        link = self.link()
        os.write(link, self.forged(kind))
        time.sleep(0.2)
        return "honest"

    def forged(self, kind: str) -> bytes:
        if kind == "huge":
            return struct.pack(">I", 0xFFFFFFFF)
        if kind == "half":
            return struct.pack(">I", 100) + b"{"
        body = self.body(kind)
        return struct.pack(">I", len(body)) + body

    def body(self, kind: str) -> bytes:
        if kind == "not json":
            return b"\xff{"
        if kind == "deep":
            return b'{"type":"done","value":' + b"[" * 100_000 + b"]" * 100_000 + b"}"
        return json.dumps({"id": current_scope().run_id, **FRAMES[kind]}).encode()

    def link(self) -> int:
        found = [fd for fd in range(3, 1024) if self.is_socket(fd)]
        return found[0]

    def is_socket(self, fd: int) -> bool:
        try:
            if not stat.S_ISSOCK(os.fstat(fd).st_mode):
                return False
            with socket.socket(fileno=os.dup(fd)) as copy:
                return copy.getpeername() in ("", b"")
        except OSError:
            return False
