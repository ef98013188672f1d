"""The names a Cog model imports. They live in the child's `foretell`; this is their face."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    # The same files as below, by the name a type checker knows them under.
    from ..foretell import inputs, predictor, values
    from ..foretell.gate import CancelationException
    from ..foretell.inputs import FieldInfo, Input
    from ..foretell.predictor import BasePredictor, BaseRunner, Predictor, Runner, concurrent, streaming
    from ..foretell.scope import Scope, current_scope
    from ..foretell.values import (
        AsyncConcatenateIterator,
        BaseModel,
        ConcatenateIterator,
        File,
        Opaque,
        Path,
        Secret,
        URLFile,
        URLPath,
    )
else:
    from foretell import inputs, predictor, values
    from foretell.gate import CancelationException
    from foretell.inputs import FieldInfo, Input
    from foretell.predictor import BasePredictor, BaseRunner, Predictor, Runner, concurrent, streaming
    from foretell.scope import Scope, current_scope
    from foretell.values import (
        AsyncConcatenateIterator,
        BaseModel,
        ConcatenateIterator,
        File,
        Opaque,
        Path,
        Secret,
        URLFile,
        URLPath,
    )

__all__ = [
    "AsyncConcatenateIterator",
    "BaseModel",
    "BasePredictor",
    "BaseRunner",
    "CancelationException",
    "ConcatenateIterator",
    "ExperimentalFeatureWarning",
    "FieldInfo",
    "File",
    "Input",
    "Opaque",
    "Path",
    "Predictor",
    "Runner",
    "Scope",
    "Secret",
    "URLFile",
    "URLPath",
    "concurrent",
    "current_scope",
    "emit_metric",
    "streaming",
]

__version__ = "0.23.1"
"""The version of Cog whose names these are."""

for _name, _module in {"input": inputs, "model": values, "predictor": predictor, "types": values}.items():
    # Some models import from where Cog itself keeps them.
    sys.modules[f"{__name__}.{_name}"] = _module


class ExperimentalFeatureWarning(FutureWarning):
    """What models of older days tell Python to be silent about."""


def emit_metric(name: str, value: Any) -> None:
    """`current_scope().record_metric`, as it was once called."""
    current_scope().record_metric(name, value)
