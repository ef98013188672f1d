"""What figures and traces cost for each prediction that ends: `python benchmarks/telemetry.py`."""

import os
import statistics
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from multiprocessing import Pipe, Process
from multiprocessing.connection import Connection

from foretell.prediction import Prediction, Status
from foretell.telemetry import Measures, open_tracing

TIMES, ROUNDS = 20_000, 5
TRACED = 400
"""Traces of one round: their spans are fewer than may wait for the collector."""
BEGAN_AT = 1_700_000_000_000_000


def main() -> None:
    """Prints the median over the rounds, in microseconds of CPU time."""
    measures = Measures()
    figures = statistics.median(_cost(measures.ended, TIMES) for _ in range(ROUNDS))
    print(f"figures: {figures:.1f} µs for each prediction that ends")
    with _collector() as address:
        os.environ["OTEL_EXPORTER_OTLP_ENDPOINT"] = address
        traces = statistics.median(_traced() for _ in range(ROUNDS))
    print(f"traces:  {traces:.1f} µs, with what sends them to a collector in another process")


def _cost(ended: Callable[[Prediction], None], times: int) -> float:
    """Microseconds of CPU time for each."""
    prediction = _ended()
    since = time.process_time()
    for _ in range(times):
        ended(prediction)
    return (time.process_time() - since) / times * 1_000_000


def _traced() -> float:
    """The same for traces, until the last of them is sent."""
    tracing = open_tracing(os.environ)
    if tracing is None:
        raise SystemExit("a collector is named, and nothing is traced")
    told = _cost(tracing.ended, TRACED)
    since = time.process_time()
    tracing.close()
    return told + (time.process_time() - since) / TRACED * 1_000_000


class _Collector(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["content-length"]))
        self.send_response(200)
        self.send_header("content-length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Says nothing."""


def _collect(end: Connection) -> None:
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Collector)
    end.send(server.server_port)
    server.serve_forever()


@contextmanager
def _collector() -> Iterator[str]:
    """The address of one in a process of its own, so that its time is not ours."""
    here, there = Pipe()
    process = Process(target=_collect, args=(there,), daemon=True)
    process.start()
    try:
        yield f"http://127.0.0.1:{here.recv()}"
    finally:
        process.terminate()
        process.join()


def _ended() -> Prediction:
    return Prediction(
        id="one", account_id="a", key_id=None, model="echo", model_type="text", version_id="v", lane="v:any",
        status=Status.SUCCEEDED, node=None, attempt=1, losses=0, priority=0, created_at=BEGAN_AT,
        held_at=BEGAN_AT + 100, started_at=BEGAN_AT + 200, completed_at=BEGAN_AT + 5_000,
        updated_at=BEGAN_AT + 5_000, origin="", source="api", privacy="private", stream=False, phase=None,
        progress=100.0, cost_nanocredits=0, data_removed_at=None, deleted_at=None, metrics={"predict_time": 0.004},
    )  # fmt: skip


if __name__ == "__main__":
    main()
