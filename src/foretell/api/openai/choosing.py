"""Choosing: which model answers a talk. Where there are pictures, that may be another than the one that was named."""

from collections.abc import Sequence
from typing import Any

from starlette.requests import Request

from foretell.api.creating import find_model
from foretell.api.versions import Known
from foretell.dialects.openai.turns import Turn, images_in, text_in


async def answering(request: Request, name: str, turns: Sequence[Turn]) -> tuple[Known, dict[str, Any]]:
    """The model that answers, and what its prediction has to know of what it does not hear.

    Another reads pictures in its place only where the model goes by another name than its own: who asks the model
    itself is to hear that it takes none. Raises Error(MODEL_NOT_FOUND), Error(UNAVAILABLE).
    """
    known = await find_model(request, name)
    reader = known.version.manifest.pictures
    if not reader or known.name == known.version.model or not images_in(turns):
        return known, {}
    texts = [text for turn in turns if turn["role"] != "assistant" and (text := text_in(turn))]
    return await find_model(request, reader), {"judged": texts}
