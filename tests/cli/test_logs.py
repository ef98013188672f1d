"""The server's log is one line for each thing it says, whatever strangers put into names and addresses."""

import json
import logging
import sys

import pytest

from foretell.cli.logs import Json, Text

EVIL = "ok\r\n12:00:00 error: forged\x1b[2J\x9b31m\x00\x7f\u2028\x85end"


def record(message: str, trouble: bool = False, **extra: object) -> logging.LogRecord:
    info = None
    if trouble:
        try:
            raise ValueError(EVIL)
        except ValueError:
            info = sys.exc_info()
    logger = logging.getLogger("foretell.test")
    return logger.makeRecord("foretell.test", logging.INFO, __file__, 1, message, (), info, extra=extra)


@pytest.mark.parametrize("form", [Text(), Json()])
def test_what_strangers_say_stays_on_one_line_and_commands_no_terminal(form: logging.Formatter) -> None:
    line = form.format(record(f"could not reach {EVIL}", address=f"http://{EVIL}", more=EVIL))
    assert len(line.splitlines()) == 1
    assert line.isprintable()
    assert "forged" in line


def test_a_line_of_json_reads_as_what_was_said() -> None:
    line = json.loads(Json().format(record(EVIL, trouble=True, fact=EVIL)))
    assert (line["message"], line["fact"]) == (EVIL, EVIL)
    assert EVIL in line["trouble"]


def test_a_trace_has_its_lines_and_nothing_else_that_steers() -> None:
    text = Text().format(record("crashed", trouble=True))
    assert "Traceback" in text.split("\n")[1]
    assert all(line.isprintable() for line in text.replace("\t", " ").split("\n"))
