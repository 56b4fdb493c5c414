"""Each incident, told in figures: its verdict within ten seconds, what it says, and that nothing says it beforehand."""

import random
from collections.abc import Callable
from typing import NamedTuple

import pytest
from helpers import mongodb_incidents
from helpers.incidents import (
    APPLICATION,
    HOST,
    MB,
    MONGODB,
    START,
    Change,
    Story,
    Targets,
    after,
    digest,
    endpoint,
    healthy,
    pool,
    set_figures,
    set_slot,
    shape,
)
from helpers.redis_incidents import (
    cut_off,
    loading,
    other_keys,
    refuses_us,
    refusing,
    saturated,
    silent_replica,
    waiting_for_disk,
    written_to,
)
from msgspec.structs import replace

from perftui.diagnosis.rules import CODES
from perftui.model.application import ApplicationQueries
from perftui.model.event import Event
from perftui.model.host import DiskTraffic, Filesystem, MemoryUse, Process
from perftui.model.index import IndexBuild, IndexOverview
from perftui.model.mongodb import (
    Connections,
    IndexBuilds,
    Member,
    OperationLatency,
    QueryWork,
    Queues,
    ReplicaSet,
    StorageCache,
    Tickets,
)
from perftui.model.operation import ConnectionGroup, OpenTransaction, Operation, OperationList
from perftui.model.redis import (
    CommandStats,
    RedisClients,
    RedisMemory,
    RedisPersistence,
    RedisSlowCommand,
    RedisSlowLog,
)
from perftui.model.sample import Failure
from perftui.model.snapshot import Snapshot, SourceState
from perftui.model.verdict import Verdict

SCAN = {"count": 200, "total_ms": 16_000.0, "examined_documents": 10_000_000, "returned": 4000, "scans": 200}


def slow_items(targets: Targets, average_ms: float = 400.0) -> None:
    set_figures(targets, "application", "application", endpoints=(endpoint(average_ms=average_ms), endpoint("/users")))


def missing_index(targets: Targets, _at: float, _passed: int) -> None:
    set_slot(targets, "mongodb", queries=digest(shape("new", plan="COLLSCAN", recent=SCAN), shape()))
    slow_items(targets)


def dropped_index(targets: Targets, at: float, passed: int) -> None:
    row = shape(plan="COLLSCAN", recent=SCAN)
    both = replace(row, plan_summaries=("COLLSCAN", "IXSCAN { k: 1 }"), plans_at=(at, at - 20 - passed))
    set_slot(targets, "mongodb", queries=digest(both))
    slow_items(targets)


def fast_but_frequent(targets: Targets, _at: float, _passed: int) -> None:
    work = QueryWork(examined_documents_per_s=90_000.0, returned_documents_per_s=800.0, collection_scans_per_s=60.0)
    set_figures(targets, "mongodb", "mongodb", work=work)


def storm(targets: Targets, _at: float, passed: int) -> None:
    number = min(40 + 200 * (passed + 1), 900)
    set_figures(
        targets, "mongodb", "mongodb",
        connections=Connections(current=number, available=20_000, created_per_s=150.0 if passed < 4 else 0.5),
    )  # fmt: skip
    group = ConnectionGroup(client="10.0.0.9", app_name="worker", connections=number - 40)
    set_slot(targets, "mongodb", operations=OperationList(connections=(group,)))


def redis_storm(targets: Targets, _at: float, _passed: int) -> None:
    set_figures(targets, "redis", "redis", clients=RedisClients(connected=9_000, maximum=10_000))


def waiting(number: int, seconds: float, at: float, why: str | None = "lock (Collection w)") -> tuple[Operation, ...]:
    return tuple(
        Operation(
            opid=index, op="update", ns="shop.items", running_s=seconds, waiting_for=why, shape_id="u1",
            app_name="shop", client=f"10.0.0.1:{index}", started_at=at - seconds, killable=True,
            plan_summary="COLLSCAN" if why is None else None,
        )
        for index in range(number)
    )  # fmt: skip


def idle_transaction(targets: Targets, at: float, passed: int) -> None:
    idle = OpenTransaction(
        session="0123456789abcdef0123456789abcdef", client="10.0.0.7:99", app_name="importer",
        started_at=at - passed, open_s=passed + 0.1, idle_s=float(passed), locks="Collection w",
    )  # fmt: skip
    listed = OperationList(operations=waiting(20, min(passed, 9), at), transactions=(idle,))
    set_slot(targets, "mongodb", operations=listed)
    set_figures(targets, "application", "application", endpoints=(endpoint(active=25, requests=0),), active=25)


