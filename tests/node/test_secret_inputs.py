"""Secret inputs on the node: opened for their run, with the same secret that sealed them."""

from typing import Any

import pytest

from foretell.prediction import Status
from foretell.schema import HIDDEN
from foretell.seal import Seal
from foretell.secret import sealed
from node.places import SECRET, Place

pytestmark = pytest.mark.anyio

SOURCE = """
from cog import Secret
class Predictor(BasePredictor):
    def predict(self, key: Secret, keys: List[Secret] = None, word: str = "") -> str:
        print("it is", key.get_secret_value(), word)
        return ",".join(each.get_secret_value() for each in [key, *(keys or [])])
"""


def stored(secret: bytes, **given: Any) -> dict[str, Any]:
    return sealed(given, ["key", "keys"], Seal(secret))


async def test_a_run_gets_what_was_sealed_and_its_log_hides_it(here: Place) -> None:
    version = await here.model(SOURCE)
    given = stored(SECRET, key="first-key", keys=["second-key"], word="second-key too")
    done = await here.run(version, **given)
    assert (done.status, done.result) == (Status.SUCCEEDED, "first-key,second-key")
    assert await here.logged(done.id) == f"it is {HIDDEN} {HIDDEN} too\n"
    assert done.input == given


async def test_a_model_that_answers_in_a_moment_gets_its_secrets_opened_all_the_same(here: Place) -> None:
    version = await here.model(SOURCE)
    for number in range(20):
        done = await here.run(version, **stored(SECRET, key=f"key-number-{number}"))
        assert done.result == f"key-number-{number}"
        assert await here.logged(done.id) == f"it is {HIDDEN} \n"


async def test_an_input_from_before_inputs_were_sealed_still_runs(here: Place) -> None:
    version = await here.model(SOURCE)
    done = await here.run(version, key="as it came")
    assert done.result == "as it came"
    assert await here.logged(done.id) == f"it is {HIDDEN} \n"


async def test_a_node_with_another_secret_fails_the_prediction_and_says_why(here: Place) -> None:
    version = await here.model(SOURCE)
    failed = await here.run(version, **stored(b"the secret of another server", key="first-key"))
    assert failed.status is Status.FAILED and failed.failure is not None
    assert failed.failure.message == (
        "The secret inputs cannot be read: This was sealed under another server's secret, or was altered."
    )
