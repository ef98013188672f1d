"""The names a Cog model imports. They live in the child's `foretell`; this is their face."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    # The same files as below, by the name a type checker knows them under.
    from ..foretell.gate import CancelationException
    from ..foretell.inputs import Input
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
        URLPath,
    )
else:
    from foretell.gate import CancelationException
    from foretell.inputs import Input
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
        URLPath,
    )

__all__ = [
    "AsyncConcatenateIterator",
    "BaseModel",
    "BasePredictor",
    "BaseRunner",
    "CancelationException",
    "ConcatenateIterator",
    "File",
    "Input",
    "Opaque",
    "Path",
    "Predictor",
    "Runner",
    "Scope",
    "Secret",
    "URLPath",
    "concurrent",
    "current_scope",
    "streaming",
]
