"""`python -m fuzz --minutes 10 [--target NAME]`: strange bytes into everything that reads strangers' bytes.

What crashes is kept in `found/`, where the tests try it again for ever; exit code 1 when there was any.
"""

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from fuzz.seeds import words
from fuzz.targets import TARGETS, seeds

FOUND = Path(__file__).parent / "found"
INPUT_BYTES_MAX = 16_384
INPUT_SECONDS_MAX = 10
"""An input that takes longer than this counts as found: a stranger could hold the server with it."""
MEMORY_MB_MAX = 2_048


def main() -> int:
    parser = argparse.ArgumentParser(prog="fuzz", description="Strange bytes, guided by what they reach.")
    parser.add_argument("--minutes", type=float, default=10, help="in total, shared by all targets")
    parser.add_argument("--target", action="append", choices=sorted(TARGETS), help="only this; repeatable")
    asked = parser.parse_args()
    names = asked.target or sorted(TARGETS)
    failed = [name for name in names if not _hunted(name, asked.minutes * 60 / len(names))]
    print(f"fuzz: {len(names)} targets, {len(failed)} with findings {failed or ''}")
    return 1 if failed else 0


def _hunted(name: str, seconds: float) -> bool:
    """Whether a target stood for that long. What it has learned is kept between runs, in the cache directory."""
    corpus = _cache() / name
    corpus.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="foretell-fuzz-") as directory:
        place = Path(directory)
        for folder in ("seeds", "crashes"):
            (place / folder).mkdir()
        for number, data in enumerate(seeds(name)):
            (place / "seeds" / str(number)).write_bytes(data)
        (place / "words").write_text("".join(f'"{word}"\n' for word in words()))
        options = [
            f"-max_total_time={max(1, int(seconds))}",
            f"-max_len={INPUT_BYTES_MAX}",
            f"-timeout={INPUT_SECONDS_MAX}",
            f"-rss_limit_mb={MEMORY_MB_MAX}",
            f"-dict={place / 'words'}",
            f"-artifact_prefix={place / 'crashes'}/",
            "-print_final_stats=1",
            "-verbosity=0",
        ]
        command = [sys.executable, "-m", "fuzz.hunt", name, *options, str(corpus), str(place / "seeds")]
        print(f"fuzz: {name} for {seconds:.0f} s", flush=True)
        done = subprocess.run(command, check=False, env=os.environ | {"FORETELL_FUZZ": str(place)})
        crashes = sorted((place / "crashes").iterdir())
        for each in crashes:
            (FOUND / name).mkdir(parents=True, exist_ok=True)
            shutil.copyfile(each, FOUND / name / each.name)
            print(f"fuzz: {name} found {FOUND / name / each.name}", flush=True)
        return done.returncode == 0 and not crashes


def _cache() -> Path:
    return Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "foretell-fuzz"


if __name__ == "__main__":
    sys.exit(main())
