"""The table and the chart of a comparison, and the table's place in the README."""

import os
import platform
import re
import statistics
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

from compare.chart import chart
from compare.contenders import Contender
from compare.results import Round, middle
from compare.streams import Paced
from foretell.build import is_compiled

REFERENCE = "LitServe"
README = Path(__file__).parents[2] / "README.md"
BEGIN, END = "<!-- comparison: begin -->", "<!-- comparison: end -->"


def write(rounds: Sequence[Round], chosen: Sequence[Contender], folder: Path, *, seconds: float) -> None:
    """Writes `comparison.md` and `comparison.svg`; with all contenders also the README's table."""
    names = [each.name for each in chosen]
    bars = [(name, middle(rounds, name, lambda each: each.loads[64].per_second)) for name in names]
    (folder / "comparison.svg").write_text(chart("Predictions per second, 64 clients", bars, ours="Foretell"))
    (folder / "comparison.md").write_text(_page(rounds, chosen, names, seconds))
    if REFERENCE in names and len(names) > 4 and BEGIN in README.read_text():
        between = re.compile(f"{re.escape(BEGIN)}.*{re.escape(END)}", re.DOTALL)
        table = _short_table(rounds, names)
        README.write_text(between.sub(lambda _: f"{BEGIN}\n{table}\n{END}", README.read_text()))


def _page(rounds: Sequence[Round], chosen: Sequence[Contender], names: Sequence[str], seconds: float) -> str:
    flush = sorted(each.flush_ms for each in rounds)
    parts = [
        "# Foretell beside its peers",
        f"{datetime.now(UTC):%Y-%m-%d}. {machine()}. Foretell {version('foretell')}"
        f"{', its hottest modules compiled' if is_compiled() else ''}. "
        f"{len(rounds) // len(names)} round(s) of {seconds:g} s each, in turns; every figure is the median. "
        f"A flush of this disk took {flush[len(flush) // 2]:.2f} ms in the middle, "
        f"from {flush[0]:.2f} to {flush[-1]:.2f}.",
        "The model does nothing: it answers with the 850 characters it was sent. `wrk` sends from one thread on the "
        "same machine, and its time is nobody's. CPU is that of all of a server's processes, for each answer.",
        "![Predictions per second](comparison.svg)",
        "## Predictions",
        _table(rounds, names),
        "## Streams",
        "A stream of 1,000 pieces, as fast as the model yields them; and one of a piece every two milliseconds: how "
        "late each arrives after it was made, and its CPU.",
        _stream_table(rounds, names),
        "## What is compared",
        "\n".join(f"- **{each.name}**{_versions(each)}: {each.note}." for each in chosen),
    ]
    return "\n\n".join(parts) + "\n"


def _versions(contender: Contender) -> str:
    return f" ({', '.join(contender.requirements)})" if contender.requirements else ""


def machine() -> str:
    return f"{os.cpu_count()} cores ({platform.machine()}), Python {platform.python_version()}, {platform.system()}"


def _table(rounds: Sequence[Round], names: Sequence[str]) -> str:
    head = [
        "", "1 client /s", "16 /s", "64 /s", "256 /s", "p50 ms at 1", "p99 ms at 64", "CPU µs at 64",
        f"to {REFERENCE} at 64", "idle MB (PSS)", "start s",
    ]  # fmt: skip

    def row(name: str) -> list[str]:
        def of(figure: Callable[[Round], float]) -> float:
            return middle(rounds, name, figure)

        rates = [
            f"{of(lambda each, c=clients: each.loads[c].per_second):,.0f}" for clients in (1, 16, 64, 256)
        ]
        return [
            name, *rates, f"{of(lambda each: each.loads[1].p50_ms):.2f}",
            f"{of(lambda each: each.loads[64].p99_ms):.0f}",
            f"{of(lambda each: each.loads[64].cpu_us):,.0f}", _ratio(rounds, names, name),
            f"{of(lambda each: each.memory.rss_mb):.0f} ({of(lambda each: each.memory.pss_mb):.0f})",
            f"{of(lambda each: each.start_seconds):.1f}",
        ]  # fmt: skip

    return lines(head, [row(name) for name in names])


def _short_table(rounds: Sequence[Round], names: Sequence[str]) -> str:
    head = ["", "predictions/s, 64 clients", f"to {REFERENCE}", "p99 ms", "CPU µs each", "idle MB"]

    def row(name: str) -> list[str]:
        loads = [each for each in rounds if each.name == name]
        return [
            name,
            f"{middle(loads, name, lambda each: each.loads[64].per_second):,.0f}",
            _ratio(rounds, names, name),
            f"{middle(loads, name, lambda each: each.loads[64].p99_ms):.0f}",
            f"{middle(loads, name, lambda each: each.loads[64].cpu_us):,.0f}",
            f"{middle(loads, name, lambda each: each.memory.rss_mb):.0f}",
        ]

    return lines(head, [row(name) for name in names])


def _stream_table(rounds: Sequence[Round], names: Sequence[str]) -> str:
    head = [
        "", "1 stream: pieces/s", "first ms", "32 streams: pieces/s", "first ms", "CPU µs each",
        "paced: first ms", "µs late", "p99 µs late", "CPU µs each",
    ]  # fmt: skip
    rows = []
    for name in names:
        found = [each for each in rounds if each.name == name and each.streams]
        if found:
            one, many = (
                (
                    middle(found, name, lambda each, n=count: each.streams[n].per_second),
                    middle(found, name, lambda each, n=count: each.streams[n].first_ms),
                )
                for count in (1, 32)
            )
            cpu = middle(found, name, lambda each: each.streams[32].cpu_us)
            figures = [f"{one[0]:,.0f}", f"{one[1]:.1f}", f"{many[0]:,.0f}", f"{many[1]:.0f}", f"{cpu:.0f}"]
            rows.append([name, *figures, *_paced([each.paced for each in found if each.paced is not None])])
    return lines(head, rows)


def _paced(found: Sequence[Paced]) -> list[str]:
    if not found:
        return ["-"] * 4
    figures = zip(*((each.p50_us, each.p99_us, each.cpu_us) for each in found), strict=True)
    first_ms = statistics.median(each.first_ms for each in found)
    return [f"{first_ms:.1f}", *(f"{statistics.median(each):,.0f}" for each in figures)]


def _ratio(rounds: Sequence[Round], names: Sequence[str], name: str) -> str:
    """How many times the reference's throughput at 64 clients."""
    if REFERENCE not in names:
        return "-"
    base = middle(rounds, REFERENCE, lambda each: each.loads[64].per_second)
    return f"{middle(rounds, name, lambda each: each.loads[64].per_second) / base:.2f}×"


def lines(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    rule = ["---", *("--:" for _ in head[1:])]
    return "\n".join(f"| {' | '.join(each)} |" for each in (head, rule, *rows))
