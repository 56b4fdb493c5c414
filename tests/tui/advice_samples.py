"""Hand-made plans, findings, indexes and analyses for the screens that show them."""

from perftui.model.analysis import (
    AnalysedShape,
    Analysis,
    Declined,
    Expected,
    Latency,
    Recommendation,
    ServedShape,
    Suggestion,
)
from perftui.model.finding import Finding, Penalty
from perftui.model.index import CollectionState, Index, IndexBuild, IndexOverview
from perftui.model.plan import Plan, Stage

NOW = 1_795_442_551.0
HOSTILE = "[/red]{x: [/re/]}\x1b[2J\x00\u202e\U0001f600文" + "\udcff" + "a" * 5_000

SCAN = Finding(
    code="collection-scan",
    severity="critical",
    message="Each run reads all 50,000 documents of shop.prompts to return 20.",
    advice="Create an index that begins with category and active.",
)
SORT = Finding(
    code="blocking-sort",
    severity="warning",
    message="123 of 123 runs sorted in memory.",
    advice="Let the index end with createdAt, so that it gives the order.",
)
PENALTIES = (
    Penalty(code="collection-scan", points=30, reason="a collection scan"),
    Penalty(code="blocking-sort", points=25, reason="a blocking sort"),
    Penalty(code="poor-selectivity", points=20, reason="0.04 % of the documents examined were returned"),
    Penalty(code="many-documents-examined", points=15, reason="50,000 documents examined by a run"),
    Penalty(code="slow", points=10, reason="p95 is 152 ms"),
)
FILTER = '{"$and": [{"active": {"$eq": true}}, {"category": {"$eq": "writing"}}]}'


def scan_plan() -> Plan:
    """A collection scan under a sort, run for its figures."""
    scan = Stage(
        name="COLLSCAN",
        filter=FILTER,
        documents_examined=50_000,
        returned=10_020,
        time_ms=81.0,
        own_time_ms=81.0,
        works=50_002,
    )
    sort = Stage(
        name="SORT",
        sort=(("createdAt", -1),),
        limit=20,
        returned=20,
        time_ms=152.0,
        own_time_ms=71.0,
        memory_bytes=12 << 20,
        inputs=(scan,),
    )
    return Plan(
        ns="shop.prompts",
        op="find",
        verbosity="executionStats",
        engine="classic",
        taken_at=NOW - 20,
        winning=sort,
        keys_examined=0,
        documents_examined=50_000,
        returned=20,
        time_ms=152.0,
        worst=(0,),
        server_version="6.0.5",
        raw='{"queryPlanner": {"winningPlan": {"stage": "SORT"}}, "ok": 1.0}',
    )


def index_plan() -> Plan:
    """Planned only, an index scan that won against two others."""
    bounds = (
        ("category", ('["writing", "writing"]',)),
        ("active", ("[true, true]",)),
        ("createdAt", ("[MaxKey, MinKey]",)),
    )
    keys = (("category", 1), ("active", 1), ("createdAt", -1))
    scan = Stage(name="IXSCAN", index="category_1_active_1_createdAt_-1", keys=keys, bounds=bounds)
    other = Stage(
        name="IXSCAN", index="createdAt_-1", keys=(("createdAt", -1),), bounds=(("createdAt", ("[MaxKey, MinKey]",)),)
    )
    third = Stage(name="IXSCAN", index="active_1", keys=(("active", 1),), bounds=(("active", ("[true, true]",)),))
    return Plan(
        ns="shop.prompts",
        op="find",
        verbosity="queryPlanner",
        engine="sbe",
        taken_at=NOW - 20,
        winning=Stage(name="LIMIT", limit=20, inputs=(Stage(name="FETCH", inputs=(scan,)),)),
        rejected=(
            Stage(name="LIMIT", limit=20, inputs=(Stage(name="FETCH", filter=FILTER, inputs=(other,)),)),
            Stage(
                name="SORT",
                sort=(("createdAt", -1),),
                limit=20,
                inputs=(Stage(name="FETCH", filter=FILTER, inputs=(third,)),),
            ),
        ),
        indexes=("category_1_active_1_createdAt_-1",),
        server_version="7.0.2",
        raw='{"queryPlanner": {"winningPlan": {"stage": "LIMIT"}, "rejectedPlans": [1, 2]}, "ok": 1.0}',
    )


def hostile_plan() -> Plan:
    """Texts that would break a terminal, and a tree that is deep and wide."""
    stage = Stage(name=HOSTILE, index=HOSTILE, filter=HOSTILE, bounds=((HOSTILE, (HOSTILE,)),), detail=HOSTILE)
    for _ in range(60):
        stage = Stage(name="FETCH", filter=HOSTILE, shard=HOSTILE, documents_examined=10**15, inputs=(stage,))
    wide = Stage(name="OR", inputs=tuple(Stage(name="IXSCAN", index=f"i{number}") for number in range(300)))
    return Plan(
        ns=HOSTILE,
        op="find",
        verbosity="executionStats",
        taken_at=1e300,
        winning=Stage(name="X", inputs=(stage, wide)),
        rejected=(wide,),
        finished=False,
        error=HOSTILE,
        worst=(0, 9, 9),
        indexes=(HOSTILE,),
        raw=HOSTILE,
    )


