"""Adding a model: reading, weights, environment, loading, an example, and only then it is what its name means."""

import asyncio
import hashlib
import re
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

from foretell import catalog
from foretell.adding import sources, trial
from foretell.adding.bench import Bench
from foretell.adding.report import Doing, Report
from foretell.adding.sources import Found
from foretell.adding.unloading import unload
from foretell.addition import StepName
from foretell.audit import Deed
from foretell.catalog.pins import LOCK, write_lock
from foretell.errors import Code, Error
from foretell.model import Manifest, Version, Weight
from foretell.weights.interpreters import shortfall

Weights = tuple[Weight, ...]

PIP_STEPS = ("Collecting", "Installing", "Building", "Downloading", "Successfully", "ERROR")
"""How the lines begin by which pip tells what it is doing."""
LINE_CHARACTERS = 80
_PINNED = re.compile(r"@|://|===?\s*[^\s*,]+$")


async def add(bench: Bench, report: Report, *, name: str, deed: Callable[[str], Deed]) -> None:
    """Goes through all steps. Raises Error, and then the server is as it was."""
    await trial.require_node(bench)
    staging = await asyncio.to_thread(bench.snapshots.staging, report.addition.id)
    with report.step(StepName.READING) as doing:
        found = await sources.find(bench, report.addition.source, name=name, staging=staging, doing=doing)
        version = await asyncio.to_thread(_read, bench, found)
        report.know(model=version.model)
        doing.says(_inputs(version))
    with report.step(StepName.WEIGHTS) as doing:
        version = await _with_weights(bench, version, staging, doing)
        report.know(version_id=version.id)
    await _tried_and_accepted(bench, report, version, staging, deed)


async def _tried_and_accepted(
    bench: Bench, report: Report, version: Version, staging: Path, deed: Callable[[str], Deed]
) -> None:
    is_new = await bench.store.try_out(version)
    try:
        await bench.snapshots.settle(version, staging)
        version = replace(version, offline_reason=None)
        with report.step(StepName.ENVIRONMENT) as doing:
            await build(bench, report, version.manifest, doing)
        await trial.loaded_and_run(bench, report, version)
        with report.step(StepName.CURRENT) as doing:
            await bench.store.by(deed(version.model)).accept(version)
            doing.says(f"{version.model} is now {version.id}")
    except BaseException:
        if is_new:
            await asyncio.shield(_withdraw(bench, version))
        raise


async def _withdraw(bench: Bench, version: Version) -> None:
    if await bench.store.withdraw(version.id):
        await unload(bench.store, version.id)
        await bench.snapshots.erase(version)


async def build(bench: Bench, report: Report, manifest: Manifest, doing: Doing) -> None:
    """Builds the model's environment here, if models run here; else the node does so when it loads the model."""
    if manifest.environment == "none" and bench.environments.is_ready(manifest):
        report.say(f"Its Python is {sys.executable}")
        doing.says("the server's own Python, without packages")
        return
    if not bench.has_node:
        doing.says("built by the node")
        return

    def on_line(line: str) -> None:
        report.say(line)
        if line.strip().startswith(PIP_STEPS):
            doing.says(line.strip()[:LINE_CHARACTERS])

    was_there = bench.environments.is_ready(manifest)
    python = await bench.environments.python(manifest, on_line, again=True)
    report.say(f"Its Python is {python}")
    count = len(manifest.requirements)
    packages = "1 requirement" if count == 1 else f"{count} requirements"
    doing.says(f"{packages}, {'there already' if was_there else 'installed'}")


def _read(bench: Bench, found: Found) -> Version:
    now = time.time_ns() // 1_000
    version = catalog.read_folder(found.folder, created_at=now, namespace=found.namespace)
    return catalog.priced(version, bench.config.prices)


async def _with_weights(bench: Bench, version: Version, staging: Path, doing: Doing) -> Version:
    """The version as a snapshot in `staging`, its weights known and, where models run here, fetched."""

    def on_progress(weight: str, done: int, total: int) -> None:
        loop.call_soon_threadsafe(doing.says, f"fetching {weight}", done / total if total else None)

    loop = asyncio.get_running_loop()
    given = version.manifest.weights
    pinned = await bench.weights.pinned(version.manifest, on_progress)
    manifest = replace(version.manifest, weights=pinned)
    if bench.has_node:
        await bench.weights.ready(manifest, on_progress)
    taken = await asyncio.to_thread(_taken, bench, version.at(manifest), staging)
    written = await asyncio.to_thread(_locked, staging / "snapshot", given, pinned)
    doing.says(_weights_words(pinned))
    if not written:
        return taken
    found = hashlib.sha256(f"{taken.id}\n{written}".encode()).hexdigest()[:16]
    folder = f"{taken.manifest.folder.rpartition('/')[0]}/{found}"
    paths = tuple(each.replace(taken.manifest.folder, folder, 1) for each in taken.manifest.paths)
    return replace(taken, id=found, manifest=replace(taken.manifest, folder=folder, paths=paths))


def _taken(bench: Bench, version: Version, staging: Path) -> Version:
    # What lies in the folder is hashed as it was read, and again as it was copied.
    version = replace(version, id=catalog.version_id(version.manifest))
    taken = bench.snapshots.take(version, staging)
    if catalog.version_id(bench.snapshots.copied(taken, staging)) != version.id:
        raise Error(Code.CONFLICT, f"{version.manifest.folder} changed while it was read: add it again.")
    return taken


def _locked(snapshot: Path, given: Weights, pinned: Weights) -> str:
    write_lock(snapshot, given, pinned)
    return (snapshot / LOCK).read_text() if (snapshot / LOCK).exists() and given != pinned else ""


def _inputs(version: Version) -> str:
    names = list(version.input_schema.get("properties", {}))
    takes = f"{version.manifest.name}: {version.manifest.type}, takes {', '.join(names) or 'nothing'}"
    manifest = version.manifest
    more = [shortfall(manifest.python), _unpinned_words(manifest.requirements)]
    notes = [*manifest.notes, *filter(None, more)]
    return ". ".join([takes, " ".join(notes)]) if notes else takes


def _unpinned_words(requirements: Sequence[str]) -> str:
    """A sentence that names those of which another version may be installed tomorrow; "" where there are none."""
    found = [each for each in requirements if not _PINNED.search(each.partition(";")[0].strip())]
    if not found:
        return ""
    return f"Without an exact version, so that what is installed depends on the day: {', '.join(found)}."


def _weights_words(weights: Weights) -> str:
    if not weights:
        return "none"
    kilobytes = sum(each.size_bytes for each in weights) / 1_000
    if not kilobytes:
        return f"{len(weights)}"
    size = f"{kilobytes / 1_000:,.1f} MB" if kilobytes > 1_000 else f"{kilobytes:.1f} kB"
    return f"{len(weights)}, {size}"
