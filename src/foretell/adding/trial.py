"""Trials: a version is loaded on a node, and an example run on it, as a prediction that is nobody's business."""

import asyncio
import base64
import hashlib
import json
import mimetypes
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from foretell.adding.bench import Bench
from foretell.adding.report import Doing, Report
from foretell.addition import StepName
from foretell.catalog.examples import given_of, kind_of
from foretell.errors import Code, Error
from foretell.event import Kind
from foretell.ids import new_id
from foretell.model import Example, Version
from foretell.prediction import FILE_KEY, TRIAL, NewPrediction, Phase, Prediction, Status
from foretell.schema import InputSchema
from foretell.store.nodes import Readiness

LOOK_SECONDS = 0.3
EXAMPLE_FILE_BYTES_MAX = 16 * 1024**2
WAIT_SECONDS_MAX = 3_600.0
"""How long a trial may wait for room on a node, and for what its model needs."""
_FRAME = re.compile(r'File "([^"]+)", line (\d+), in (\S+)')


@dataclass(frozen=True, slots=True)
class Tried:
    """How a trial ended: what came, and of which kinds that is (`image`, `text`, `json`, …)."""

    prediction: Prediction
    kinds: tuple[str, ...]


async def require_node(bench: Bench) -> None:
    """Raises Error(UNAVAILABLE) when no node lives that could try a model."""
    if bench.has_node or await bench.store.living(within_seconds=bench.config.lost_seconds):
        return
    raise Error(Code.UNAVAILABLE, "No node is running that could load the model: start 'foretell node'.")


async def loaded_and_run(bench: Bench, report: Report, version: Version) -> None:
    """Loads the version and runs its first example, in a step each. Raises Error that says what went wrong."""
    examples = version.manifest.examples
    trial = Trial(bench, report, version, examples[0] if examples else None)
    try:
        with report.step(StepName.LOADING) as doing:
            await trial.begun(doing)
        if not examples:
            with report.step(StepName.EXAMPLE) as doing:
                await trial.ended(doing)
                doing.says(_nothing_run(version))
            return
        with report.step(StepName.EXAMPLE, examples[0].title) as doing:
            tried = await trial.ended(doing)
            gave = f"gave {', '.join(tried.kinds) or 'nothing'} in {_seconds(tried.prediction):.1f} s"
            doing.says(gave + _memory_words(version, tried.prediction))
    finally:
        await trial.forget()


async def run_example(bench: Bench, report: Report, version: Version, example: Example) -> None:
    """Runs one example in a step of its own; it has to give the kinds of output that the example shows."""
    trial = Trial(bench, report, version, example)
    try:
        name = example.title or _short(example.input)
        with report.step(StepName.EXAMPLE, name) as doing:
            tried = await trial.ended(doing)
            shown = _shown_kinds(example)
            if shown and set(shown) != set(tried.kinds):
                message = (
                    f"it gave {', '.join(tried.kinds) or 'nothing'}, and the example shows {', '.join(shown)}"
                )
                raise Error(Code.INFERENCE_FAILED, f"{name}: {message}.")
            doing.says(f"{name}: {', '.join(tried.kinds)} in {_seconds(tried.prediction):.1f} s")
    finally:
        await trial.forget()


