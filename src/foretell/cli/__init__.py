"""The `foretell` command: how its words are heard, and how an expected problem is told to a person."""

import sys
from typing import NoReturn

from foretell.cli.plain import plain
from foretell.cli.saying import say
from foretell.errors import Error
from foretell.store import LockedError

FAILED = 1
INTERRUPTED = 130


def main() -> None:
    """Runs the command line. Exits 0 when all went well, 1 on a refusal or a failure, 2 on wrong usage."""
    try:
        _obey(sys.argv[1:])
    except KeyboardInterrupt:
        sys.exit(INTERRUPTED)
    except BrokenPipeError:
        sys.stderr.close()
        sys.exit(FAILED)
    except Error as error:
        _complain(error.message, *error.details)
    except LockedError as error:
        _complain(str(error))
    except _unreachable() as error:
        _complain(f"The server cannot be reached: {error or type(error).__name__}")
    except OSError as error:
        _complain(f"{error.filename}: {error.strerror}" if error.filename and error.strerror else str(error))


def _obey(words: list[str]) -> None:
    if found := plain(words):
        from foretell.cli.hosting import host

        host(found.command, found.file, **found.chosen)
        return
    # Only here: what reads all other commands would hold 12 MB for as long as a server lives, and start it later.
    from foretell.cli.commands import app

    app()


def _unreachable() -> type[Exception]:
    import httpx

    return httpx.HTTPError


def _complain(message: str, *details: str) -> NoReturn:
    say(message, label="Error:", aside=True)
    for detail in (each for each in details if each not in message):
        say(f"  {detail}", aside=True)
    sys.exit(FAILED)
