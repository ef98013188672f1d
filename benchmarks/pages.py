"""What each page of the dashboard takes in Chromium with a cold cache: paints, requests, bytes.

    PYTHONPATH=tests python benchmarks/pages.py

It writes benchmarks/results/pages.md.
"""

import os
import tempfile
from collections.abc import Sequence
from pathlib import Path
from statistics import median

from playwright.sync_api import sync_playwright

from browser.conftest import CHROMIUM, sign_in
from browser.lived_in import lived_in, member_pages, operator_pages
from browser.weighing import Weight, weigh

RESULT = Path(__file__).parent / "results/pages.md"
ROUNDS = 5
KINDS = ("document", "stylesheet", "script", "fetch")


def main() -> None:
    """Weighs every page some times, and writes the medians."""
    rows = []
    with (
        tempfile.TemporaryDirectory() as data,
        lived_in(Path(data)) as place,
        sync_playwright() as playwright,
    ):
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        version = browser.version
        context = browser.new_context(base_url=place.server.address)
        sign_in(context.new_page())
        signed_in = context.storage_state()
        for name, path in (*member_pages(place).items(), *operator_pages(place).items()):
            found = [weigh(browser, signed_in, place.server.address, path) for _ in range(ROUNDS)]
            rows.append(_row(name, found))
            print(rows[-1], flush=True)
        browser.close()
    RESULT.parent.mkdir(exist_ok=True)
    RESULT.write_text(_page(rows, version))


def _row(name: str, found: Sequence[Weight]) -> str:
    one = found[-1]
    paints = [
        median(each.first_paint_ms for each in found),
        median(each.first_content_ms for each in found),
        median(each.largest_content_ms for each in found),
    ]
    rest = one.bytes - sum(one.bytes_by_kind.get(kind, 0) for kind in KINDS)
    sizes = [one.bytes, *(one.bytes_by_kind.get(kind, 0) for kind in KINDS), rest, one.told_bytes]
    cells = [
        name,
        *(f"{each:.0f} ms" for each in paints),
        str(one.requests),
        *(f"{each / 1_000:.1f} kB" for each in sizes),
    ]
    return f"| {' | '.join(cells)} |"


def _page(rows: Sequence[str], version: str) -> str:
    heads = ("Page", "First paint", "First content", "Largest content", "Requests", "Bytes")
    heads += ("Page itself", "Styles", "Scripts", "API", "Rest", "About predictions")
    cores = os.cpu_count()
    return "\n".join(
        (
            "# Pages of the dashboard",
            "",
            f"Chromium {version} without a screen on {cores} cores, which the server shares; nothing cached; the "
            f"median of {ROUNDS} visits, bytes of the last one. Bytes are those on the wire, with heads; what models "
            "made (pictures, sounds) is not counted, and answers about predictions, which have texts and vectors in "
            "them, stand apart. Written by `PYTHONPATH=tests python benchmarks/pages.py`; "
            "`tests/browser/test_weight.py` fails over 150 kB or 25 requests.",
            "",
            f"| {' | '.join(heads)} |",
            f"| --- |{' ---: |' * (len(heads) - 1)}",
            *rows,
            "",
        )
    )


if __name__ == "__main__":
    main()
