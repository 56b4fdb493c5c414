"""The route's template of a request, never its raw path: Starlette, FastAPI, Litestar, or what an application says."""

from collections.abc import Mapping
from typing import Any, NamedTuple

from perftui.instrument.endpoints.kinds import UNMATCHED
from perftui.instrument.endpoints.templates import Template, Templates

ROUTE_KEY = "perftui.route"
"""Where any application or middleware may write the template, in ASGI's scope or WSGI's environ."""
_DEEPEST = 40
_LONGEST_PATH = 2000
_MOST_LOOKED_FOR = 1000


class Named(NamedTuple):
    """A template, and whether the same objects in the scope always mean it."""

    text: str
    stable: bool


class RouteNames:
    """Names requests by what the routers left in the scope."""

    def __init__(self, app: Any) -> None:
        self._app = app
        self._templates: Templates | None = None
        self._looked_for = 0

    def of(self, scope: Mapping[str, Any]) -> Named:
        """`(unmatched)` where no route took the request. What a framework's objects raise is raised."""
        said = scope.get(ROUTE_KEY)
        if isinstance(said, str) and said:
            return Named(said, False)
        route, endpoint, inner = scope.get("route"), scope.get("endpoint"), _litestar(scope)
        if route is None and endpoint is None:
            return Named(inner or UNMATCHED, False)
        found = self._find(scope, route, endpoint)
        if not found:
            return Named(_own_path(route), True)
        one = found[0] if len(found) == 1 else _fitting(found, scope)
        if inner is not None:
            return Named(one.text.removesuffix("/{path:path}").rstrip("/") + inner, False)
        return Named(one.text if one.routed else UNMATCHED, len(found) == 1)

    def _find(self, scope: Mapping[str, Any], route: Any, endpoint: Any) -> list[Template]:
        found = self._templates.of(route, endpoint) if self._templates else []
        if not found and self._looked_for < _MOST_LOOKED_FOR:  # the first request, or a route that was added later
            self._looked_for += 1
            self._templates = Templates(_root(self._app, scope))
            found = self._templates.of(route, endpoint)
        return found


def _root(app: Any, scope: Mapping[str, Any]) -> Any:
    """The outermost thing with routes: behind other middlewares, or the application that the scope names."""
    for _ in range(_DEEPEST):
        if app is None or getattr(app, "routes", None):
            break
        app = getattr(app, "app", None)
    return scope.get("app") if app is None else app


def _fitting(found: list[Template], scope: Mapping[str, Any]) -> Template:
    """Of the places that one router was mounted at, that which the path leads to."""
    path: str = scope.get("path", "")
    root: str = scope.get("app_root_path", scope.get("root_path", ""))
    if len(path) <= _LONGEST_PATH:
        tried = (path, path[len(root) :]) if root and path.startswith(root) else (path,)
        for one in found:
            if any(one.pattern.fullmatch(path) for path in tried):
                return one
    return found[0]


def _litestar(scope: Mapping[str, Any]) -> str | None:
    """Litestar's template; of what is mounted, the mount's path."""
    template = scope.get("path_template")
    if template:
        return str(template)
    paths = getattr(scope.get("route_handler"), "paths", None)
    return f"{min(paths).rstrip('/')}/{{path:path}}" if paths and template is not None else None


def _own_path(route: Any) -> str:
    path = getattr(route, "path", None)
    return path if isinstance(path, str) and path else UNMATCHED
