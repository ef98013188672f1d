"""Traces: spans as a collector gets them over HTTP."""

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from servers import KEY, running, until

trace_service = pytest.importorskip("opentelemetry.proto.collector.trace.v1.trace_service_pb2")
TRACE = "0af7651916cd43dd8448eb211c80319c"
PARENT = "b7ad6b7169203331"


class Collector:
    """Takes spans over HTTP, as OpenTelemetry's collectors do."""

    def __init__(self) -> None:
        self.spans = []
        collector = self

        class Taking(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["content-length"]))
                collector.keep(trace_service.ExportTraceServiceRequest.FromString(body))
                self.send_response(200)
                self.send_header("content-length", "0")
                self.end_headers()

            def log_message(self, *_: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Taking)
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def keep(self, request) -> None:
        for resource in request.resource_spans:
            for scope in resource.scope_spans:
                self.spans += scope.spans

    def named(self, name: str):
        return next((each for each in self.spans if each.name == name), None)

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


@pytest.fixture
def collector():
    found = Collector()
    yield found
    found.close()


@pytest.fixture
def server(tmp_path, collector):
    settings = {"OTEL_EXPORTER_OTLP_ENDPOINT": collector.url, "OTEL_BSP_SCHEDULE_DELAY": "50"}
    with running(tmp_path / "data", "--sandbox", "--port", "0", "--key", KEY, **settings) as found:
        yield found


def test_a_prediction_is_a_span_in_its_callers_trace_with_its_phases_inside(server, collector):
    with server.client() as client:
        done = client.post(
            "/v1/predict",
            json={"model": "echo", "input": {"prompt": "hello"}, "await": True},
            headers={"traceparent": f"00-{TRACE}-{PARENT}-01"},
        ).json()
    whole = until(lambda: collector.named("prediction echo"), about="the span of the prediction")
    assert whole.trace_id.hex() == TRACE
    assert whole.parent_span_id.hex() == PARENT
    assert {each.key: each.value.string_value for each in whole.attributes}["foretell.prediction.id"] == done[
        "id"
    ]
    for phase in ("queued", "running", "storing"):
        inside = until(lambda phase=phase: collector.named(phase), about=f"the span of {phase}")
        assert inside.parent_span_id == whole.span_id
        assert whole.start_time_unix_nano <= inside.start_time_unix_nano
        assert inside.end_time_unix_nano <= whole.end_time_unix_nano


def test_a_failure_is_an_error_of_its_span(server, collector):
    with server.client() as client:
        client.post("/v1/predict", json={"model": "fail", "input": {}, "await": True})
    whole = until(lambda: collector.named("prediction fail"), about="the span of the prediction")
    assert whole.status.code == 2
    assert {each.key: each.value.string_value for each in whole.attributes}["error.type"] == "raised"


def test_what_has_not_been_sent_is_sent_when_the_server_stops(tmp_path, collector):
    settings = {"OTEL_EXPORTER_OTLP_ENDPOINT": collector.url, "OTEL_BSP_SCHEDULE_DELAY": "600000"}
    with running(tmp_path / "data", "--sandbox", "--port", "0", "--key", KEY, **settings) as server:
        with server.client() as client:
            client.post("/v1/predict", json={"model": "echo", "input": {"prompt": "x"}, "await": True})
        assert collector.spans == []
        assert server.stop() == 0
    assert collector.named("prediction echo") is not None
