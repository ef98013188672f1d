"""Fetching what a model needs before it is first asked for."""

import asyncio

from foretell.adding.bench import Bench
from foretell.adding.current import current
from foretell.adding.new_version import build
from foretell.adding.report import Report
from foretell.addition import StepName


async def pull(bench: Bench, report: Report, model: str) -> None:
    """Fetches weights and builds the environment on this machine; a model that was offline for them is not any more.

    Raises Error that says what cannot be had.
    """
    version = await current(bench, model)
    report.know(model=version.model, version_id=version.id)
    manifest = await bench.snapshots.placed(version)
    loop = asyncio.get_running_loop()
    with report.step(StepName.WEIGHTS) as doing:

        def on_progress(weight: str, done: int, total: int) -> None:
            loop.call_soon_threadsafe(doing.says, f"fetching {weight}", done / total if total else None)

        await bench.weights.ready(manifest, on_progress)
        doing.says(f"{len(manifest.weights)}, verified")
    with report.step(StepName.ENVIRONMENT) as doing:
        await build(bench, report, manifest, doing)
    if version.offline_reason is not None:
        await bench.store.set_offline(version.id, None)
