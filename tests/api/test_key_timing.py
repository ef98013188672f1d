"""How long a refusal takes says nothing about which keys exist: the same steps are taken for each of them."""

import sys
from collections.abc import Callable
from types import FrameType
from typing import Any

import pytest

from foretell.account import new_key, new_secret
from foretell.api.auth import Keys
from foretell.errors import Error
from served_api import Api

Step = tuple[str, int]


class Steps:
    """The lines of the program that are executed on this thread while it is entered, in their order."""

    def __init__(self) -> None:
        self.taken: list[Step] = []

    def __enter__(self) -> "Steps":
        self._before = sys.gettrace()
        sys.settrace(self._trace)
        return self

    def __exit__(self, *_: object) -> None:
        sys.settrace(self._before)

    def _trace(self, frame: FrameType, event: str, _: Any) -> Callable[..., Any] | None:
        name = frame.f_code.co_filename
        if "/foretell/api/auth" not in name and "/foretell/account" not in name and "/store/" not in name:
            return None
        if event == "line":
            self.taken.append((name.rsplit("/", 1)[-1], frame.f_lineno))
        return self._trace


@pytest.mark.parametrize("fixed", ["", "sk-fixed"])
def test_a_wrong_secret_of_a_key_takes_the_same_steps_as_a_key_that_nobody_has(
    api_with: Callable[..., Api], fixed: str
) -> None:
    api = api_with(key=fixed)
    known, revoked = (api.other_account().removeprefix("sk-").split("_")[0] for _ in range(2))
    api.run(api.store.revoke_key(revoked))

    async def steps(raw: str) -> list[Step]:
        keys = Keys(api.services)
        with Steps() as found, pytest.raises(Error, match="not valid"):
            await keys.caller(raw)
        return found.taken

    unknown = api.run(steps(new_key()[1]))
    assert len(unknown) > 20
    assert api.run(steps(new_secret(known))) == unknown
    assert api.run(steps(new_secret(revoked))) == unknown
    with_the_right_one = api.run(_verified(api))
    assert with_the_right_one != unknown


async def _verified(api: Api) -> list[Step]:
    with Steps() as found:
        await Keys(api.services).caller(api.key)
    return found.taken


def test_each_refusal_asks_the_database_once_whatever_the_key(api: Api) -> None:
    """Also for words that are no keys of ours."""
    known = api.other_account().removeprefix("sk-").split("_")[0]

    async def lookups(raw: str) -> int:
        with Steps() as found, pytest.raises(Error, match="not valid"):
            await Keys(api.services).caller(raw)
        return sum(name == "people.py" for name, _ in found.taken)

    counts = [
        api.run(lookups(raw)) for raw in (new_secret(known), new_key()[1], "wrong", "sk-test", "\u00e4")
    ]
    assert counts == [1] * 5
