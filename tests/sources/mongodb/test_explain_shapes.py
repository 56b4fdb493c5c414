"""Every shape of plan that this server produces, by the classic engine and by the slot-based one (SBE), for real."""

import json
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any, Literal, NamedTuple

import pytest
from helpers.mongodb import Client

from perftui.advice.plans.plan import read_profiled_plan
from perftui.advice.plans.walk import stages
from perftui.model.document_json import to_json
from perftui.model.plan import Plan
from perftui.servers import MongodProcess, PrivateServers
from perftui.sources.mongodb.client import open_client
from perftui.sources.mongodb.explain import Explainable, explain, explainable
from perftui.targets import connect_to

ENGINES = {
    "classic": ("--setParameter", "internalQueryForceClassicEngine=true"),
    "sbe": ("--setParameter", "featureFlagSbeFull=true"),
}
COUNT, PER_CATEGORY, USERS = 2000, 100, 30
START = datetime(2026, 1, 1, tzinfo=UTC)
CATEGORY = {"category": "c1"}
LOOKUP = {"from": "users", "localField": "user", "foreignField": "_id", "as": "found"}
UNINDEXED = LOOKUP | {"foreignField": "number"}
POINT = {"type": "Point", "coordinates": [1, 1]}


class Case(NamedTuple):
    """A command with the names of its plan's stages, each before its inputs, and what it examines."""

    command: dict[str, Any]
    names: str
    keys: int | None = None
    documents: int | None = None
    returned: int | None = None
    indexes: tuple[str, ...] = ()
    sbe: str | None = None
    """Where SBE has other stages."""


def find(filter_: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"find": "orders", "filter": filter_, **more}


def aggregate(*stages_: dict[str, Any], of: str = "orders") -> dict[str, Any]:
    return {"aggregate": of, "pipeline": list(stages_), "cursor": {}}


