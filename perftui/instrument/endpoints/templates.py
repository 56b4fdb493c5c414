"""The templates of an application's routes: whole paths, from the application's root down through its mounts."""

import re
from collections.abc import Iterator
from typing import Any, NamedTuple

_DEEPEST = 10
_PARAMETER = re.compile(r"\{[^{}:]+(?::(?P<convertor>[^{}]+))?\}")


class Template(NamedTuple):
    """One route in one place of the application: the same router may be mounted twice."""

    text: str
    pattern: re.Pattern[str]
    routed: bool
    """False: a mount whose own routes decide; a request that none of them took is unmatched."""


class Templates:
    """By the identity of what a router leaves in the scope: the route, or the endpoint that it calls."""

    def __init__(self, root: Any) -> None:
        self._found: dict[int, list[Template]] = {}
        self._kept: list[Any] = []
        for text, thing, routed in _walk(getattr(root, "routes", None) or (), "", 0):
            self._keep(thing, Template(text or "/", pattern_of(text or "/"), routed))

    def of(self, route: Any, endpoint: Any) -> list[Template]:
        """The innermost is asked first: a mount stays in the scope when what is mounted leaves only its endpoint."""
        if route is None:
            return self._found.get(id(endpoint), [])
        by_route, by_endpoint = self._found.get(id(route), []), self._found.get(id(endpoint), [])
        inner = [one for one in by_endpoint if by_route and one.text.startswith(by_route[0].text)]
        return inner if by_route and not by_route[0].routed and inner else by_route

    def _keep(self, thing: Any, template: Template) -> None:
        if thing is None:
            return
        self._kept.append(thing)  # so that its id stays its own
        found = self._found.setdefault(id(thing), [])
        if template not in found:
            found.append(template)


def pattern_of(text: str) -> re.Pattern[str]:
    """What a whole path looks like that such a route takes."""
    parts, at = [], 0
    for parameter in _PARAMETER.finditer(text):
        parts += [re.escape(text[at : parameter.start()]), ".*" if parameter["convertor"] == "path" else "[^/]+"]
        at = parameter.end()
    return re.compile("".join([*parts, re.escape(text[at:])]), re.DOTALL)


def _walk(routes: Any, prefix: str, depth: int) -> Iterator[tuple[str, Any, bool]]:
    """Whole path, the route or what it calls, and whether it takes requests by itself."""
    for route in routes:
        contexts = getattr(route, "effective_route_contexts", None)
        if not callable(contexts):
            yield from _one(route, prefix, depth)
            continue
        for context in contexts():  # FastAPI leaves included routers as they are: contexts have the whole paths
            yield from _one(context.starlette_route or context, prefix, depth)
            if not hasattr(context.original_route, "routes"):
                yield prefix + (getattr(context, "path", None) or ""), context.original_route, True


def _one(route: Any, prefix: str, depth: int) -> Iterator[tuple[str, Any, bool]]:
    path = prefix + (getattr(route, "path", None) or "")
    inner = getattr(route, "routes", None)
    called = getattr(route, "endpoint", None) if inner is None else getattr(route, "app", None)
    if inner is not None and not inner:
        path += "/{path:path}"
    yield path, route, not inner
    yield path, called, not inner
    if inner and depth < _DEEPEST:
        yield from _walk(inner, path, depth + 1)
