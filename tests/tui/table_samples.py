"""Hand-made snapshots: one rich, one with `None` everywhere, one hostile."""

from collections.abc import Sequence

from advice_samples import PENALTIES, SCAN, SORT, index_overview
from library_samples import hostile_pool, hostile_request, hostile_websocket, pools, slow_requests, websockets
from msgspec.structs import replace

from perftui.model.application import (
    ApplicationMetrics,
    ApplicationQueries,
    CacheStats,
    EndpointStats,
    KeyUse,
    QueryGroup,
    Uncertainty,
)
from perftui.model.event import Event
from perftui.model.finding import Finding, Penalty
from perftui.model.host import HostMetrics, Process
from perftui.model.index import CollectionState, Index, IndexBuild, IndexOverview
from perftui.model.metrics import (
    BudgetDocument,
    QueryPoolDocument,
    SlowRequestDocument,
    ValueSizesDocument,
    WebSocketDocument,
)
from perftui.model.mongodb import Member, MongoServer, OperationRates, Queues, ReplicaSet
from perftui.model.operation import ConnectionGroup, OpenTransaction, Operation, OperationList, Progress
from perftui.model.query import DigestRow, EndpointUse, LatencySummary, QueryDigest, SlowQuery
from perftui.model.redis import CommandStats, RedisServer, RedisSlowCommand, RedisSlowLog
from perftui.model.sample import Failure
from perftui.model.settings import Settings
from perftui.model.snapshot import Snapshot, SourceState, TargetState
from perftui.model.target import Target
from perftui.tui.view import View

NOW = 1_795_442_551.0
"""2026-11-23 14:02:31 UTC."""
HOSTILE = "[/red]{x: [/re/]}\x1b[2J\x00\u202e\U0001f600" + "\udcff" + "a" * 50_000

MONGO = Target(id="mongodb://db1:27017", kind="mongodb", name="shop-prod", address="mongodb://db1:27017", group="shop")
REDIS = Target(id="redis://cache:6379", kind="redis", name="cache:6379", address="redis://cache:6379")
APP = Target(id="http://app:8000", kind="application", name="shop", address="http://app:8000")
HOST = Target(id="host", kind="host", name="web-1", address="localhost")

COMMAND = (
    '{"find":"prompts","filter":{"category":"writing","active":true,"createdAt":{"$gte":{"$date":"2026-11-01T00:00:00Z"}}},'
    '"sort":{"createdAt":-1},"limit":20,"comment":"GET /api/prompts","$db":"shop"}'
)
RAW = '{"op":"query","ns":"shop.prompts","command":' + COMMAND + ',"docsExamined":50000,"nreturned":20,"millis":201}'


P95_OVER = BudgetDocument(
    expr="p(95)<500ms", value=1.184, limit=0.5, ok=False, violations=5_120, window_s=300.0, budget="GET /api/*",
    state="over", since=NOW - 95, samples=40_000, left=-1.368, left_requests=-3_120, burn=2.56,
)  # fmt: skip
ERRORS_WITHIN = BudgetDocument(
    expr="error_rate<1%", value=0.002, limit=0.01, ok=True, violations=80, window_s=300.0, budget="GET /api/*",
    state="ok", since=NOW - 4_000, samples=40_000, left=0.8, left_requests=319, burn=0.2,
)  # fmt: skip
HITS_OVER = BudgetDocument(
    expr="hit_rate>80%", value=0.25, limit=0.8, ok=False, violations=30, window_s=300.0, budget="*",
    state="over", since=NOW - 30, samples=40, left=-2.75, left_requests=-23, burn=3.75,
)  # fmt: skip
SHAPE_NEAR = BudgetDocument(
    expr="p(95)<40ms", value=0.038, limit=0.04, ok=True, window_s=300.0, budget="shop.users find*", state="warning",
    since=NOW - 12, samples=37, left=0.05,
)  # fmt: skip


