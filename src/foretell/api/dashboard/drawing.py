"""Drawing: templates, and what they can say: how instants, sizes, durations and credits are written."""

import hashlib
import math
import re
import time
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from markupsafe import Markup, escape

from foretell import __version__
from foretell.api.dashboard import assets

if TYPE_CHECKING:
    from jinja2 import Environment

Menu = tuple[tuple[str, str, str], ...]

FOLDER = Path(__file__).parent / "templates"
MENU: Menu = (
    ("models", "/models", "Models"),
    ("predictions", "/predictions", "Predictions"),
    ("keys", "/keys", "Keys"),
    ("webhooks", "/webhooks", "Webhooks"),
    ("usage", "/usage", "Usage"),
)
"""The entries of the menu for everybody: a word for `here`, the address, the label."""
OPERATORS_MENU: Menu = (("operator", "/operator", "Operator"),)
"""The entries beside them that operators see."""

_BROWSERS = (
    ("Edg/", "Edge"),
    ("OPR/", "Opera"),
    ("Firefox/", "Firefox"),
    ("Chrome/", "Chrome"),
    ("Safari/", "Safari"),
)
_SYSTEMS = (
    ("iPhone", "an iPhone"),
    ("iPad", "an iPad"),
    ("Android", "Android"),
    ("Windows", "Windows"),
    ("Mac OS", "macOS"),
    ("Linux", "Linux"),
)
_CODE = re.compile(r"`([^`]+)`")
_STEPS = ((60, "s", 1), (3_600, "min", 60), (86_400, "h", 3_600), (30 * 86_400, "d", 86_400))


def drawn(template: str, **given: Any) -> str:
    """The text of a page."""
    return _templates().get_template(template).render(**given)


def instant(at: int) -> str:
    """An instant as programs read it."""
    return f"{datetime.fromtimestamp(at / 1_000_000, UTC):%Y-%m-%dT%H:%M:%S.%fZ}"


def instant_of(text: str) -> int:
    """An instant as programs read it, as a number again."""
    return round(datetime.fromisoformat(text).timestamp() * 1_000_000)


def exact(at: int) -> str:
    """An instant to the second, for people."""
    return f"{datetime.fromtimestamp(at / 1_000_000, UTC):%-d %b %Y, %H:%M:%S} UTC"


def ago(at: int) -> str:
    """How long ago an instant was, in one number; the pages' scripts say it in the same words."""
    seconds = max(0, round(time.time() - at / 1_000_000))
    if seconds < 5:
        return "now"
    for below, unit, size in _STEPS:
        if seconds < below:
            return f"{seconds // size} {unit} ago"
    return f"{datetime.fromtimestamp(at / 1_000_000, UTC):%-d %b %Y}"


def size(count: int) -> str:
    """A size in bytes, for people."""
    amount = float(count)
    for unit in ("B", "kB", "MB", "GB"):
        if amount < 1_000:
            return f"{amount:.0f} {unit}" if unit == "B" or amount >= 10 else f"{amount:.1f} {unit}"
        amount /= 1_000
    return f"{amount:.1f} TB"


def duration(seconds: float) -> str:
    """A duration, for people."""
    if seconds < 1:
        return f"{seconds * 1_000:.0f} ms"
    if seconds < 60:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min" if hours else f"{minutes} min {rest} s"


def amount(credits: float) -> str:
    """Credits, with no more digits than it takes."""
    return f"{credits:,.9f}".rstrip("0").rstrip(".")


def browser(agent: str) -> str:
    """What a browser is, as far as it says so itself, in a few words."""
    name = next((word for mark, word in _BROWSERS if mark in agent), "A browser")
    system = next((word for mark, word in _SYSTEMS if mark in agent), "")
    return f"{name} on {system}" if system else name


def wave(name: str) -> list[int]:
    """48 heights up to 40 that look like a sound, always the same for a name."""
    digest = hashlib.sha256(name.encode()).digest() * 2
    return [4 + round(34 * digest[place] / 255 * math.sin(math.pi * (place + 1) / 49)) for place in range(48)]


def code_marked(text: str) -> Markup:
    """Text whose `code` is marked up, and everything else escaped."""
    return Markup(_CODE.sub(r"<code>\1</code>", str(escape(text))))


def json_inside(text: str) -> Markup:
    """JSON as it may stand within a page."""
    return Markup(text.replace("<", "\\u003c"))


@cache
def _templates() -> "Environment":
    # Only here: many servers are never looked at with a browser.
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    found = Environment(
        loader=FileSystemLoader(FOLDER),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    found.filters |= {
        "instant": instant,
        "at": instant_of,
        "exact": exact,
        "ago": ago,
        "size": size,
        "duration": duration,
        "amount": amount,
        "browser": browser,
        "wave": wave,
        "code_marked": code_marked,
        "json_inside": json_inside,
    }
    found.globals |= {
        "asset": assets.address,
        "styles": assets.together,
        "server_version": __version__,
        "menu": MENU,
        "operators_menu": OPERATORS_MENU,
    }
    found.globals["parts"] = found.get_template("parts.html").module
    return found
