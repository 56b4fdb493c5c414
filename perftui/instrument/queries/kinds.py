"""What is counted of queries, by kind."""

from perftui.instrument.store.kinds import Kind

OTHER = "(other)"
"""What is beyond a bound stands under this label."""
CANCELLED = "cancelled"
"""The code of commands that nobody waits for any more: their task was cancelled, and the driver tells nothing."""
UNMATCHED = "(unmatched)"
"""The route of a request that no route took yet."""

COUNTERS = (
    "errors", "slow", "warnings", "returned", "get_mores", "get_more_us", "matched", "modified", "retries", "killed",
)  # fmt: skip
RETURNED = COUNTERS.index("returned")
QUERY = Kind("query", "query", ("id", "collection", "op", "shape"), True, COUNTERS)
"""Commands by shape, a cursor's first batch among them; its further batches are `get_mores`."""
QUERY_ERROR = Kind("query_error", "query", ("id", "code"), False, ("errors",))
"""Failed commands, and failed statements of writes, by the server's code; `network` where there was no answer."""
QUERY_CALLER = Kind("query_caller", "query", ("id", "method", "route"), False, ("calls",))
"""Commands that a request sent."""

POOL_COUNTERS = (
    "created", "closed_idle", "closed_stale", "closed_error", "closed_pool", "failed_timeout", "failed_error",
    "failed_closed", "cleared",
)  # fmt: skip
POOL_GAUGES = ("size", "in_use", "waiting", "max_size", "min_size", "clients")
POOL = Kind("query_pool", "query", ("address",), True, POOL_COUNTERS, POOL_GAUGES)
"""Connections to one server; the durations are waits for a connection."""

SLOW_QUERIES = "slow_queries"
"""Each worker's newest slow commands, published."""
PLANS = "query_plans"
"""Each worker's newest plan and findings by shape, published."""
READS = frozenset({"find", "aggregate", "distinct", "findandmodify"})
"""Operations that return documents or values."""
WRITES = frozenset({"insert", "update", "delete", "findandmodify", "bulkwrite"})
"""Operations whose reply says how many documents they touched."""