class Trial:
    """A prediction of the operator's own, free of charge. Without an example the model is only loaded."""

    def __init__(self, bench: Bench, report: Report, version: Version, example: Example | None) -> None:
        self._bench = bench
        self._report = report
        self._version = version
        self._example = example
        self._id: str | None = None
        self._heard = 0
        self._text = ""

    async def begun(self, doing: Doing) -> None:
        """Returns when the version is loaded. Raises Error(UNAVAILABLE) with the reason why it cannot be."""
        was_loaded = await self._is_loaded()
        prediction = await self._until(lambda each: each.started_at is not None, doing, is_loading=True)
        if prediction.started_at is None:
            raise Error(Code.UNAVAILABLE, self._reason(prediction))
        if was_loaded:
            doing.says("it was loaded already")
            return
        doing.says(f"loaded in {prediction.metrics.get('load_time') or _waited(prediction):.1f} s")

    async def ended(self, doing: Doing) -> Tried:
        """How it ended. Raises Error(INFERENCE_FAILED) unless that was well."""
        prediction = await self._until(lambda each: each.status.is_terminal, doing)
        if prediction.status is not Status.SUCCEEDED:
            raise Error(Code.INFERENCE_FAILED, self._reason(prediction))
        return Tried(prediction, await self._kinds(prediction))

    async def forget(self) -> None:
        """Cancels it if it still lives, and takes away all that came of it."""
        if self._id is not None:
            await self._bench.store.delete(self._id, account_id=None)
            self._report.know(prediction_id=None)

    async def _is_loaded(self) -> bool:
        there = await self._bench.store.replicas()
        return any(each.version_id == self._version.id and each.state is Readiness.READY for each in there)

    async def _until(
        self, is_enough: Callable[[Prediction], bool], doing: Doing, *, is_loading: bool = False
    ) -> Prediction:
        words = doing.step.says
        if self._id is None:
            await self._create()
        assert self._id is not None
        while True:
            found = await self._bench.store.await_terminal(self._id, LOOK_SECONDS)
            if found is None:
                raise Error(Code.UNAVAILABLE, "The trial was deleted.")
            await self._hear(found, until=found.started_at if is_loading else None)
            if found.status.is_terminal or is_enough(found):
                return found
            if found.phase not in {None, Phase.RUNNING}:
                doing.says(found.phase.value if found.phase else words, found.progress / 100 or None)

    async def _create(self) -> None:
        version = self._version
        values = {} if self._example is None else await asyncio.to_thread(self._input, self._example)
        limits = version.manifest.limits
        new = NewPrediction(
            id=new_id(),
            account_id=self._report.addition.account_id,
            key_id=None,
            model=version.model,
            model_type=version.manifest.type,
            version_id=version.id,
            lane=version.lane(),
            input=values,
            input_hash=hashlib.sha256(repr(values).encode()).hexdigest(),
            origin="",
            source=TRIAL,
            request=None if self._example else {"load_only": True},
            cancel_after_seconds=WAIT_SECONDS_MAX + limits.load_timeout_seconds + limits.run_timeout_seconds,
        )
        self._report.know(prediction_id=new.id)
        self._id = new.id
        await self._bench.store.create(new)

    def _input(self, example: Example) -> dict[str, Any]:
        located = self._bench.snapshots.located(self._version.manifest)
        given = given_of(self._version.at(located), example)
        return InputSchema(self._version.input_schema).complete(
            {name: _with_files(value) for name, value in given.items()}
        )

    async def _hear(self, prediction: Prediction, *, until: int | None) -> None:
        """Takes over into the log what the model wrote to its own, or only what it wrote until then."""
        for event in await self._bench.store.events(prediction.id, after=self._heard):
            if until is not None and event.at >= until:
                return
            self._heard = event.sequence
            if event.kind is Kind.LOG:
                self._text = (self._text + str(event.data.get("text", "")))[-64 * 1024 :]
                for line in str(event.data.get("text", "")).splitlines():
                    self._report.say(line)

    def _reason(self, prediction: Prediction) -> str:
        if prediction.failure is None:
            return "The trial was canceled."
        message, _, log = prediction.failure.message.partition("\n\n")
        return message + _place(
            self._text + log, self._bench.snapshots.located(self._version.manifest).folder
        )

    async def _kinds(self, prediction: Prediction) -> tuple[str, ...]:
        files = {each.id: each for each in await self._bench.store.files_of(prediction.id)}
        result = prediction.result
        pieces = result if isinstance(result, list) else [] if result is None else [result]
        return tuple(_kind(each, files) for each in pieces)


def _kind(value: Any, files: dict[str, Any]) -> str:
    if isinstance(value, dict) and value.get(FILE_KEY) in files:
        return str(files[value[FILE_KEY]].content_type).partition("/")[0]
    # Of what is no file, an example can only show the text.
    return "text"


def _shown_kinds(example: Example) -> tuple[str, ...]:
    """Of which kinds an example's output is: a name with the ending of a file is one."""
    return tuple(map(kind_of, example.output))


def _with_files(value: Any) -> Any:
    """A `file:` URL as the `data:` URL of its content, which any node can read."""
    if isinstance(value, list):
        return [_with_files(each) for each in value]
    if not (isinstance(value, str) and value.startswith("file://")):
        return value
    path = Path(unquote(urlsplit(value).path))
    if path.stat().st_size > EXAMPLE_FILE_BYTES_MAX:
        message = f"{path.name} is larger than the {EXAMPLE_FILE_BYTES_MAX:,} bytes that an example's file may have."
        raise Error(Code.TOO_LARGE, message)
    kind = mimetypes.guess_type(path.name)[0] or "application/octet-stream"
    return f"data:{kind};base64,{base64.b64encode(path.read_bytes()).decode()}"


def _place(log: str, folder: str) -> str:
    """The last line of the model's own code that a traceback names."""
    frames = [match for match in _FRAME.finditer(log) if match[1].startswith(folder)]
    if not frames:
        return ""
    file, line, name = frames[-1].groups()
    return f" ({Path(file).relative_to(folder)}, line {line}, in {name})"


def _nothing_run(version: Version) -> str:
    required = version.input_schema.get("required", ())
    needs = f"; it needs {', '.join(required)}" if required else ""
    return f"no [[examples]] in model.toml, so nothing was run{needs}"


def _memory_words(version: Version, prediction: Prediction) -> str:
    """Where it took more than it declares, which nothing forbids: placing it goes by what it says."""
    declared_mb, taken_mb = (
        version.manifest.limits.memory_mb,
        prediction.metrics.get("memory_peak_mb", 0.0),
    )
    if taken_mb <= declared_mb:
        return ""
    return f"; its process took {taken_mb:,.0f} MB, where 'limits.memory_mb' says {declared_mb:,}"


def _short(given: dict[str, Any]) -> str:
    return json.dumps(given, ensure_ascii=False)[:60]


def _seconds(prediction: Prediction) -> float:
    return prediction.metrics.get("predict_time", 0.0)


def _waited(prediction: Prediction) -> float:
    return ((prediction.started_at or prediction.created_at) - prediction.created_at) / 1_000_000
