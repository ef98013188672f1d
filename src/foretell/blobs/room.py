"""Room: how much of the disk is free, and whether that is enough for new work."""

import logging
import shutil
import threading
import time
from enum import StrEnum
from pathlib import Path

from foretell.config import Config
from foretell.errors import Code, Error

LOOK_SECONDS = 0.5
"""How long what was seen counts as what there is."""
RETRY_SECONDS = 60
MIN_SHARE, WARN_SHARE = 20, 10
"""The marks are never above this part of a disk, or a small one would be full before it is begun."""

_log = logging.getLogger(__name__)


class Fill(StrEnum):
    """How full the disk is."""

    ROOMY = "roomy"
    LOW = "low"
    FULL = "full"


class Room:
    """What is free where a server keeps its things. Below the lower mark only what was accepted goes on."""

    def __init__(self, config: Config) -> None:
        data = config.data_path
        self._places = (data, data / "staging") if config.blobs else (data, data / "blobs", data / "staging")
        self._min_bytes, self._warn_bytes = config.disk_free_min_bytes, config.disk_free_warn_bytes
        self._lock = threading.Lock()
        self._fill = Fill.ROOMY
        self._looked_at = -LOOK_SECONDS

    def require(self) -> None:
        """Raises Error(OVERLOADED) while there is no room for new work."""
        if self.fill() is Fill.FULL:
            message = "The server's disk is nearly full: what was accepted goes on, and nothing new is taken."
            raise Error(Code.OVERLOADED, message, retry_after_seconds=RETRY_SECONDS)

    def fill(self) -> Fill:
        """How full the fullest of its places is, as of half a second ago at most."""
        with self._lock:
            now = time.monotonic()
            if now - self._looked_at >= LOOK_SECONDS:
                self._looked_at = now
                self._note(max((self._fill_of(each) for each in self._places), key=list(Fill).index))
            return self._fill

    def _fill_of(self, place: Path) -> Fill:
        try:
            total, _, free = shutil.disk_usage(place)
        except FileNotFoundError:
            return Fill.ROOMY
        if free < min(self._min_bytes, total // MIN_SHARE):
            return Fill.FULL
        return Fill.LOW if free < min(self._warn_bytes, total // WARN_SHARE) else Fill.ROOMY

    def _note(self, fill: Fill) -> None:
        if fill is self._fill:
            return
        self._fill = fill
        where = self._places[0]
        match fill:
            case Fill.ROOMY:
                _log.info("There is room on the disk of %s again.", where)
            case Fill.LOW:
                _log.warning("The disk of %s is filling up.", where)
            case Fill.FULL:
                _log.error("The disk of %s is nearly full: new work is refused.", where)
