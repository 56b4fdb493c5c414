"""Django and Flask keep the route in a request of their own: this finds that request, and what they caught."""

import re
import sys
from collections.abc import Iterator, MutableMapping
from functools import lru_cache
from importlib import import_module
from typing import Any

MARK = "perftui.request"
"""Where ASGI's scope and WSGI's environ hold the request that is measured."""
_DEEPEST = 40
_INNER = ("__self__", "app", "application", "wsgi_app")
_ANCHORS = re.compile(r"(?<!\[)\^|\$(?=/|$)|\\[AZ]")


def route_of(request: Any) -> str | None:
    """The template in a request of Django or Flask; `None` where none took it, or not yet."""
    rule = getattr(request, "url_rule", None)
    if rule is not None:
        return str(rule.rule)
    match = getattr(request, "resolver_match", None)
    return None if match is None else _django_route(str(match.route))


@lru_cache(maxsize=5000)
def _django_route(route: str) -> str:
    """`^items/(?P<pk>\\d+)/$` of `re_path` loses its anchors; all begin with a slash."""
    return "/" + _ANCHORS.sub("", route).lstrip("/")


def watch_frameworks(app: Any) -> None:
    """Have each handler of Django behind `app` tell of its requests, and of what it caught; Flask only of that."""
    for handler, framework in _handlers(app, 0):
        watch_exceptions(framework)
        made = getattr(handler, "request_class", None)
        if framework == "django" and isinstance(made, type) and not issubclass(made, Telling):
            handler.request_class = type(made.__name__, (Telling, made), {"__module__": made.__module__})


def _handlers(app: Any, depth: int) -> Iterator[tuple[Any, str]]:
    """Behind other middlewares, and in each mount of werkzeug's dispatcher."""
    while app is not None and depth < _DEEPEST:
        depth += 1
        for base in type(app).__mro__:
            framework = base.__module__.partition(".")[0]
            if framework in ("django", "flask"):
                yield app, framework
                return
        mounts = getattr(app, "mounts", None)
        for mounted in mounts.values() if isinstance(mounts, dict) else ():
            yield from _handlers(mounted, depth)
        app = next((inner for inner in (getattr(app, name, None) for name in _INNER) if inner is not None), None)


class Telling:
    """The first base of Django's request class: a new request is told to the one that is measured."""

    def __init__(self, carrier: Any, *arguments: Any, **named: Any) -> None:
        super().__init__(carrier, *arguments, **named)  # type: ignore[call-arg]
        tell(carrier, self)


def tell(carrier: Any, request: Any) -> None:
    """`carrier` is the scope or environ; `request` the framework's."""
    measured = carrier.get(MARK) if isinstance(carrier, MutableMapping) else None
    while measured is not None:
        measured.framework, measured.special = request, True
        measured = measured.outer


def note(request: Any, error: type[BaseException] | None) -> None:
    """The framework caught an error of this request of its own and answers by itself."""
    measured = carrier_of(request).get(MARK)
    while measured is not None and error is not None:
        measured.raised, measured.special = error, True
        measured.route()  # Flask forgets its request before it passes the error on
        measured = measured.outer


def carrier_of(request: Any) -> Any:
    """The scope or environ of a framework's request."""
    return getattr(request, "environ", None) or getattr(request, "scope", None) or {}


def watch_exceptions(framework: str) -> None:
    """Both tell with a signal what they caught. Connecting twice is connecting once."""
    if framework == "flask":
        import_module("flask").got_request_exception.connect(_caught_by_flask)
    else:
        import_module("django.core.signals").got_request_exception.connect(_caught_by_django, weak=False)


def _caught_by_flask(_sender: object, exception: BaseException, **_: object) -> None:
    note(import_module("flask").request, type(exception))


def _caught_by_django(sender: object, request: Any = None, **_: object) -> None:  # noqa: ARG001  # named by Django
    note(request, sys.exc_info()[0])