class NoHistory:
    """A series that remembers nothing."""

    def values(
        self, target_id: str, metric: str, length: int, *, subject: str | None = None, until: int | None = None
    ) -> Sequence[float | None]:
        return [None] * length

    def times(self, length: int, *, until: int | None = None) -> Sequence[float | None]:
        return [None] * length


def view_of(snapshot: Snapshot, *, show_noise: bool = False, settings: Settings | None = None) -> View:
    return View(
        snapshot=snapshot,
        history=NoHistory(),
        settings=settings or Settings(),
        selected={},
        show_noise=show_noise,
        utc=True,
    )


def operation(opid: int | str | None = 4711, **fields: object) -> Operation:
    known: dict[str, object] = {
        "op": "query",
        "ns": "shop.prompts",
        "running_s": 1.5,
        "client": "10.0.0.7:51234",
        "app_name": "shop",
        "user": "app@admin",
        "plan_summary": "COLLSCAN",
        "yields": 12,
        "text": "find prompts {category: 'writing', active: true} sort {createdAt: -1} limit 20",
        "command": COMMAND,
        "killable": True,
        "endpoint": "GET /api/prompts",
        "started_at": NOW - 1.5,
    }
    return Operation(opid=opid, **{**known, **fields})  # type: ignore[arg-type]


def operations() -> OperationList:
    return OperationList(
        operations=(
            operation(),
            operation(
                4712,
                op="update",
                ns="shop.users",
                running_s=0.06,
                plan_summary="IXSCAN { email: 1 }",
                waiting_for="lock (Global w, Database w, Collection w)",
                locks={"Global": "w", "Database": "w", "Collection": "w"},
                lock_wait_ms=41.0,
                text="update users {email: 'a@b.c'} {$set: {lastLogin: now}}",
            ),
            operation(
                4713,
                op="command",
                ns="shop.prompts",
                running_s=42.0,
                plan_summary=None,
                text="createIndexes prompts",
                message="Index Build: scanning collection",
                progress=Progress(done=22_500, total=50_000),
                killable=False,
            ),
            operation(None, op="none", noise="idle", running_s=None, text="", plan_summary=None),
            operation(7, op="none", ns="", noise="internal", running_s=90_000.0, text="Checkpointer", user=None),
        ),
        hidden=3,
        transactions=open_transactions(),
        connections=(
            ConnectionGroup(client="10.0.0.7", app_name="shop", connections=41, active=7),
            ConnectionGroup(client="10.0.0.9", connections=12),
        ),
    )


def open_transactions() -> tuple[OpenTransaction, ...]:
    held = {"Global": "w", "Database": "w", "Collection": "w"}
    return (
        OpenTransaction(
            session="4613f5e9cf304fed8bc81335549d4c4f", client="10.0.0.9:40112", app_name="reports", user="app@admin",
            started_at=NOW - 63.0, open_s=63.0, idle_s=61.5, locks="Collection w", lock_modes=held, write_locks=2,
            owner="e3" * 32,
        ),
        OpenTransaction(
            session="aa13f5e9cf304fed8bc81335549d4c4f", client="10.0.0.7:51239", app_name="shop", open_s=0.4,
            idle_s=0.0, active=True, locks="Collection r", lock_modes={**held, "Collection": "r"}, ns="shop.prompts",
            write_locks=0,
        ),
    )  # fmt: skip


def piled_up(count: int = 400) -> OperationList:
    """One query many times over, a drop behind an idle transaction, and writers behind the drop."""
    held = {"Global": "w", "Database": "w", "Collection": "w"}
    waiting: dict[str, object] = {"waiting_for": "lock (Collection W)", "plan_summary": None, "app_name": "deploy"}
    drop = operation(
        9_000, op="command", ns="shop.users", running_s=41.0, client="10.0.0.3:40111", text="drop users",
        locks={**held, "Collection": "W"}, lock_wait_ms=40_900.0, **waiting,
    )  # fmt: skip
    behind = [
        operation(
            9_001 + number, op="update", ns="shop.users", running_s=39.0 - number, client=f"10.0.0.7:{42_000 + number}",
            waiting_for="lock (Collection w)", locks=held, text="update users {email: ?}", shape_id="u1",
        )
        for number in range(12)
    ]  # fmt: skip
    pile = [
        operation(
            number, shape_id="a1", running_s=30.0 - number / 20, client=f"10.0.0.{7 + number % 2}:{50_000 + number}",
            locks={"Global": "r", "Database": "r", "Collection": "r"},
        )
        for number in range(1, count + 1)
    ]  # fmt: skip
    listed = operations()
    return replace(listed, operations=(drop, *behind, *pile, *listed.operations[2:]), cut=23)


