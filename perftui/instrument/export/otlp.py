"""Exports the figures on a timer through OpenTelemetry's SDK."""

import atexit
import hashlib
import os
import socket
import threading
import time
from collections.abc import Callable, Mapping
from importlib import import_module
from typing import TYPE_CHECKING, Any, Self

from perftui.instrument.export.metrics import measured, safe
from perftui.instrument.export.points import Span, Temporality, metrics_data
from perftui.instrument.export.since import LastExport, differences
from perftui.instrument.registry import Registry, default_registry
from perftui.instrument.store.reading import Reading

if TYPE_CHECKING:
    from opentelemetry.sdk.metrics.export import MetricExporter
    from opentelemetry.sdk.resources import Resource

_PREFERENCE = "OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE"
_HTTP = "opentelemetry.exporter.otlp.proto.http.metric_exporter"


class OTLPExport:
    """Sends what was counted to a collector, every `every_s` seconds and when the program ends.

    Of workers that share a folder one sends the figures of all; else each sends its own. A failed export is counted
    (`failures`, and `registry.faults`) and never raised; with `delta` its figures go with the next one.

    >>> from perftui import OTLPExport, Registry
    >>> registry = Registry("shop")
    >>> export = OTLPExport(registry, endpoint="http://127.0.0.1:9/v1/metrics", timeout_s=0.1)
    >>> export.stop()
    >>> export.exports, export.failures  # nobody listens there
    (0, 1)
    """

    def __init__(
        self,
        registry: Registry | None = None,
        *,
        endpoint: str | None = None,
        headers: Mapping[str, str] | None = None,
        temporality: Temporality | None = None,
        every_s: float = 60.0,
        timeout_s: float = 10.0,
        instance: str | None = None,
        attributes: Mapping[str, str] | None = None,
        exporter: "MetricExporter | None" = None,
    ) -> None:
        """`endpoint` with its path (`http://collector:4318/v1/metrics`), `headers` and `temporality` may come from
        OpenTelemetry's environment variables. `attributes` are further ones of the resource; `instance` is its
        `service.instance.id`. `exporter`: another one of OpenTelemetry's, such as gRPC's. Raises `ImportError` where
        the extra `otlp` is not installed, and `ValueError` for an unknown temporality.
        """
        self.registry = registry or default_registry()
        self.temporality = _temporality(temporality)
        self.exports = self.failures = 0
        self._environment = _environment(http=exporter is None)
        self._given = exporter
        self._make: Callable[[], MetricExporter] = lambda: _http_exporter(endpoint, headers, timeout_s)
        self._attributes, self._instance = dict(attributes or {}), instance
        told_to = endpoint or os.environ.get("OTEL_EXPORTER_OTLP_METRICS_ENDPOINT") or ""
        self._last = LastExport(self.registry, f"{type(exporter).__name__} {told_to} {self.temporality}")
        self._stopped = False
        self.forget()
        self.registry.every(every_s, self._begin, at_once=False)
        self.registry.forget_after_fork(self)
        atexit.register(self.stop)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def forget(self) -> None:
        """In a child after a fork: a connection and a lock of its own, and nothing exported yet."""
        self._lock, self._exporting, self._exporter = threading.RLock(), False, self._given
        self._last.forget()

    def export(self) -> bool:
        """Send now, whoever is elected. False: it failed, and was counted, or this thread is just exporting."""
        with self._lock:
            if self._exporting:  # a signal handler in the midst of it
                return False
            self._exporting = True
            try:
                self.registry.process.sample()
                sent = self._send(self.registry.read())
            except Exception as error:  # whatever fails in here, the application goes on
                self.registry.faults[f"otlp {type(error).__name__}"] += 1
                sent = False
            finally:
                self._exporting = False
            if sent:
                self.exports += 1
            else:
                self.failures += 1
                self.registry.faults["otlp export"] += 1
            return sent

    def stop(self) -> None:
        """Export what is left, if it is on this worker, and then no more."""
        if self._stopped:
            return
        self._stopped = True
        atexit.unregister(self.stop)
        if self.registry.guard("otlp", lambda: self.registry.elected):
            self.export()
        if self._exporter is not None:
            self.registry.guard("otlp", self._exporter.shutdown)

    def _begin(self) -> None:
        """In a thread of its own: a collector that does not answer must not hold the registry's."""
        if not self._stopped and self.registry.elected and not self._exporting:
            threading.Thread(target=self._export_if_running, name="perftui-otlp", daemon=True).start()

    def _export_if_running(self) -> None:
        if not self._stopped:
            self.export()

    def _send(self, reading: Reading) -> bool:
        from opentelemetry.context import _SUPPRESS_INSTRUMENTATION_KEY, attach, detach, set_value
        from opentelemetry.sdk.metrics.export import MetricExportResult

        if self._exporter is None:
            self._exporter = self._make()
        totals, began, now = measured(reading), _began(reading), time.time()
        metrics, span = totals, Span(began, now)
        if self.temporality == "delta":
            before = self._last.load()
            metrics, span = differences(totals, before), Span(max(before.at, began), now)
        data = metrics_data(metrics, span, began, self.temporality, self._resource())
        token = attach(set_value(_SUPPRESS_INSTRUMENTATION_KEY, True))
        try:
            sent: Any = self._exporter.export(data)
        finally:
            detach(token)
        if sent is not MetricExportResult.SUCCESS:
            return False
        if self.temporality == "delta":
            self._last.keep(totals, now)
        return True

    def _resource(self) -> "Resource":
        from opentelemetry.sdk.resources import Resource

        folder = self.registry.workers.folder
        place = str(os.getpid()) if folder is None else hashlib.blake2b(bytes(folder.path), digest_size=4).hexdigest()
        known = {"service.instance.id": self._instance or f"{socket.gethostname()}:{place}"}
        if self.registry.service:
            known["service.name"] = self.registry.service
        if self.registry.version:
            known["service.version"] = self.registry.version
        told = {name: safe(value) for name, value in {**known, **self._attributes}.items()}
        return self._environment.merge(Resource(told))


def _began(reading: Reading) -> float:
    """When the oldest of the figures began, in Unix seconds."""
    started = min((source.started for source in reading.sources), default=reading.now)
    return reading.wall_at(started) or reading.wall


def _temporality(asked: Temporality | None) -> Temporality:
    if asked is None:
        return "delta" if os.environ.get(_PREFERENCE, "").strip().lower() in ("delta", "lowmemory") else "cumulative"
    if asked not in ("cumulative", "delta"):
        raise ValueError(f"temporality must be cumulative or delta, not {str(asked)[:40]!r}")
    return asked


def _environment(*, http: bool) -> "Resource":
    """What OpenTelemetry's variables say of the resource. Done, and its modules imported, when the program begins: at
    its end, when the last export is made, neither may begin to use threads."""
    try:
        for name in ("opentelemetry.sdk.metrics.export", *([_HTTP] if http else [])):
            import_module(name)
        from opentelemetry.sdk.resources import Resource
    except ImportError as error:
        raise ImportError("install perftui[otlp] to export OTLP") from error
    return Resource.create()


def _http_exporter(endpoint: str | None, headers: Mapping[str, str] | None, timeout_s: float) -> "MetricExporter":
    from opentelemetry.exporter.otlp.proto.http.metric_exporter import OTLPMetricExporter

    return OTLPMetricExporter(endpoint=endpoint, headers=dict(headers or {}) or None, timeout=timeout_s)