def recommendation(**fields: object) -> Recommendation:
    known: dict[str, object] = {
        "ns": "shop.prompts",
        "keys": (("category", 1), ("active", 1), ("createdAt", -1)),
        "name": "category_1_active_1_createdAt_-1",
        "serves": ("a1", "c3"),
        "supersedes": ("category_1",),
        "reason": "Equality on category and active first, then the sort on createdAt; no range is left to check.",
        "expected": Expected(keys_examined=20.0, docs_examined=20.0, improvement=4_210.0),
        "command": 'db.getSiblingDB("shop").prompts.createIndex({category: 1, active: 1, createdAt: -1})',
        "warnings": ("Writes to shop.prompts maintain 4 indexes with it.",),
        "shapes": (
            ServedShape(
                id="a1",
                shape="find {category: ?, active: ?} sort {createdAt: -1} limit 20",
                executions=123,
                keys_before=0.0,
                docs_before=50_000.0,
                cost_before=252_600.0,
                keys_after=20.0,
                docs_after=20.0,
                cost_after=60.0,
            ),
            ServedShape(
                id="c3",
                shape="aggregate [{$match: {category: ?}}, {$sort: {rating: -1}}]",
                executions=10,
                keys_before=0.0,
                docs_before=50_000.0,
                cost_before=200_000.0,
                keys_after=5_010.0,
                docs_after=5_010.0,
                cost_after=76_600.0,
                blocking_sort_after=True,
            ),
        ),
        "size_bytes": 1_900_000,
        "write_cost": 1.0,
    }
    return Recommendation(**{**known, **fields})  # type: ignore[arg-type]


def analysis() -> Analysis:
    """Two indexes, a rewrite, a refusal."""
    return Analysis(
        source="profiler",
        entries=170,
        lost_entries=0,
        since=NOW - 300,
        until=NOW,
        shapes=(
            AnalysedShape(
                id="a1",
                ns="shop.prompts",
                op="find",
                shape="find {category: ?, active: ?} sort {createdAt: -1} limit 20",
                count=123,
                latency_ms=Latency(avg=121.0, p95=152.0),
                plan_summary="COLLSCAN",
                score=0,
                penalties=PENALTIES,
                findings=(SCAN, SORT),
            ),
            AnalysedShape(
                id="d4", ns="shop.prompts", op="find", shape="find {title: /?/i}", count=12, plan_summary="COLLSCAN"
            ),
            AnalysedShape(id="e5", ns="shop.tiny", op="find", shape="find {a: ?}", count=3, plan_summary="COLLSCAN"),
        ),
        recommendations=(
            recommendation(),
            recommendation(
                keys=(("title", "text"),),
                name="title_text",
                serves=("f6",),
                supersedes=(),
                reason="A $text query failed for want of a text index.",
                expected=Expected(),
                command='db.getSiblingDB("shop").prompts.createIndex({title: "text"})',
                warnings=(),
                shapes=(),
                size_bytes=None,
                write_cost=9.5,
            ),
        ),
        declined=(Declined(ns="shop.tiny", shape="e5", reason="shop.tiny has 90 documents: reading all is as fast."),),
        suggestions=(
            Suggestion(
                ns="shop.prompts",
                shape="d4",
                message="An unanchored regex reads all keys: search with $text, which the text index above serves.",
            ),
        ),
        notes=("shop.users could not be sampled: this login may not read it.",),
    )


def index_overview() -> IndexOverview:
    prompts = CollectionState(
        ns="shop.prompts",
        documents=50_000,
        average_bytes=612.0,
        data_bytes=30_600_000,
        storage_bytes=14_200_000,
        index_bytes=3_100_000,
        documents_per_s=2.5,
        scans_per_s=41.0,
        indexes=(
            Index(name="_id_", keys=(("_id", 1),), size_bytes=900_000, uses=4_100, used_since=NOW - 86_400),
            Index(
                name="category_1",
                keys=(("category", 1),),
                size_bytes=310_000,
                uses=0,
                used_since=NOW - 1_000_000,
                findings=(
                    Finding(
                        code="unused-index",
                        severity="warning",
                        message="Not used on any member for 11 days.",
                        advice="Hide it first, then drop it.",
                    ),
                ),
            ),
            Index(
                name="slug_1",
                keys=(("slug", 1),),
                unique=True,
                size_bytes=1_200_000,
                uses=12,
                used_since=NOW - 1_000_000,
            ),
            Index(name="seen_1", keys=(("seen", 1),), ttl_s=3600.0, size_bytes=400_000, uses=0, hidden=True),
            Index(name="category_1_active_1", keys=(("category", 1), ("active", 1)), building=True),
        ),
        findings=(
            Finding(
                code="too-many-indexes",
                severity="warning",
                message="5 indexes on a busy collection.",
                advice="Drop what is unused.",
            ),
        ),
        read_at=NOW - 3,
    )
    users = CollectionState(
        ns="shop.users",
        documents=20_000,
        average_bytes=210.0,
        data_bytes=4_200_000,
        index_bytes=210_000,
        scans_per_s=0.2,
        indexes=(Index(name="_id_", keys=(("_id", 1),), size_bytes=210_000, uses=0),),
        read_at=NOW - 3,
    )
    views = CollectionState(ns="shop.latest", kind="view")
    build = IndexBuild(
        ns="shop.prompts",
        names=("category_1_active_1",),
        opid=4713,
        message="Index Build: scanning collection",
        done=22_500,
        total=50_000,
        running_s=42.0,
    )
    return IndexOverview(collections=(prompts, users, views), builds=(build,), left_out=12)