def digest_row(shape_id: str = "a1", **fields: object) -> DigestRow:
    known: dict[str, object] = {
        "ns": "shop.prompts",
        "op": "find",
        "shape": "find {category: ?, active: ?} sort {createdAt: -1} limit 20",
        "count": 123,
        "per_s": 41.0,
        "latency_ms": LatencySummary(average=121.0, p50=120.0, p95=152.0, p99=190.0, maximum=201.0, total=14_883.0),
        "examined_documents": 50_000 * 123,
        "examined_keys": 0,
        "returned": 20 * 123,
        "plan_summaries": ("COLLSCAN",),
        "sorts_in_memory": 123,
        "applications": ("shop",),
        "endpoints": (
            EndpointUse(method="GET", route="/api/prompts", count=100, total_ms=12_100.0),
            EndpointUse(method="POST", route="/api/search", count=23, total_ms=2_783.0),
        ),
        "last_seen_at": NOW - 1,
        "score": 0,
        "penalties": PENALTIES,
        "findings": (SCAN, SORT),
        "slowest": SlowQuery(
            at=NOW - 20,
            ns="shop.prompts",
            op="find",
            shape_id="a1",
            shape="find {category: ?}",
            duration_ms=201.0,
            examined_documents=50_000,
            returned=20,
            plan_summary="COLLSCAN",
            client="10.0.0.7:51234",
            app_name="shop",
            user="app@admin",
            comment="GET /api/prompts",
            sort_in_memory=True,
            raw=RAW,
        ),
    }
    return DigestRow(shape_id=shape_id, **{**known, **fields})  # type: ignore[arg-type]


def digest() -> QueryDigest:
    return QueryDigest(
        read_from="profiler",
        rows=(
            digest_row(),
            digest_row(
                "b2",
                ns="shop.users",
                shape="find {email: ?}",
                per_s=12.3,
                count=37,
                latency_ms=LatencySummary(average=30.0, p50=29.0, p95=38.0, p99=44.0, maximum=51.0, total=1_110.0),
                examined_documents=20_000 * 37,
                returned=37,
                sorts_in_memory=0,
                score=70,
                endpoints=(),
                limits=(SHAPE_NEAR,),
                penalties=PENALTIES[:1],
                findings=(SCAN,),
            ),
            digest_row(
                "c3",
                op="aggregate",
                shape="aggregate [{$match: {tags: ?}}, {$sort: {createdAt: -1}}, {$limit: 10}]",
                per_s=3.2,
                count=10,
                latency_ms=LatencySummary(average=200.0, p50=199.0, p95=201.0, p99=201.0, maximum=203.0, total=2_000.0),
                plan_summaries=("COLLSCAN", "IXSCAN { tags: 1 }"),
                slowest=None,
                score=90,
                penalties=PENALTIES[4:],
                findings=(SORT,),
            ),
            digest_row(
                "rest",
                overflow=True,
                ns="",
                shape="",
                count=9,
                per_s=None,
                plan_summaries=(),
                slowest=None,
                score=None,
                penalties=(),
                findings=(),
            ),
        ),
        entries=170,
        covered_s=180.0,
        databases=("shop",),
    )


