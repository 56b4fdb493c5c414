"""What happened, in sentences, each once."""

from collections.abc import Iterable
from typing import Any

import pytest
from msgspec.structs import replace

from perftui.model.application import ApplicationMetrics, CacheStats, EndpointStats
from perftui.model.event import Event
from perftui.model.host import Filesystem, HostMetrics, MemoryUse
from perftui.model.mongodb import Connections, MongoServer, Queues, StorageCache, Tickets
from perftui.model.query import DigestRow, LatencySummary, QueryDigest
from perftui.model.redis import RedisClients, RedisMemory, RedisServer, RedisSlowLog
from perftui.model.sample import Capability, Failure
from perftui.model.settings import Thresholds
from perftui.model.snapshot import SourceState, TargetState
from perftui.model.target import Target, TargetKind
from perftui.monitor.alarms import GATHERED_S, Alarms
from perftui.monitor.events import KEPT_EVENTS, Notices
from perftui.monitor.rules import READINGS, RULES

START = 1_800_000_000.0


def state(kind: TargetKind, *sources: SourceState, group: str | None = None, **slots: Any) -> TargetState:
    target = Target(id=f"{kind}://x", kind=kind, name="x:1", address=f"{kind}://x", group=group)
    return TargetState(target=target, sources=sources, **slots)


def source(name: str = "mongodb.server", **fields: Any) -> SourceState:
    return SourceState(source=name, interval_s=1.0, **fields)


def notice(states: Iterable[TargetState | None], thresholds: Thresholds | None = None) -> list[Event]:
    """The events of these states, one a second; `None` is a second without the target."""
    notices = Notices(thresholds or Thresholds())
    events: tuple[Event, ...] = ()
    for index, one in enumerate(states):
        events = notices.take([] if one is None else [one], START + index)
    return list(events)


def mongodb(**fields: Any) -> TargetState:
    return state("mongodb", mongodb=MongoServer(**fields))


def test_a_restart_is_told_by_the_uptime() -> None:
    events = notice([mongodb(uptime_s=500.0), mongodb(uptime_s=501.0), mongodb(uptime_s=1.5), mongodb(uptime_s=2.5)])
    assert [(event.kind, event.message) for event in events] == [
        ("server.restarted", "x:1 restarted 1.5 s ago; it had been up for 501.0 s.")
    ]


def test_a_restart_in_a_container_is_told_though_each_process_has_the_same_id() -> None:
    events = notice([mongodb(uptime_s=864_000.0, pid=1), mongodb(uptime_s=4.0, pid=1), mongodb(uptime_s=5.0, pid=1)])
    assert [event.message for event in events] == ["x:1 restarted 4.0 s ago; it had been up for 864,000.0 s."]
    assert notice([mongodb(uptime_s=30.0, pid=1), mongodb(uptime_s=29.0, pid=1)]) == [], "whole seconds may tremble"


def test_a_process_that_runs_longer_than_the_one_before_has_restarted_too() -> None:
    events = notice([mongodb(uptime_s=1.0, pid=812), mongodb(uptime_s=9.0, pid=907)])
    assert [event.kind for event in events] == ["server.restarted"]


def test_an_uptime_that_is_older_than_the_last_reading_is_no_restart() -> None:
    """The server's clock was set back, or the next of several workers answered."""

    def read(at: float, uptime_s: float) -> TargetState:
        read_by = source(slot="mongodb", read_at=START + at)
        return state("mongodb", read_by, mongodb=MongoServer(uptime_s=uptime_s, pid=1))

    assert notice([read(0, 9000.0), read(1, 5401.0)]) == []
    assert [event.kind for event in notice([read(0, 9000.0), read(600, 500.0)])] == ["server.restarted"]


def test_a_role_and_a_version_that_change() -> None:
    events = notice([mongodb(role="PRIMARY", version="6.0.5"), mongodb(role="SECONDARY", version="7.0.1")])
    assert [event.kind for event in events] == ["role.changed", "version.changed"]
    assert events[0].message == "x:1 is now SECONDARY; it was PRIMARY."


def test_a_role_that_is_not_known_yet_has_not_changed() -> None:
    assert notice([mongodb(), mongodb(role="PRIMARY"), mongodb(), mongodb(role="PRIMARY")]) == []


