"""Pictures are scored by the safety checker before anybody sees them; those it flags are withheld."""

import asyncio
import shutil
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from foretell.model import Version
from foretell.node.ask import ask
from foretell.node.fleet import Fleet
from foretell.node.outputs import Taken
from foretell.node.trouble import LoadFailed, RunFailed
from foretell.prediction import FILE_KEY, Prediction
from foretell.result import is_file
from foretell.store import Store

CHECKER = "safety"
"""The hidden model that scores one picture at a time."""
SCORE = "nsfw"
INPUT = "safety_checker"


@dataclass(slots=True)
class Verdict:
    """What the checker found: a score per picture, and the ids of the files that nobody is to see."""

    scores: list[float] = field(default_factory=list)
    withheld: set[str] = field(default_factory=set)

    def metadata(self) -> dict[str, Any]:
        return {"checked": len(self.scores), "withheld": len(self.withheld), "scores": self.scores}


def is_wanted(prediction: Prediction) -> bool:
    return prediction.input.get(INPUT) is True


async def checker(store: Store) -> Version | None:
    """The version that scores; None: this server has none."""
    found = [each for each in await store.models() if each.model == CHECKER]
    return found[0] if found else None


async def score(fleet: Fleet, version: Version, picture: Path, folder: Path) -> float:
    """How likely a picture is not safe for work, from 0 to 1. Raises LoadFailed, RunFailed."""
    return _score(await ask(fleet, version, {"image": str(picture)}, folder))


async def verdict(
    fleet: Fleet, version: Version, pictures: list[Taken], folder: Path, *, threshold: float
) -> Verdict:
    """Scores each picture. Raises RunFailed when that is not possible: unchecked is not the same as safe."""
    found = Verdict()
    for taken in pictures:
        # A copy, so that what is stored is never in a child's reach.
        copy = folder / f"{taken.file.id}-{taken.file.name}"
        await asyncio.to_thread(shutil.copyfile, taken.path, copy)
        try:
            found_score = await score(fleet, version, copy, folder)
        except (LoadFailed, RunFailed) as error:
            raise RunFailed(
                "safety_failed", f"The safety checker could not score the output: {error}"
            ) from error
        found.scores.append(found_score)
        if found_score >= threshold:
            found.withheld.add(taken.file.id)
    return found


def without(result: Any, withheld: set[str]) -> Any:
    """The result with the withheld files taken out of its lists, and None where one stood alone."""
    if is_file(result):
        return None if result[FILE_KEY] in withheld else result
    if isinstance(result, dict):
        return {name: without(each, withheld) for name, each in result.items()}
    if isinstance(result, list):
        return [
            without(each, withheld) for each in result if not (is_file(each) and each[FILE_KEY] in withheld)
        ]
    return result


def _score(answer: Any) -> float:
    score = answer.get(SCORE) if isinstance(answer, dict) else None
    if isinstance(score, bool) or not isinstance(score, int | float):
        raise RunFailed("bad_output", "it gave no score.")
    return float(score)
