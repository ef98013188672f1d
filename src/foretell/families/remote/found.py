"""What another server says of a model: everything that goes into its folder here."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

PREDICTORS = Path(__file__).with_name("predictor")
ALWAYS = ("leaving.py", "patience.py", "refusals.py", "remote_files.py", "server.py", "server_events.py")
"""What every predictor that talks to another server needs."""
BUSY_SECONDS = 600.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """A model elsewhere. `input_schema` is None where the predictor's own signature says what it takes.

    `predictor` is `FILE.py:CLASS` of the folder of predictors, `files` what else of it that needs. `settings` become
    constants of a `settings.py`.
    """

    kind: str
    model: str
    title: str
    type: str
    description: str
    predictor: str
    settings: Mapping[str, Any]
    variable: str
    capabilities: tuple[str, ...] = ()
    files: tuple[str, ...] = ()
    input_schema: dict[str, Any] | None = None
    output_schema: dict[str, Any] = field(default_factory=dict)
    example: Mapping[str, Any] | None = None
    license: str = ""

    @property
    def sources(self) -> tuple[Path, ...]:
        """The predictor's files."""
        names = (self.predictor.partition(":")[0], *self.files, *ALWAYS)
        return tuple(PREDICTORS / each for each in names)

    @property
    def namespace(self) -> str:
        """A name for it here, made of its name there."""
        return slug(self.model) or "elsewhere"


def slug(name: str) -> str:
    """The last part of a name without its ending, in letters that a name here may have."""
    last = name.partition(":")[0].rstrip("/").rpartition("/")[2].lower()
    plain = re.sub(r"[^a-z0-9._-]+", "-", re.sub(r"\.gguf$", "", last))
    return plain.strip("-._")


def common_settings(url: str, model: str, variable: str, *, key_header: str) -> dict[str, Any]:
    """What every predictor wants to know of the server."""
    return {
        "url": url,
        "model": model,
        "key_variable": variable,
        "key_header": key_header,
        "silence_seconds": 120.0,
        "patience_seconds": 60.0,
        "room_seconds": BUSY_SECONDS,
        "file_hosts": (),
    }