def pile(targets: Targets, at: float, passed: int) -> None:
    set_slot(targets, "mongodb", operations=OperationList(operations=waiting(400, passed + 1.0, at, None)))


def runaway(targets: Targets, at: float, passed: int) -> None:
    command = '{"aggregate":"items","pipeline":[{"$group":{"_id":"$k"}},{"$sort":{"n":1}}],"allowDiskUse":true}'
    one = Operation(
        opid=7, op="command", ns="shop.items", running_s=8.0 + passed, command=command, app_name="report",
        started_at=at - 8 - passed, shape_id="agg", plan_summary="COLLSCAN",
    )  # fmt: skip
    set_slot(targets, "mongodb", operations=OperationList(operations=(one,)))


def flushed(targets: Targets, at: float, passed: int) -> None:
    rate = min(0.05 + passed * 0.01, 0.9)
    set_figures(
        targets, "redis", "redis", keys=100 + 20 * passed, hit_rate=rate,
        commands=(CommandStats(command="flushall", calls=2),),
    )  # fmt: skip
    entry = RedisSlowCommand(id=1, at=at - passed, duration_us=12_000, command="FLUSHALL", client_name="deploy")
    set_slot(targets, "redis", redis_slow_log=RedisSlowLog(entries=(entry,)))
    reads = OperationLatency(per_s=900.0, average_ms=3.0)
    set_figures(targets, "mongodb", "mongodb", reads=reads)
    slow_items(targets, 300.0)


def evicting(targets: Targets, _at: float, passed: int) -> None:
    memory = RedisMemory(used_bytes=64 * MB, maximum_bytes=64 * MB, policy="allkeys-lru")
    set_figures(
        targets, "redis", "redis", evicted_per_s=500.0, hit_rate=max(0.93 - 0.1 * passed, 0.3), memory=memory
    )  # fmt: skip


def full(targets: Targets, _at: float, _passed: int) -> None:
    memory = RedisMemory(used_bytes=64 * MB, maximum_bytes=64 * MB, policy="noeviction")
    refused = (CommandStats(command="set", calls=5, rejected_per_s=40.0),)
    set_figures(targets, "redis", "redis", memory=memory, commands=refused)


def blocking(targets: Targets, at: float, _passed: int) -> None:
    entries = tuple(
        RedisSlowCommand(
            id=number, at=at - number, duration_us=450_000, command="KEYS *", client_name="cron", client="10.0.0.3:5"
        )
        for number in range(3)
    )
    set_slot(targets, "redis", redis_slow_log=RedisSlowLog(entries=entries))
    slow_items(targets)


def unanswered(targets: Targets, at: float, passed: int) -> None:
    source = SourceState(source="redis.server", interval_s=1.0, read_at=at - passed, waiting=True, slot="redis")
    set_slot(targets, "redis", sources=(source,))


def unsaved(targets: Targets, _at: float, _passed: int) -> None:
    set_figures(targets, "redis", "redis", persistence=RedisPersistence(last_save_ok=False))


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


def full_pool(targets: Targets, _at: float, _passed: int) -> None:
    queries = ApplicationQueries(pools=(pool(in_use=20, waiting=35),))
    set_figures(targets, "application", "application", queries=queries)
    slow_items(targets)


def busy(targets: Targets, *processes: Process) -> None:
    set_figures(targets, "host", "host", cpu_share=0.99, processes=processes)


def cpu_beside(targets: Targets, _at: float, _passed: int) -> None:
    stress = Process(pid=99, name="stress", command="stress --cpu 2", role="other", cpu_share=1.5)
    busy(targets, stress, Process(pid=10, name="mongod", command="mongod", role="mongod", cpu_share=0.3))
    slow_items(targets)


def cpu_saturated(targets: Targets, _at: float, _passed: int) -> None:
    busy(targets, Process(pid=12, name="python", command="python web.py", role="application", cpu_share=1.9))


def cpu_stolen(targets: Targets, _at: float, _passed: int) -> None:
    set_figures(targets, "host", "host", cpu_share=0.98, steal_share=0.45)


