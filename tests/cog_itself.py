"""Cog itself, for tests: its server with a Cog directory, in an environment of its own that is built once."""

import base64
import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx

from foretell.model import Version
from servers import SECONDS, until

EXAMPLES = Path(__file__).parents[1] / "examples" / "cog"
"""Cog directories to look at and to copy."""
PACKAGES = ("cog==0.23.1", "coglet==0.23.1", "pillow==12.3.0")
"""Cog, and what the examples need."""


def environment() -> Path:
    """The environment's folder. CalledProcessError when it cannot be built."""
    home = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "foretell-tests"
    mark = "-".join(each.replace("==", "") for each in PACKAGES)
    folder = home / f"{mark}-{sys.version_info.major}.{sys.version_info.minor}"
    if not folder.exists():
        home.mkdir(parents=True, exist_ok=True)
        # Whoever is first puts a whole one in place; who comes later finds it.
        building = Path(tempfile.mkdtemp(dir=home))
        python = building / "bin" / "python"
        subprocess.run([sys.executable, "-m", "venv", str(building)], check=True, capture_output=True)
        subprocess.run([python, "-m", "pip", "install", "-q", *PACKAGES], check=True, capture_output=True)
        if not folder.exists():
            building.rename(folder)
    return folder


class Cog:
    """A server of Cog's that is ready."""

    def __init__(self, address: str) -> None:
        self.client = httpx.Client(base_url=address, timeout=SECONDS)

    def predict(self, given: dict[str, Any]) -> dict[str, Any]:
        """The whole answer, which has `output`, `status`, `logs`, `metrics` and perhaps `error` or `detail`."""
        answered = self.client.post("/predictions", json={"input": given})
        found: dict[str, Any] = answered.json()
        return found

    def streamed(self, given: dict[str, Any]) -> list[Any]:
        """The chunks of a streamed answer."""
        accepts = {"accept": "text/event-stream"}
        answered = self.client.post("/predictions", json={"input": given}, headers=accepts)
        events = [event.split("\n") for event in answered.text.split("\n\n")]
        data = [line.partition(":")[2] for event in events if "event: output" in event for line in event[1:]]
        return [json.loads(each)["chunk"] for each in data]


@contextmanager
def cog_running(folder: Path, version: Version, directory: Path) -> Iterator[Cog]:
    """Cog's server with a copy of the Cog directory. Its schema is the one that was read for `version`."""
    home = directory / folder.name
    shutil.copytree(folder, home)
    (home / ".cog").mkdir()
    (home / ".cog" / "openapi_schema.json").write_text(json.dumps(_openapi(version)))
    port, binaries = _free_port(), environment().absolute() / "bin"
    variables = {
        "PATH": f"{binaries}{os.pathsep}{os.environ['PATH']}",
        "PORT": str(port),
        "COG_PREDICT_TYPE_STUB": version.manifest.predictor,
        "COG_MAX_CONCURRENCY": str(version.manifest.concurrency),
        **version.manifest.environ,
    }
    with (directory / "said").open("wb") as said:
        process = subprocess.Popen(
            [binaries / "python", "-m", "cog.server.http", "--host", "127.0.0.1"],
            cwd=home,
            env={**os.environ, **variables},
            stdout=said,
            stderr=subprocess.STDOUT,
        )
    try:
        cog = Cog(f"http://127.0.0.1:{port}")
        until(lambda: _is_ready(cog, process, directory / "said"), about="Cog's setup")
        yield cog
    finally:
        process.kill()
        process.wait(SECONDS)


def content(uri: str) -> bytes:
    """The bytes of a `data:` URI."""
    return base64.b64decode(uri.partition(",")[2])


def _is_ready(cog: Cog, process: subprocess.Popen[bytes], said: Path) -> bool:
    assert process.poll() is None, said.read_text()
    try:
        found = cog.client.get("/health-check").json()
    except httpx.TransportError:
        return False
    assert found["status"] not in {"SETUP_FAILED", "DEFUNCT"}, found
    return found["status"] == "READY"


def _openapi(version: Version) -> dict[str, Any]:
    """What `cog build` would write, made of the schemas that were read here."""
    streaming = {"x-cog-streaming": True} if version.streaming else {}
    return {
        "openapi": "3.0.2",
        "info": {"title": "Cog", "version": "0.1.0", **streaming},
        "paths": {"/predictions": {"post": {**streaming}}},
        "components": {"schemas": {"Input": version.input_schema, "Output": version.output_schema}},
        **streaming,
    }


def _free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port: int = found.getsockname()[1]
        return port