def test_a_lost_source_and_its_return_are_told_once_with_the_time_it_took() -> None:
    failure = Failure(kind="refused", message="Nothing listens on x:1.", help="Start it.")
    good = state("mongodb", source(read_at=START))
    failing: dict[str, Any] = {"read_at": START, "failure": failure, "failing_since": START + 1}
    lost = [state("mongodb", source(latency_ms=latency, **failing)) for latency in (1, 2)]
    back = state("mongodb", source(read_at=START + 3))
    events = notice([good, *lost, back])
    assert [(event.kind, event.severity, event.message) for event in events] == [
        ("source.lost", "critical", "Nothing listens on x:1."),
        ("source.back", "recovered", "x:1: mongodb.server answers again after 2.0 s."),
    ]


def test_sources_lost_for_the_same_reason_are_one_sentence() -> None:
    failure = Failure(kind="timeout", message="No answer.", help="Wait.")
    both = [source(name, failure=failure, failing_since=START) for name in ("mongodb.server", "mongodb.operations")]
    events = notice([state("mongodb", *both)])
    assert [(event.message, event.subject) for event in events] == [
        ("x:1: No answer.", "mongodb.server, mongodb.operations")
    ]


def test_missing_rights_are_named_once() -> None:
    missing = Capability(name="profiler", state="missing", shows="slow queries", needs="find on system.profile")
    granted = Capability(name="server", state="granted", shows="rates")
    states = [state("mongodb", source(capabilities=(granted, missing), latency_ms=n)) for n in range(5)]
    events = notice(states)
    assert [event.message for event in events] == ["x:1: profiler (slow queries) needs find on system.profile."]


def test_a_refused_source_is_told_as_missing_rights_and_not_as_lost() -> None:
    failure = Failure(kind="rights", message="x:1 refuses currentOp.", help="Grant inprog.")
    events = notice([state("mongodb", source(failure=failure, failing_since=START))] * 3)
    assert [(event.kind, event.message) for event in events] == [
        ("rights.missing", "x:1 refuses currentOp. Grant inprog.")
    ]


def test_lost_entries_are_told_with_their_number_when_it_is_known() -> None:
    known = [state("mongodb", queries=QueryDigest(lost_entries=lost)) for lost in (0, 12, 12, 15, None)]
    events = notice(known)
    assert [event.message.split(": ")[1].split(" ")[0] for event in events] == ["12", "3", "slow"]
    redis = [state("redis", redis_slow_log=RedisSlowLog(lost_entries=lost)) for lost in (0, 40)]
    assert "40 slow log entries" in notice(redis)[0].message


def test_a_member_that_leaves_is_told() -> None:
    events = notice([state("mongodb", source(), group="mongodb://set"), None])
    assert [event.message for event in events] == ["x:1 is no longer a member."]


def test_only_the_latest_events_are_kept_and_nothing_new_is_the_same_tuple() -> None:
    notices = Notices(Thresholds())
    for index in range(KEPT_EVENTS * 2):
        notices.take([mongodb(role=f"R{index}")], START + index)
    steady = [mongodb(role="R")]
    events = notices.take(steady, START)
    assert len(events) == KEPT_EVENTS
    assert notices.take(steady, START + 1) is events
    assert events[-1].message.endswith(f"it was R{KEPT_EVENTS * 2 - 1}.")


def cpu(value: float) -> TargetState:
    return state("host", host=HostMetrics(hostname="x", cpu_share=value, uptime_s=value))


def test_a_threshold_is_crossed_only_after_several_readings_in_a_row() -> None:
    few = [0.95] * (READINGS - 1)
    assert notice(map(cpu, [*few, 0.5, *few, 0.5, *few])) == []
    events = notice(map(cpu, [0.5, *[0.95] * 10]))
    assert [(event.kind, event.severity, event.message) for event in events] == [
        ("threshold.crossed", "critical", "x:1: CPU is 95 %, above 90 %.")
    ]
    assert events[0].at == START + READINGS


def test_it_is_recovered_only_after_several_readings_inside() -> None:
    readings = [0.95] * READINGS + [0.5, 0.95] * 5 + [0.5] * READINGS
    events = notice(map(cpu, readings))
    assert [(event.kind, event.severity) for event in events] == [
        ("threshold.crossed", "critical"),
        ("threshold.recovered", "recovered"),
    ]
    assert events[1].message == "x:1: CPU is 50 %, back below 90 %."


