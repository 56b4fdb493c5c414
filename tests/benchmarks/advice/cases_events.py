"""Events and sensor readings: time-ordered data."""

from .collections_of import events, readings
from .commands import aggregate, count, delete, find, group, limit, match, only, order
from .draw import Draw
from .workload import Shape, Workload, workload


@workload
def events_of_service_since(draw: Draw) -> Workload:
    data = events(draw, draw.size(15_000, 30_000))
    since = Shape(
        "since",
        80,
        lambda: find("events", {"service": data.rare("service"), "at": data.window("at", 0.01)}),
    )
    return Workload({"events": data}, [since])


@workload
def events_of_type_latest(draw: Draw) -> Workload:
    data = events(draw, draw.size(15_000, 30_000))
    latest = Shape("latest", 80, lambda: find("events", {"type": data.pick("type")}, "-at", 50))
    return Workload({"events": data}, [latest])


@workload
def events_large(draw: Draw) -> Workload:
    """50,000 documents: the facts come from a small sample."""
    data = events(draw, 50_000)
    return Workload(
        {"events": data},
        [
            Shape("user", 100, lambda: find("events", {"user": data.pick("user")}, "-at", 20)),
            Shape("session", 100, lambda: find("events", {"session": data.pick("session")}, "at")),
        ],
    )


@workload
def events_errors_or_slow(draw: Draw) -> Workload:
    """Two selective branches."""
    data = events(draw, draw.size(9_000, 20_000))
    either = Shape(
        "either",
        30,
        lambda: find(
            "events",
            {"$or": [{"severity": "fatal", "ok": False}, {"durationMs": data.above("durationMs", 0.003)}]},
        ),
    )
    return Workload({"events": data}, [either])


@workload
def events_failures_latest(draw: Draw) -> Workload:
    """A rare value and a sort."""
    data = events(draw, draw.size(9_000, 20_000))
    failures = Shape("failures", 50, lambda: find("events", {"ok": False, "service": data.rare("service")}, "-at", 20))
    return Workload({"events": data}, [failures])


@workload
def events_sorted_both_ways(draw: Draw) -> Workload:
    """A compound sort whose directions differ."""
    data = events(draw, draw.size(9_000, 20_000))
    slowest = Shape("slowest", 50, lambda: find("events", {"service": data.rare("service")}, "host -durationMs", 20))
    return Workload({"events": data}, [slowest])


@workload
def events_half_read(draw: Draw) -> Workload:
    """Reads two thirds of the collection: no index helps."""
    data = events(draw, draw.size(6_000, 9_000))
    return Workload({"events": data}, [Shape("most", 20, lambda: find("events", {"at": data.above("at", 0.65)}))])


@workload
def events_count_half(draw: Draw) -> Workload:
    """A count pays at half of the collection, since it needs no documents."""
    data = events(draw, draw.size(9_000, 20_000))
    half = Shape("half", 40, lambda: count("events", {"severity": draw.choice(["debug", "info"])}))
    return Workload({"events": data}, [half])


@workload
def events_by_type_in_window(draw: Draw) -> Workload:
    """`$group` after a window of time."""
    data = events(draw, draw.size(15_000, 30_000))
    grouped = Shape(
        "grouped",
        30,
        lambda: aggregate(
            "events",
            match({"service": data.rare("service"), "at": data.window("at", 0.05)}),
            group("$type", count={"$sum": 1}),
        ),
    )
    return Workload({"events": data}, [grouped])


@workload
def events_dashboard(draw: Draw) -> Workload:
    """Four shapes around service and time."""
    data = events(draw, draw.size(9_000, 15_000))
    return Workload(
        {"events": data},
        [
            Shape("latest", 100, lambda: find("events", {"service": data.rare("service")}, "-at", 20)),
            Shape(
                "severe",
                50,
                lambda: find(
                    "events", {"service": data.rare("service"), "severity": {"$in": ["error", "fatal"]}}, "-at", 20
                ),
            ),
            Shape(
                "count",
                80,
                lambda: count("events", {"service": data.rare("service"), "at": data.window("at", 0.02)}),
            ),
            Shape("of-session", 60, lambda: find("events", {"session": data.pick("session")}, "at")),
        ],
    )