def disk_beside(targets: Targets, _at: float, _passed: int) -> None:
    disk = DiskTraffic(busy_share=1.0, written_bytes_per_s=400.0 * MB)
    set_figures(targets, "host", "host", disk=disk, iowait_share=0.5)


def disk_saturated(targets: Targets, _at: float, _passed: int) -> None:
    disk_beside(targets, 0, 0)
    cache = StorageCache(used_bytes=300 * MB, maximum_bytes=500 * MB, dirty_bytes=5 * MB, read_bytes_per_s=390.0 * MB)
    set_figures(targets, "mongodb", "mongodb", cache=cache)


def memory_short(targets: Targets, _at: float, _passed: int) -> None:
    memory = MemoryUse(total_bytes=16_000 * MB, used_bytes=15_900 * MB, available_bytes=100 * MB)
    big = Process(pid=50, name="java", command="java", role="other", resident_bytes=9_000 * MB)
    set_figures(targets, "host", "host", memory=memory, processes=(big,))


def disk_full(targets: Targets, _at: float, _passed: int) -> None:
    root = Filesystem(mount="/data", total_bytes=1000 * MB, used_bytes=990 * MB, free_bytes=10 * MB)
    set_figures(targets, "host", "host", filesystems=(root,))


def open_files(targets: Targets, _at: float, _passed: int) -> None:
    mongod = Process(pid=10, name="mongod", command="", role="mongod", open_files=990, open_files_limit=1024)
    set_figures(targets, "host", "host", processes=(mongod,))


def tickets(targets: Targets, _at: float, _passed: int) -> None:
    used = Tickets(read_used=8, read_total=8, write_used=0, write_total=128)
    set_figures(targets, "mongodb", "mongodb", tickets=used, queues=Queues(readers=60, writers=0))


def squeeze(targets: Targets, _at: float, _passed: int) -> None:
    cache = StorageCache(
        used_bytes=480 * MB, maximum_bytes=500 * MB, dirty_bytes=120 * MB, evicted_by_operations_per_s=400.0
    )
    set_figures(targets, "mongodb", "mongodb", cache=cache)


def few_tickets(targets: Targets, _at: float, passed: int) -> None:
    """Short operations: a reading finds now all of the tickets in use, now not."""
    used = Tickets(read_used=(5, 4, 5, 3)[passed % 4], read_total=5, write_used=0, write_total=128)
    set_figures(targets, "mongodb", "mongodb", tickets=used, queues=Queues(readers=8 + passed % 5, writers=0))


def turned_over(targets: Targets, _at: float, passed: int) -> None:
    """A cache so small that it is never seen full: what was just read is thrown out."""
    cache = StorageCache(
        used_bytes=(5 + passed % 5) * MB,
        maximum_bytes=12 * MB,
        dirty_bytes=MB,
        evicted_by_operations_per_s=45.0,
        read_bytes_per_s=9.0 * MB,
    )
    set_figures(targets, "mongodb", "mongodb", cache=cache)


def members(*, primary: bool = True, down: bool = True, lag_s: float = 0.0) -> ReplicaSet:
    third = "(NOT REACHABLE/HEALTHY)" if down else "SECONDARY"
    return ReplicaSet(
        name="rs0",
        members=(
            Member(address="db:27017", role="PRIMARY" if primary else "SECONDARY", healthy=True, votes=1),
            Member(address="db2:27017", role="SECONDARY", healthy=True, votes=1, lag_s=lag_s),
            Member(address="db3:27017", role=third, healthy=not down, votes=1),
        ),
    )


def no_primary(targets: Targets, _at: float, _passed: int) -> None:
    set_figures(targets, "mongodb", "mongodb", role="SECONDARY")
    set_slot(targets, "mongodb", replica_set=members(primary=False))


def member_down(targets: Targets, _at: float, _passed: int) -> None:
    set_figures(targets, "mongodb", "mongodb", role="PRIMARY")
    set_slot(targets, "mongodb", replica_set=members())


def lag(targets: Targets, _at: float, _passed: int) -> None:
    set_figures(targets, "mongodb", "mongodb", role="PRIMARY")
    set_slot(targets, "mongodb", replica_set=members(down=False, lag_s=95.0))


