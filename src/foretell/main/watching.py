"""What a process tells about itself to programs that watch it."""

import logging
import os
from collections.abc import Callable
from contextlib import AsyncExitStack

from foretell.config import Config
from foretell.errors import Code, Error
from foretell.prediction import Prediction
from foretell.store import Store
from foretell.telemetry import Measures, Tracing, open_tracing

_log = logging.getLogger(__name__)


class Watching:
    """Figures always; spans where the environment asks for them. Raises Error where it asks for what cannot be."""

    def __init__(self, config: Config) -> None:
        self.measures = Measures()
        self.tracing = open_tracing(os.environ)
        self._config = config

    def start(self, store: Store, closing: AsyncExitStack) -> None:
        """Hears from the store what has ended, until `closing` closes. Raises Error where it cannot be served."""
        if self._config.metrics_address:
            _serve(self.measures, self._config.metrics_address)
        if self.tracing is not None:
            closing.callback(self.tracing.close)
        store.on_end = _each(self.measures, self.tracing)


def _each(measures: Measures, tracing: Tracing | None) -> Callable[[Prediction], None]:
    def ended(prediction: Prediction) -> None:
        try:
            measures.ended(prediction)
            if tracing is not None:
                tracing.ended(prediction)
        except Exception:  # noqa: BLE001 - what is told to onlookers keeps nobody from an answer
            _log.exception("the end of prediction %s could not be told", prediction.id)

    return ended


def _serve(measures: Measures, address: str) -> None:
    host, _, port = address.rpartition(":")
    try:
        _log.info("figures are given at http://%s:%d/metrics", host, measures.serve(host, int(port)))
    except (OSError, ValueError) as error:
        message = f"metrics_address is {address!r}: nobody can be served there ({error})"
        raise Error(Code.INVALID_REQUEST, message) from error
