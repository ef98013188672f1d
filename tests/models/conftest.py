"""Lends tests what the built-in models' environment holds, so that parts of models are tried here."""

import asyncio
import os
import sys

from foretell import catalog, config
from foretell.weights import Environments


def _lend() -> None:
    manifests = [catalog.read_manifest(folder) for folder in catalog.built_in()]
    environments = Environments(config.load(os.environ).cache_path)
    for manifest in manifests:
        if manifest.environment == "builtin" and environments.is_ready(manifest):
            python = asyncio.run(environments.python(manifest))
            # Last, so that what the tests' own environment has is not shadowed.
            sys.path.append(
                str(python.parents[1] / "lib" / f"python3.{sys.version_info.minor}" / "site-packages")
            )
            return


_lend()
