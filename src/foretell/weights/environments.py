"""The Python environments in which models run: one for the built-in models, one for each other set."""

import hashlib
import json
import platform
import sys
import tomllib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import TextIO

from foretell.errors import Code, Error
from foretell.model import Manifest
from foretell.weights import pip
from foretell.weights.claims import Claims
from foretell.weights.interpreters import python_for, shortfall
from foretell.weights.locks import only_one

BUILT_IN = Path(__file__).parents[1] / "models"
NOTE = "contents.json"
"""The file that says what an environment holds. It is written last: without it, there is no environment."""

OnLine = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Contents:
    """The requirements that an environment holds, and for those that this platform cannot have, why."""

    installed: frozenset[str] = frozenset()
    unavailable: Mapping[str, str] = field(default_factory=dict)

    def lacks(self, requirements: Iterable[str]) -> list[str]:
        """Those of `requirements` that are neither installed nor known to be unavailable."""
        return sorted(set(requirements) - self.installed - self.unavailable.keys())


class Environments:
    """A cache directory's environments; safe to delete while no model is loaded."""

    def __init__(
        self,
        cache_path: Path,
        requirements: Iterable[str] | None = None,
        *,
        claims: Claims | None = None,
    ) -> None:
        """`requirements`: what the built-in environment holds; by default what its models ask for.

        With `claims` it is written down that what is asked for is needed.
        """
        self._claims = claims
        self._cache_path = cache_path
        self._folder = cache_path / "environments"
        self._built_in = frozenset(_built_in_requirements() if requirements is None else requirements)

    def is_ready(self, manifest: Manifest) -> bool:
        """Whether everything that the model needs is installed."""
        if _is_the_servers(manifest):
            return True
        contents = _contents(self._place(manifest))
        return contents is not None and contents.installed >= set(manifest.requirements)

    def offline_reason(self, manifest: Manifest) -> str | None:
        """Why the model cannot run on this platform; None when nothing is known to speak against it."""
        if _is_the_servers(manifest):
            return None
        unavailable = (_contents(self._place(manifest)) or Contents()).unavailable
        return " ".join(unavailable[each] for each in manifest.requirements if each in unavailable) or None

    def log_path(self, manifest: Manifest) -> Path:
        """Where everything that pip said about the model's environment is kept."""
        return self._place(manifest).with_suffix(".log")

    async def python(
        self, manifest: Manifest, on_progress: OnLine | None = None, *, again: bool = False
    ) -> Path:
        """The Python of the model's environment, which is built first if need be.

        `on_progress` hears what pip says, line by line. Error(UNAVAILABLE) names the requirement that
        cannot be installed; other models are not kept from working by it. `again`: also what could not be had the
        last time is tried. `retry_after_seconds` is set where it may be had soon.
        """
        if _is_the_servers(manifest):
            return Path(sys.executable)
        folder = self._place(manifest)
        if self._claims is not None:
            self._claims.claim(folder.name)
        if again and not self.is_ready(manifest) and manifest.environment != "builtin":
            (folder / NOTE).unlink(missing_ok=True)
        if not self.is_ready(manifest):
            await self._build(manifest, folder, on_progress)
        if reason := self.offline_reason(manifest):
            raise Error(Code.UNAVAILABLE, reason)
        return folder / "bin" / "python"

    async def _build(self, manifest: Manifest, folder: Path, on_progress: OnLine | None) -> None:
        pip_python = await pip.python_with_pip(self._cache_path)
        async with only_one(folder.with_suffix(".lock"), on_wait=partial(_say_waiting, on_progress)) as lock:
            contents = _contents(folder)
            if contents is not None and not contents.lacks(manifest.requirements):
                return
            with self.log_path(manifest).open("a", buffering=1) as log:
                building = _Building(folder, pip_python, lock, log, on_progress)
                if words := shortfall(manifest.python):
                    building.say(words)
                if contents is None:
                    python = python_for(manifest.python)
                    await pip.make_environment(folder, lock=lock, python=python, on_line=building.say)
                    building.keep(Contents())
                await building.install(self._wanted(manifest), needed=manifest.requirements)

    def _wanted(self, manifest: Manifest) -> frozenset[str]:
        if manifest.environment == "builtin":
            return self._built_in | set(manifest.requirements)
        return frozenset(manifest.requirements)

    def _place(self, manifest: Manifest) -> Path:
        if manifest.environment == "builtin":
            return self._folder / f"builtin-{_mark(self._built_in)}"
        python = python_for(manifest.python)
        other = [] if python == Path(sys.executable) else [f"python {python}"]
        return self._folder / f"own-{_mark([*manifest.requirements, *other])}"


