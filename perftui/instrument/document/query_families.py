"""What of the queries' totals becomes which metric."""

from collections.abc import Iterator

from perftui.instrument.document.exposition import Family
from perftui.instrument.queries.kinds import POOL, QUERY
from perftui.instrument.store.reading import Reading

_COUNTED = {
    "errors": "Commands that failed.",
    "slow": "Commands over the slow threshold.",
    "returned": "Documents and values that reads returned.",
}


def query_families(reading: Reading) -> Iterator[Family]:
    """Commands by collection and operation, and the connection pools by server."""
    about = "Duration of database client operations."
    durations = Family("db_client_operation_duration_seconds", "histogram", about, "seconds")
    counted = {name: Family(f"perftui_query_{name}", "counter", said) for name, said in _COUNTED.items()}
    for series in reading.series(QUERY.name):
        _, collection, operation, _ = series.labels
        namespace, _, name = collection.partition(".")
        labels = {"db_namespace": namespace, "db_collection_name": name or namespace, "db_operation_name": operation}
        total = series.total
        durations.add_durations(total.counts, total.sum_us, db_system_name="mongodb", **labels)
        for counter, family in counted.items():
            family.add(total.counter(counter), **labels)
    yield from (durations, *counted.values())
    yield from _pools(reading)


def _pools(reading: Reading) -> Iterator[Family]:
    about = "The time it took to obtain an open connection from the pool."
    waits = Family("db_client_connection_wait_time_seconds", "histogram", about, "seconds")
    number = Family("db_client_connection_count", "gauge", "Connections, by state.")
    pending = Family("db_client_connection_pending_requests", "gauge", "Commands that wait for a connection.")
    most = Family("db_client_connection_max", "gauge", "What the pools may hold; 0: without limit.")
    timeouts = Family("db_client_connection_timeouts", "counter", "Waits for a connection that timed out.")
    for series in reading.series(POOL.name):
        total, gauges, pool = series.total, series.gauges, series.labels[0]
        waits.add_durations(total.counts, total.sum_us, db_client_connection_pool_name=pool)
        used = gauges["in_use"]
        for state, value in (("used", used), ("idle", max(gauges["size"] - used, 0))):
            number.add(value, db_client_connection_pool_name=pool, db_client_connection_state=state)
        pending.add(gauges["waiting"], db_client_connection_pool_name=pool)
        most.add(gauges["max_size"], db_client_connection_pool_name=pool)
        timeouts.add(total.counter("failed_timeout"), db_client_connection_pool_name=pool)
    yield from (waits, number, pending, most, timeouts)
