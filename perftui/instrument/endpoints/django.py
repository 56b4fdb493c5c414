"""Django's own middleware, for where the handler is hidden behind something that cannot be looked through."""

from collections.abc import Callable
from importlib import import_module
from inspect import iscoroutinefunction
from typing import Any

from perftui.instrument.endpoints.frameworks import carrier_of, tell, watch_exceptions


class DjangoMiddleware:
    """`"perftui.instrument.DjangoMiddleware"` first in `MIDDLEWARE`: tells the measured request which route it took.

    It measures nothing by itself: `ASGIMiddleware` or `WSGIMiddleware` around the application does, and where one of
    these wraps Django's handler directly, this class is not needed.

    ```python
    MIDDLEWARE = ["perftui.instrument.DjangoMiddleware", "django.middleware.common.CommonMiddleware"]
    ```
    """

    sync_capable = async_capable = True

    def __init__(self, get_response: Callable[[Any], Any]) -> None:
        self.get_response = get_response
        if iscoroutinefunction(get_response):
            import_module("asgiref.sync").markcoroutinefunction(self)
        watch_exceptions("django")

    def __call__(self, request: Any) -> Any:
        """The response, or what is awaited for it."""
        tell(carrier_of(request), request)
        return self.get_response(request)
