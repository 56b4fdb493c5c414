"""The metrics document that an application serves (`perftui.metrics/1`). Additive changes keep the `/1`."""

from typing import Literal

import msgspec

from perftui.model.base import Model
from perftui.model.metrics.api import (
    ApiDocument,
    EndpointDocument,
    RateDocument,
    SlowRequestDocument,
    WebSocketDocument,
)
from perftui.model.metrics.cache import CacheDocument, EfficiencyDocument, KeyDocument, ValueSizesDocument
from perftui.model.metrics.figures import BudgetDocument, HistogramDocument, LatencyDocument, Real, Whole
from perftui.model.metrics.query import (
    QueryCallerDocument,
    QueryDocument,
    QueryFindingDocument,
    QueryGroupDocument,
    QueryPoolDocument,
    QueryShapeDocument,
    SlowQueryDocument,
)

__all__ = [
    "SCHEMA",
    "SECTIONS",
    "ApiDocument",
    "BudgetDocument",
    "CacheDocument",
    "EfficiencyDocument",
    "EndpointDocument",
    "HistogramDocument",
    "KeyDocument",
    "LatencyDocument",
    "MetricsDocument",
    "QueryCallerDocument",
    "QueryDocument",
    "QueryFindingDocument",
    "QueryGroupDocument",
    "QueryPoolDocument",
    "QueryShapeDocument",
    "RateDocument",
    "Real",
    "ServiceDocument",
    "SlowQueryDocument",
    "SlowRequestDocument",
    "SystemDocument",
    "ValueSizesDocument",
    "WebSocketDocument",
    "Whole",
    "WorkerDocument",
]

SCHEMA = "perftui.metrics/1"
SECTIONS = ("api", "query", "cache", "system")
"""What `type` may ask for."""


class SystemDocument(Model, frozen=True, kw_only=True):
    rss_bytes: Whole | None = None
    cpu: Real | None = None
    """CPU seconds a second since the reading before."""
    gc: Whole | None = None
    """Collections since the process started."""
    threads: Whole | None = None
    uptime_s: Real | None = None


class ServiceDocument(Model, frozen=True, kw_only=True):
    name: str | None = None
    version: str | None = None
    instance: str | None = None


class WorkerDocument(Model, frozen=True, kw_only=True):
    pid: Whole
    started_at: Real | None = None
    last_seen: Real | None = None


class MetricsDocument(Model, frozen=True, kw_only=True):
    """A section that was not asked for is `None`."""

    schema: Literal["perftui.metrics/1"] = "perftui.metrics/1"
    generated_at: Real
    window_s: Real | None = None
    """What the figures cover; shorter than asked for after a start or a clear."""
    complete: bool | None = None
    """False: other workers serve too, and are not in these figures."""
    service: ServiceDocument = ServiceDocument()
    workers: tuple[WorkerDocument, ...] = ()
    api: ApiDocument | None = None
    query: QueryDocument | None = None
    cache: dict[str, CacheDocument] | None = None
    system: SystemDocument | None = None
    remarks: tuple[str, ...] = ()
    """What these figures leave out, in words."""

    def to_json(self) -> bytes:
        return _ENCODER.encode(self)


_ENCODER = msgspec.json.Encoder()
