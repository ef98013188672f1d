"""What the server logs: a line each, as text on a terminal and as JSON elsewhere."""

import json
import logging
import sys
import time
from typing import Any

_STEERING = (*range(0x20), *range(0x7F, 0xA0), 0x2028, 0x2029)
_ESCAPES = {number: f"\\u{number:04x}" for number in _STEERING}
"""What ends a line or steers a terminal, and how it is written instead; JSON reads it as the same."""
_OF_TRACES = {number: escape for number, escape in _ESCAPES.items() if chr(number) not in "\n\t"}
_OWN = set(logging.makeLogRecord({}).__dict__) | {"message", "asctime", "taskName"}


def begin(form: str) -> None:
    """Logs to standard error from now on; `form` is 'text', 'json' or 'auto'."""
    text = sys.stderr.isatty() if form == "auto" else form == "text"
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(Text() if text else Json())
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(logging.WARNING)
    logging.getLogger("foretell").setLevel(logging.INFO)
    # It warns of each body that it cannot read: its sender is told, and must not fill the log.
    logging.getLogger("python_multipart").setLevel(logging.ERROR)
    if text:
        # A person reads one line per prediction: how it ended. Programs join it to the request that made it.
        logging.getLogger("foretell.predictions.accepted").setLevel(logging.WARNING)


class Text(logging.Formatter):
    """`14:02:11 prediction succeeded model=truefusion seconds=1.2`"""

    def format(self, record: logging.LogRecord) -> str:
        clock = time.strftime("%H:%M:%S", time.localtime(record.created))
        level = "" if record.levelno <= logging.INFO else f"{record.levelname.lower()}: "
        said = record.getMessage()
        facts = "".join(f" {name}={each}" for name, each in extras(record).items() if str(each) not in said)
        trouble = f"\n{self.formatException(record.exc_info)}" if record.exc_info else ""
        return f"{clock} {level}{_inert(said + facts)}{trouble.translate(_OF_TRACES)}"


class Json(logging.Formatter):
    """One JSON object a line: time, level, logger, message, and what else is known."""

    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, Any] = {
            "time": time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(record.created))
            + f".{record.msecs:03.0f}Z",
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        }
        if record.exc_info:
            line["trouble"] = self.formatException(record.exc_info)
        return _inert(json.dumps(line | extras(record), ensure_ascii=False, default=str))


def extras(record: logging.LogRecord) -> dict[str, Any]:
    """What was logged beside the message."""
    return {name: value for name, value in record.__dict__.items() if name not in _OWN}


def _inert(line: str) -> str:
    """One line, whatever strangers have put into it."""
    return line if line.isprintable() else line.translate(_ESCAPES)