def hung_build(targets: Targets, _at: float, _passed: int) -> None:
    builds = IndexBuilds(active=1, waiting_for_commit_quorum=1)
    set_figures(targets, "mongodb", "mongodb", role="PRIMARY", index_builds=builds)
    build = IndexBuild(ns="shop.items", names=("k_1",), waits_for_quorum=True)
    set_slot(targets, "mongodb", replica_set=members(), indexes=IndexOverview(builds=(build,)))


def unreachable(targets: Targets, at: float, passed: int) -> None:
    failure = Failure(kind="refused", message="Nothing listens at db:27017.", help="Start it, or check the port.")
    sources = tuple(
        replace(source, failure=failure, failing_since=at - passed) for source in targets["mongodb"].sources
    )
    set_slot(targets, "mongodb", sources=sources)


class Incident(NamedTuple):
    change: Change
    code: str
    target: str
    says: tuple[str, ...]
    within_s: int = 10


REDIS_ID = "redis://cache:6379"
INCIDENTS = {
    "missing index": Incident(
        missing_index, "missing-index", MONGODB.id,
        ("missing index on shop.items", "GET /items", "400 ms", "50,000 documents to return 20", "COLLSCAN",
         "not seen before", "nothing changed in the application's load, in Redis or on the machine"),
    ),
    "dropped index": Incident(dropped_index, "index-dropped", MONGODB.id, ("used IXSCAN { k: 1 } before",)),
    "fast but frequent": Incident(fast_but_frequent, "missing-index", MONGODB.id, ("too fast to be recorded",)),
    "connection storm": Incident(
        storm, "connection-storm", MONGODB.id, ("storm of connections from worker at 10.0.0.9", "usually 4")
    ),
    "redis connections": Incident(redis_storm, "connection-storm", REDIS_ID, ("9,000 connections",)),
    "idle transaction": Incident(
        idle_transaction, "idle-transaction", MONGODB.id,
        ("importer", "20 operations wait", 'UUID("01234567-89ab-cdef-0123-456789abcdef")'),
    ),
    "pile": Incident(
        pile, "piled-up-operations", MONGODB.id, ("400 identical operations", "all from shop", "COLLSCAN")
    ),
    "runaway aggregation": Incident(runaway, "runaway-aggregation", MONGODB.id, ("report", "shop.items")),
    "flush": Incident(
        flushed, "cache-flushed", REDIS_ID, ("FLUSHALL was sent by deploy", "keys became", "GET /items", "MongoDB")
    ),
    "eviction": Incident(evicting, "cache-evicting", REDIS_ID, ("64 MB of 64 MB", "allkeys-lru", "500/s keys evicted")),
    "full": Incident(full, "redis-full", REDIS_ID, ("refuses writes", "40/s commands refused")),
    "blocking command": Incident(
        blocking, "redis-blocked", REDIS_ID, ("KEYS blocks Redis", "sent by cron", "use SCAN", "GET /items")
    ),
    "no answer": Incident(unanswered, "redis-blocked", REDIS_ID, ("does not answer",)),
    "cache misses": Incident(
        other_keys, "cache-misses", REDIS_ID, ("asked for what it does not have", "5.0/s of 190/s lookups"), 16
    ),
    "redis written to": Incident(
        written_to, "redis-refuses", REDIS_ID, ("commands (READONLY)", "31/s are refused", "reach a replica")
    ),
    "redis disk": Incident(waiting_for_disk, "redis-disk-slow", REDIS_ID, ("waits for its disk", "append-only")),
    "redis loading": Incident(loading, "redis-loading", REDIS_ID, ("loads its data from disk",)),
    "redis saturated": Incident(
        saturated, "redis-busy", REDIS_ID, ("one thread is busy 97 %", "58,000/s operations, usually", "GET takes 42 %")
    ),
    "redis refuses": Incident(
        refusing, "connection-storm", REDIS_ID, ("Redis refuses clients", "12/s clients refused", "100 that are")
    ),
    "redis refuses us": Incident(refuses_us, "connection-storm", REDIS_ID, ("refuses clients", "no other gets in")),
    "replica cut off": Incident(cut_off, "redis-replica-down", REDIS_ID, ("cut off", "link to 10.0.0.1:6379 is down")),
    "replica behind": Incident(silent_replica, "redis-replica-lag", REDIS_ID, ("10.0.0.2:6381 lags", "acknowledged")),
    "failed save": Incident(unsaved, "redis-save-failed", REDIS_ID, ("cannot write to its disk",)),
    "slow endpoint": Incident(
        slow_endpoint, "slow-endpoint", APPLICATION.id,
        ("GET /items is slow", "900 ms", "in the application itself", "nothing changed in MongoDB, in Redis or on the"),
    ),
    "hanging endpoint": Incident(hanging_endpoint, "slow-endpoint", APPLICATION.id, ("requests hang in it",)),
    "failing": Incident(failing, "failing-requests", APPLICATION.id, ("GET /items fails", "KeyError")),
    "full pool": Incident(
        full_pool, "pool-full", APPLICATION.id, ("35 commands wait", "20 of 20", "as fast as usual", "GET /items")
    ),
    "CPU beside": Incident(cpu_beside, "cpu-beside", HOST.id, ("stress (pid 99)", "renice 19 99", "GET /items")),
    "CPU saturated": Incident(cpu_saturated, "cpu-saturated", HOST.id, ("python takes 1.9 cores",), 16),
    "CPU stolen": Incident(cpu_stolen, "cpu-stolen", HOST.id, ("hypervisor",)),
    "disk beside": Incident(disk_beside, "disk-beside", HOST.id, ("400 MB/s",)),
    "disk saturated": Incident(disk_saturated, "disk-saturated", HOST.id, ("390 MB/s",)),
    "memory": Incident(memory_short, "memory-short", HOST.id, ("java (pid 50)",)),
    "disk full": Incident(disk_full, "disk-full", HOST.id, ("/data", "99 %")),
    "open files": Incident(open_files, "open-files", HOST.id, ("990 of 1,024",)),
    "tickets": Incident(tickets, "tickets-exhausted", MONGODB.id, ("read tickets", "60 operations", "only 8")),
    "squeeze": Incident(squeeze, "cache-squeeze", MONGODB.id, ("400/s pages", "24 % dirty")),
    "few tickets": Incident(few_tickets, "tickets-exhausted", MONGODB.id, ("read tickets", "only 5")),
    "turned over": Incident(turned_over, "cache-squeeze", MONGODB.id, ("45/s pages", "12 MB")),
    "no primary": Incident(no_primary, "no-primary", MONGODB.id, ("rs0 has no primary", "1 of 3 members")),
    "member down": Incident(member_down, "member-down", MONGODB.id, ("db3:27017", "2 of 3 voting")),
    "lag": Incident(lag, "replication-lag", MONGODB.id, ("db2:27017", "95 s behind")),
    "hung build": Incident(hung_build, "index-build-hung", MONGODB.id, ("k_1", "vote of db3:27017, which is down")),
    "unreachable": Incident(unreachable, "unreachable", MONGODB.id, ("Nothing listens at db:27017", "start it")),
}  # fmt: skip