BY_CATEGORY = ("category_1_createdAt_-1",)
READS = {
    "collscan": Case(find({"paid": True}), "COLLSCAN", 0, COUNT, COUNT // 2),
    "top": Case(find({"paid": True}, sort={"title": 1}, limit=20), "SORT COLLSCAN", 0, COUNT, 20),
    "index": Case(
        find(CATEGORY, sort={"createdAt": -1}, limit=20), "LIMIT FETCH IXSCAN", 20, 20, 20, BY_CATEGORY
    ),
    "id": Case(find({"_id": 5}), "IDHACK", 1, 1, 1, ("_id_",), sbe="FETCH IXSCAN"),
    "or": Case(
        find({"$or": [CATEGORY, {"user": 3}]}),
        "SUBPLAN FETCH OR IXSCAN IXSCAN", None, None, None, (*BY_CATEGORY, "user_1"), sbe="FETCH OR IXSCAN IXSCAN",
    ),
    "merge": Case(
        find({"category": {"$in": ["c1", "c2"]}}, sort={"createdAt": -1}),
        "FETCH SORT_MERGE IXSCAN IXSCAN", 2 * PER_CATEGORY, 2 * PER_CATEGORY, 2 * PER_CATEGORY, BY_CATEGORY,
    ),
    "covered": Case(
        find(CATEGORY, projection={"_id": 0, "category": 1}),
        "PROJECTION_COVERED IXSCAN", PER_CATEGORY, 0, PER_CATEGORY, BY_CATEGORY,
    ),
    "computed": Case(
        find(CATEGORY, projection={"more": {"$add": ["$user", 1]}}),
        "PROJECTION_DEFAULT FETCH IXSCAN", PER_CATEGORY, PER_CATEGORY, PER_CATEGORY, BY_CATEGORY,
    ),
    "skip": Case(find(CATEGORY, skip=5, limit=2), "LIMIT FETCH SKIP IXSCAN", 7, 2, 2, BY_CATEGORY),
    "text": Case(
        find({"$text": {"$search": "word3"}}), "TEXT_MATCH FETCH IXSCAN", COUNT // 50, COUNT // 50, COUNT // 50,
        ("title_text",),
    ),
    "near": Case(
        find({"place": {"$nearSphere": {"$geometry": POINT, "$maxDistance": 1000}}}),
        "GEO_NEAR_2DSPHERE", None, None, None, ("place_2dsphere",),
    ),
    "missing": Case({"find": "nowhere", "filter": {}}, "EOF", 0, 0, 0),
    "clustered": Case({"find": "clustered", "filter": {"_id": 5}}, "CLUSTERED_IXSCAN", 0, None, 1),
    "view": Case({"find": "paid", "filter": CATEGORY}, "FETCH IXSCAN", PER_CATEGORY, PER_CATEGORY, 0, BY_CATEGORY),
    "count all": Case({"count": "orders"}, "RECORD_STORE_FAST_COUNT", 0, 0, COUNT),
    "count": Case(
        {"count": "orders", "query": {"user": {"$gt": 3}}}, "COUNT COUNT_SCAN", None, 0, None, ("user_1",)
    ),
    "count scan": Case({"count": "orders", "query": {"paid": True}}, "COUNT COLLSCAN", 0, COUNT, COUNT // 2),
    "distinct": Case(
        {"distinct": "orders", "key": "category", "query": {}}, "PROJECTION_COVERED DISTINCT_SCAN",
        20, 0, 20, BY_CATEGORY,
    ),
    "distinct group": Case(
        aggregate(
            {"$sort": {"category": 1, "createdAt": -1}},
            {"$group": {"_id": "$category", "at": {"$first": "$createdAt"}}},
        ),
        "$groupByDistinctScan PROJECTION_COVERED DISTINCT_SCAN", 20, 0, 20, BY_CATEGORY,
    ),
    "group": Case(
        aggregate({"$group": {"_id": "$category", "all": {"$push": "$title"}}}), "$group PROJECTION_SIMPLE COLLSCAN",
        0, COUNT, 20, sbe="GROUP COLLSCAN",
    ),
    "group and sort": Case(
        aggregate({"$match": {"paid": True}}, {"$group": {"_id": "$user", "n": {"$sum": 1}}}, {"$sort": {"n": -1}}),
        "$sort $group PROJECTION_SIMPLE COLLSCAN", 0, COUNT, None, sbe="$sort GROUP COLLSCAN",
    ),
    "lookup": Case(
        aggregate({"$match": CATEGORY}, {"$lookup": LOOKUP}), "$lookup FETCH IXSCAN",
        2 * PER_CATEGORY, 2 * PER_CATEGORY, PER_CATEGORY, ("_id_", *BY_CATEGORY), sbe="EQ_LOOKUP FETCH IXSCAN",
    ),
    "lookup without index": Case(
        aggregate({"$match": CATEGORY}, {"$lookup": UNINDEXED}, {"$unwind": "$found"}), "$lookup FETCH IXSCAN",
        PER_CATEGORY, None, PER_CATEGORY, BY_CATEGORY,
    ),
    "lookup of a pipeline": Case(
        aggregate({"$match": CATEGORY}, {"$lookup": {"from": "users", "pipeline": [{"$limit": 1}], "as": "found"}}),
        "$lookup FETCH IXSCAN", PER_CATEGORY, None, PER_CATEGORY, BY_CATEGORY,
    ),
    "facet": Case(
        aggregate({"$facet": {"a": [{"$match": CATEGORY}, {"$count": "n"}], "b": [{"$group": {"_id": "$user"}}]}}),
        "$facet PROJECTION_SIMPLE COLLSCAN $project $group $match $internalFacetTeeConsumer $group"
        " $internalFacetTeeConsumer", 0, COUNT, 1,
    ),
    "union": Case(
        aggregate({"$match": CATEGORY}, {"$unionWith": {"coll": "users", "pipeline": [{"$match": {"number": 3}}]}}),
        "$unionWith FETCH IXSCAN COLLSCAN", PER_CATEGORY, PER_CATEGORY + USERS, PER_CATEGORY + 1, BY_CATEGORY,
    ),
    "graph": Case(
        aggregate(
            {"$match": {"_id": 3}},
            {"$graphLookup": {
                "from": "users", "startWith": "$number", "connectFromField": "_id", "connectToField": "number",
                "as": "found",
            }},
            of="users",
        ),
        "$graphLookup IDHACK", 1, 1, 1, ("_id_",), sbe="$graphLookup FETCH IXSCAN",
    ),
    "window": Case(
        aggregate({"$match": CATEGORY}, {"$setWindowFields": {
            "partitionBy": "$user", "sortBy": {"createdAt": 1},
            "output": {"n": {"$sum": "$user", "window": {"documents": ["unbounded", "current"]}}},
        }}),
        "$_internalSetWindowFields SORT FETCH IXSCAN", PER_CATEGORY, PER_CATEGORY, PER_CATEGORY, BY_CATEGORY,
    ),
    "geo pipeline": Case(
        aggregate({"$geoNear": {"near": POINT, "key": "place", "distanceField": "far", "maxDistance": 1000}}),
        "GEO_NEAR_2DSPHERE", None, None, None, ("place_2dsphere",),
    ),
    "time series": Case(
        {"find": "weather", "filter": {"station": 3}}, "$_internalUnpackBucket COLLSCAN", 0, 5, 200
    ),
    "time series pipeline": Case(
        aggregate({"$match": {"v": {"$gt": 5}}}, {"$group": {"_id": "$station"}}, of="weather"),
        "$group $match $_internalUnpackBucket COLLSCAN", 0, 5, 5,
    ),
}  # fmt: skip
WRITES = {
    "update": Case(
        {"update": "orders", "updates": [{"q": CATEGORY, "u": {"$set": {"seen": 1}}, "multi": True}]},
        "UPDATE FETCH IXSCAN", PER_CATEGORY, PER_CATEGORY, PER_CATEGORY, BY_CATEGORY,
    ),
    "upsert": Case(
        {"update": "orders", "updates": [{"q": {"_id": -1}, "u": {"$set": {"seen": 1}}, "upsert": True}]},
        "UPDATE IDHACK", 0, 0, 0, ("_id_",),
    ),
    "delete": Case(
        {"delete": "orders", "deletes": [{"q": {"paid": True}, "limit": 0}]}, "DELETE COLLSCAN", 0, COUNT, COUNT // 2
    ),
    "find and modify": Case(
        {"findAndModify": "orders", "query": CATEGORY, "sort": {"createdAt": 1}, "update": {"$set": {"seen": 1}}},
        "UPDATE LIMIT FETCH IXSCAN", 1, 1, 1, BY_CATEGORY,
    ),
}  # fmt: skip
CASES = READS | WRITES
PLANNED_ONLY = {"out": aggregate({"$match": CATEGORY}, {"$out": "made"})}


def fill(client: Client) -> None:
    shop = client.shop
    shop.orders.insert_many(
        {
            "_id": n, "category": f"c{n % 20}", "paid": n % 2 == 0, "createdAt": START + timedelta(minutes=n),
            "title": f"title word{n % 50}", "tags": [n % 7, n % 11], "user": n % USERS,
            "place": {"type": "Point", "coordinates": [n % 100 / 50, n % 77 / 50]},
        }
        for n in range(COUNT)
    )  # fmt: skip
    shop.users.insert_many({"_id": n, "number": n} for n in range(USERS))
    shop.orders.create_index([("category", 1), ("createdAt", -1)])
    for keys in ([("user", 1)], [("tags", 1)], [("title", "text")], [("place", "2dsphere")]):
        shop.orders.create_index(keys)
    shop.command("create", "clustered", clusteredIndex={"key": {"_id": 1}, "unique": True})
    shop.clustered.insert_many({"_id": n} for n in range(50))
    shop.command("create", "weather", timeseries={"timeField": "at", "metaField": "station"})
    shop.weather.insert_many({"at": START + timedelta(seconds=n), "station": n % 5, "v": n} for n in range(1000))
    shop.command("create", "paid", viewOn="orders", pipeline=[{"$match": {"paid": True}}])


@pytest.fixture(scope="module", params=ENGINES)
def server(request: pytest.FixtureRequest) -> Iterator[tuple[str, MongodProcess]]:
    with PrivateServers() as servers:
        mongod = servers.start_mongod(arguments=ENGINES[request.param])
        with mongod.client() as client:
            fill(client)
        yield request.param, mongod


@pytest.fixture
async def ask(server: tuple[str, MongodProcess]) -> AsyncIterator["Ask"]:
    engine, mongod = server
    client = open_client(connect_to(mongod.direct_uri, timeout_s=30.0))
    yield Ask(engine, client)
    await client.close()


class Ask(NamedTuple):
    engine: str
    client: Any

    async def __call__(
        self, command: dict[str, Any], verbosity: Literal["queryPlanner", "executionStats"] = "executionStats"
    ) -> Plan:
        asked = explainable(command, "shop.any")
        assert isinstance(asked, Explainable), asked
        return await explain(self.client, asked, verbosity=verbosity, max_time_ms=20_000)


def names(plan: Plan) -> str:
    """The scans below a near search depend on where the points lie."""
    found = [stage.name for stage in stages(plan.winning)]
    return found[0] if found[0].startswith("GEO_NEAR") else " ".join(found)


@pytest.mark.parametrize("name", CASES)
async def test_an_executed_plan(ask: Ask, name: str) -> None:
    case = CASES[name]
    plan = await ask(case.command)
    assert names(plan) == (case.sbe or case.names if ask.engine == "sbe" else case.names)
    assert sorted(plan.indexes) == sorted(case.indexes)
    examined = (plan.keys_examined, plan.documents_examined, plan.returned)
    expected = (case.keys, case.documents, case.returned)
    assert [is_ for is_, should in zip(examined, expected, strict=True) if should is not None] == [
        should for should in expected if should is not None
    ]
    assert (plan.verbosity, plan.finished, plan.server_version) == ("executionStats", True, "6.0.5")
    assert plan.time_ms is not None


@pytest.mark.parametrize("name", [*CASES, *PLANNED_ONLY])
async def test_a_planned_plan_has_the_same_stages_and_no_counters(ask: Ask, name: str) -> None:
    if name in PLANNED_ONLY:
        plan = await ask(PLANNED_ONLY[name], "queryPlanner")
        assert (plan.winning.name, plan.winning.ns) == ("$out", "shop.made")
        return
    case = CASES[name]
    plan = await ask(case.command, "queryPlanner")
    if name != "near":
        expected = case.sbe or case.names if ask.engine == "sbe" else case.names
        assert names(plan) == expected
    assert plan.verbosity == "queryPlanner"
    assert {stage.returned for stage in stages(plan.winning)} == {None}
    assert (plan.keys_examined, plan.documents_examined, plan.time_ms) == (None, None, None)


async def test_each_engine_is_named(ask: Ask) -> None:
    assert (await ask(READS["collscan"].command)).engine == ask.engine
    assert (await ask(WRITES["update"].command)).engine == "classic", "writes know no other engine here"


async def test_bounds_filters_sorts_and_memory_are_told(ask: Ask) -> None:
    limit, fetch, scan = stages((await ask(READS["index"].command)).winning)
    assert limit.limit == 20
    assert fetch.documents_examined == 20
    assert (scan.keys, scan.backwards) == ((("category", 1), ("createdAt", -1)), False)
    assert scan.bounds == (("category", ('["c1", "c1"]',)), ("createdAt", ("[MaxKey, MinKey]",)))
    sort, collection_scan = stages((await ask(READS["top"].command)).winning)
    assert (sort.sort, sort.limit, sort.used_disk) == ((("title", 1),), 20, False)
    assert (sort.memory_bytes or 0) > 0
    assert collection_scan.filter == '{"paid":{"$eq":true}}'
    backwards = list(stages((await ask(find(CATEGORY, sort={"createdAt": 1}))).winning))[-1]
    assert backwards.backwards


async def test_a_count_tells_its_range_of_keys(ask: Ask) -> None:
    scan = list(stages((await ask(READS["count"].command)).winning))[-1]
    assert scan.bounds == (("user", ("(3, Infinity]",)),)


async def test_rejected_plans_stand_beside_the_winner(ask: Ask) -> None:
    plan = await ask(find({**CATEGORY, "user": 21, "tags": 3}), "queryPlanner")
    found = [[stage.name for stage in stages(rejected)] for rejected in plan.rejected]
    assert ["FETCH", "AND_SORTED", "IXSCAN", "IXSCAN"] in found
    assert found.count(["FETCH", "IXSCAN"]) == 2
    assert any(stage.multikey for rejected in plan.rejected for stage in stages(rejected))


async def test_the_foreign_side_of_a_lookup_is_counted(ask: Ask) -> None:
    plan = await ask(READS["lookup without index"].command)
    join = plan.winning
    assert (join.ns, join.index, join.detail) == ("shop.users", None, "user = number")
    assert (join.collection_scans or 0) >= PER_CATEGORY
    assert (join.documents_examined or 0) >= (PER_CATEGORY - 1) * USERS, "the first scan ends where it finds one"
    assert plan.documents_examined == PER_CATEGORY + (join.documents_examined or 0)
    assert plan.worst == ()


async def test_a_hash_join_and_a_loop_tell_their_strategy(ask: Ask) -> None:
    if ask.engine == "classic":
        join = (await ask(aggregate({"$match": CATEGORY}, {"$lookup": UNINDEXED}))).winning
        assert (join.name, join.detail) == ("$lookup", "user = number")
        return
    for disk, strategy, scans in ((True, "HashJoin", 1), (False, "NestedLoopJoin", PER_CATEGORY)):
        command = aggregate({"$match": CATEGORY}, {"$lookup": UNINDEXED}) | {"allowDiskUse": disk}
        join = (await ask(command)).winning
        assert (join.name, join.ns, join.detail) == ("EQ_LOOKUP", "shop.users", f"{strategy}, user = number")
        assert (join.collection_scans, join.documents_examined) == (scans, scans * USERS)
        assert (await ask(command, "queryPlanner")).worst == ()


async def test_what_stands_behind_a_view_or_a_time_series_is_named(ask: Ask) -> None:
    for name, ns in (("view", "shop.orders"), ("time series", "shop.system.buckets.weather")):
        assert list(stages((await ask(READS[name].command)).winning))[-1].ns == ns


async def test_a_sort_that_spills_says_how_much(ask: Ask) -> None:
    await ask.client.admin.command({"setParameter": 1, "internalQueryMaxBlockingSortMemoryUsageBytes": 50_000})
    try:
        plan = await ask(find({}, sort={"title": 1, "paid": 1}, allowDiskUse=True))
        refused = await ask(find({}, sort={"title": 1, "paid": 1}, allowDiskUse=False))
    finally:
        usual = 100 * 1024 * 1024
        await ask.client.admin.command({"setParameter": 1, "internalQueryMaxBlockingSortMemoryUsageBytes": usual})
    assert (plan.winning.used_disk, plan.finished) == (True, True)
    assert (plan.winning.spills or 0) > 0
    assert not refused.finished
    assert "error 292" in (refused.error or "")


@pytest.mark.parametrize("name", CASES)
def test_the_profile_holds_the_same_plan(server: tuple[str, MongodProcess], name: str) -> None:
    """But for pipelines: the profile has no statistics of theirs."""
    engine, mongod = server
    case = CASES[name]
    with mongod.client() as client:
        shop = client.shop
        shop.command("profile", 2, filter={"appName": {"$ne": "perftui"}})
        shop.command(case.command | {"comment": name})
        shop.command("profile", 0)
        asked = {"$or": [{"command.comment": name}, {"op": {"$in": ["update", "remove"]}}]}
        entry = shop["system.profile"].find_one(asked, sort=[("$natural", -1)])
        if name in WRITES:
            client.drop_database("shop")
            fill(client)
        assert entry is not None
    plan = read_profiled_plan(entry)
    if "aggregate" in case.command or name.startswith(("time series", "view")):
        assert plan is None or names(plan)
        return
    assert plan is not None
    found = [stage.name for stage in stages(plan.winning)]
    if engine == "classic" or plan.engine == "classic":
        assert names(plan) == case.names
    else:
        assert ("COLLSCAN" in found) == ("COLLSCAN" in case.names)
        assert ("IXSCAN" in found) == ("IXSCAN" in (case.sbe or case.names))
    assert sorted(plan.indexes) == sorted(case.indexes)
    assert (plan.verbosity, plan.keys_examined) == ("profile", entry["keysExamined"])
    assert plan.taken_at > 1.7e9
    from_text = read_profiled_plan(json.loads(to_json(entry)))
    assert from_text is not None
    assert from_text.winning.name == plan.winning.name
    assert from_text.taken_at == pytest.approx(plan.taken_at)
