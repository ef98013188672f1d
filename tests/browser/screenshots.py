"""`make screenshots`: every page of a server that is in use, light and dark, for docs/screenshots."""

import base64
import os
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from itertools import product
from pathlib import Path
from typing import Any

from playwright.sync_api import sync_playwright

from browser.conftest import CHROMIUM, PHONE, sign_in
from browser.lived_in import Place, lived_in, member_pages, operator_pages
from foretell import catalog
from foretell.config import load
from foretell.model import Manifest
from foretell.weights import Environments, Weights

FOLDER = Path(__file__).parents[2] / "docs/screenshots"
SCREEN = {"width": 1280, "height": 800}
ON_A_PHONE = ("models", "playground", "predictions", "usage", "operator")
COUNT = 160
BYTES_MAX = 150_000
QUALITIES = (0.86, 0.75, 0.6, 0.45)
PATIENCE_MS = 60_000
PROMPT = "a red fox in the snow"
_WEBP = """async ([png, quality]) => {
  const picture = await createImageBitmap(await (await fetch(`data:image/png;base64,${png}`)).blob());
  const canvas = Object.assign(document.createElement('canvas'), { width: picture.width, height: picture.height });
  canvas.getContext('2d').drawImage(picture, 0, 0);
  return canvas.toDataURL('image/webp', quality).split(',')[1];
}"""

_DECODED = """() => Promise.all([...document.images]
  .filter((image) => image.getBoundingClientRect().top < innerHeight && image.checkVisibility())
  .map((image) => image.decode().catch(() => null)))"""


def main() -> None:
    """Takes every picture anew."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    with (
        tempfile.TemporaryDirectory() as data,
        lived_in(Path(data) / "foretell", count=COUNT, real=_has_models()) as place,
        sync_playwright() as playwright,
    ):
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        scribe = browser.new_page()
        for name, png in _pictures(browser, place):
            target = FOLDER / f"{name}.webp"
            target.write_bytes(_small(scribe, png))
            print(f"{target.name}: {target.stat().st_size / 1_000:.0f} kB", flush=True)
        browser.close()


def _has_models() -> bool:
    """Whether the built-in models can run at once; otherwise the sandbox's take their places."""
    cache = load(os.environ).cache_path
    environments, weights = Environments(cache), Weights(cache)
    manifests = [catalog.read_manifest(folder) for folder in catalog.built_in()]
    return all(environments.is_ready(each) and _has_weights(weights, each) for each in manifests)


def _has_weights(weights: Weights, manifest: Manifest) -> bool:
    # What lies in the model's own folder is taken from there at its first use.
    fetched = tuple(each for each in manifest.weights if not each.source.startswith("file:"))
    return weights.is_ready(replace(manifest, weights=fetched))


def _pictures(browser: Any, place: Place) -> Iterator[tuple[str, bytes]]:
    pages = {**member_pages(place), **operator_pages(place)}
    for scheme, on_phone in product(("light", "dark"), (False, True)):
        tab = _tab(browser, place, scheme, on_phone=on_phone)
        if not on_phone:
            yield f"sign-in-{scheme}", _signing_in(tab)
        sign_in(tab)
        for name in ON_A_PHONE if on_phone else pages:
            _show(tab, name, pages[name])
            yield f"{name}{'-phone' if on_phone else ''}-{scheme}", tab.screenshot()
        tab.context.close()


def _tab(browser: Any, place: Place, scheme: str, *, on_phone: bool) -> Any:
    context = browser.new_context(
        base_url=place.server.address,
        color_scheme=scheme,
        viewport=PHONE if on_phone else SCREEN,
        is_mobile=on_phone,
        has_touch=on_phone,
        device_scale_factor=2 if on_phone else 1,
    )
    context.set_default_timeout(PATIENCE_MS)
    return context.new_page()


def _signing_in(tab: Any) -> bytes:
    tab.goto("/sign-in")
    return bytes(tab.screenshot())


def _show(tab: Any, name: str, path: str) -> None:
    """Leads to a page, and waits until all of it is there."""
    tab.goto(path)
    tab.wait_for_load_state("load")
    tab.locator("main .skeleton:visible").first.wait_for(state="detached")
    if name == "playground":
        tab.locator('[data-name="prompt"] textarea').first.fill(PROMPT)
        tab.get_by_role("button", name="Run", exact=True).click()
        tab.locator(".take-head .badge", has_text="succeeded").first.wait_for()
        tab.evaluate("scrollTo(0, 0)")
    tab.evaluate(_DECODED)


def _small(scribe: Any, png: bytes) -> bytes:
    """The picture as WebP, as good as it can be within its size."""
    for quality in QUALITIES:
        text = scribe.evaluate(_WEBP, [base64.b64encode(png).decode(), quality])
        found = base64.b64decode(text)
        if len(found) <= BYTES_MAX:
            break
    return found


if __name__ == "__main__":
    main()