@pytest.mark.parametrize("name", INCIDENTS)
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_it_is_named_within_ten_seconds(name: str, seed: int) -> None:
    incident = INCIDENTS[name]
    story = Story(seed)
    assert {verdict.status for verdict in story.play(40)} == {"looking", "healthy"}
    last = story.play(incident.within_s, incident.change)[-1]
    assert last.problem is not None, last.message
    assert (last.problem.code, last.problem.target_id) == (incident.code, incident.target), last.message
    for words in incident.says:
        assert words in last.message
    # Tracks that need to be filled first make an earlier moment; none may be of the healthy time.
    assert last.problem.since >= START + 25


@pytest.mark.parametrize("name", INCIDENTS)
def test_it_is_over_when_it_is_over(name: str) -> None:
    story = Story()
    story.play(40)
    story.play(20, INCIDENTS[name].change)
    assert story.play(90)[-1].status == "healthy"


@pytest.mark.parametrize("name", INCIDENTS)
def test_who_comes_late_hears_of_it_too(name: str) -> None:
    """At three in the morning the monitor starts in the middle of it: nothing is known of what is usual."""
    incident = INCIDENTS[name]
    if name in LATE_IS_BLIND:
        pytest.skip("what is usual is the only evidence, and it was not seen")
    story = Story()
    last = story.play(16, incident.change)[-1]
    assert last.problem is not None, last.message
    assert last.problem.code in (incident.code, *LATE.get(name, ()))


LATE_IS_BLIND = {
    "cache misses": "some caches hit as rarely all their life",
    "flush": "the keys were gone before",
    "connection storm": "a hundred connections are many only beside ten",
}
LATE = {"dropped index": ("missing-index",)}


