"""The official JavaScript clients, unmodified: each test of the scripts in `node/` is one here."""

import shutil
import subprocess
from pathlib import Path

import pytest

from contract import javascript
from servers import KEY, Foretell

pytestmark = pytest.mark.needs("node")


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The scripts beside the installed clients."""
    try:
        modules = javascript.installed()
    except subprocess.CalledProcessError as error:
        pytest.skip(f"npm cannot install the JavaScript clients: {error.stderr.strip().splitlines()[-1:]}")
    place = tmp_path_factory.mktemp("node")
    for script in javascript.FOLDER.glob("*.mjs"):
        shutil.copy(script, place)
    # What the page tells people to write is what runs.
    (place / "preload.mjs").write_text(javascript.documented_preload())
    (place / "node_modules").symlink_to(modules)
    return place


@pytest.mark.parametrize(("script", "name"), javascript.tests())
def test_a_javascript_client(
    folder: Path, server: Foretell, soft_server: Foretell, script: str, name: str
) -> None:
    addresses = {
        "FORETELL_TEST_ADDRESS": server.address,
        "FORETELL_TEST_SOFT_ADDRESS": soft_server.address,
        "FORETELL_TEST_KEY": KEY,
    }
    javascript.run(folder, script, name, **addresses)
