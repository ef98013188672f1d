"""How far a run is: a share of it, and of how many steps how many are done, where its author counts them."""

from __future__ import annotations

import math
import operator
import re
from typing import Any, Optional, Union

OF_MAX = 2**53
"""Beyond this, JSON's readers do not agree on a number."""
UNIT = re.compile(r"\w[\w -]{0,23}\Z")

Number = Union[int, float]


class Steps:
    """So many done `of` so many; `unit` is the word for one of them."""

    __slots__ = ("done", "of", "unit")

    def __init__(self, done: Number, of: Number, unit: str) -> None:
        self.done, self.of, self.unit = done, of, unit


class Progress:
    """A share from 0 to 1 of a run, with the steps that it was counted in."""

    __slots__ = ("fraction", "steps")

    def __init__(self, fraction: float, steps: Optional[Steps] = None) -> None:
        self.fraction, self.steps = fraction, steps

    def after(self, before: Progress) -> Optional[Progress]:
        """It, with what was known before; None where it is not further than that, in its share or in its steps."""
        steps, known = self.steps, before.steps
        has_more = steps is not None and (known is None or steps.done > known.done)
        if self.fraction < before.fraction or (self.fraction == before.fraction and not has_more):
            return None
        if steps is not None and known is not None and steps.done < known.done:
            return None
        return Progress(self.fraction, steps or known)


def progress_of(done: Any, of: Any, unit: Any, share: Any) -> Optional[Progress]:
    """What an author means by it; None where it says nothing: none of none.

    Too little and too much are taken as the least and the most. Raises TypeError and ValueError for what is no number.
    """
    if of is None:
        return Progress(float(_within(_number(done, "progress"), 1)))
    most = _number(of, "the number of steps")
    if most < 0 or most > OF_MAX:
        raise ValueError(f"progress counts up to {OF_MAX:,} steps, not {most}")
    if not isinstance(unit, str) or UNIT.match(unit) is None:
        raise ValueError(f"the unit of progress is a word of up to 24 letters, not {unit!r}")
    if not most:
        return None
    count = _within(_number(done, "progress"), most)
    fraction = count / most if share is None else _within(_number(share, "the share"), 1)
    return Progress(float(fraction), Steps(count, most, unit))


def _number(value: Any, name: str) -> Number:
    try:
        return operator.index(value)
    except TypeError:
        number = float(value)
    if not math.isfinite(number):
        raise ValueError(f"{name} is a number, not {number}")
    return int(number) if number.is_integer() else number


def _within(number: Number, most: Number) -> Number:
    return min(max(number, 0), most)