def test_every_code_has_an_incident() -> None:
    tested = {incident.code for incident in INCIDENTS.values()}
    tested |= {incident.code for incident in mongodb_incidents.INCIDENTS.values()}
    assert set(CODES) - tested == {"full-scan", "long-operation", "stepped-down", "restarted"}, "write one"


def event(kind: str, message: str, target: str = MONGODB.id, second: int = 40) -> Event:
    return Event(at=START + second, target_id=target, kind=kind, severity="warning", message=message)


def test_a_step_down_explains_what_fails_after_it() -> None:
    story = Story()
    story.play(40)
    story.events.append(event("role.changed", "db is now SECONDARY; it was PRIMARY."))
    last = story.play(10, failing)[-1]
    assert last.problem is not None
    assert (last.problem.code, [one.code for one in last.effects]) == ("stepped-down", ["failing-requests"])
    assert last.problem.since == START + 40
    assert story.play(150)[-1].status == "healthy"


def test_a_restart_is_told_and_forgotten() -> None:
    story = Story()
    story.play(40)
    story.events.append(event("server.restarted", "db restarted 2 s ago."))
    assert story.play(5)[-1].problem is not None
    assert story.play(100)[-1].status == "healthy"


def test_a_release_is_named_with_the_query_that_came_with_it() -> None:
    story = Story()
    story.play(40)
    story.events.append(event("version.changed", "web runs 2.1 now; it ran 2.0.", APPLICATION.id))
    assert "web runs 2.1 now" in story.play(10, missing_index)[-1].message


@pytest.mark.parametrize("recorded", [True, False], ids=["profiled", "too fast to be recorded"])
def test_an_index_that_was_created_is_never_said_to_be_gone(recorded: bool) -> None:
    def served(targets: Targets, at: float, passed: int) -> None:
        plans, when = ("COLLSCAN", "IXSCAN { k: 1 }"), (at - passed - 0.5, at)
        row = shape("new", plan="COLLSCAN", recent=SCAN | {"heavy": 200, "heavy_at": when[0]})
        if recorded:
            row = replace(row, plan_summaries=plans, plans_at=when)
        set_slot(targets, "mongodb", queries=digest(row, shape()))

    story = Story()
    story.play(40)
    assert story.play(15, missing_index)[-1].problem is not None
    told = [verdict.problem.code if verdict.problem else "" for verdict in story.play(10, served)]
    assert set(told) <= {"missing-index", "slow-endpoint", ""}
    assert "missing-index" not in told[7:]


def test_scans_that_come_now_and_then_are_told_all_the_while() -> None:
    def now_and_then(targets: Targets, at: float, passed: int) -> None:
        work = SCAN | {"count": 100, "heavy": 4, "heavy_at": at - passed % 8}
        set_slot(targets, "mongodb", queries=digest(shape("new", plan="COLLSCAN", recent=work), shape()))

    story = Story()
    story.play(40)
    assert {verdict.problem.code for verdict in story.play(60, now_and_then)[10:] if verdict.problem} == {
        "missing-index"
    }
    assert all(verdict.problem for verdict in story.verdicts[-50:])


def test_an_index_that_was_seen_to_go_is_named() -> None:
    story = Story()
    story.play(40)
    dropped = event("index.dropped", "Index k_1 on shop.items was dropped.")
    story.events.append(replace(dropped, subject="shop.items"))
    last = story.play(10, missing_index)[-1]
    assert last.problem is not None
    assert last.problem.code == "index-dropped"
    assert "Index k_1 on shop.items was dropped" in last.problem.cause


def test_a_query_that_reads_everything_wants_another_query() -> None:
    from perftui.advice.findings.codes import READS_EVERYTHING
    from perftui.model.finding import Finding

    def reads_all(targets: Targets, _at: float, _passed: int) -> None:
        found = Finding(code=READS_EVERYTHING, severity="warning", message="It reads everything.")
        row = replace(shape("all", plan="COLLSCAN", recent=SCAN), findings=(found,))
        set_slot(targets, "mongodb", queries=digest(row))

    last = after(10, reads_all)
    assert last.problem is not None
    assert (last.problem.code, last.problem.severity, last.problem.action) == ("full-scan", "warning", "advise")


def test_an_endpoint_that_leaps_is_told_sooner_than_one_that_rises() -> None:
    def rose(targets: Targets, _at: float, _passed: int) -> None:
        slow_items(targets, 450.0)

    leapt, risen = ([one.problem is not None for one in told(change)].index(True) for change in (slow_endpoint, rose))
    assert leapt + 2 <= risen