class _Building:
    """One change of an environment, under its lock."""

    def __init__(
        self, folder: Path, pip_python: Path, lock: int, log: TextIO, on_progress: OnLine | None
    ) -> None:
        self._folder = folder
        self._pip = [str(pip_python), "-m", "pip", "--python", str(folder / "bin" / "python")]
        self._lock = lock
        self._log = log
        self._on_progress = on_progress

    async def install(self, wanted: frozenset[str], *, needed: Sequence[str]) -> None:
        """Installs all that is wanted at once; if that fails, one by one, to find out which cannot be had.

        Error(UNAVAILABLE) for one of the `needed` that failed in a way that may pass.
        """
        contents = _contents(self._folder) or Contents()
        missing = contents.lacks(wanted)
        if not missing:
            return
        ran = await self._pip_install(missing)
        if ran.code == 0:
            self.keep(replace(contents, installed=contents.installed | set(missing)))
            return
        if ran.is_unreachable:
            raise _unreachable(needed, ran)
        if self._is_shared:
            await self._install_each(contents, missing, needed)
        else:
            await self._tell_apart(missing, ran)

    async def _install_each(self, contents: Contents, missing: Sequence[str], needed: Sequence[str]) -> None:
        """What models share holds all that can be had."""
        problems = {}
        for requirement in missing:
            ran = await self._pip_install([requirement])
            if ran.code and not ran.has_no_wheel:
                problems[requirement] = ran.problem
            contents = _with(contents, requirement, ran)
            self.keep(contents)
        for requirement in needed:
            if requirement in problems:
                raise Error(
                    Code.UNAVAILABLE, f"{requirement} could not be installed: {problems[requirement]}"
                )

    async def _tell_apart(self, missing: Sequence[str], together: pip.Ran) -> None:
        """Finds out which requirement of one model cannot be had, or that they cannot be had together.

        The environment stays unbuilt: half of what a model needs is nothing.
        """
        unavailable = {}
        for requirement in missing:
            ran = await self._pip_install([requirement]) if len(missing) > 1 else together
            if ran.is_unreachable:
                raise _unreachable([requirement], ran)
            if ran.code:
                unavailable[requirement] = ran.why_not(requirement)
        if not unavailable:
            conflict = together.conflict
            unavailable[missing[0]] = f"{', '.join(missing)} cannot be installed together: {conflict}"
        self.keep(Contents(unavailable=unavailable))

    def keep(self, contents: Contents) -> None:
        """Writes down what the environment holds; without this note it counts as not built."""
        note = {"installed": sorted(contents.installed), "unavailable": dict(contents.unavailable)}
        partial = self._folder / f"{NOTE}.partial"
        partial.write_text(json.dumps(note, indent=1))
        partial.replace(self._folder / NOTE)

    def say(self, line: str) -> None:
        """Writes a line to the log, and tells whoever watches."""
        self._log.write(f"{line}\n")
        if self._on_progress is not None:
            self._on_progress(line)

    @property
    def _is_shared(self) -> bool:
        return self._folder.name.startswith("builtin-")

    async def _pip_install(self, requirements: list[str]) -> pip.Ran:
        command = [*self._pip, "install", "--prefer-binary", "--progress-bar=off"]
        if self._is_shared:
            command.append("--only-binary=:all:")
        self.say(f"Installing {', '.join(requirements)}")
        return await pip.run([*command, *requirements], lock=self._lock, on_line=self.say)


def _is_the_servers(manifest: Manifest) -> bool:
    """Whether it runs on the server's own Python and needs nothing else."""
    return manifest.environment == "none" and python_for(manifest.python) == Path(sys.executable)


def _say_waiting(on_progress: OnLine | None) -> None:
    if on_progress is not None:
        on_progress("Another process is building this environment.")


def _unreachable(needed: Sequence[str], ran: pip.Ran) -> Error:
    message = f"{', '.join(needed)} could not be installed: {ran.problem}"
    return Error(Code.UNAVAILABLE, message, retry_after_seconds=60)


def _with(contents: Contents, requirement: str, ran: pip.Ran) -> Contents:
    if ran.code == 0:
        return replace(contents, installed=contents.installed | {requirement})
    if ran.has_no_wheel:
        reason = f"{requirement} has no package for {pip.this_platform()}."
        return replace(contents, unavailable={**contents.unavailable, requirement: reason})
    return contents


def _contents(folder: Path) -> Contents | None:
    """What the environment at `folder` holds; None when there is none, or its Python is gone."""
    try:
        note = json.loads((folder / NOTE).read_text())
    except (OSError, ValueError):
        return None
    if not (folder / "bin" / "python").exists():
        return None
    return Contents(frozenset(note["installed"]), note["unavailable"])


def _mark(requirements: Iterable[str]) -> str:
    """What tells environments apart: their requirements, and the Python and machine they are for."""
    lines = [*sorted(requirements), sys.version, platform.machine(), sys.base_prefix]
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()[:16]


def _built_in_requirements() -> set[str]:
    found: set[str] = set()
    for path in BUILT_IN.glob("*/model.toml"):
        manifest = tomllib.loads(path.read_text())
        if manifest.get("environment") == "builtin":
            found.update(manifest.get("requirements", ()))
    return found
