"""The gallery: every model that one may run, with what it has made."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import Response

from foretell.api.dashboard.pages import page, shown
from foretell.api.examples import Shown, shown_examples
from foretell.api.requests import caller, edge, services
from foretell.api.versions import Known
from foretell.config import Config
from foretell.dialects.skytells.prices import render_pricing
from foretell.model import Version
from foretell.store.nodes import Readiness

KINDS = (
    ("image", "Images"),
    ("text", "Text"),
    ("audio", "Audio"),
    ("music", "Music"),
    ("video", "Video"),
    ("embedding", "Vectors"),
)
"""The types of models, in the order of the gallery, and what its filter calls them."""
COVERS_MAX = 4
_COMING = {Readiness.WANTED, Readiness.FETCHING, Readiness.LOADING}


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """A model as the gallery and its page show it. `state` is `warm`, `loading`, `cold` or `offline`."""

    version: Version
    sentence: str
    state: str
    price: str
    examples: list[Shown]


@page
async def show(request: Request) -> Response:
    """Every model that the visitor may run."""
    every = await edge(request).versions.listed()
    mine = [
        each
        for each in every
        if each.name == each.version.model and caller(request).may_run(each.name, each.version.model)
    ]
    states = await states_of(request, mine)
    config = services(request).config
    order = [kind for kind, _ in KINDS]
    cards = [card(config, each.version, states) for each in mine]
    cards.sort(key=lambda each: (order.index(each.version.manifest.type), each.version.model))
    there = {each.version.manifest.type for each in cards}
    return shown(
        request,
        "gallery.html",
        here="models",
        cards=cards,
        kinds=[(kind, title) for kind, title in KINDS if kind in there],
        covers_max=COVERS_MAX,
    )


async def states_of(request: Request, models: Iterable[Known]) -> Mapping[str, str]:
    """How near each version is to running something, by its id."""
    store, config = services(request).store, services(request).config
    living = {each.incarnation for each in await store.living(within_seconds=config.lost_seconds)}
    found = {each.version.id: "cold" for each in models}
    for replica in await store.replicas():
        if replica.node not in living or replica.version_id not in found:
            continue
        if replica.state is Readiness.READY:
            found[replica.version_id] = "warm"
        elif replica.state in _COMING and found[replica.version_id] == "cold":
            found[replica.version_id] = "loading"
    return found


def card(config: Config, version: Version, states: Mapping[str, str]) -> Card:
    """What is shown of a version."""
    return Card(
        version=version,
        sentence=first_sentence(version.manifest.description),
        state="offline" if version.offline_reason else states.get(version.id, "cold"),
        price=price_of(version),
        examples=shown_examples(config, version),
    )


def price_of(version: Version) -> str:
    """What a run costs, in a few words."""
    if version.manifest.pricing.is_free:
        return "Free"
    price = render_pricing(version.manifest.pricing)
    if "formula" in price:
        return price["formula"]["description"]
    amount = f"{price['amount']:,.9f}".rstrip("0").rstrip(".")
    return f"{'from ' if price['criterias'] else ''}{amount} credits per {price['unit'].replace('_', ' ')}"


def first_sentence(text: str) -> str:
    """The first sentence of a description."""
    first, stop, _ = text.partition(". ")
    return first + ("." if stop else "")
