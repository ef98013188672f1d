"""The shape of the code: small files, small functions. (Imports' direction is checked by import-linter.)"""

import ast
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
SOURCES = sorted((ROOT / "src").rglob("*.py"))
EVERYTHING = [*SOURCES, *sorted((ROOT / "tests").rglob("*.py")), *sorted((ROOT / "benchmarks").rglob("*.py"))]
FILE_LINES_MAX = 300
FUNCTION_LINES_MAX = 40
MEDIAN_LINES_MAX = 8
COMPILED = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["hatch"]["build"]["targets"]["wheel"][
    "hooks"
]["mypyc"]["include"]
VAGUE = {
    "utils",
    "util",
    "helpers",
    "helper",
    "common",
    "base",
    "manager",
    "service",
    "handler",
    "misc",
    "core",
}


def functions(path: Path) -> Iterator[tuple[str, int]]:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            assert node.end_lineno is not None
            # A predictor's signature is its model's schema, a line or more for each input: its body counts.
            first = node.body[0].lineno if {"models", "predictor"} & set(path.parts) else node.lineno
            yield f"{path.relative_to(ROOT)}:{node.lineno} {node.name}", node.end_lineno - first + 1


def test_no_file_is_longer_than_300_lines() -> None:
    lengths = {str(path.relative_to(ROOT)): len(path.read_text().splitlines()) for path in EVERYTHING}
    assert {name: lines for name, lines in lengths.items() if lines > FILE_LINES_MAX} == {}


def test_no_function_is_longer_than_40_lines() -> None:
    lengths = dict(each for path in EVERYTHING for each in functions(path))
    assert {name: lines for name, lines in lengths.items() if lines > FUNCTION_LINES_MAX} == {}


def test_the_median_function_is_short() -> None:
    lengths = sorted(lines for path in SOURCES for _, lines in functions(path))
    assert lengths[len(lengths) // 2] <= MEDIAN_LINES_MAX


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_module_is_named_for_a_thing_and_says_what_it_owns(path: Path) -> None:
    assert path.stem not in VAGUE
    tree = ast.parse(path.read_text())
    assert not tree.body or ast.get_docstring(tree), "a module begins with a sentence on what it owns"


def test_every_noun_has_its_place_in_the_order_of_imports() -> None:
    order = (ROOT / "pyproject.toml").read_text().partition("layers = [")[2].partition("]")[0]
    placed = set(re.findall(r"foretell\.(\w+)", order))
    assert {path.stem for path in (ROOT / "src/foretell").glob("*.py")} - {"__init__"} <= placed


def test_sql_is_written_only_in_the_store() -> None:
    outside = [path for path in SOURCES if "store" not in path.parts and "import sqlite3" in path.read_text()]
    assert outside == []


@pytest.mark.parametrize("name", COMPILED)
def test_what_is_compiled_has_nothing_in_it_that_means_something_else_then(name: str) -> None:
    """A Struct would lose its options, and an async generator cannot be compiled."""
    tree = ast.parse((ROOT / name).read_text())
    bases = {
        ast.unparse(base) for node in ast.walk(tree) if isinstance(node, ast.ClassDef) for base in node.bases
    }
    assert not {each for each in bases if each.endswith(("Struct", "NamedTuple"))}
    assert not [
        node.name for node in ast.walk(tree) if isinstance(node, ast.AsyncFunctionDef) and _yields(node)
    ]


def _yields(function: ast.AsyncFunctionDef) -> bool:
    inner = {
        id(node)
        for each in ast.walk(function)
        if isinstance(each, _FUNCTIONS) and each is not function
        for node in ast.walk(each)
    }
    return any(isinstance(node, ast.Yield) and id(node) not in inner for node in ast.walk(function))


_FUNCTIONS = ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda
