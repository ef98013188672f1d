"""What the requests of `test_schemathesis.py` must not do: call strangers, suspend who asks, stop what others need."""

import os
import re
from typing import Any

import schemathesis

NOWHERE = "http://127.0.0.1:9"
OURS = os.environ["OURS"].split()
"""Names and ids of the account and the key that the requests come with."""

ANOTHERS = {"account": os.environ["ANOTHERS_ACCOUNT"], "key": os.environ["ANOTHERS_KEY"]}
"""What may be changed instead."""
STOPPED = {"pause": ("model", "fail"), "drain": ("node", "nowhere")}
"""What may be stopped, by the last word of the path: a model that nobody waits for, and no node that is there."""

_ADDRESS = re.compile(r"^https?://[^/]*")


@schemathesis.hook
def before_call(context: Any, case: Any, kwargs: dict[str, Any]) -> None:
    """Runs before each request."""
    case.body = to_nowhere(case.body)
    given = case.path_parameters or {}
    name, instead = STOPPED.get(case.operation.path.rpartition("/")[2], ("", ""))
    if name in given:
        given[name] = instead
    for name, instead in ANOTHERS.items():
        # Made up, they would be the credits of nobody.
        is_about_credits = case.operation.path.endswith("/credits")
        if name in given and (is_about_credits or str(given[name]).strip() in OURS):
            given[name] = instead


def to_nowhere(value: Any) -> Any:
    """The same with every address leading to a closed port of this machine."""
    if isinstance(value, dict):
        return {name: to_nowhere(each) for name, each in value.items()}
    if isinstance(value, list):
        return [to_nowhere(each) for each in value]
    return _ADDRESS.sub(NOWHERE, value) if isinstance(value, str) else value
