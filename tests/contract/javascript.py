"""The JavaScript clients: installed once per lock file, outside of the repository, and their tests run by Node."""

import os
import re
import subprocess
from pathlib import Path

import node_packages

FOLDER = Path(__file__).with_name("node")
PAGE = Path(__file__).parents[2] / "docs" / "migrating.md"
TEST_SECONDS = 60
_TEST = re.compile(r'^test\("([^"]+)"', re.MULTILINE)


def tests() -> list[tuple[str, str]]:
    """Every test of every script, as (file, name)."""
    scripts = sorted(FOLDER.glob("*.test.mjs"))
    return [(each.name, name) for each in scripts for name in _TEST.findall(each.read_text())]


def documented_preload() -> str:
    """The module that the page on migrating tells to load before an application whose base URL is fixed."""
    [code] = re.findall(r"```js\n(// preload\.mjs\n.*?)```", PAGE.read_text(), re.DOTALL)
    return str(code)


def installed() -> Path:
    """The folder with `node_modules` of the lock file; it stays for the next run.

    Raises CalledProcessError when npm cannot install them.
    """
    return node_packages.installed(FOLDER)


def run(folder: Path, script: str, name: str, **environment: str) -> None:
    """Runs one test of one script in a folder beside the installed clients. Fails with what Node says."""
    pattern = f"^{re.escape(name)}$"
    command = ["node", "--test-reporter=spec", f"--test-name-pattern={pattern}", script]
    ended = subprocess.run(
        command,
        cwd=folder,
        env=os.environ | environment,
        capture_output=True,
        text=True,
        timeout=TEST_SECONDS,
        check=False,
    )
    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert re.search(r"^ℹ pass 1$", ended.stdout, re.MULTILINE), ended.stdout + ended.stderr
