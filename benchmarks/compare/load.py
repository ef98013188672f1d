"""Load from `wrk`: closed loop, connections kept alive, one thread, so that most of the machine is the server's."""

import json
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from compare.processes import Tree

SCRIPT = """
wrk.method = "POST"
wrk.body = {body}
{headers}
done = function(summary, latency)
  local errors = summary.errors
  io.write("\\nFOUND " .. string.format(
    '{{"requests": %d, "microseconds": %d, "failed": %d, "p50": %.1f, "p99": %.1f}}\\n',
    summary.requests, summary.duration,
    errors.status + errors.connect + errors.read + errors.write + errors.timeout,
    latency:percentile(50), latency:percentile(99)))
end
"""
TIMEOUT_SECONDS = 30


@dataclass(frozen=True, slots=True, kw_only=True)
class Loaded:
    """What a load found: answers of status 2xx a second, latencies, and the server's CPU time for each answer."""

    per_second: float
    p50_ms: float
    p99_ms: float
    cpu_us: float
    failed: int


def has_wrk() -> bool:
    return shutil.which("wrk") is not None


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """What is called, the processes behind it, and a folder for the load's own files."""

    url: str
    body: bytes
    headers: Mapping[str, str]
    tree: Tree
    folder: Path


def put_under_load(target: Target, *, clients: int, seconds: float) -> Loaded:
    """Calls from `clients` connections for `seconds`. Raises RuntimeError when wrk says nothing."""
    script = target.folder / f"load-{clients}.lua"
    lines = [f"wrk.headers[{_quoted(name)}] = {_quoted(value)}" for name, value in target.headers.items()]
    script.write_text(SCRIPT.format(body=_quoted(target.body.decode()), headers="\n".join(lines)))
    before = target.tree.cpu_seconds()
    command = [
        "wrk",
        "-t1",
        f"-c{clients}",
        f"-d{seconds:g}s",
        f"--timeout={TIMEOUT_SECONDS}s",
        "-s",
        str(script),
        target.url,
    ]
    done = subprocess.run(
        command, capture_output=True, text=True, check=False, timeout=seconds + 2 * TIMEOUT_SECONDS
    )
    used_seconds = target.tree.cpu_seconds() - before
    _, _, said = done.stdout.partition("FOUND ")
    if not said:
        raise RuntimeError(f"wrk failed: {done.stdout}{done.stderr}")
    found = json.loads(said)
    good = max(0, found["requests"] - found["failed"])
    return Loaded(
        per_second=good / (found["microseconds"] / 1_000_000),
        p50_ms=found["p50"] / 1_000,
        p99_ms=found["p99"] / 1_000,
        cpu_us=used_seconds / good * 1_000_000 if good else float("nan"),
        failed=found["failed"],
    )


def _quoted(text: str) -> str:
    """A Lua string. JSON's quoting is Lua's for what is in headers and bodies here."""
    return json.dumps(text)
