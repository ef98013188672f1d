"""What is looked at for harm before and after a run: words by moderation, pictures by the safety checker.

What is found stands in the prediction's metadata, and the time that it takes is none of the run's.
"""

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from foretell.chat import picture_input
from foretell.config import Config
from foretell.errors import Error
from foretell.model import Version
from foretell.node import moderation, safety
from foretell.node.fleet import Fleet
from foretell.node.outcome import Measured
from foretell.node.outputs import Outputs
from foretell.node.surroundings import Surroundings
from foretell.node.trouble import LoadFailed, RunFailed
from foretell.prediction import Prediction

log = logging.getLogger(__name__)


class Checks:
    """Those of one attempt, which runs in `folder`. `measured` is told what they find."""

    def __init__(self, measured: Measured, surroundings: Surroundings, fleet: Fleet, folder: Path) -> None:
        self._measured = measured
        self._surroundings = surroundings
        self._fleet = fleet
        self._folder = folder
        config = surroundings.config
        self._judge = moderation.Judge(
            fleet=fleet, store=surroundings.store, folder=folder, threshold=config.moderation_threshold
        )
        # What was asked of a moderated model and is answered by another, which does not hear all of it.
        self._unheard: list[str] | None = (measured.prediction.request or {}).get("judged")
        self._is_moderated = is_judged(measured.prediction, measured.version, config)

    @property
    def hide_pictures(self) -> bool:
        """Whether nobody is to see a picture before it is checked."""
        return safety.is_wanted(self._measured.prediction)

    @asynccontextmanager
    async def prompt(self, given: dict[str, Any]) -> AsyncIterator["asyncio.Future[bool]"]:
        """Whether the prompt is filtered, found out beside what is done meanwhile. `given` has its files here."""
        if not self._is_moderated:
            yield _known_not_to_be()
            return
        judging = asyncio.create_task(self._prompt_is_filtered(given))
        try:
            yield judging
        finally:
            judging.cancel()

    async def words(self, value: Any) -> Any:
        """The value, or without its text if moderation withholds it."""
        metadata = self._measured.metadata
        if "moderation" not in metadata:
            return value
        found = await self._judge.answer(moderation.answered(value, metadata.get("message", {})))
        metadata["moderation"]["output"] = found
        if found is None or not moderation.is_filtered(found):
            return value
        metadata["message"] = dict(moderation.FILTERED_MESSAGE)
        return moderation.withheld(value)

    async def pictures(self, value: Any, outputs: Outputs) -> Any:
        """The value without the pictures that the safety checker withholds, if the caller wants it checked.

        Raises RunFailed when it withholds all of them, or cannot say.
        """
        taken = [each for each in outputs.taken if each.file.content_type.startswith("image/")]
        if not taken or not self.hide_pictures:
            return value
        config, metadata = self._surroundings.config, self._measured.metadata
        version = await safety.checker(self._surroundings.store)
        if version is None and config.sandbox:
            # A stand-in's picture needs no checker, and an application's test is no place to download one.
            metadata["safety"] = safety.Verdict().metadata()
            return value
        if version is None:
            raise RunFailed("safety_failed", "This server has no safety checker; turn safety_checker off.")
        found = await safety.verdict(
            self._fleet, version, taken, self._folder, threshold=config.safety_threshold
        )
        metadata["safety"] = found.metadata()
        if len(found.withheld) == len(taken):
            raise RunFailed("unsafe_output", "The safety checker withheld every picture of the output.")
        outputs.taken[:] = [each for each in outputs.taken if each.file.id not in found.withheld]
        return safety.without(value, found.withheld)

    async def _prompt_is_filtered(self, given: dict[str, Any]) -> bool:
        version = self._measured.version
        texts = moderation.asked(self._measured.prediction.input, version.input_schema)
        words = await self._judge.prompt([*texts, *(self._unheard or ())])
        field = picture_input(version)
        picture = await self._picture(Path(given[field])) if field and given.get(field) else None
        found = moderation.together(words, picture)
        if not found:
            return False
        self._measured.metadata["moderation"] = {"prompt": found, "output": None}
        if not moderation.is_filtered(found):
            return False
        self._measured.metadata["message"] = dict(moderation.FILTERED_MESSAGE)
        return True

    async def _picture(self, path: Path) -> moderation.Verdict | None:
        """What the safety checker says of a picture that was asked about; None: not evaluated."""
        threshold = self._surroundings.config.safety_threshold
        try:
            version = await safety.checker(self._surroundings.store)
            if version is None or version.offline_reason is not None:
                return None
            score = await safety.score(self._fleet, version, path, self._folder)
        except (Error, LoadFailed, RunFailed) as error:
            log.warning("the safety checker could not judge a picture, which is left unjudged: %s", error)
            return None
        return {"sexual": moderation.verdict(score, threshold)}


def is_judged(prediction: Prediction, version: Version, config: Config) -> bool:
    """Whether moderation judges what is asked and answered."""
    return config.moderation and (version.manifest.moderated or "judged" in (prediction.request or {}))


def _known_not_to_be() -> "asyncio.Future[bool]":
    """The answer about a prompt that nobody judges, at less than the cost of a task."""
    found = asyncio.get_running_loop().create_future()
    found.set_result(False)
    return found
