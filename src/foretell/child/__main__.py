"""The child's first lines: this folder wins on the path, then `foretell.session` takes over."""

from __future__ import annotations

import importlib
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent


def claim_names() -> None:
    """Makes `cog` and `foretell` mean this folder's, whatever is installed under those names."""
    sys.path[:] = [str(HERE), *(entry for entry in sys.path if Path(entry).resolve() != HERE)]
    for name in [name for name in sys.modules if name.split(".")[0] in ("cog", "foretell")]:
        del sys.modules[name]


if __name__ == "__main__":
    claim_names()
    # Not an import statement: to a type checker `foretell` is the server's package, here it is the child's.
    importlib.import_module("foretell.session").main(sys.argv[1:])
