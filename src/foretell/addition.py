"""Additions: what an operator does with a model step by step, to be followed and read afterwards."""

from dataclasses import dataclass, replace
from enum import StrEnum


class Work(StrEnum):
    """What is done: a model is added, its examples are run, or what it needs is fetched."""

    ADD = "add"
    TEST = "test"
    PULL = "pull"


class State(StrEnum):
    """How far an addition is, or one of its steps."""

    RUNNING = "running"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELED = "canceled"


class StepName(StrEnum):
    """The steps in their order; a test has an `example` for each of its own."""

    READING = "reading"
    WEIGHTS = "weights"
    ENVIRONMENT = "environment"
    LOADING = "loading"
    EXAMPLE = "example"
    CURRENT = "current"


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """A step that has begun. `says` is what came of it, or what it is at; `fraction` (0–1) how far it is."""

    name: StepName
    state: State = State.RUNNING
    says: str = ""
    fraction: float | None = None
    began_at: int
    ended_at: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Addition:
    """One piece of work. `source` is what was asked for: a path, `hf:owner/name`, a URL, or a model's name.

    `model` and `version_id` are empty until they are known. `prediction_id` is the trial that is under way.
    """

    id: str
    work: Work
    account_id: str
    source: str
    created_at: int
    updated_at: int
    model: str = ""
    version_id: str | None = None
    prediction_id: str | None = None
    state: State = State.RUNNING
    steps: tuple[Step, ...] = ()
    error: str | None = None
    log: str = ""

    def with_step(self, step: Step) -> "Addition":
        """The same with a step more, or with the last one as it is now."""
        is_last = bool(self.steps) and self.steps[-1].began_at == step.began_at
        return replace(self, steps=(*(self.steps[:-1] if is_last else self.steps), step))
