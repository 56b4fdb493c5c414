"""The live loop in virtual time: when sources are polled, and what a Snapshot says of them."""

import asyncio
import itertools
from collections.abc import Callable

import pytest
from helpers.scripted import START, Answer, ScriptedSource, ScriptedSystem, Watch, build, host_source, target, watch
from helpers.snapshots import busy_snapshot
from helpers.virtual_time import run_virtual

from perftui.model.mongodb import Connections, MongoServer, ReplicaSet
from perftui.model.query import SlowQuery, SlowQueryBatch
from perftui.model.redis import RedisServer
from perftui.model.sample import Capability
from perftui.model.snapshot import Snapshot
from perftui.monitor.live import Monitor
from perftui.sources.mongodb.server_status import StatusReader

SERVER = MongoServer(version="6.0.5", role="PRIMARY")


def steady(now: float) -> Answer:
    return Answer(SERVER)


def run(seconds: float, *sources: ScriptedSource, at: dict[float, Callable[[], None]] | None = None) -> Watch:
    return run_virtual(watch(build(sources), seconds, at))


def test_the_first_snapshot_comes_as_soon_as_the_machine_has_answered() -> None:
    slow = ScriptedSource(target(), "mongodb.server", lambda now: Answer(SERVER, after_s=0.4))
    seen = run(3, host_source(), slow)
    at, first = seen.shown[0]
    assert at < 0.01
    assert first.targets[0].host is not None
    assert [state.target.name for state in first.targets] == ["web", "db"]
    assert first.targets[1].sources == ()


def test_others_are_shown_as_they_come_and_not_only_at_the_next_tick() -> None:
    slow = ScriptedSource(target(), "mongodb.server", lambda now: Answer(SERVER, after_s=0.4))
    seen = run(3, host_source(), slow)
    first_seen = next(at for at, state in seen.states("db") if state.mongodb is not None)
    assert first_seen < 0.6


def test_without_a_machine_the_targets_stand_there_at_once() -> None:
    seen = run(2, ScriptedSource(target(), "mongodb.server", steady))
    assert seen.shown[0][0] == 0
    assert seen.last.targets[0].mongodb is SERVER


def test_one_snapshot_a_tick_with_what_was_polled_in_it() -> None:
    sources = [ScriptedSource(target(name=f"db{n}"), "mongodb.server", steady) for n in range(5)]
    seen = run(10.5, host_source(), *sources)
    late = [at for at, _ in seen.shown if at > 1.5]
    assert len(late) == 9
    for at, snapshot in seen.shown[-5:]:
        read = [source.read_at for state in snapshot.targets for source in state.sources]
        assert all(moment is not None and at - (moment - START) < 0.01 for moment in read)


def test_sequences_follow_each_other_and_frames_can_be_walked() -> None:
    seen = run(8, host_source())
    sequences = [snapshot.sequence for _, snapshot in seen.shown]
    assert sequences == list(range(1, len(sequences) + 1))
    assert seen.monitor.frames() == (1, sequences[-1])
    for _, snapshot in seen.shown:
        assert seen.monitor.frame(snapshot.sequence) == snapshot
    assert seen.monitor.frame(0) is None


def test_no_source_is_polled_while_its_last_poll_runs() -> None:
    slow = ScriptedSource(target(), "mongodb.server", lambda now: Answer(SERVER, after_s=2.3))
    fast = ScriptedSource(target(), "mongodb.operations", steady)
    seen = run(60, host_source(), slow, fast)
    assert slow.most_running == 1
    assert len(fast.started) > 55
    assert any(source.waiting for _, source in seen.source("mongodb.server"))


def test_a_slow_tick_source_does_not_hold_the_snapshot_back() -> None:
    hanging = ScriptedSource(target(), "mongodb.server", lambda now: Answer(SERVER, after_s=3 if now > 5 else 0.001))
    seen = run(9.9, host_source(), hanging)
    moments = [at for at, _ in seen.shown if at > 2]
    assert max(later - earlier for earlier, later in itertools.pairwise(moments)) < 1.25


def test_an_interval_longer_than_the_tick_is_kept_in_whole_ticks() -> None:
    rare = ScriptedSource(target(), "mongodb.replica_set", lambda now: Answer(ReplicaSet()), interval_s=3.0)
    run(20, host_source(), rare)
    steps = {round(later - earlier) for earlier, later in zip(rare.started[1:], rare.started[2:], strict=False)}
    assert steps == {3}