@workload
def readings_of_sensor(draw: Draw) -> Workload:
    data = readings(draw, draw.size(15_000, 30_000))
    return Workload(
        {"readings": data},
        [
            Shape(
                "window",
                80,
                lambda: find("readings", {"sensor": data.rare("sensor"), "at": data.window("at", 0.1)}, "at"),
            ),
            Shape(
                "metric",
                80,
                lambda: find("readings", {"sensor": data.rare("sensor"), "metric": data.rare("metric")}, "-at", 1),
            ),
        ],
    )


@workload
def readings_outliers(draw: Draw) -> Workload:
    """A narrow range at the end of the values, within one metric."""
    data = readings(draw, draw.size(15_000, 30_000))
    outliers = Shape(
        "outliers",
        40,
        lambda: find("readings", {"metric": data.rare("metric"), "value": data.above("value", 0.005)}, "-value"),
    )
    return Workload({"readings": data}, [outliers])


@workload
def readings_latest_of_each(draw: Draw) -> Workload:
    data = readings(draw, draw.size(9_000, 20_000))
    latest = Shape(
        "latest",
        20,
        lambda: aggregate("readings", order("sensor -at"), group("$sensor", value={"$first": "$value"})),
    )
    return Workload({"readings": data}, [latest])


@workload
def readings_averages(draw: Draw) -> Workload:
    """A pipeline that an index can cover."""
    data = readings(draw, draw.size(9_000, 20_000))
    averages = Shape(
        "averages",
        30,
        lambda: aggregate(
            "readings",
            match({"sensor": data.rare("sensor"), "metric": data.rare("metric")}),
            group("$sensor", average={"$avg": "$value"}),
        ),
    )
    return Workload({"readings": data}, [averages])


@workload
def readings_bad_and_purge(draw: Draw) -> Workload:
    """A rare quality, and a delete by age."""
    data = readings(draw, draw.size(9_000, 20_000))
    return Workload(
        {"readings": data},
        [
            Shape("bad", 40, lambda: find("readings", {"quality": {"$ne": "good"}}, "-at", 50)),
            Shape("purge", 5, lambda: delete("readings", {"at": data.below("at", 0.02)})),
        ],
    )


@workload
def readings_two_ranges(draw: Draw) -> Workload:
    """Two ranges, of which one is far more selective."""
    data = readings(draw, draw.size(9_000, 20_000))
    both = Shape(
        "both",
        40,
        lambda: find(
            "readings",
            {"site": data.rare("site"), "battery": data.below("battery", 0.5), "at": data.window("at", 0.01)},
        ),
    )
    return Workload({"readings": data}, [both])


@workload
def readings_projected_series(draw: Draw) -> Workload:
    """Equality and range, covered with the value."""
    data = readings(draw, draw.size(15_000, 30_000))
    series = Shape(
        "series",
        60,
        lambda: find(
            "readings",
            {"sensor": data.rare("sensor"), "at": data.window("at", 0.3)},
            "at",
            projection=only("at", "value"),
        ),
    )
    return Workload({"readings": data}, [series])


@workload
def events_paths_report(draw: Draw) -> Workload:
    """`$match` behind `$project`, and a limit after the sort."""
    data = events(draw, draw.size(9_000, 20_000))
    report = Shape(
        "report",
        30,
        lambda: aggregate(
            "events",
            {"$project": {"user": 1, "at": 1, "path": 1}},
            match({"user": data.pick("user")}),
            order("-at"),
            limit(5),
        ),
    )
    return Workload({"events": data}, [report])
