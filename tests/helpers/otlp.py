"""A real OTLP/HTTP receiver: decodes what arrives with opentelemetry-proto's classes."""

import gzip
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import (
    ExportMetricsServiceRequest,
    ExportMetricsServiceResponse,
)

Attributes = tuple[tuple[str, Any], ...]


class Receiver:
    """Keeps every request that it took. `status` is what it answers from now on."""

    def __init__(self) -> None:
        self.requests: list[Any] = []
        self.headers: list[dict[str, str]] = []
        self.status = 200
        self.refused = 0
        self.arrived = threading.Condition()
        self.endpoint = ""

    def take(self, headers: dict[str, str], body: bytes) -> None:
        with self.arrived:
            if self.status == 200:
                self.requests.append(ExportMetricsServiceRequest.FromString(body))
                self.headers.append(headers)
            else:
                self.refused += 1
            self.arrived.notify_all()

    def wait_for(self, number: int) -> None:
        with self.arrived:
            assert self.arrived.wait_for(lambda: len(self.requests) >= number, timeout=60)

    def metrics(self, at: int = -1) -> dict[str, Any]:
        """The metrics of one request by name."""
        (resource,) = self.requests[at].resource_metrics
        (scope,) = resource.scope_metrics
        assert scope.scope.name == "perftui"
        return {metric.name: metric for metric in scope.metrics}

    def resource(self, at: int = -1) -> dict[str, Any]:
        return dict(attributes(self.requests[at].resource_metrics[0].resource))

    def counter(self, name: str, at: int = -1) -> dict[Attributes, float]:
        """Points of a sum by attributes; empty where the metric did not come."""
        metric = self.metrics(at).get(name)
        if metric is None:
            return {}
        return {attributes(point): point.as_int or point.as_double for point in metric.sum.data_points}

    def histogram(self, name: str, at: int = -1) -> dict[Attributes, Any]:
        metric = self.metrics(at).get(name)
        return {} if metric is None else {attributes(point): point for point in metric.histogram.data_points}


def attributes(thing: Any) -> Attributes:
    return tuple((one.key, getattr(one.value, one.value.WhichOneof("value"))) for one in thing.attributes)


@contextmanager
def receiving() -> Iterator[Receiver]:
    receiver = Receiver()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            if self.headers.get("content-encoding") == "gzip":
                body = gzip.decompress(body)
            assert self.headers["content-type"] == "application/x-protobuf"
            receiver.take({name.lower(): value for name, value in self.headers.items()}, body)
            self.send_response(receiver.status)
            answer = ExportMetricsServiceResponse().SerializeToString()
            self.send_header("content-length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, *_: Any) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        receiver.endpoint = f"http://127.0.0.1:{server.server_port}/v1/metrics"
        try:
            yield receiver
        finally:
            server.shutdown()
            thread.join()