def test_a_slow_server_is_asked_less_often_and_a_fast_one_again_in_time() -> None:
    source = ScriptedSource(target(), "mongodb.server", lambda now: Answer(SERVER, after_s=0.5 if now < 30 else 0.001))
    seen = run(60, host_source(), source)
    slow_time = [at for at in source.started if 10 < at < 30]
    assert all(later - earlier >= 4.5 for earlier, later in itertools.pairwise(slow_time))
    assert max(state.interval_s for _, state in seen.source("mongodb.server")) == pytest.approx(5, abs=1)
    assert len([at for at in source.started if at > 40]) >= 18


def test_one_slow_answer_changes_nothing() -> None:
    source = ScriptedSource(
        target(), "mongodb.server", lambda now: Answer(SERVER, after_s=0.9 if 9.5 < now < 10.5 else 0.001)
    )
    seen = run(20, host_source(), source)
    assert {state.interval_s for _, state in seen.source("mongodb.server")} == {1.0}


def test_a_failure_says_since_when_and_the_last_reading_stays_marked_stale() -> None:
    source = ScriptedSource(
        target(), "mongodb.server", lambda now: Answer(failure="refused") if now > 5 else Answer(SERVER)
    )
    seen = run(12, host_source(), source)
    state = seen.last.targets[1]
    assert state.mongodb is SERVER
    assert state.sources[0].stale
    assert state.sources[0].failure is not None
    assert state.sources[0].failing_since == pytest.approx(START + 6, abs=1.1)
    assert state.sources[0].read_at == pytest.approx(START + 5, abs=1.1)


def test_a_hanging_server_waits_then_is_stale_and_the_others_go_on() -> None:
    source = ScriptedSource(target(), "mongodb.server", lambda now: Answer(SERVER, after_s=1000 if now > 5 else 0.001))
    seen = run(20, host_source(), source)
    states = seen.source("mongodb.server")
    waiting = next(at for at, state in states if state.waiting)
    stale = next(at for at, state in states if state.stale)
    assert waiting < stale < 8.5
    assert states[-1][1].failure is not None
    assert states[-1][1].failure.kind == "timeout"
    hosts = seen.source("host.machine")
    assert not any(state.stale or state.waiting for _, state in hosts)


def test_a_dead_target_gets_one_attempt_an_interval_whatever_its_number_of_sources() -> None:
    def dies(now: float) -> Answer:
        return Answer(failure="refused") if 3 < now < 20 else Answer(SERVER)

    sources = [ScriptedSource(target(), f"mongodb.{name}", dies) for name in ("server", "operations", "queries")]
    run(40, host_source(), *sources)
    attempts = [at for source in sources for at in source.started if 5.5 < at < 19.5]
    assert len(attempts) == 14


def test_all_sources_of_a_target_that_is_back_read_within_two_intervals() -> None:
    def dies(now: float) -> Answer:
        return Answer(failure="unreachable") if 3 < now < 20.4 else Answer(SERVER)

    sources = [ScriptedSource(target(), f"mongodb.{name}", dies) for name in ("server", "operations", "queries")]
    seen = run(30, host_source(), *sources)
    for source in sources:
        back = next(at for at, state in seen.source(source.name) if at > 20.4 and state.failure is None)
        assert back <= 22.4
        assert source.reconnects <= 1


def test_a_server_that_hung_for_long_is_read_every_second_again() -> None:
    def hangs(now: float) -> Answer:
        return Answer(SERVER, after_s=30.2 - now if 10 < now < 30 else 0.001)

    source = ScriptedSource(target(), "mongodb.server", hangs)
    seen = run(45, host_source(), source)
    back = next(at for at, state in seen.source("mongodb.server") if at > 30.2 and state.failure is None)
    assert back <= 32.2
    assert len([at for at in source.started if at > 33]) >= 11


def test_what_was_refused_for_want_of_rights_is_asked_once_until_the_user_asks() -> None:
    source = ScriptedSource(target(), "mongodb.operations", lambda now: Answer(failure="rights"))
    watched = build([host_source(), source, ScriptedSource(target(), "mongodb.server", steady)])
    run_virtual(watch(watched, 30, {20.0: watched.monitor.refresh}))
    assert len(source.started) == 2
    assert source.started[1] == pytest.approx(20.0, abs=0.1)
    assert source.reconnects == 1
    rights = [event for event in watched.last.events if event.kind == "rights.missing"]
    assert len(rights) == 1


def test_a_missing_capability_is_looked_at_again_on_refresh_only() -> None:
    source = ScriptedSource(target(), "mongodb.operations", steady)
    source.capabilities = (Capability(name="operations", state="missing", shows="all operations", needs="inprog"),)
    watched = build([host_source(), source])
    run_virtual(watch(watched, 10, {5.2: watched.monitor.refresh}))
    assert source.reconnects == 1
    assert any(at == pytest.approx(5.2, abs=0.05) for at in source.started)