def application() -> ApplicationMetrics:
    return ApplicationMetrics(
        format="perftui",
        service="shop",
        requests=52_000,
        per_s=412.0,
        endpoints=(
            EndpointStats(
                method="GET",
                route="/api/prompts",
                requests=40_000,
                per_s=301.0,
                latency_ms=LatencySummary(average=160.0, p50=150.0, p95=1_184.0, p99=1_400.0, total=64e5),
                server_error_rate=0.002,
                client_error_rate=0.01,
                budget="over",
                budgets=("p(95)<500ms: 1,184 ms, over", "error_rate<1%: 0.2%, within, 80% left"),
                limits=(P95_OVER, ERRORS_WITHIN),
                last_seen_at=NOW - 2,
            ),
            EndpointStats(
                method="POST",
                route="/api/login",
                requests=9_000,
                per_s=11.0,
                latency_ms=LatencySummary(average=80.0, p50=75.0, p95=175.0, p99=240.0),
                p95_bounds=Uncertainty(low=100.0, high=250.0),
                server_error_rate=0.06,
                client_error_rate=0.2,
                budget="within",
            ),
            EndpointStats(
                method="GET",
                route="/api/export",
                latency_ms=LatencySummary(p95=10_000.0),
                p95_bounds=Uncertainty(low=10_000.0),
            ),
        ),
        caches=(
            CacheStats(
                name="prompts",
                hits=9_300,
                misses=700,
                hit_rate=0.93,
                gets_per_s=310.0,
                sets=700,
                keys=1_204,
                used_bytes=5_000_000,
                get_ms=0.42,
                set_ms=0.61,
                efficiency=96.3,
                top_keys=(KeyUse(key="prompts:writing", count=812), KeyUse(key="prompts:code", count=533)),
                hit_rate_now=0.81,
                evictions=41,
                evictions_by_reason={"invalidated": 30, "memory": 6},
                expirations=12,
                errors=2,
                capacity=10_000,
                missed_keys=(KeyUse(key="prompts:art", count=77),),
                value_bytes=ValueSizesDocument(
                    count=640, sum=1_280_000.0, min=120.0, max=9_000.0, p50=1_800.0, p95=5e3
                ),
            ),
            CacheStats(name="sessions", hits=10, misses=30, hit_rate=0.25, efficiency=61.0, limits=(HITS_OVER,)),
        ),
        slow_requests=slow_requests(NOW),
        websockets=websockets(),
        queries=ApplicationQueries(
            count=812,
            slow=31,
            pools=pools(),
            groups=(
                QueryGroup(
                    by="collection",
                    name="prompts",
                    count=700,
                    latency_ms=LatencySummary(average=121.0, p95=152.0),
                    examined_documents=35_000_000,
                    returned=14_000,
                ),
                QueryGroup(by="operation", name="find", count=812, latency_ms=LatencySummary(average=4.2)),
            ),
        ),
    )


def redis_server() -> RedisServer:
    return RedisServer(
        version="8.2.3",
        hit_rate=0.93,
        commands=(
            CommandStats(command="get", calls=93_000, calls_per_s=8_410.0, average_us=2.1, p50_us=2.0, p99_us=8.0),
            CommandStats(command="keys", calls=12, calls_per_s=1.0, average_us=612_000.0, p99_us=700_000.0),
            CommandStats(command="config|get", calls=3),
        ),
    )


def redis_slow_log() -> RedisSlowLog:
    return RedisSlowLog(
        entries=(
            RedisSlowCommand(id=2, at=NOW - 3, duration_us=612_000, command="KEYS prompts:*", client="10.0.0.7:4"),
            RedisSlowCommand(id=1, at=NOW - 600, duration_us=12_000, command="HGETALL session:?", client_name="shop"),
        ),
        total=2,
        threshold_us=10_000,
    )


def host() -> HostMetrics:
    return HostMetrics(
        hostname="web-1",
        cores=(0.31, 0.62),
        cpu_share=0.46,
        processes=(
            Process(
                pid=812,
                name="mongod",
                command="mongod --replSet rs0 --dbpath /data",
                role="mongod",
                user="mongodb",
                cpu_share=0.8,
                resident_bytes=1_400_000_000,
                threads=61,
                open_files=120,
                started_at=NOW - 90_000,
            ),
            Process(pid=900, name="redis-server", command="redis-server *:6379", role="redis", cpu_share=0.95),
        ),
    )