def told(change: Change) -> list[Verdict]:
    story = Story()
    story.play(40)
    return story.play(12, change)


def test_an_operation_of_a_minute_is_told() -> None:
    def long(targets: Targets, at: float, passed: int) -> None:
        one = Operation(opid=1, op="query", ns="shop.items", running_s=60.0 + passed, started_at=at - 60 - passed)
        set_slot(targets, "mongodb", operations=OperationList(operations=(one,)))

    last = after(5, long)
    assert last.problem is not None
    assert (last.problem.code, last.problem.evidence.row) == ("long-operation", "1")


BORNE: dict[str, Callable[[], Change]] = {
    "an LRU cache that evicts and hits": lambda: lambda targets, _at, _passed: set_figures(
        targets, "redis", "redis", evicted_per_s=300.0
    ),
    "a transaction that is idle for a moment": lambda: lambda targets, _at, passed: set_slot(
        targets, "mongodb",
        operations=OperationList(transactions=(OpenTransaction(session="a", idle_s=passed % 2, locks="Collection w"),)),
    ),
    "thirty fast operations at once": lambda: lambda targets, at, _passed: set_slot(
        targets, "mongodb", operations=OperationList(operations=waiting(30, 0.05, at, None))
    ),
    "an index build": lambda: lambda targets, _at, passed: set_slot(
        targets, "mongodb",
        operations=OperationList(
            operations=(Operation(opid=5, op="command", ns="a.b", running_s=100.0 + passed, message="Index Build"),)
        ),
    ),
    "one slow log entry of twenty milliseconds": lambda: lambda targets, at, _passed: set_slot(
        targets, "redis",
        redis_slow_log=RedisSlowLog(entries=(RedisSlowCommand(id=1, at=at, duration_us=20_000, command="MGET"),)),
    ),
    "an endpoint that is far slower for four seconds": lambda: lambda targets, _at, passed: slow_items(
        targets, 900.0 if passed < 4 else 12.0
    ),
    "a CPU that is busy for two seconds": lambda: lambda targets, _at, passed: set_figures(
        targets, "host", "host", cpu_share=0.99 if passed < 2 else 0.4
    ),
    "a client that waits for its index build": lambda: lambda targets, _at, passed: set_slot(
        targets, "mongodb",
        operations=OperationList(
            operations=(
                Operation(
                    opid=8, op="command", ns="a.b", running_s=200.0 + passed, command='{"createIndexes":"b"}'
                ),
            )
        ),
    ),
    "many that follow a change stream": lambda: lambda targets, _at, _passed: set_slot(
        targets, "mongodb",
        operations=OperationList(
            operations=tuple(
                Operation(
                    opid=one, op="getmore", ns="a.b", running_s=4.0, shape_id="cs",
                    command='{"aggregate":"b","pipeline":[{"$changeStream":{}}]}',
                )
                for one in range(40)
            )
        ),
    ),
    "a hidden member that is delayed": lambda: lambda targets, _at, _passed: set_slot(
        targets, "mongodb", replica_set=ReplicaSet(
            name="rs0",
            members=(
                Member(address="db:27017", role="PRIMARY", healthy=True, votes=1),
                Member(address="db2:27017", role="SECONDARY", healthy=True, votes=0, hidden=True, lag_s=3600.0),
            ),
        ),
    ),
    "a change stream": lambda: lambda targets, _at, passed: set_slot(
        targets, "mongodb",
        operations=OperationList(
            operations=(
                Operation(
                    opid=6, op="getmore", ns="a.b", running_s=90.0 + passed,
                    command='{"aggregate":"b","pipeline":[{"$changeStream":{}}]}',
                ),
            )
        ),
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", BORNE)
def test_what_is_normal_is_no_problem(name: str) -> None:
    story = Story()
    story.play(40)
    change = BORNE[name]()
    assert {verdict.status for verdict in story.play(30, change)} == {"healthy"}


@pytest.mark.parametrize("seed", range(4))
def test_a_healthy_hour_with_bursts_has_no_verdict(seed: int) -> None:
    """Bursts of up to three times the load, for up to half a minute, at any time."""
    chance, story = random.Random(seed), Story(seed)
    while story.second < 3600:
        story.play(chance.randrange(20, 120))
        story.play(chance.randrange(2, 30), load=chance.uniform(1.5, 3.0))
    wrong = [verdict.message for verdict in story.verdicts if verdict.status not in ("looking", "healthy")]
    assert wrong == []


def test_of_several_of_a_kind_the_ill_one_is_named() -> None:
    other = replace(MONGODB, id="mongodb://db2:27017", name="db2")
    diagnosis = Story().diagnosis

    class Two:
        """Adds a healthy second server to each Snapshot."""

        def take(self, snapshot: Snapshot) -> Verdict:
            first = next(state for state in snapshot.targets if state.target == MONGODB)
            second = replace(healthy_state, target=other) if first.mongodb is not None else first
            return diagnosis.take(replace(snapshot, targets=(*snapshot.targets, second)))

    healthy_state = healthy(random.Random(9))["mongodb"]
    story = Story()
    story.diagnosis = Two()  # type: ignore[assignment]
    story.play(40)
    last = story.play(10, squeeze)[-1]
    assert last.problem is not None
    assert last.problem.what == "MongoDB's cache is too small for its work (db)"


def test_a_build_that_hangs_on_every_member_is_told_once() -> None:
    second = replace(MONGODB, id="mongodb://db2:27017", name="db2")
    story = Story()
    diagnosis = story.diagnosis

    class OfASet:
        """Adds another member that builds and waits too, before the primary."""

        def take(self, snapshot: Snapshot) -> Verdict:
            first = next(state for state in snapshot.targets if state.target == MONGODB)
            secondary = None if first.mongodb is None else replace(first.mongodb, role="SECONDARY")
            return diagnosis.take(
                replace(snapshot, targets=(replace(first, target=second, mongodb=secondary), *snapshot.targets))
            )

    story.diagnosis = OfASet()  # type: ignore[assignment]
    story.play(40)
    last = story.play(10, hung_build)[-1]
    assert last.problem is not None
    told = [one for one in (last.problem, *last.effects, *last.others) if one.code == "index-build-hung"]
    assert [one.target_id for one in told] == [MONGODB.id]


def test_who_waits_for_a_lock_wants_no_ticket() -> None:
    def locked(targets: Targets, _at: float, _passed: int) -> None:
        used = Tickets(read_used=6, read_total=128, write_used=3, write_total=128)
        set_figures(targets, "mongodb", "mongodb", tickets=used, queues=Queues(readers=200, writers=90))

    story = Story()
    story.play(40)
    assert "tickets-exhausted" not in {one.problem.code for one in story.play(20, locked) if one.problem}


def test_a_large_cache_that_is_read_anew_slowly_is_well() -> None:
    def large(targets: Targets, _at: float, _passed: int) -> None:
        cache = StorageCache(
            used_bytes=400 * MB,
            maximum_bytes=500 * MB,
            dirty_bytes=5 * MB,
            evicted_by_operations_per_s=45.0,
            read_bytes_per_s=9.0 * MB,
        )
        set_figures(targets, "mongodb", "mongodb", cache=cache)

    story = Story()
    story.play(40)
    assert {one.status for one in story.play(20, large)} == {"healthy"}


def test_streams_and_long_polls_are_no_problem_to_who_comes_late() -> None:
    def streaming(targets: Targets, _at: float, _passed: int) -> None:
        stream = endpoint("/events", 30_000.0, 20, active=400, streams=20)
        poll = endpoint("/poll", 20.0, 0, active=60)
        set_figures(targets, "application", "application", endpoints=(replace(stream, requests=20), poll))

    assert {verdict.status for verdict in Story().play(30, streaming)} == {"looking", "healthy"}


def churn(per_s: float) -> Change:
    def change(targets: Targets, _at: float, _passed: int) -> None:
        connections = Connections(current=45, available=900, created_per_s=per_s)
        set_figures(targets, "mongodb", "mongodb", connections=connections)

    return change


def test_connections_that_are_opened_again_and_again() -> None:
    story = Story()
    story.play(40)
    last = story.play(10, churn(200.0))[-1]
    assert last.problem is not None
    assert last.problem.code == "connection-storm"
    assert "200/s new" in last.problem.cost


def test_clients_that_always_connect_anew_are_no_storm() -> None:
    assert {verdict.status for verdict in Story().play(60, churn(200.0))} == {"looking", "healthy"}
