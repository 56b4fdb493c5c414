"""What an application embeds: its one public place. `docs/library.md` is where to start.

`ASGIMiddleware`, `WSGIMiddleware` and `monitored` measure endpoints, `MongoMonitor` queries, `CacheMonitor` caches; a
`Budget` limits them; `metrics_app`, `metrics_wsgi_app` and `serve_metrics` serve what was measured, `report` prints it.
"""

from typing import TYPE_CHECKING

from perftui.model.lazy import lazy_names

if TYPE_CHECKING:
    from perftui.instrument.budgets import Budget, BudgetChange, load_budgets
    from perftui.instrument.caches.keys import key_template
    from perftui.instrument.caches.monitor import CacheMonitor
    from perftui.instrument.document.build import build_document
    from perftui.instrument.document.openmetrics import openmetrics, prometheus_text
    from perftui.instrument.document.report import report
    from perftui.instrument.endpoints.asgi import ASGIMiddleware
    from perftui.instrument.endpoints.current import RequestInProgress, current_request, need_current_request
    from perftui.instrument.endpoints.django import DjangoMiddleware
    from perftui.instrument.endpoints.monitored import monitored
    from perftui.instrument.endpoints.statistics import EndpointStatistics
    from perftui.instrument.endpoints.wsgi import WSGIMiddleware
    from perftui.instrument.export.otlp import OTLPExport
    from perftui.instrument.queries.comments import current_comment
    from perftui.instrument.queries.explained import Explained
    from perftui.instrument.queries.explaining import ExplainLimits
    from perftui.instrument.queries.monitor import MongoMonitor
    from perftui.instrument.queries.wrapped import CallMetrics
    from perftui.instrument.registry import Registry, default_registry
    from perftui.instrument.serve.asgi import metrics_app
    from perftui.instrument.serve.server import MetricsServer, serve_metrics
    from perftui.instrument.serve.wsgi import metrics_wsgi_app

__all__ = [
    "ASGIMiddleware",
    "Budget",
    "BudgetChange",
    "CacheMonitor",
    "CallMetrics",
    "DjangoMiddleware",
    "EndpointStatistics",
    "ExplainLimits",
    "Explained",
    "MetricsServer",
    "MongoMonitor",
    "OTLPExport",
    "Registry",
    "RequestInProgress",
    "WSGIMiddleware",
    "build_document",
    "current_comment",
    "current_request",
    "default_registry",
    "key_template",
    "load_budgets",
    "metrics_app",
    "metrics_wsgi_app",
    "monitored",
    "need_current_request",
    "openmetrics",
    "prometheus_text",
    "report",
    "serve_metrics",
]

_MODULES = {
    "ASGIMiddleware": "endpoints.asgi",
    "Budget": "budgets",
    "BudgetChange": "budgets",
    "CacheMonitor": "caches.monitor",
    "CallMetrics": "queries.wrapped",
    "DjangoMiddleware": "endpoints.django",
    "EndpointStatistics": "endpoints.statistics",
    "ExplainLimits": "queries.explaining",
    "Explained": "queries.explained",
    "MetricsServer": "serve.server",
    "MongoMonitor": "queries.monitor",
    "OTLPExport": "export.otlp",
    "Registry": "registry",
    "RequestInProgress": "endpoints.current",
    "WSGIMiddleware": "endpoints.wsgi",
    "build_document": "document.build",
    "current_comment": "queries.comments",
    "current_request": "endpoints.current",
    "default_registry": "registry",
    "key_template": "caches.keys",
    "load_budgets": "budgets",
    "metrics_app": "serve.asgi",
    "metrics_wsgi_app": "serve.wsgi",
    "monitored": "endpoints.monitored",
    "need_current_request": "endpoints.current",
    "openmetrics": "document.openmetrics",
    "prometheus_text": "document.openmetrics",
    "report": "document.report",
    "serve_metrics": "serve.server",
}

if not TYPE_CHECKING:  # a checker knows the names above, and is to find the others wrong
    __getattr__, __dir__ = lazy_names(__name__, _MODULES)
