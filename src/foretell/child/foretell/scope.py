"""A run as the author's code sees it: where its words and numbers go, and which run it is just now."""

from __future__ import annotations

import contextlib
import pathlib
from collections.abc import Iterator, Mapping
from contextvars import ContextVar
from typing import Any, Optional, Union

from .deltas import checked
from .outbox import Outbox
from .previews import Previews
from .steps import Progress, progress_of

NO_PROGRESS = Progress(0.0)
METRIC_MODES = {"replace": "replace", "add": "add", "incr": "add", "increment": "add", "append": "append"}


class Scope:
    """One run. `context` is what the caller said beside the input: empty here, the input is all there is."""

    def __init__(self, run_id: str, folder: str, outbox: Outbox) -> None:
        self.run_id = run_id
        self.context: dict[str, str] = {}
        self._folder = folder
        self._outbox = outbox
        self._progress = NO_PROGRESS
        self._previews: Optional[Previews] = None

    @property
    def folder(self) -> pathlib.Path:
        """The run's own, made when it is first asked for: most runs never do."""
        folder = pathlib.Path(self._folder)
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        return folder

    @property
    def metrics(self) -> Metrics:
        return Metrics(self)

    def record_metric(self, name: str, value: Any, mode: str = "replace") -> None:
        """None takes it away. Raises ValueError for a mode that is none, and for a value that is not JSON."""
        if mode not in METRIC_MODES:
            raise ValueError(f"mode is one of {', '.join(METRIC_MODES)}, not {mode!r}")
        plain = value.tolist() if hasattr(value, "tolist") else value
        self._outbox.put(
            {
                "type": "metric",
                "id": self.run_id,
                "name": str(name),
                "value": plain,
                "mode": METRIC_MODES[mode],
            }
        )

    def log(self, source: str, text: str) -> None:
        self._outbox.log(self.run_id, source, text)

    def progress(self, done: Any, of: Any = None, unit: str = "step", share: Any = None) -> None:
        """Never falls: less than before is not heard. Raises TypeError and ValueError for no number."""
        said = progress_of(done, of, unit, share)
        further = None if said is None else said.after(self._progress)
        if further is not None:
            self._progress = further
            self._outbox.progress(self.run_id, further)

    def delta(self, delta: Any) -> None:
        """In order with what is yielded. Raises TypeError and ValueError for what cannot be said."""
        self._outbox.put({"type": "delta", "id": self.run_id, "delta": checked(delta)})

    def preview(self, picture: Any) -> None:
        """Raises TypeError for what is neither a path nor bytes."""
        self._previews = self._previews or Previews(self.folder)
        path = self._previews.take(picture)
        if path is not None:
            self._outbox.put({"type": "preview", "id": self.run_id, "path": path})


class Members:
    """The runs of a batch: what is said of none of them in particular is said of each."""

    def __init__(self, run_id: str, members: list[Scope]) -> None:
        self.run_id = run_id
        self.members = members
        self.context: dict[str, str] = {}

    @property
    def metrics(self) -> Metrics:
        return Metrics(self)

    def record_metric(self, name: str, value: Any, mode: str = "replace") -> None:
        for each in self.members:
            each.record_metric(name, value, mode)

    def log(self, source: str, text: str) -> None:
        for each in self.members:
            each.log(source, text)

    def progress(self, done: Any, of: Any = None, unit: str = "step", share: Any = None) -> None:
        for each in self.members:
            each.progress(done, of, unit, share)

    def delta(self, delta: Any) -> None:
        for each in self.members:
            each.delta(delta)

    def preview(self, picture: Any) -> None:
        for each in self.members:
            each.preview(picture)


class NoScope:
    """What stands for a run where there is none: it takes everything and says nothing."""

    run_id = ""

    def __init__(self) -> None:
        self.context: dict[str, str] = {}

    @property
    def metrics(self) -> Metrics:
        return Metrics(self)

    def record_metric(self, name: str, value: Any, mode: str = "replace") -> None:
        """Goes nowhere."""


class Metrics:
    """`scope.metrics["name"] = value`, and `del` of it."""

    def __init__(self, scope: Union[Scope, Members, NoScope]) -> None:
        self._scope = scope

    def record(self, name: str, value: Any, mode: str = "replace") -> None:
        self._scope.record_metric(name, value, mode)

    def __setitem__(self, name: str, value: Any) -> None:
        self._scope.record_metric(name, value)

    def __delitem__(self, name: str) -> None:
        self._scope.record_metric(name, None)


class UnknownWeights(KeyError):
    """The predictor asked for weights that its model.toml does not declare."""

    def __init__(self, name: str, declared: Mapping[str, str]) -> None:
        names = ", ".join(sorted(declared)) or "none"
        self.message = f"model.toml declares no weights named {name!r}; it declares: {names}"
        super().__init__(self.message)

    def __str__(self) -> str:
        return self.message


_here: ContextVar[Union[Scope, Members, None]] = ContextVar("foretell_run", default=None)
_live: dict[str, Union[Scope, Members]] = {}
_weights: dict[str, str] = {}


def enter(scope: Union[Scope, Members]) -> None:
    """Makes it the run of the calling thread or task, until `leave`."""
    _live[scope.run_id] = scope
    _here.set(scope)


def leave(scope: Union[Scope, Members]) -> None:
    _live.pop(scope.run_id, None)
    _here.set(None)


@contextlib.contextmanager
def within(scope: Scope) -> Iterator[None]:
    """Inside, the calling thread or task belongs to that one of the runs that go on together."""
    token = _here.set(scope)
    try:
        yield
    finally:
        _here.reset(token)


def active() -> Union[Scope, Members, None]:
    """The run that the calling code belongs to; None in setup and where it could be any of several."""
    here = _here.get()
    if here is not None:
        return here
    # A thread that the predictor started does not inherit the run. If only one is going on, it is that one's.
    alone = list(_live.values())
    return alone[0] if len(alone) == 1 else None


def current_scope() -> Union[Scope, Members, NoScope]:
    """The run that is going on; outside of one, what stands for none."""
    return active() or NoScope()


def declare_weights(paths: Mapping[str, str]) -> None:
    _weights.clear()
    _weights.update(paths)


def weights(name: str) -> pathlib.Path:
    """The file or folder that model.toml declares under that name. Raises `UnknownWeights`."""
    if name not in _weights:
        raise UnknownWeights(name, _weights)
    return pathlib.Path(_weights[name])
