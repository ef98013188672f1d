"""The configuration that a command works under."""

import os
from pathlib import Path
from typing import Any

from foretell import config
from foretell.errors import Code, Error


def settings(file: Path | None = None, **overrides: Any) -> config.Config:
    """The configuration in force, `overrides` last. Raises Error whose details are all problems."""
    named = os.environ.get("FORETELL_CONFIG")
    try:
        return config.load(os.environ, file=file or (Path(named) if named else None), overrides=overrides)
    except ValueError as error:
        problems = tuple(str(error).splitlines())
        raise Error(Code.INVALID_PARAMETER, "The configuration is wrong:", details=problems) from error