def replica_set() -> ReplicaSet:
    return ReplicaSet(
        name="rs0",
        term=3,
        primary="db1:27017",
        members=(
            Member(address="db1:27017", target_id=MONGO.id, role="PRIMARY", healthy=True, ping_ms=0.4, votes=1),
            Member(address="db2:27017", role="SECONDARY", healthy=True, lag_s=12.0, ping_ms=1.1, votes=1),
            Member(address="db3:27017", role="DOWN", healthy=False, votes=0, hidden=True, message="no heartbeat"),
        ),
    )


def events() -> tuple[Event, ...]:
    return (
        Event(at=NOW - 400, target_id=MONGO.id, kind="role.changed", severity="info", message="db1 became primary."),
        Event(
            at=NOW - 60,
            target_id=APP.id,
            kind="threshold.crossed",
            severity="warning",
            message="GET /api/prompts: p95 is 1184 ms, above 1000 ms.",
            subject="GET /api/prompts",
        ),
        Event(at=NOW - 5, target_id=REDIS.id, kind="source.lost", severity="critical", message="Redis is gone."),
        Event(at=NOW - 2, target_id=REDIS.id, kind="source.back", severity="recovered", message="Redis is back."),
    )


def rich_snapshot(sequence: int = 1) -> Snapshot:
    read = {"interval_s": 1.0, "read_at": NOW, "cost_ms_per_s": 1.2, "received_bytes_per_s": 4_200.0}
    return Snapshot(
        sequence=sequence,
        taken_at=NOW,
        interval_s=1.0,
        window_s=300.0,
        targets=(
            TargetState(
                target=MONGO,
                sources=(
                    SourceState(source="mongodb.server", **read),  # type: ignore[arg-type]
                    SourceState(source="mongodb.operations", **read),  # type: ignore[arg-type]
                ),
                mongodb=MongoServer(
                    host="db1:27017",
                    version="6.0.5",
                    role="PRIMARY",
                    operations=OperationRates(query=1_204.0),
                    queues=Queues(readers=0, writers=2),
                ),
                replica_set=replica_set(),
                operations=operations(),
                queries=digest(),
                indexes=index_overview(),
            ),
            TargetState(target=REDIS, redis=redis_server(), redis_slow_log=redis_slow_log()),
            TargetState(
                target=APP,
                application=application(),
                sources=(
                    SourceState(
                        source="application.metrics",
                        interval_s=4.0,
                        read_at=NOW - 30,
                        failing_since=NOW - 28,
                        failure=Failure(
                            kind="refused", message="Nothing listens at app:8000.", help="Start the application."
                        ),
                    ),
                ),
            ),
            TargetState(target=HOST, host=host()),
        ),
        events=events(),
    )


def bare_snapshot() -> Snapshot:
    """One row of everything with nothing known about it."""
    return Snapshot(
        sequence=1,
        taken_at=NOW,
        interval_s=1.0,
        window_s=300.0,
        targets=(
            TargetState(
                target=MONGO,
                sources=(SourceState(source="mongodb.server", interval_s=1.0),),
                operations=OperationList(operations=(Operation(),)),
                replica_set=ReplicaSet(members=(Member(address="db1", role="UNKNOWN"),)),
                queries=QueryDigest(
                    rows=(
                        DigestRow(
                            shape_id="x",
                            ns="",
                            op="unknown",
                            shape="",
                            count=0,
                            latency_ms=LatencySummary(),
                            last_seen_at=0.0,
                        ),
                    )
                ),
                indexes=IndexOverview(
                    collections=(CollectionState(ns="", indexes=(Index(name="", keys=()),)),),
                    builds=(IndexBuild(ns="", names=()),),
                ),
            ),
            TargetState(
                target=REDIS,
                redis=RedisServer(commands=(CommandStats(command="get", calls=0),)),
                redis_slow_log=RedisSlowLog(entries=(RedisSlowCommand(id=0, at=0.0, duration_us=0, command=""),)),
            ),
            TargetState(
                target=APP,
                application=ApplicationMetrics(
                    format="openmetrics",
                    endpoints=(EndpointStats(method="", route=""),),
                    caches=(CacheStats(name="c"),),
                    slow_requests=(SlowRequestDocument(at=0.0, method="", route="", status=0, duration_s=0.0),),
                    websockets=(WebSocketDocument(route=""),),
                    queries=ApplicationQueries(
                        groups=(QueryGroup(by="shape", name="", count=0),), pools=(QueryPoolDocument(address=""),)
                    ),
                ),
            ),
            TargetState(
                target=HOST, host=HostMetrics(hostname="h", processes=(Process(pid=1, name="", command="", role=""),))
            ),
        ),
        events=(Event(at=0.0, target_id="gone", kind="k", severity="info", message=""),),
    )


