"""Testing a model: every example of a version is run, and gives what it shows."""

from foretell.adding import trial
from foretell.adding.bench import Bench
from foretell.adding.current import named
from foretell.adding.report import Report
from foretell.errors import Code, Error


async def test(bench: Bench, report: Report, model: str) -> None:
    """Runs the examples one after another, also after one that fails. Raises Error that names those that did.

    `model` is a name, or a name and the whole id of a version: `shout:4a59394cd8f57aa1`.
    """
    await trial.require_node(bench)
    version = await named(bench, model)
    report.know(model=version.model, version_id=version.id)
    if not version.manifest.examples:
        raise Error(Code.INVALID_REQUEST, f"{version.model} has no [[examples]] in its model.toml to run.")
    problems = []
    for example in version.manifest.examples:
        try:
            await trial.run_example(bench, report, version, example)
        except Error as error:
            problems.append(error.message)
            report.say(error.message)
    if problems:
        count = f"{len(problems)} of {len(version.manifest.examples)} examples failed"
        raise Error(Code.INFERENCE_FAILED, f"{count}. {' '.join(problems)}")