def test_a_reading_is_counted_once_however_often_it_is_shown() -> None:
    high = HostMetrics(hostname="x", cpu_share=0.95)
    states = [state("host", source(latency_ms=n), host=high) for n in range(10)]
    assert notice(states) == []


def test_a_value_that_is_only_repeated_because_its_source_fails_is_no_reading() -> None:
    failure = Failure(kind="timeout", message="late", help="wait")
    alarms = Alarms(Thresholds())
    for _ in range(10):
        lost = source("host.machine", slot="host", failure=failure)
        assert list(alarms.notice(state("host", lost, host=HostMetrics(hostname="x", cpu_share=1)), START)) == []


def row(
    p95: float,
    count: int = 10,
    examined: int | None = None,
    returned: int | None = None,
    *,
    total: float = 0.0,
    shape_id: str = "v1:abcdef12",
) -> DigestRow:
    return DigestRow(
        shape_id=shape_id,
        ns="shop.prompts",
        op="find",
        shape="find {sku: ?}",
        count=count,
        latency_ms=LatencySummary(p95=p95, total=total),
        examined_documents=examined,
        returned=returned,
        last_seen_at=START,
    )


def test_slow_queries_have_a_warning_below_their_threshold() -> None:
    p95s = [70.0] * 4 + [152.0] * 4 + [20.0] * 4
    digests = [state("mongodb", queries=QueryDigest(rows=(row(p95),))) for p95 in p95s]
    events = notice(digests)
    assert [event.severity for event in events] == ["warning", "critical", "recovered"]
    assert events[0].message == "x:1: p95 of shop.prompts find {sku: ?} is 70 ms, above 50 ms."
    assert events[1].message.endswith("is 152 ms, above 100 ms.")
    assert events[2].message.endswith("is 20 ms, back below 50 ms.")


def shapes(*rows: DigestRow) -> TargetState:
    return state("mongodb", queries=QueryDigest(rows=rows))


def test_shapes_that_become_slow_at_the_same_time_are_one_sentence_and_the_worst_is_named() -> None:
    slow = [row(200.0 + number, 10, 500_000, 200, shape_id=f"v1:{number}") for number in range(9)]
    events = notice([shapes(*slow) for _ in range(4)])
    assert [(event.severity, event.message) for event in events] == [
        (
            "critical",
            "x:1: p95 of shop.prompts find {sku: ?} is 208 ms, above 100 ms, as are 8 more; "
            "it examines 50,000 documents to return 20.",
        )
    ]
    assert events[0].subject == "slow_ms v1:8"


def test_further_shapes_are_gathered_for_half_a_minute() -> None:
    seconds = int(GATHERED_S) + 10
    states = [shapes(*(row(200.0, shape_id=f"v1:{n}") for n in range(second + 1))) for second in range(seconds)]
    events = notice(states)
    assert [event.at - START for event in events] == [2, 2 + GATHERED_S]
    assert events[1].message.endswith(f"above 100 ms, as are {int(GATHERED_S) - 1} more.")


def test_a_shape_that_recovers_before_it_was_told_is_not_told_at_all() -> None:
    first, second = row(200.0, shape_id="v1:first"), row(200.0, shape_id="v1:second")
    fine = row(20.0, shape_id="v1:second")
    states = [*(shapes(first) for _ in range(4)), *(shapes(first, second) for _ in range(4))]
    states += [shapes(first, fine) for _ in range(int(GATHERED_S))]
    assert [event.subject for event in notice(states)] == ["slow_ms v1:first"]


def test_a_shape_between_the_thresholds_does_not_flutter() -> None:
    p95s = [*[150.0] * 4, *[80.0] * 4, *[150.0] * 4, *[80.0] * 40]
    assert [event.severity for event in notice(shapes(row(p95)) for p95 in p95s)] == ["critical"]


def test_a_wasteful_shape_that_takes_no_time_is_no_event() -> None:
    assert notice(shapes(row(1.0, 100, 5_000_000, 20, total=100.0)) for _ in range(5)) == []