def hostile_indexes() -> IndexOverview:
    finding = Finding(code=HOSTILE, severity="critical", message=HOSTILE, advice=HOSTILE)
    index = Index(
        name=HOSTILE,
        keys=((HOSTILE, 1), ("$**", HOSTILE)),
        partial_filter=HOSTILE,
        collation=HOSTILE,
        options={HOSTILE: HOSTILE},
        size_bytes=10**18,
        uses=10**18,
        used_since=1e300,
        building=True,
        findings=(finding,),
    )
    collection = CollectionState(ns=HOSTILE, documents=10**15, indexes=(index,), findings=(finding,))
    build = IndexBuild(ns=HOSTILE, names=(HOSTILE,), message=HOSTILE, done=10**18, total=1, waits_for_quorum=True)
    return IndexOverview(collections=(collection,), builds=(build,))


def hostile_snapshot() -> Snapshot:
    """Texts that would break a terminal, a markup parser or an encoder."""
    mongo = TargetState(
        target=MONGO,
        operations=OperationList(
            operations=(operation("shard:1", text=HOSTILE, command=HOSTILE, ns=HOSTILE, client=HOSTILE),)
        ),
        queries=QueryDigest(
            read_from="profiler",
            rows=(
                digest_row(
                    "h",
                    shape=HOSTILE,
                    plan_summaries=(HOSTILE,),
                    applications=(HOSTILE,),
                    penalties=(Penalty(code=HOSTILE, points=1, reason=HOSTILE),),
                    findings=(Finding(code=HOSTILE, severity="info", message=HOSTILE, advice=HOSTILE),),
                ),
            ),
        ),
        indexes=hostile_indexes(),
    )
    redis = TargetState(
        target=REDIS,
        redis=RedisServer(commands=(CommandStats(command=HOSTILE, calls=1),)),
        redis_slow_log=RedisSlowLog(
            entries=(RedisSlowCommand(id=1, at=1e300, duration_us=1, command=HOSTILE, client_name=HOSTILE),)
        ),
    )
    app = TargetState(
        target=APP,
        application=ApplicationMetrics(
            format="older",
            endpoints=(EndpointStats(method=HOSTILE, route=HOSTILE, budgets=(HOSTILE,)),),
            caches=(
                CacheStats(
                    name=HOSTILE,
                    top_keys=(KeyUse(key=HOSTILE, count=1),),
                    missed_keys=(KeyUse(key=HOSTILE, count=1),),
                    evictions_by_reason={HOSTILE: 1},
                ),
            ),
            slow_requests=(hostile_request(HOSTILE),),
            websockets=(hostile_websocket(HOSTILE),),
            queries=ApplicationQueries(
                groups=(QueryGroup(by="shape", name=HOSTILE, count=1),), pools=(hostile_pool(HOSTILE),)
            ),
        ),
    )
    machine = TargetState(
        target=HOST,
        host=HostMetrics(hostname="h", processes=(Process(pid=1, name="n", command=HOSTILE, role="other"),)),
    )
    return Snapshot(
        sequence=1, taken_at=NOW, interval_s=1.0, window_s=300.0, targets=(mongo, redis, app, machine), events=()
    )
