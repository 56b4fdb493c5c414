"""What an application's callers feel, told in figures."""

from helpers.incidents import (
    Targets,
    endpoint,
    pool,
    set_figures,
)
from perftui.model.application import ApplicationQueries


def slow_items(targets: Targets, average_ms: float = 400.0) -> None:
    set_figures(targets, "application", "application", endpoints=(endpoint(average_ms=average_ms), endpoint("/users")))


def slow_endpoint(targets: Targets, _at: float, _passed: int) -> None:
    slow_items(targets, 900.0)


def hanging_endpoint(targets: Targets, _at: float, passed: int) -> None:
    set_figures(
        targets, "application", "application",
        endpoints=(endpoint(requests=0, active=20 + 10 * passed), endpoint("/users")),
    )  # fmt: skip


def failing(targets: Targets, _at: float, _passed: int) -> None:
    broken = endpoint(errors=30, exceptions={"KeyError": 60, "ValueError": 2})
    set_figures(targets, "application", "application", endpoints=(broken, endpoint("/users")))


def refusing_all(targets: Targets, _at: float, passed: int) -> None:
    """As after a release with another key: who is logged in is not any more."""
    refused = endpoint("/users", refused=38 + passed % 3)
    set_figures(targets, "application", "application", endpoints=(endpoint(), refused))


def no_requests(targets: Targets, _at: float, _passed: int) -> None:
    """As where a load balancer has lost it: nothing else is wrong."""
    idle = tuple(endpoint(route, requests=0, active=0) for route in ("/items", "/users"))
    set_figures(targets, "application", "application", per_s=0.0, active=0, endpoints=idle)


def full_pool(targets: Targets, _at: float, _passed: int) -> None:
    queries = ApplicationQueries(pools=(pool(in_use=20, waiting=35),))
    set_figures(targets, "application", "application", queries=queries)
    slow_items(targets)
