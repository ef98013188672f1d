"""Secret inputs, which are stored sealed: opened for the one run that needs them."""

from collections.abc import Collection

from msgspec.structs import replace

from foretell.errors import Error
from foretell.node.surroundings import Surroundings
from foretell.node.trouble import RunFailed
from foretell.prediction import Prediction
from foretell.secret import Curtain, opened


def uncovered(
    prediction: Prediction, names: Collection[str], surroundings: Surroundings
) -> tuple[Prediction, Curtain]:
    """The prediction with its inputs of these names as they came, and what hides them in all that the run says.

    Raises RunFailed where this node has another secret than the server that sealed them.
    """
    try:
        given = opened(prediction.input, names, surroundings.seal)
    except Error as error:
        raise RunFailed("internal", f"The secret inputs cannot be read: {error.message}") from error
    return replace(prediction, input=given), Curtain(given, names)
