"""Which endpoints ran a shape, from the comments of its operations, in bounded memory."""

from functools import lru_cache

from perftui.model.comment import endpoint_of
from perftui.model.query import EndpointUse

Endpoint = tuple[str, str]
"""Method and route."""
MOST = 8
"""Endpoints of one shape in one slot of time; the first that came, as most shapes have one or two."""
SHOWN = 5

named_endpoint = lru_cache(maxsize=2000)(endpoint_of)
"""The endpoint that a comment names; entries repeat few comments."""


class EndpointUses:
    """Executions and milliseconds by endpoint."""

    __slots__ = ("_uses",)

    def __init__(self) -> None:
        self._uses: dict[Endpoint, tuple[int, float]] = {}

    def add(self, endpoint: Endpoint, executions: int, milliseconds: float) -> None:
        """Count an entry; one of an endpoint beyond the bound is left out."""
        known = self._uses.get(endpoint)
        if known is not None:
            self._uses[endpoint] = known[0] + executions, known[1] + milliseconds
        elif len(self._uses) < MOST:
            self._uses[endpoint] = executions, milliseconds

    def merge(self, other: "EndpointUses") -> None:
        for endpoint, (executions, milliseconds) in other._uses.items():
            self.add(endpoint, executions, milliseconds)

    def most_used(self) -> tuple[EndpointUse, ...]:
        """Those with the most executions first."""
        ordered = sorted(self._uses.items(), key=lambda item: (-item[1][0], -item[1][1], item[0]))
        return tuple(
            EndpointUse(method=method, route=route, count=count, total_ms=round(total_ms, 3))
            for (method, route), (count, total_ms) in ordered[:SHOWN]
        )
