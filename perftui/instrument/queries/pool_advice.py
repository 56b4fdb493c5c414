"""What a pool's figures say about its size, in words with the evidence."""

from collections.abc import Iterator, Mapping

from perftui.instrument.store.tally import Tally

_ENOUGH_WAITS = 100
_LONG_WAIT_S = 0.005
_SHORT_WAIT_S = 0.001
_CHURN_SHARE = 0.1


def pool_advice(wait: Tally, gauges: Mapping[str, float], closed: Mapping[str, int], created: int) -> tuple[str, ...]:
    """One sentence for each thing that the figures show; nothing where they are too few."""
    return tuple(_sentences(wait, gauges, closed, created))


def _sentences(wait: Tally, gauges: Mapping[str, float], closed: Mapping[str, int], created: int) -> Iterator[str]:
    timeouts = wait.counter("failed_timeout")
    size, most = round(gauges.get("size", 0)), round(gauges.get("max_size", 0))
    p95_s = wait.quantile_s(0.95)
    if timeouts:
        yield (
            f"{timeouts:,} commands got no connection in time: raise maxPoolSize (now {most:,} in all), "
            "or look for what holds connections long, such as slow queries and open cursors in a transaction."
        )
    elif wait.count >= _ENOUGH_WAITS and p95_s is not None and p95_s >= _LONG_WAIT_S:
        if most and size >= most:
            yield (
                f"5 % of the commands waited {p95_s * 1000:,.0f} ms or longer for a connection, with all {most:,} "
                "open: raise maxPoolSize, or shorten the queries that hold them."
            )
        else:
            yield (
                f"5 % of the commands waited {p95_s * 1000:,.0f} ms or longer for a connection, with {size:,} open of "
                f"{most or 'any number'}: connections are opened too late. Set minPoolSize to what is in use at peaks."
            )
    if closed.get("idle", 0) >= _ENOUGH_WAITS and closed["idle"] > _CHURN_SHARE * max(wait.count, 1):
        yield (
            f"{closed['idle']:,} connections were closed as idle and {created:,} opened for {wait.count:,} commands: "
            "raise maxIdleTimeMS or minPoolSize."
        )
    low = p95_s is not None and p95_s < _SHORT_WAIT_S and wait.count >= _ENOUGH_WAITS
    if low and size >= 20 and round(gauges.get("in_use", 0)) * 10 < size and not gauges.get("waiting"):
        yield (
            f"{size:,} connections are open and {round(gauges.get('in_use', 0)):,} in use, and 95 % of the commands "
            "waited less than 1 ms: a smaller maxPoolSize, or a maxIdleTimeMS, would spare the server memory."
        )
