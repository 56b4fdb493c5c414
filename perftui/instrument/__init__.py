"""What an application embeds: `ASGIMiddleware` and `metrics_app` for its endpoints, `MongoMonitor`, `CacheMonitor`."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from perftui.instrument.asgi import ASGIMiddleware
    from perftui.instrument.budgets import Budget
    from perftui.instrument.cache_monitor import CacheMonitor, key_template
    from perftui.instrument.document import build_document
    from perftui.instrument.mongo import MongoMonitor
    from perftui.instrument.openmetrics import openmetrics
    from perftui.instrument.registry import Registry, default_registry
    from perftui.instrument.serve import metrics_app

__all__ = [
    "ASGIMiddleware",
    "Budget",
    "CacheMonitor",
    "MongoMonitor",
    "Registry",
    "build_document",
    "default_registry",
    "key_template",
    "metrics_app",
    "openmetrics",
]

_MODULES = {
    "ASGIMiddleware": "asgi",
    "Budget": "budgets",
    "CacheMonitor": "cache_monitor",
    "MongoMonitor": "mongo",
    "Registry": "registry",
    "build_document": "document",
    "default_registry": "registry",
    "key_template": "cache_monitor",
    "metrics_app": "serve",
    "openmetrics": "openmetrics",
}


def __getattr__(name: str) -> Any:
    """Each part is imported when it is first used: `MongoMonitor` needs pymongo, the others do not."""
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_MODULES[name]}"), name)
