"""Reading the metrics is no request in them: the middlewares leave a mark in what they hand on."""

from collections.abc import Mapping
from typing import Any

from perftui.instrument.endpoints.frameworks import MARK
from perftui.instrument.registry import Registry


def leave_out(scope: Mapping[str, Any], registry: Registry) -> None:
    """`scope` is ASGI's scope or WSGI's environ."""
    request = scope.get(MARK)
    if request is not None:
        registry.guard("own request", lambda: request.leave_out(registry))
