"""A predictor in a plain loop, without a server: runs each line of JSON it is given, and says how long it took.

Runs in the model's own environment, where only the standard library is sure: see `work.py`, which starts it.
"""

import importlib
import json
import os
import sys
import tempfile
import time


def main() -> None:
    asked = json.loads(sys.argv[1])
    sys.path.insert(0, asked["child"])
    scope, predictor = (importlib.import_module(f"foretell.{each}") for each in ("scope", "predictor"))
    scope.declare_weights(asked["weights"])
    said = os.fdopen(os.dup(1), "w", buffering=1)
    os.dup2(2, 1)  # what the model prints is not an answer
    os.chdir(tempfile.mkdtemp(dir=asked["folder_for_runs"]))
    loaded = predictor.load(asked["folder"], asked["predictor"], asked["paths"])
    loaded.setup(**loaded.setup_arguments())
    said.write("ready\n")
    for line in sys.stdin:
        arguments = loaded.parameters.arguments(json.loads(line))
        since = time.perf_counter()
        found = loaded.run(**arguments)
        count = sum(1 for _ in found) if loaded.yields else 1
        said.write(json.dumps({"seconds": time.perf_counter() - since, "count": count}) + "\n")


if __name__ == "__main__":
    main()
