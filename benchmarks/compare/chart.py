"""A bar chart as SVG, readable in light and dark."""

from collections.abc import Sequence
from html import escape

WIDTH, LABEL, ROW, TOP = 720, 150, 34, 56
STYLE = """
text { font: 14px system-ui, sans-serif; fill: #24292f }
.title { font-weight: 600; font-size: 16px }
.bar { fill: #b6bec9 } .ours { fill: #5b5bd6 }
@media (prefers-color-scheme: dark) { text { fill: #e6edf3 } .bar { fill: #4d5663 } .ours { fill: #8a8aff } }
"""


def chart(title: str, bars: Sequence[tuple[str, float]], *, ours: str) -> str:
    """A picture of `bars`, longest first; those whose names begin with `ours` stand out."""
    ordered = sorted(bars, key=lambda each: -each[1])
    most = max(value for _, value in ordered)
    rows = "\n".join(_row(number, name, value, most, ours) for number, (name, value) in enumerate(ordered))
    height = TOP + ROW * len(ordered) + 12
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" role="img" '
        f'aria-label="{escape(title)}">\n'
        f"<style>{STYLE}</style>\n"
        f'<text class="title" x="12" y="30">{escape(title)}</text>\n{rows}\n</svg>\n'
    )


def _row(number: int, name: str, value: float, most: float, ours: str) -> str:
    y = TOP + ROW * number
    width = max(2.0, (WIDTH - LABEL - 90) * value / most)
    kind = "ours" if name.startswith(ours) else "bar"
    return (
        f'<text x="{LABEL - 10}" y="{y + 16}" text-anchor="end">{escape(name)}</text>'
        f'<rect class="{kind}" x="{LABEL}" y="{y}" width="{width:.1f}" height="22" rx="4"/>'
        f'<text x="{LABEL + width + 8:.1f}" y="{y + 16}">{value:,.0f}</text>'
    )
