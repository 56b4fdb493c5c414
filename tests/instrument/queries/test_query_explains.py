"""Slow commands are explained: rarely, beside the request, and never what must not be."""

from functools import partial
from typing import Any

import pytest
from helpers.querying import Client, measured, queries, shape
from helpers.waiting import wait_until
from pymongo import AsyncMongoClient

from perftui.instrument import ExplainLimits, MongoMonitor, Registry
from perftui.instrument.queries import explaining as explaining_module
from perftui.instrument.queries.buckets import TokenBucket
from perftui.instrument.queries.copying import TooLarge, bounded_copy
from perftui.servers import MongodProcess

DATABASE = "query_explains"
OFTEN = ExplainLimits(every_s=0.001, per_shape_s=0.0, max_time_ms=20_000)


@pytest.fixture
def things(mongod: MongodProcess) -> Any:
    with mongod.client() as client:
        client.drop_database(DATABASE)
        client[DATABASE].things.insert_many({"_id": number, "kind": number % 2, "n": number} for number in range(3_000))
        client[DATABASE].things.create_index("n")
        scripted = {"$function": {"body": "function() { return true }", "args": [], "lang": "js"}}
        client[DATABASE].create_collection("scripted", viewOn="things", pipeline=[{"$match": {"$expr": scripted}}])
        client[DATABASE].command("profile", 0)
        yield client[DATABASE].things


def explaining(mongod: MongodProcess, source: Any = None, limits: ExplainLimits = OFTEN) -> MongoMonitor:
    """Everything is slow to it."""
    return MongoMonitor(Registry("shop"), slow_ms=0, explain_with=source or mongod.uri, explain_limits=limits)


def settled(monitor: MongoMonitor) -> None:
    assert monitor.explaining is not None
    assert monitor.explaining.wait(60)
    assert not monitor.registry.faults, monitor.registry.faults


def test_a_slow_shape_gets_its_plan_findings_and_advice(mongod: MongodProcess, things: Any) -> None:
    monitor = explaining(mongod)
    with measured(mongod, monitor) as client:
        list(client[DATABASE].things.find({"kind": 1, "n": {"$exists": True}}, sort=[("n", 1)]))
        list(client[DATABASE].things.find({"n": 5}))
        list(client[DATABASE].things.aggregate([{"$match": {"kind": 7}}]))
        client[DATABASE].things.update_one({"kind": 9}, {"$set": {"x": 1}})
        settled(monitor)
        metrics = monitor.wrap(client[DATABASE].things).find({"n": 6})[1]
    document = queries(monitor.registry)
    scanned = shape(document, {"aggregate": "things", "pipeline": [{"$match": {"kind": 7}}]}, DATABASE)
    assert scanned.plan == "COLLSCAN"
    assert "collection-scan" in [finding.code for finding in scanned.findings]
    assert scanned.advice
    assert (scanned.score or 0) <= 70
    assert scanned.explained_at is not None
    assert (scanned.examined, scanned.keys_examined, scanned.over) == (None, None, ())
    served = shape(document, {"find": "things", "filter": {"n": 5}}, DATABASE)
    assert served.plan == "IXSCAN { n: 1 }"
    assert metrics.plan is not None
    assert metrics.plan.plan == served.plan
    written = shape(document, {"update": "things", "updates": [{"q": {"kind": 9}, "u": {}}]}, DATABASE)
    assert written.plan == "COLLSCAN"
    assert things.count_documents({"x": 1}) == 0
    assert document.count == 5


def test_figures_come_only_where_executing_is_permitted(mongod: MongodProcess, things: Any) -> None:
    monitor = explaining(mongod, limits=OFTEN._replace(execute=True))
    with measured(mongod, monitor) as client:
        list(client[DATABASE].things.find({"kind": 1}))
        list(client[DATABASE].things.find({"kind": {"$gt": 5}}))
        client[DATABASE].things.update_many({"kind": 9}, {"$set": {"x": 1}})
        list(client[DATABASE].things.aggregate([{"$match": {"kind": 1}}, {"$out": "copied"}]))
        settled(monitor)
    document = queries(monitor.registry)
    half = shape(document, {"find": "things", "filter": {"kind": 1}}, DATABASE)
    assert (half.examined, half.keys_examined, half.over) == (3_000, 0, ("examined 3,000 documents, over 1,000",))
    none = shape(document, {"find": "things", "filter": {"kind": {"$gt": 5}}}, DATABASE)
    assert none.over[1] == "returned 0 of 3,000 examined documents, under 0.5 of them"