def endpoint(**latency: float) -> ApplicationMetrics:
    slow = EndpointStats(method="GET", route="/a", latency_ms=LatencySummary(**latency))
    return ApplicationMetrics(format="perftui", endpoints=(slow,))


BAD: dict[tuple[TargetKind, str], dict[str, Any]] = {
    ("mongodb", "slow_ms"): {"queries": QueryDigest(rows=(row(500.0),))},
    ("mongodb", "examined_documents"): {"queries": QueryDigest(rows=(row(1.0, 1, 50_000, 50_000, total=30_000.0),))},
    ("mongodb", "returned_per_examined"): {"queries": QueryDigest(rows=(row(1.0, 100, 5000, 20, total=30_000.0),))},
    ("mongodb", "queued_operations"): {"mongodb": MongoServer(queues=Queues(readers=8, writers=8))},
    ("mongodb", "connections_share"): {"mongodb": MongoServer(connections=Connections(current=90, available=10))},
    ("mongodb", "tickets_share"): {"mongodb": MongoServer(tickets=Tickets(write_used=128, write_total=128))},
    ("mongodb", "cache_dirty_share"): {"mongodb": MongoServer(cache=StorageCache(dirty_bytes=3, maximum_bytes=10))},
    ("mongodb", "replication_lag_s"): {"mongodb": MongoServer(replication_lag_s=60.0)},
    ("redis", "redis_memory_share"): {"redis": RedisServer(memory=RedisMemory(used_bytes=99, maximum_bytes=100))},
    ("redis", "connections_share"): {"redis": RedisServer(clients=RedisClients(connected=99, maximum=100))},
    ("redis", "hit_rate"): {"redis": RedisServer(hit_rate=0.4)},
    ("application", "error_rate"): {"application": ApplicationMetrics(format="perftui", server_error_rate=0.2)},
    ("application", "endpoint_average_ms"): {"application": endpoint(average=900)},
    ("application", "endpoint_p95_ms"): {"application": endpoint(p95=2000)},
    ("application", "hit_rate"): {
        "application": ApplicationMetrics(format="perftui", caches=(CacheStats(name="c", hit_rate=0.1),))
    },
    ("application", "cache_efficiency"): {
        "application": ApplicationMetrics(format="perftui", caches=(CacheStats(name="c", efficiency=20),))
    },
    ("host", "cpu_share"): {"host": HostMetrics(hostname="x", cpu_share=1.0)},
    ("host", "memory_share"): {"host": HostMetrics(hostname="x", memory=MemoryUse(used_bytes=99, total_bytes=100))},
    ("host", "disk_share"): {
        "host": HostMetrics(
            hostname="x", filesystems=(Filesystem(mount="/", total_bytes=100, used_bytes=98, free_bytes=2),)
        )
    },
}


def test_every_rule_has_its_case_and_every_threshold_its_rule() -> None:
    assert {(rule.kind, rule.name) for rule in RULES} == set(BAD)
    named = {rule.name for rule in RULES} | {"slow_warning_ms"}
    assert named == set(Thresholds.__struct_fields__)


@pytest.mark.parametrize(("kind", "name"), BAD, ids=lambda value: str(value))
def test_each_threshold_is_crossed_by_its_figure_alone(kind: TargetKind, name: str) -> None:
    alarms = Alarms(Thresholds())
    found: list[Event] = []
    readings = next(rule.readings for rule in RULES if (rule.kind, rule.name) == (kind, name))
    for number in range(readings):
        fresh = {slot: replace(value) for slot, value in BAD[kind, name].items()}
        found.extend(alarms.notice(state(kind, **fresh), START + number))
    assert [(event.kind, (event.subject or "").split(" ")[0]) for event in found] == [("threshold.crossed", name)]
    assert found[0].message.startswith("x:1: ")
    assert found[0].severity == ("warning" if name in ("examined_documents", "returned_per_examined") else "critical")


def test_thresholds_are_the_users() -> None:
    assert notice(map(cpu, [0.95] * 10), Thresholds(cpu_share=0.99)) == []


def test_a_target_that_returns_after_it_left_starts_anew() -> None:
    events = notice([*map(cpu, [0.95] * 4), None, *map(cpu, [0.95] * 4)])
    assert [event.kind for event in events] == ["threshold.crossed", "threshold.crossed"]
