"""The tokens of OpenAI's embedding models as text: clients that cut texts themselves send only their numbers."""

import lzma
from collections.abc import Sequence
from functools import cache
from importlib import resources
from itertools import accumulate, pairwise

from foretell.dialects.openai.errors import refused

CL100K = "cl100k_base"
"""The vocabulary of every embedding model that OpenAI serves."""

SIZE = 100_256


def text_of(tokens: Sequence[int], place: str) -> str:
    """What tokens of that vocabulary say. Raises Error(INVALID_PARAMETER) at `place` for one that is not in it.

    A letter that was cut in two is a replacement mark.
    """
    strange = next((each for each in tokens if each >= SIZE), None)
    if strange is not None:
        raise refused(place, f"has the token {strange}, which {CL100K} does not have; send the text itself")
    pieces = _pieces()
    return b"".join(pieces[each] for each in tokens).decode(errors="replace")


@cache
def _pieces() -> list[bytes]:
    """The bytes of every token. The file has a byte for the length of each, and then all of them in a row."""
    packed = lzma.decompress((resources.files(__package__) / f"{CL100K}.xz").read_bytes())
    ends = accumulate(packed[:SIZE], initial=SIZE)
    return [packed[start:end] for start, end in pairwise(ends)]
