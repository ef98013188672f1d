"""`python -m soak --minutes 10 [--site sqlite|postgres] [--seed N]`: exit code 1 when a promise was broken."""

import argparse
import random
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

import httpx

from promises import broken, erased, processes_left, rest, tally
from servers import KEY, Receiver
from soak.faults import Faults
from soak.load import NEVER_END, Load
from soak.sites import Alone, Apart, Site


def main() -> int:
    asked = _arguments()
    failed = 0
    kinds = ("sqlite", "postgres") if asked.site == "both" else (asked.site,)
    for kind in kinds:
        with tempfile.TemporaryDirectory(prefix="foretell-soak-") as directory:
            site = Alone(Path(directory)) if kind == "sqlite" else Apart(Path(directory))
            failed += _soak(site, asked.minutes * 60 / len(kinds), asked.seed)
    return 1 if failed else 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="soak", description="Faults at random against a loaded site.")
    parser.add_argument("--minutes", type=float, default=10)
    parser.add_argument("--site", choices=("sqlite", "postgres", "both"), default="both")
    parser.add_argument("--seed", type=int, default=random.randrange(10**6))
    return parser.parse_args()


def _soak(site: Site, seconds: float, seed: int) -> int:
    """How many promises were broken."""
    name = type(site).__name__
    print(f"{name}: {seconds:.0f} s of faults with seed {seed}, in {site.data}", flush=True)
    receiver = Receiver()
    load, faults = Load(site, receiver, seed), Faults(site, receiver, seed)
    load.start()
    try:
        faults.throw(seconds)
    finally:
        load.stop()
    began = time.monotonic()
    rest(site.config, meanwhile=lambda *live: _cancel_the_endless(site, *live))
    erased(site.config)
    found = broken(site.config, load.memory, receiver)
    rested = time.monotonic() - began
    ends = tally(site.config)
    codes = site.close()
    found += processes_left(site.data)
    if any(codes):
        found.append(f"a process ended with code {codes}")
    receiver.close()
    _report("faults", faults.done)
    _report("answers", load.memory.answers)
    _report("ends", ends)
    print(f"  webhooks: {len(receiver.got)} came; quiet {rested:.1f} s after the last fault")
    for each in found[:50]:
        print(f"  BROKEN  {each}")
    print(
        f"{name}: {'every promise was kept' if not found else f'{len(found)} promises were broken'}",
        flush=True,
    )
    return len(found)


def _cancel_the_endless(site: Site, prediction_id: str, model: str) -> None:
    if model in NEVER_END:
        headers = {"x-api-key": KEY}
        httpx.post(f"{site.addresses[0]}/v1/predictions/{prediction_id}/cancel", headers=headers, timeout=30)


def _report(title: str, counted: Counter[str]) -> None:
    print(f"  {title}: " + ", ".join(f"{name} {number}" for name, number in sorted(counted.items())))


if __name__ == "__main__":
    sys.exit(main())
