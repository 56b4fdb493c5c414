"""The application's meters: requests, p95, errors, and which endpoint is the slowest."""

from perftui.model.application import ApplicationMetrics, hit_rate_now
from perftui.model.snapshot import TargetState
from perftui.tui.formatting import UNKNOWN, milliseconds, number, rate, share, size
from perftui.tui.meters.block import Block, Meter, grade, trouble_of
from perftui.tui.tables.grades import too_low
from perftui.tui.view import State, View

_WORDS: dict[State, str] = {"over": " over", "warning": " warn"}


def application_block(state: TargetState, view: View) -> Block:
    application = state.application or ApplicationMetrics(format="perftui")
    limits = view.thresholds
    p95 = application.latency_ms.p95
    p95_state: State = "normal" if p95 is None else grade(p95, limits.endpoint_p95_ms)
    errors, hits = application.server_error_rate, hit_rate_now(application.caches)
    meters = (
        Meter("req/s", rate(application.per_s), metric="application.requests_per_s"),
        Meter("p95", milliseconds(p95) + _WORDS.get(p95_state, ""), p95_state, "application.p95_ms"),
        Meter("5xx", share(errors), _grade_errors(errors, limits.error_rate), "application.server_error_rate"),
        Meter("slowest", _slowest(application)),
        Meter("hits", share(hits), _grade_hits(hits, limits.hit_rate), "application.cache_hit_rate", 1.0),
        Meter("active", number(application.active), metric="application.active"),
        Meter("p99", milliseconds(application.latency_ms.p99), metric="application.p99_ms"),
        Meter("avg", milliseconds(application.latency_ms.average), metric="application.average_ms"),
        Meter("4xx", share(application.client_error_rate), metric="application.client_error_rate"),
        Meter("memory", size(application.process.resident_bytes)),
        Meter("workers", number(application.process.workers)),
    )
    return Block("application", "APP", state.target.id, meters, trouble_of(state, view))


def _grade_errors(errors: float | None, limit: float) -> State:
    return "normal" if not errors else grade(errors, limit, 0.2)


def _grade_hits(hits: float | None, limit: float) -> State:
    return "dim" if hits is None else too_low(hits, limit, limit + 0.05)


def _slowest(application: ApplicationMetrics) -> str:
    timed = [endpoint for endpoint in application.endpoints if endpoint.latency_ms.p95 is not None]
    if not timed:
        return UNKNOWN
    worst = max(timed, key=lambda endpoint: endpoint.latency_ms.p95 or 0.0)
    return f"{worst.method} {worst.route}"
