"""The author's predictor: the base classes, and loading one from its file."""

from __future__ import annotations

import importlib.util
import inspect
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, Optional, TypeVar, Union

from . import annotation
from .inputs import Parameters
from .scope import Members, NoScope, Scope, current_scope

COG_FILE = "cog.yaml"

Function = TypeVar("Function", bound=Callable[..., Any])


class BaseRunner:
    """A model: `setup` once, then `run` (or `predict`) for each prediction."""

    def setup(self, weights: Any = None) -> Any:
        """Loads what every run needs."""

    @property
    def scope(self) -> Union[Scope, Members, NoScope]:
        return current_scope()

    def record_metric(self, name: str, value: Any, mode: str = "replace") -> None:
        """Shows a value in the metrics of the prediction that is going on; outside of one, to nobody."""
        current_scope().record_metric(name, value, mode)


BasePredictor = Predictor = Runner = BaseRunner


def streaming(function: Optional[Function] = None) -> Any:
    """Says that what the predictor yields is of use before it is complete. With or without parentheses."""
    if function is None:
        return streaming
    function.foretell_streaming = True  # type: ignore[attr-defined]
    return function


def concurrent(function: Optional[Function] = None, *, max: int = 1) -> Any:
    """Says how many predictions an asynchronous predictor takes at once. With or without parentheses.

    Raises TypeError and ValueError for a number that is none.
    """
    if isinstance(max, bool) or not isinstance(max, int):
        raise TypeError("concurrent(max=...) takes a whole number")
    if max < 1:
        raise ValueError("concurrent(max=...) takes 1 or more")

    def mark(function: Function) -> Function:
        if max > 1 and not _is_async(function):
            raise TypeError("concurrent(max=...) of more than 1 needs an async def")
        function.foretell_concurrent = max  # type: ignore[attr-defined]
        return function

    return mark if function is None else mark(function)


class UnusablePredictor(Exception):
    """The file does not hold what the model's description says. The message says what is missing."""


class Loaded:
    """A predictor ready to be set up: its functions, and what they take and give."""

    def __init__(
        self,
        setup: Optional[Callable[..., Any]],
        run: Callable[..., Any],
        healthcheck: Optional[Callable[[], Any]] = None,
        run_together: Optional[Callable[[list[dict[str, Any]]], Any]] = None,
    ) -> None:
        self.setup = setup
        self.run_together = run_together
        self.healthcheck = healthcheck
        self.run = run
        self.parameters = Parameters(run)
        self.returns = annotation.of(run).get("return", Any)
        self.is_async = _is_async(run)
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
    if (Path(folder) / COG_FILE).exists():
        _lay_out(Path(folder))
    subject = getattr(_imported(Path(folder) / file), name or "Predictor", None)
    if subject is None:
        raise UnusablePredictor(f"{file} has no {name}")
    if not inspect.isclass(subject):
        return Loaded(None, subject)
    instance = subject()
    run = _run_function(instance, reference)
    return Loaded(
        getattr(instance, "setup", None),
        run,
        getattr(instance, "healthcheck", None),
        getattr(instance, "predict_batch", None),
    )


def _is_async(function: Callable[..., Any]) -> bool:
    return inspect.iscoroutinefunction(function) or inspect.isasyncgenfunction(function)


def _lay_out(folder: Path) -> None:
    """Shows the model's files in the working directory, where Cog has them; what a run writes stays out of them."""
    for entry in folder.iterdir():
        here = Path.cwd() / entry.name
        if not entry.name.startswith(".") and not os.path.lexists(here):
            here.symlink_to(entry.absolute())


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
