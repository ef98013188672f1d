"""The author's predictor: the base classes, and loading one from its file."""

from __future__ import annotations

import importlib.util
import inspect
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, Optional, TypeVar

from . import annotation
from .inputs import Parameters
from .scope import Scope, current_scope

Function = TypeVar("Function", bound=Callable[..., Any])


class BaseRunner:
    """A model: `setup` once, then `run` (or `predict`) for each prediction."""

    @property
    def scope(self) -> Scope:
        return current_scope()

    def record_metric(self, name: str, value: Any, mode: str = "replace") -> None:
        """Shows a number in the metrics of the prediction that is going on."""
        current_scope().record_metric(name, value, mode)


BasePredictor = Predictor = Runner = BaseRunner


def streaming(function: Function) -> Function:
    """Says that what the predictor yields is of use before it is complete."""
    function.foretell_streaming = True  # type: ignore[attr-defined]
    return function


def concurrent(*, max: int = 1) -> Callable[[Function], Function]:
    """Says how many predictions an asynchronous predictor takes at once."""

    def mark(function: Function) -> Function:
        function.foretell_concurrent = max  # type: ignore[attr-defined]
        return function

    return mark


class UnusablePredictor(Exception):
    """The file does not hold what the model's description says. The message says what is missing."""


class Loaded:
    """A predictor ready to be set up: its functions, and what they take and give."""

    def __init__(self, setup: Optional[Callable[..., Any]], run: Callable[..., Any]) -> None:
        self.setup = setup
        self.run = run
        self.parameters = Parameters(run)
        self.returns = annotation.of(run).get("return", Any)
        self.is_async = inspect.iscoroutinefunction(run) or inspect.isasyncgenfunction(run)
        self.yields = (
            inspect.isgeneratorfunction(run)
            or inspect.isasyncgenfunction(run)
            or annotation.is_iterator(self.returns)
        )
        self.is_streaming = self.yields or bool(getattr(run, "foretell_streaming", False))
        self.concurrent = int(getattr(run, "foretell_concurrent", 1))

    @property
    def item(self) -> Any:
        """What one output must be: the items of an iterator, or the value that is returned."""
        return annotation.item(self.returns) if annotation.is_iterator(self.returns) else self.returns

    def setup_arguments(self) -> dict[str, Any]:
        """Cog's `setup(self, weights)` gets no weights: they are had by name."""
        parameters = inspect.signature(self.setup).parameters if self.setup else {}
        lacks = "weights" in parameters and parameters["weights"].default is inspect.Parameter.empty
        return {"weights": None} if lacks else {}


def load(folder: str, reference: str, paths: list[str]) -> Loaded:
    """The predictor `file.py:Name` of a folder. Raises `UnusablePredictor`, and what its import raises."""
    file, _, name = reference.partition(":")
    _extend_path([folder, *paths])
    subject = getattr(_imported(Path(folder) / file), name or "Predictor", None)
    if subject is None:
        raise UnusablePredictor(f"{file} has no {name}")
    if not inspect.isclass(subject):
        return Loaded(None, subject)
    instance = subject()
    return Loaded(getattr(instance, "setup", None), _run_function(instance, reference))


def _extend_path(folders: list[str]) -> None:
    # After the child's own folder, whose names must win, and before everything that is installed.
    sys.path[1:1] = [str(Path(folder).absolute()) for folder in folders]


def _imported(path: Path) -> Any:
    name = path.stem
    specification = importlib.util.spec_from_file_location(name, path)
    if specification is None or specification.loader is None or not path.is_file():
        raise UnusablePredictor(f"there is no Python file {path}")
    module = importlib.util.module_from_spec(specification)
    sys.modules[name] = module
    specification.loader.exec_module(module)
    return module


def _run_function(instance: Any, reference: str) -> Callable[..., Any]:
    found = [
        getattr(instance, name) for name in ("run", "predict") if callable(getattr(instance, name, None))
    ]
    if not found:
        raise UnusablePredictor(f"{reference} has neither run() nor predict()")
    if len(found) > 1:
        raise UnusablePredictor(f"{reference} has both run() and predict(); keep run()")
    function: Callable[..., Any] = found[0]
    return function
