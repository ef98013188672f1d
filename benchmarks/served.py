"""A server of our own under measurement: started on a directory of its own, watched, and ended."""

import json
import os
import re
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil
from load import KEY

FORETELL = Path(sys.executable).parent / "foretell"
STARTS_SECONDS_MAX = 60.0
AWAITED = '{"model":"echo","input":{"prompt":"hello"},"await":true}'
CREATED = '{"model":"echo","input":{"prompt":"hello"}}'


@dataclass(frozen=True)
class Use:
    """CPU seconds of the server's process and of its children."""

    server: float
    children: float

    def __sub__(self, before: "Use") -> "Use":
        return Use(self.server - before.server, self.children - before.children)


class Served:
    """A running `foretell serve`."""

    def __init__(self, process: psutil.Process, address: str) -> None:
        self.address = address
        self._process = process

    def use(self) -> Use:
        return Use(_cpu(self._process), sum(map(_cpu, self._process.children(recursive=True))))

    def load(self, body: str, callers: int, seconds: float, count: int = 10**9) -> dict[str, Any]:
        """What callers in a process of their own have met."""
        script = Path(__file__).with_name("load.py")
        asked = [f"{self.address}/v1/predict", body, str(callers), str(seconds), str(count)]
        done = subprocess.run([sys.executable, script, *asked], stdout=subprocess.PIPE, check=True)
        found: dict[str, Any] = json.loads(done.stdout)
        return found


@contextmanager
def served(durability: str, *, arguments: Sequence[str] = ("--sandbox",)) -> Iterator[Served]:
    with tempfile.TemporaryDirectory() as directory:
        said = Path(directory) / "said"
        places = ["--port", "0", "--key", KEY, "--data", f"{directory}/data"]
        command = [FORETELL, "serve", *arguments, *places]
        environment = os.environ | {"FORETELL_DURABILITY": durability}
        with said.open("wb") as file:
            server = subprocess.Popen(command, stdout=file, stderr=subprocess.DEVNULL, env=environment)
        try:
            yield Served(psutil.Process(server.pid), _address(said))
        finally:
            server.terminate()
            server.wait()


def fsync_ms(directory: str) -> float:
    """How long the disk takes to keep 4 KB, in the median."""
    with tempfile.TemporaryFile(dir=directory) as file:
        took = []
        for _ in range(30):
            file.write(b"x" * 4096)
            file.flush()
            began = time.perf_counter()
            os.fdatasync(file.fileno())
            took.append(time.perf_counter() - began)
    return statistics.median(took) * 1_000


def _address(said: Path) -> str:
    deadline = time.monotonic() + STARTS_SECONDS_MAX
    while time.monotonic() < deadline:
        if found := re.search(r"http://[\w.:]+", said.read_text()):
            return found[0]
        time.sleep(0.05)
    raise TimeoutError("the server did not start")


def _cpu(process: psutil.Process) -> float:
    times = process.cpu_times()
    return float(times.user + times.system)
