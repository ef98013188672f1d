"""Plain values for tests: a request nobody has to invent, and a clock that tests move."""

from typing import Any

from msgspec.structs import replace

from foretell.event import Event, Kind
from foretell.file import File
from foretell.ids import new_id
from foretell.prediction import Hold, NewPrediction, Outcome, Status, Subscription
from foretell.store import Store

LANE = "echo-1:any"
SECOND = 1_000_000
DONE = Outcome(status=Status.SUCCEEDED, result="done", metrics={"predict_time": 0.5})


class Clock:
    """Instants in microseconds that only grow: `step` with each look, more when a test says so."""

    def __init__(self) -> None:
        self.now = 1_800_000_000 * SECOND
        self.step = 1

    def __call__(self) -> int:
        self.now += self.step
        return self.now

    def pass_seconds(self, seconds: float) -> None:
        self.now += int(seconds * SECOND)


def new_prediction(**changes: Any) -> NewPrediction:
    """A request of account `ann` to the model `echo`."""
    plain = NewPrediction(
        id=new_id(),
        account_id="ann",
        key_id="key-of-ann",
        model="echo",
        model_type="text",
        version_id="echo-1",
        lane=LANE,
        input={"text": "hello"},
        input_hash="fingerprint",
        origin="http://127.0.0.1:8900",
    )
    return replace(plain, **changes)


async def kept(store: Store, file: File) -> None:
    """Writes the row of a file whose bytes are there."""
    await store.announce_upload(file)
    assert await store.settle_upload(file)


def asking(*events: str, url: str = "http://127.0.0.1:9/hook") -> Subscription:
    """A webhook subscription to canonical `events`."""
    return Subscription(url=url, names=events, events=events, spelling="canceled")


def said(hold: Hold, *texts: str, first: int = 1) -> list[Event]:
    """Output events of one attempt, numbered from `first`."""
    return [
        Event(
            hold.prediction_id,
            hold.attempt,
            first + order,
            Kind.OUTPUT,
            {"value": text},
            1_800_000_000 * SECOND,
        )
        for order, text in enumerate(texts)
    ]
