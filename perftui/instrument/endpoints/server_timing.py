"""The `Server-Timing` header: how long a request took so far, and how much of that in database and cache."""

from perftui.instrument.endpoints.current import RequestInProgress

HEADER = "server-timing"


def server_timing(request: RequestInProgress, now: float) -> str:
    """Durations in milliseconds, up to the moment when the headers are sent."""
    parts = [f"total;dur={(now - request.started) * 1000:.2f}"]
    if request.queries:
        parts.append(f'db;dur={request.query_s * 1000:.2f};desc="{_number(request.queries, "query", "queries")}"')
    if request.gets:
        parts.append(f'cache;dur={request.cache_s * 1000:.2f};desc="{_number(request.gets, "get", "gets")}"')
    return ", ".join(parts)


def _number(number: int, one: str, many: str) -> str:
    return f"{number} {one if number == 1 else many}"
