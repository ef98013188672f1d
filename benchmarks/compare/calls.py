"""Single calls: does a server answer yet, and does it answer with what it was sent?"""

import json
import urllib.error
import urllib.request
from pathlib import Path

from compare.contenders import PROMPT, Contender
from compare.load import Target
from compare.processes import Tree

SECONDS = 30.0
LOOK_SECONDS = 0.5


def answers(contender: Contender, port: int) -> bool:
    """Whether it says that it is ready."""
    try:
        with urllib.request.urlopen(
            f"http://127.0.0.1:{port}{contender.health}", timeout=LOOK_SECONDS
        ) as answer:
            return bool(answer.status == 200) and _is_ready(answer.read())
    except (OSError, urllib.error.HTTPError):
        return False


def is_alike(contender: Contender, port: int) -> None:
    """Calls it once. Raises RuntimeError when the answer does not hold what was sent: then nothing is measured."""
    request = urllib.request.Request(
        f"http://127.0.0.1:{port}{contender.path}", contender.sent(), dict(contender.headers), method="POST"
    )
    with urllib.request.urlopen(request, timeout=SECONDS) as answer:
        said = answer.read().decode()
    if PROMPT not in said:
        raise RuntimeError(f"{contender.name} answered {said[:500]}")


def target_of(contender: Contender, port: int, tree: Tree, folder: Path) -> Target:
    """A contender that listens on `port`, as a load's target."""
    url = f"http://127.0.0.1:{port}{contender.path}"
    return Target(url=url, body=contender.sent(), headers=contender.headers, tree=tree, folder=folder)


def _is_ready(body: bytes) -> bool:
    """A health check may answer while the model is still loading, and say so."""
    try:
        found = json.loads(body)
    except ValueError:
        return True
    return not (isinstance(found, dict) and found.get("status") in {"STARTING", "starting"})
