"""Ids are in the order in which they were given, and nobody else's."""

import uuid
from itertools import pairwise

from foretell.ids import new_id


def test_ids_are_version_7_and_in_the_order_in_which_things_came() -> None:
    found = [new_id() for _ in range(200)]
    assert {uuid.UUID(each).version for each in found} == {7}
    assert {uuid.UUID(each).variant for each in found} == {uuid.RFC_4122}
    assert len(set(found)) == len(found)
    # Two calls may fall into one step of the clock; many do not.
    assert sum(earlier > later for earlier, later in pairwise(found)) < len(found) / 10