def test_a_poll_that_raises_is_a_failure_in_words_and_not_the_end() -> None:
    source = ScriptedSource(
        target(), "mongodb.server", lambda now: Answer(error=RuntimeError("mongodb://ann:pw@h went"))
    )
    seen = run(3, host_source(), source)
    failure = seen.source("mongodb.server")[-1][1].failure
    assert failure is not None
    assert failure.kind == "internal"
    assert "pw" not in failure.message


def test_a_system_that_cannot_be_opened_is_named_and_the_others_go_on() -> None:
    watched = build([host_source(), ScriptedSource(target(), "mongodb.server", steady)])
    systems = watched.systems

    def open_system(connection: object, settings: object) -> ScriptedSystem:
        if "mongodb" in str(connection):
            raise ModuleNotFoundError("No module named 'pymongo'")
        return systems["host://web"]

    watched.monitor = Monitor(watched.monitor.settings, open_system=open_system)
    run_virtual(watch(watched, 3))
    failure = watched.last.targets[1].sources[0].failure
    assert failure is not None
    assert "pymongo" in failure.message
    assert watched.last.targets[0].host is not None


def test_members_come_and_go() -> None:
    first = ScriptedSource(target(name="a", group="set"), "mongodb.server", steady)
    second = ScriptedSource(target(name="b", group="set"), "mongodb.server", steady)
    watched = build([host_source(), first])
    members = watched.systems["set"].members
    run_virtual(watch(watched, 12, {4.0: lambda: members.append(second), 8.0: lambda: members.remove(second)}))
    names = [{state.target.name for state in snapshot.targets} for _, snapshot in watched.shown]
    assert {"web", "a", "b"} in names
    assert names[-1] == {"web", "a"}
    assert second.closed == 1
    assert any(event.kind == "member.left" for event in watched.last.events)


def test_the_same_source_through_two_connections_is_read_once() -> None:
    one = ScriptedSource(target(name="a", group="set"), "mongodb.server", steady)
    other = ScriptedSource(target(name="a"), "mongodb.server", steady)
    seen = run(5, host_source(), one, other)
    assert len(seen.last.targets[1].sources) == 1
    assert bool(one.started) != bool(other.started)


def test_everything_is_closed_at_the_end_even_a_poll_under_way() -> None:
    source = ScriptedSource(target(), "mongodb.server", lambda now: Answer(SERVER, after_s=4))
    seen = run(3, host_source(), source)
    assert source.closed == 1
    assert source.running == 0
    assert all(system.closed == 1 for system in seen.systems.values())


def test_the_interval_can_be_changed_at_any_time() -> None:
    source = host_source()
    watched = build([source])
    monitor = watched.monitor
    run_virtual(watch(watched, 40, {10.0: lambda: monitor.set_interval(5), 30.0: lambda: monitor.set_interval(0.001)}))
    assert len([at for at in source.started if 11 < at < 29]) in (3, 4)
    assert watched.last.interval_s == 0.1
    assert len([at for at in source.started if 31 < at < 40]) == pytest.approx(9, abs=1)


def test_what_did_not_change_stays_the_same_object() -> None:
    rare = ScriptedSource(
        target("redis", "cache"), "redis.server", lambda now: Answer(RedisServer(version="7")), interval_s=4
    )
    seen = run(12, host_source(), rare)
    states = [state for at, state in seen.states("cache") if at > 5]
    distinct = {id(state) for state in states}
    assert len(distinct) < len(states)
    assert len({id(state.redis) for state in states}) == 1


def test_equal_payloads_are_shared_over_polls() -> None:
    source = ScriptedSource(
        target(), "mongodb.server", lambda now: Answer(MongoServer(connections=Connections(current=1)))
    )
    seen = run(8, host_source(), source)
    assert len({id(state.mongodb) for _, state in seen.states("db") if state.mongodb is not None}) == 1


