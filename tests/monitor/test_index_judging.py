"""Indexes carry their findings in every member's state, renewed only when a reading changed."""

import asyncio
from typing import Any

import msgspec
import pytest
from helpers.watching import watching
from pymongo import MongoClient

from perftui.advice.findings import codes
from perftui.model.index import CollectionState, Index, IndexOverview
from perftui.model.mongodb import Member, ReplicaSet
from perftui.model.query import DigestRow, LatencySummary, QueryDigest, SlowQuery
from perftui.model.snapshot import Snapshot, TargetState
from perftui.model.target import Target
from perftui.monitor.index_judging import JUDGED_AT_ONCE, IndexJudges
from perftui.servers import MongodProcess

NOW = 1_700_000_000.0
UNUSED = Index(name="a_1", keys=(("a", 1),), uses=0, used_since=NOW - 1e6)
USED = Index(name="a_1", keys=(("a", 1),), uses=9, used_since=NOW - 1e6)


def overview(*indexes: Index, collections: int = 1) -> IndexOverview:
    return IndexOverview(
        collections=tuple(CollectionState(ns=f"s.c{number}", indexes=indexes) for number in range(collections))
    )


def member(name: str, indexes: IndexOverview | None, **options: Any) -> TargetState:
    target = Target(id=name, kind="mongodb", name=name, address=name, group="set")
    return TargetState(target=target, indexes=indexes, **options)


def codes_of(state: TargetState, collection: int = 0) -> set[str]:
    assert state.indexes is not None
    return {finding.code for index in state.indexes.collections[collection].indexes for finding in index.findings}


def test_all_members_count() -> None:
    judges = IndexJudges()
    first = member("a", overview(UNUSED))
    idle = judges.applied((first, member("b", overview(UNUSED))), NOW)
    assert [codes_of(state) for state in idle] == [{codes.UNUSED_INDEX}] * 2
    busy = judges.applied((first, member("b", overview(USED))), NOW)
    assert [codes_of(state) for state in busy] == [set(), set()]


@pytest.mark.parametrize("role", ["SECONDARY", "ARBITER"])
def test_a_member_that_was_not_read_leaves_it_open(role: str) -> None:
    members = (Member(address="a", target_id="a", role="PRIMARY"), Member(address="b", role=role))
    state = member("a", overview(UNUSED), replica_set=ReplicaSet(members=members))
    (judged,) = IndexJudges().applied((state,), NOW)
    assert codes_of(judged) == ({codes.UNUSED_INDEX} if role == "ARBITER" else set())


def test_what_did_not_change_is_the_same_object() -> None:
    judges = IndexJudges()
    states = (member("a", overview(UNUSED)), member("b", None))
    first = judges.applied(states, NOW)
    second = judges.applied(states, NOW + 1)
    assert all(one is other for one, other in zip(first, second, strict=True))
    assert second[1] is states[1]


def test_many_collections_are_judged_over_several_ticks() -> None:
    judges = IndexJudges()
    states = (member("a", overview(UNUSED, collections=JUDGED_AT_ONCE + 1)),)
    (first,) = judges.applied(states, NOW)
    assert (codes_of(first, JUDGED_AT_ONCE), judges.behind) == (set(), True)
    (second,) = judges.applied(states, NOW)
    assert (codes_of(second, JUDGED_AT_ONCE), judges.behind) == ({codes.UNUSED_INDEX}, False)


def test_the_shapes_of_the_digest_are_asked() -> None:
    keys = (("createdAt", -1), ("category", 1))
    index = Index(name="i", keys=keys, uses=9, used_since=NOW)
    command = {"find": "c0", "filter": {"createdAt": {"$gt": {"$date": "2026-01-01T00:00:00Z"}}, "category": "x"}}
    slowest = SlowQuery(
        at=NOW, ns="s.c0", op="find", shape_id="x", shape="x", duration_ms=9.0,
        raw=msgspec.json.encode({"command": command}).decode(),
    )  # fmt: skip
    row = DigestRow(
        shape_id="x", ns="s.c0", op="find", shape="x", count=10, latency_ms=LatencySummary(), last_seen_at=NOW,
        examined_keys=98_460, examined_documents=200, returned=200, slowest=slowest,
        plan_summaries=("IXSCAN { createdAt: -1, category: 1 }",),
    )  # fmt: skip
    state = member("a", overview(index), queries=QueryDigest(rows=(row,)))
    (judged,) = IndexJudges().applied((state,), NOW)
    assert codes_of(judged) == {codes.FIELD_ORDER}


def test_a_live_monitor_s_snapshot_has_the_findings(mongod: MongodProcess) -> None:
    with MongoClient[dict[str, Any]](mongod.uri) as client:
        collection = client.judged.things
        collection.create_index("a")
        collection.create_index([("a", 1), ("b", 1)])

    def findings(snapshot: Snapshot) -> dict[str, set[str]]:
        return {
            index.name: {finding.code for finding in index.findings}
            for state in snapshot.targets
            if state.indexes is not None
            for one in state.indexes.collections
            if one.ns == "judged.things"
            for index in one.indexes
        }

    async def watch() -> Snapshot:
        async with watching(mongod.uri) as watched:
            return await watched.until(lambda snapshot: bool(findings(snapshot).get("a_1")))

    snapshot = asyncio.run(watch())
    assert findings(snapshot) == {"_id_": set(), "a_1": {codes.REDUNDANT_INDEX}, "a_1_b_1": set()}
    assert Snapshot.from_json(snapshot.to_json()) == snapshot
