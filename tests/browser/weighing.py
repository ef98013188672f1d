"""What a page takes: requests and bytes until it is there, and when something is first and most of it painted."""

from collections import Counter
from dataclasses import dataclass
from typing import Any

OUTPUTS = ("/files/", "/examples/")
"""What models made: pages are weighed without it."""
TELLING = "/v1/predictions"
"""Answers about predictions have outputs in them, such as vectors: they count as requests, and their bytes apart."""
QUIET_MS = 10_000
_PAINTS = """() => new Promise((resolve) => {
  const at = Object.fromEntries(performance.getEntriesByType('paint').map((each) => [each.name, each.startTime]));
  const give = (largest) => resolve([at['first-paint'] ?? 0, at['first-contentful-paint'] ?? 0, largest]);
  new PerformanceObserver((list) => give(list.getEntries().at(-1).startTime))
    .observe({ type: 'largest-contentful-paint', buffered: true });
  setTimeout(() => give(0), 2000);
})"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Weight:
    """What came over the wire, heads and bodies, by what the browser calls it; `told_bytes` came about predictions."""

    first_paint_ms: float
    first_content_ms: float
    largest_content_ms: float
    requests: int
    bytes_by_kind: dict[str, int]
    told_bytes: int

    @property
    def bytes(self) -> int:
        """All that came."""
        return sum(self.bytes_by_kind.values())


def weigh(browser: Any, signed_in: Any, address: str, path: str) -> Weight:
    """What a page takes in a browser that has nothing of it yet; `signed_in` is the storage of one that is."""
    context = browser.new_context(base_url=address, storage_state=signed_in)
    tab = context.new_page()
    devtools = context.new_cdp_session(tab)
    devtools.send("Network.enable")
    kinds: dict[str, str] = {}
    sizes: Counter[str] = Counter()
    devtools.on("Network.responseReceived", lambda each: _came(each, kinds))
    devtools.on(
        "Network.loadingFinished", lambda each: sizes.update({each["requestId"]: each["encodedDataLength"]})
    )
    tab.goto(path)
    tab.wait_for_load_state("load")
    tab.locator("main .skeleton:visible").first.wait_for(state="detached", timeout=QUIET_MS)
    first, content, largest = tab.evaluate(_PAINTS)
    context.close()
    by_kind: Counter[str] = Counter()
    for request, kind in kinds.items():
        by_kind[kind] += round(sizes[request])
    return Weight(
        first_paint_ms=first,
        first_content_ms=content,
        largest_content_ms=largest,
        requests=len(kinds),
        told_bytes=by_kind.pop(TELLING, 0),
        bytes_by_kind=dict(by_kind),
    )


def _came(event: Any, kinds: dict[str, str]) -> None:
    url = event["response"]["url"]
    if url.startswith("http") and not any(each in url for each in OUTPUTS):
        kinds[event["requestId"]] = TELLING if TELLING in url else event["type"].lower()
