"""The route's template of a request, never its raw path."""

from collections.abc import Iterator, MutableMapping
from typing import Any

from perftui.instrument.endpoints import UNMATCHED

_REMEMBERED = 5000


class RouteNames:
    """Reads what the router left in the scope; each route is named once."""

    def __init__(self) -> None:
        self._known: dict[int, tuple[Any, str]] = {}

    def of(self, scope: MutableMapping[str, Any]) -> str:
        """The template, such as `/items/{id}`; `(unmatched)` where no route took the request. Never raises."""
        route = scope.get("route")
        if route is None:
            return _plain(scope)
        try:
            known = self._known.get(id(route))
            if known is not None and known[0] is route:
                return known[1]
            name = _full_path(scope, route)
        except Exception:  # whatever a framework's route object does, the application goes on
            return UNMATCHED
        if len(self._known) < _REMEMBERED:
            self._known[id(route)] = (route, name)  # the route itself is kept, so that its id stays its own
        return name


def _plain(scope: MutableMapping[str, Any]) -> str:
    """For frameworks without `route`: Litestar's template, or what the application itself put there."""
    for name in ("perftui.route", "path_template"):
        found = scope.get(name)
        if isinstance(found, str) and found:
            return found
    return UNMATCHED


def _full_path(scope: MutableMapping[str, Any], route: Any) -> str:
    """A mounted route's path begins at its mount; the whole is found by walking down from the application."""
    own = getattr(route, "path", None)
    if not isinstance(own, str):
        return UNMATCHED
    if "app_root_path" in scope:
        for path, found in _walk(getattr(scope.get("app"), "routes", None) or (), "", 0):
            if found is route:
                return path or "/"
    return own or "/"


def _walk(routes: Any, prefix: str, depth: int) -> Iterator[tuple[str, Any]]:
    for route in routes:
        path = prefix + (getattr(route, "path", "") or "")
        yield path, route
        if depth < 10:
            yield from _walk(getattr(route, "routes", None) or (), path, depth + 1)