def test_javascript_is_never_explained(mongod: MongodProcess, things: Any) -> None:
    monitor = explaining(mongod)
    with measured(mongod, monitor) as client:
        database = client[DATABASE]
        list(database.things.find({"$where": "this.n == 5", "n": 5}))
        list(database.things.find({"$or": [{"$where": "this.n == 5"}]}))
        list(database.scripted.find({"n": 5}))
        settled(monitor)
    document = queries(monitor.registry)
    view = shape(document, {"find": "scripted", "filter": {"n": 5}}, DATABASE)
    assert view.plan is None
    assert "JavaScript" in (view.unexplained or "")
    alone = shape(document, {"find": "things", "filter": {"$or": [{"$where": "x"}]}}, DATABASE)
    assert (alone.plan, "JavaScript" in (alone.unexplained or "")) == (None, True)
    beside = shape(document, {"find": "things", "filter": {"$where": "x", "n": 5}}, DATABASE)
    assert beside.plan == "IXSCAN { n: 1 }"


def test_explains_are_few_bounded_in_time_and_told_by_our_name(mongod: MongodProcess, things: Any) -> None:
    monitor = explaining(mongod, limits=ExplainLimits(every_s=3_600))
    profile = things.database.system.profile
    things.database.command("profile", 2)
    with measured(mongod, monitor) as client:
        for number in range(50):
            list(client[DATABASE].things.find({"n": number}))
            list(client[DATABASE].things.find({f"field{number}": 1}))
        settled(monitor)
    things.database.command("profile", 0)
    sent = list(profile.find({"command.explain": {"$exists": True}}))
    assert len(sent) == 5
    assert {entry["appName"] for entry in sent} == {"perftui"}
    assert {entry["command"]["verbosity"] for entry in sent} == {"queryPlanner"}
    assert {entry["command"]["maxTimeMS"] for entry in sent} == {500}
    assert len([entry for entry in sent if list(entry["command"]["explain"].get("filter", {})) == ["n"]]) == 1


def test_a_client_a_uri_or_a_function_will_do(mongod: MongodProcess, things: Any) -> None:
    with Client(mongod.uri) as client:
        for source in (client, mongod.uri):
            monitor = explaining(mongod, source)
            with measured(mongod, monitor) as application:
                list(application[DATABASE].things.find({"n": 5}))
                settled(monitor)
            assert queries(monitor.registry).shapes[0].plan == "IXSCAN { n: 1 }"


def test_when_idle_its_thread_ends_and_its_client_is_closed(
    mongod: MongodProcess, things: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(explaining_module, "IDLE_S", 0.05)
    made: list[Client] = []

    def make() -> Client:
        made.append(Client(mongod.uri))
        return made[-1]

    monitor = explaining(mongod, make)
    with measured(mongod, monitor) as client:
        for filter in ({"n": 5}, {"kind": 5}):
            list(client[DATABASE].things.find(filter))
            settled(monitor)
            wait_until(lambda: monitor.explaining is not None and monitor.explaining._thread is None)
    assert len(made) == 2
    for one in made:
        wait_until(partial(getattr, one, "_closed"))
    assert all(found.plan for found in queries(monitor.registry).shapes)


async def test_an_async_client_is_refused_in_words(mongod: MongodProcess) -> None:
    async with AsyncMongoClient[dict[str, Any]](mongod.uri) as client:
        with pytest.raises(TypeError, match="a URI or a function"):
            explaining(mongod, client)
    with pytest.raises(TypeError, match="not int"):
        explaining(mongod, 5)


def test_a_server_that_cannot_be_asked_costs_the_application_nothing(mongod: MongodProcess, things: Any) -> None:
    monitor = explaining(mongod, lambda: Client("mongodb://127.0.0.1:9/", serverSelectionTimeoutMS=50))
    with measured(mongod, monitor) as client:
        assert len(list(client[DATABASE].things.find({"n": 5}))) == 1
        assert monitor.explaining is not None
        assert monitor.explaining.wait(60)
    assert monitor.registry.faults == {"explain": 1}


def test_without_a_client_nothing_is_explained(mongod: MongodProcess, things: Any) -> None:
    monitor = MongoMonitor(Registry("shop"), slow_ms=0)
    with measured(mongod, monitor) as client:
        list(client[DATABASE].things.find({"n": 5}))
    assert monitor.explaining is None
    assert queries(monitor.registry).shapes[0].plan is None


def test_a_token_bucket_fills_up_again() -> None:
    bucket = TokenBucket(every_s=10, burst=2)
    now = 1e9
    assert [bucket.take(now + second) for second in (0, 0, 0, 9, 10, 11, 20)] == [
        True,
        True,
        False,
        False,
        True,
        False,
        True,
    ]
    assert [bucket.take(now + 1e6) for _ in range(3)] == [True, True, False]
    assert not bucket.take(now)


def test_a_copy_is_bounded_and_does_not_follow_the_application() -> None:
    query = {"a": [1, {"b": 2}]}
    copied = bounded_copy({"find": "things", "filter": query, "lsid": 1, "documents": [1]})
    query["a"].append(3)
    assert copied == {"find": "things", "filter": {"a": [1, {"b": 2}]}}
    with pytest.raises(TooLarge):
        bounded_copy({"find": "things", "filter": {"a": {"$in": list(range(10_000))}}})
    deep: Any = {}
    for _ in range(1_000):
        deep = {"a": deep}
    with pytest.raises(TooLarge):
        bounded_copy({"filter": deep})