@pytest.mark.parametrize("interval_s", [120.0, 600.0])
def test_there_are_rates_however_long_the_interval_is(interval_s: float) -> None:
    class Counting(ScriptedSource):
        """Answers as a server does: what it counted, over its uptime."""

        def __init__(self) -> None:
            super().__init__(target(), "mongodb.server", lambda now: Answer(self.reader.read(self.counted(now))))
            self.reader = StatusReader()

        def counted(self, now: float) -> dict[str, object]:
            return {"uptimeMillis": int(now * 1000) + 10, "opcounters": {"query": int(now * 5)}}

        def expect_every(self, seconds: float) -> None:
            self.reader.expect_every(seconds)

    def batch(now: float) -> Answer:
        entry = SlowQuery(at=START + now, ns="shop.a", op="find", shape_id="s1", shape="find", duration_ms=120)
        return Answer(SlowQueryBatch(entries=(entry,) * 6, read_from="profiler"), after_s=0.3)

    sources = [host_source(), Counting(), ScriptedSource(target(), "mongodb.queries", batch)]
    state = run_virtual(watch(build(sources, interval_s=interval_s), interval_s * 3.5)).last.targets[1]
    assert state.mongodb is not None
    assert state.mongodb.operations.query == pytest.approx(5, abs=0.1)
    assert state.slow_queries_per_s == pytest.approx(6 / interval_s, abs=0.001)


def test_slow_queries_become_a_digest_and_a_rate() -> None:
    def batch(now: float) -> Answer:
        entry = SlowQuery(at=START + now, ns="shop.a", op="find", shape_id="s1", shape="find", duration_ms=120)
        return Answer(SlowQueryBatch(entries=(entry,) * 3, read_from="profiler", backlog=now < 0.5))

    source = ScriptedSource(target(), "mongodb.queries", batch)
    seen = run(60, host_source(), source)
    state = seen.last.targets[1]
    assert state.queries is not None
    assert [row.shape_id for row in state.queries.rows] == ["s1"]
    assert state.queries.rows[0].count == pytest.approx(3 * len(source.started), abs=15), "whole slots of the window"
    assert state.slow_queries_per_s == pytest.approx(3, abs=0.1)
    backlog = next(one for _, one in seen.states("db") if one.queries is not None)
    assert backlog.slow_queries_per_s is None


def test_a_suspended_machine_makes_a_gap_and_an_event() -> None:
    slept = 0.0

    def sleep() -> None:
        nonlocal slept
        slept = 600.0

    watched = build([host_source()], wall=lambda: START + asyncio.get_running_loop().time() + slept)
    run_virtual(watch(watched, 20, {10.5: sleep}))
    assert [event.kind for event in watched.last.events] == ["clock.jumped"]
    values = watched.monitor.history.values("host://web", "host.cpu_share", 20)
    assert None in values[-19:]
    assert values[-1] == 0.5


def test_costs_are_kept_for_each_source_and_the_program() -> None:
    def busy(now: float) -> Answer:
        sum(range(200_000))
        return Answer(SERVER, received_bytes=5000)

    seen = run(8, host_source(), ScriptedSource(target(), "mongodb.server", busy))
    cost = seen.source("mongodb.server")[-1][1]
    idle = seen.source("host.machine")[-1][1]
    assert cost.received_bytes_per_s == 5000
    assert cost.cost_ms_per_s is not None
    assert idle.cost_ms_per_s is not None
    assert cost.cost_ms_per_s > 4 * idle.cost_ms_per_s
    assert seen.last.cost.resident_bytes is not None


def test_the_window_is_the_users() -> None:
    watched = build([host_source()], window_s=300)
    run_virtual(watch(watched, 5, {2.5: lambda: watched.monitor.set_window(60)}))
    windows = [snapshot.window_s for _, snapshot in watched.shown]
    assert (windows[0], windows[-1]) == (300, 60)


def test_a_snapshot_survives_json() -> None:
    seen = run(4, host_source(), ScriptedSource(target(), "mongodb.server", steady))
    assert Snapshot.from_json(seen.last.to_json()) == seen.last


def test_an_hour_of_ticks_takes_no_more_memory_than_its_first_minutes() -> None:
    def operations(now: float) -> Answer:
        return Answer(busy_snapshot(int(now), 30).targets[0].operations)

    watched = build(
        [host_source(), ScriptedSource(target(), "mongodb.operations", operations)], frames_bytes=256 * 1024
    )
    sizes: dict[float, tuple[int, int]] = {}
    monitor = watched.monitor

    def measure(at: float) -> Callable[[], None]:
        def take() -> None:
            sizes[at] = (monitor.history.kept_bytes(), monitor._frames.kept_bytes())

        return take

    run_virtual(watch(watched, 3605, {at: measure(at) for at in (600.5, 3600.5)}, keep=False))
    assert watched.last.sequence > 3600
    assert sizes[3600.5][0] == sizes[600.5][0]
    assert max(frames for _, frames in sizes.values()) <= 256 * 1024
    values = monitor.history.values("host://web", "host.cpu_share", 3600)
    assert values.count(None) == 0
