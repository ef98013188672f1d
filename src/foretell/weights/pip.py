"""Calling pip, always as a program of its own and with its own configuration of where packages come from."""

import asyncio
import importlib.util
import os
import platform
import re
import signal
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from foretell.errors import Code, Error
from foretell.weights.locks import only_one

LINES_KEPT = 200
SECONDS_MAX = 3_600
"""How long one call may take: large environments over slow lines."""
READ_BYTES = 65_536
NEWEST_SHOWN = 5
"""How many of a package's versions are named when none of them is the one that is wanted."""

_NOT_THERE = re.compile(r"No matching distribution found for|not a supported wheel on this platform")
_VERSIONS = re.compile(
    r"Could not find a version that satisfies the requirement .*\(from versions: ([^)]*)\)"
)
_UNREACHABLE = re.compile(
    r"Retrying \(Retry|connection broken|Connection refused|Read timed out|ProxyError", re.IGNORECASE
)


@dataclass(frozen=True, slots=True)
class Ran:
    """How a program ended: its exit code and the last lines of what it said."""

    code: int
    lines: tuple[str, ...]

    @property
    def has_no_wheel(self) -> bool:
        """Whether pip looked and found no package for this platform; False also when it could not look."""
        return bool(self.code and _NOT_THERE.search("\n".join(self.lines)) and not self.is_unreachable)

    @property
    def is_unreachable(self) -> bool:
        """Whether pip could not reach where packages come from."""
        return bool(self.code and _UNREACHABLE.search("\n".join(self.lines)))

    def why_not(self, requirement: str) -> str:
        """Why this one requirement could not be installed, in a sentence."""
        if match := _VERSIONS.search("\n".join(self.lines)):
            there = [each.strip() for each in match[1].split(",") if each.strip() not in {"", "none"}]
            if there:
                newest = ", ".join(there[-NEWEST_SHOWN:])
                return (
                    f"{requirement}: no version that matches for {this_platform()}; the newest are {newest}."
                )
        if self.has_no_wheel:
            return f"{requirement} has no package for {this_platform()}."
        return f"{requirement} could not be installed: {self.problem}"

    @property
    def conflict(self) -> str:
        """Which requirements contradict each other, in pip's words."""
        lines = [line.strip() for line in self.lines]
        start = next(
            (n for n, line in enumerate(lines) if line.startswith("The conflict is caused by:")), None
        )
        if start is None:
            return self.problem
        end = next((n for n in range(start, len(lines)) if lines[n].startswith("To fix this")), len(lines))
        return "; ".join(lines[start + 1 : end]) + "."

    @property
    def problem(self) -> str:
        """The line that says most about why it failed."""
        errors = [line for line in self.lines if line.startswith("ERROR:")]
        return (errors or list(self.lines) or [f"exit code {self.code}"])[-1].removeprefix("ERROR:").strip()


def this_platform() -> str:
    """This Python and machine, in words."""
    python = f"Python {sys.version_info.major}.{sys.version_info.minor}"
    return f"{python} on {platform.system()} {platform.machine()}"


async def python_with_pip(cache_path: Path) -> Path:
    """A Python that has pip: the server's own, or one made for it in the cache."""
    if importlib.util.find_spec("pip") is not None:
        return Path(sys.executable)
    folder = cache_path / "environments" / f"pip-{sys.version_info.major}.{sys.version_info.minor}"
    async with only_one(folder.with_name(f"{folder.name}.lock")) as lock:
        if not (folder / ".ready").exists():
            await make_environment(folder, lock=lock, with_pip=True)
            (folder / ".ready").touch()
    return folder / "bin" / "python"


async def make_environment(
    folder: Path,
    *,
    lock: int,
    python: Path | None = None,
    with_pip: bool = False,
    on_line: Callable[[str], None] | None = None,
) -> None:
    """An empty virtual environment at `folder`, in the place of whatever is there; of `python`, or the server's."""
    options = ["--clear"] if with_pip else ["--clear", "--without-pip"]
    command = [str(python or sys.executable), "-m", "venv", *options, str(folder)]
    ran = await run(command, lock=lock, on_line=on_line)
    if ran.code:
        message = f"A Python environment could not be made at {folder}: {ran.problem}"
        raise Error(Code.UNAVAILABLE, message, details=ran.lines[-20:])


async def run(
    command: Sequence[str],
    *,
    lock: int,
    on_line: Callable[[str], None] | None = None,
    temporary: Path | None = None,
) -> Ran:
    """Runs `command` to its end, in a process group that is killed when the caller is canceled.

    The program holds `lock` as long as it lives; `temporary` is where it puts its temporary files.
    """
    process = await asyncio.create_subprocess_exec(
        *command,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
        start_new_session=True,
        pass_fds=(lock,),
        env=_environment(temporary),
    )
    try:
        async with asyncio.timeout(SECONDS_MAX):
            lines = await _read_lines(process.stdout, on_line)
            return Ran(await process.wait(), tuple(lines))
    except TimeoutError as error:
        raise Error(Code.UNAVAILABLE, f"{command[0]} did not end within {SECONDS_MAX} seconds.") from error
    finally:
        if process.returncode is None:
            os.killpg(process.pid, signal.SIGKILL)
            await process.wait()


async def _read_lines(
    stream: asyncio.StreamReader | None, on_line: Callable[[str], None] | None
) -> list[str]:
    assert stream is not None
    lines: list[str] = []
    rest = b""
    while chunk := await stream.read(READ_BYTES):
        *whole, rest = (rest + chunk).split(b"\n")
        rest = rest[-READ_BYTES:]
        for raw in whole:
            _take_line(raw, lines, on_line)
    _take_line(rest, lines, on_line)
    return lines


def _take_line(raw: bytes, lines: list[str], on_line: Callable[[str], None] | None) -> None:
    line = raw.decode(errors="replace").rstrip()
    if not line:
        return
    lines.append(line)
    del lines[:-LINES_KEPT]
    if on_line is not None:
        on_line(line)


def _environment(temporary: Path | None) -> dict[str, str]:
    """This process's variables, where pip's own settings are, without the server's and Python's."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("FORETELL_", "PYTHON"))}
    kept |= {"PIP_DISABLE_PIP_VERSION_CHECK": "1", "PIP_NO_INPUT": "1", "PYTHONUNBUFFERED": "1"}
    return kept if temporary is None else kept | {"TMPDIR": str(temporary)}
