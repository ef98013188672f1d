"""docs/api.md names every endpoint and every error, and no others."""

import re
from pathlib import Path

from starlette.routing import Route

from foretell.api import app
from foretell.dialects.skytells.errors import ERRORS
from served_api import Api

DOCS = Path(__file__).parents[2] / "docs"
PAGE = (DOCS / "api.md").read_text()
ROW = re.compile(r"^\| `([A-Z]+ /[^`]*)` \|", re.MULTILINE)


def test_every_endpoint_is_documented(api: Api) -> None:
    routes = [each for each in app(api.services).routes if isinstance(each, Route)]
    served = {
        f"{method} {each.path.replace(':path', '')}"
        for each in routes
        for method in (each.methods or set()) - {"HEAD"}
        if not each.path.startswith("/v1/admin/")
    }
    assert served == {*ROW.findall(PAGE), *ROW.findall((DOCS / "dashboard.md").read_text())}


def test_every_error_is_documented() -> None:
    documented = re.findall(r"^\| (\d{3}) \| `([A-Z_]+)` \|", PAGE, re.MULTILINE)
    assert {(int(status), word) for status, word in documented} == set(ERRORS.values())
