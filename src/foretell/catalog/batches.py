"""Whether a model can take several predictions at a time, as its description says."""

from foretell.model import Version
from foretell.signature import Signature


def unbatched(version: Version, found: Signature) -> list[str]:
    """What its predictor lacks for batches, a sentence each; nothing where it wants none."""
    manifest = version.manifest
    batching, inputs = manifest.batching, version.input_schema.get("properties", {})
    if batching.size == 1:
        return []
    where = f"'batching.size' is {batching.size}, which"
    problems = [
        f"'batching.equal' names '{name}', which is no input of the model"
        for name in batching.equal
        if name not in inputs
    ]
    if not found.has_batch:
        problems.append(f"{where} needs a `def predict_batch` in {manifest.predictor}")
    if found.is_async or found.streaming:
        problems.append(f"{where} needs a plain `def` that returns what it gives in {manifest.predictor}")
    if manifest.concurrency > 1:
        problems.append(f"{where} does not go with a 'concurrency' of {manifest.concurrency}")
    return problems
