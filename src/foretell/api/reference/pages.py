"""Pages: the reference as HTML, made on the server, without a script."""

import hashlib
import re
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from markupsafe import Markup, escape

from foretell.api.reference.document import input_key, within
from foretell.api.reference.samples import sample_input
from foretell.api.reference.schemas import Schema
from foretell.api.reference.snippets import snippets
from foretell.api.reference.tables import kind, rows
from foretell.api.reference.views import pretty, refusals, section
from foretell.api.versions import Known
from foretell.dialects import skytells

if TYPE_CHECKING:
    from jinja2 import Environment

HERE = Path(__file__).parent
LOOK = HERE.parent / "dashboard/assets/tokens.css"
"""The colours and the type that these pages share with the dashboard."""
_CODE = re.compile(r"`([^`]+)`")
_BOLD = re.compile(r"\*\*([^*]+)\*\*")
_LINK = re.compile(r"\[([^\]]+)\]\((#[^)]+)\)")


def overview(document: Schema, models: Iterable[Known]) -> str:
    """The first page: keys, a first request, and what can be refused."""
    example = document["components"]["examples"]["INVALID_INPUT"]["value"]
    return _page(
        "overview.html",
        document,
        models,
        refusals=refusals(document),
        example=pretty(example),
        here="overview",
    )


def section_page(document: Schema, models: Iterable[Known], slug: str) -> str | None:
    """The page of a section; None when there is no such section."""
    tag = next((each for each in document["tags"] if slug_of(each["name"]) == slug), None)
    if tag is None:
        return None
    return _page("section.html", document, models, section=section(document, tag), here=slug)


def models_page(document: Schema, models: Iterable[Known]) -> str:
    """The list of models."""
    shown = [skytells.render_model(each.version) for each in _by_own_name(models)]
    return _page("models.html", document, models, shown=shown, here="supported models")


def model_page(document: Schema, models: Iterable[Known], known: Known) -> str:
    """One model with its inputs."""
    schemas = document["components"]["schemas"]
    schema = schemas[input_key(known.version.model)]
    body = {"model": known.version.model, "input": sample_input(schema, schemas)}
    return _page(
        "model.html",
        document,
        models,
        model=skytells.render_model(known.version),
        aliases=known.version.manifest.aliases,
        inputs=list(rows(schema, schemas)),
        output=kind(*output_of(known)),
        examples=snippets("POST", f"{document['servers'][0]['url']}/v1/predict", body=body),
        here="supported models",
    )


def output_of(known: Known) -> tuple[Schema, dict[str, Schema]]:
    """What a model gives, and the schemas that this refers to."""
    found = within(known.version.output_schema, "output")
    return found, {"output": found}


def slug_of(name: str) -> str:
    """A name as a part of an address."""
    return re.sub(r"\W+", "-", name.lower()).strip("-")


@cache
def asset(name: str) -> tuple[bytes, str] | None:
    """The bytes of a file that pages need and their digest; None when there is no such file."""
    path = HERE / "assets" / name
    if path.parent != HERE / "assets" or not path.is_file():
        return None
    data = path.read_bytes()
    if path.suffix == ".css":
        data = LOOK.read_bytes() + b"\n" + data
    return data, hashlib.sha256(data).hexdigest()[:16]


def _page(template: str, document: Schema, models: Iterable[Known], **shown: Any) -> str:
    return (
        _templates()
        .get_template(template)
        .render(document=document, names=[each.version.model for each in _by_own_name(models)], **shown)
    )


def _by_own_name(models: Iterable[Known]) -> list[Known]:
    return [each for each in models if each.name == each.version.model]


@cache
def _templates() -> "Environment":
    # Only here: many servers are never looked at with a browser.
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    found = Environment(
        loader=FileSystemLoader(HERE / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    found.filters["words"] = _words
    found.filters["paragraphs"] = _paragraphs
    found.filters["slug"] = slug_of
    found.globals["asset"] = _asset_address
    return found


def _words(text: str) -> Markup:
    """Text with its code and emphasis marked up, and everything else escaped."""
    found = _LINK.sub(r"\1", str(escape(text)))
    return Markup(_BOLD.sub(r"<strong>\1</strong>", _CODE.sub(r"<code>\1</code>", found)))


def _paragraphs(text: str) -> Markup:
    return Markup("").join(
        Markup("<p>{}</p>\n").format(_words(each)) for each in text.split("\n\n") if each.strip()
    )


def _asset_address(name: str) -> str:
    found = asset(name)
    return f"/docs/assets/{name}?v={found[1] if found else ''}"
