"""Each finding that a mongod can be brought to, from its own profile through the digest."""

import re
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from helpers.waiting import wait_until
from pymongo import MongoClient
from pymongo.collection import Collection
from pymongo.errors import OperationFailure

from perftui.advice.findings import codes
from perftui.advice.findings.assess import Evidence, assess
from perftui.advice.plans.plan import read_plan
from perftui.model.index import Index
from perftui.model.query import DigestRow, SlowQueryBatch
from perftui.monitor.digest import Digest
from perftui.servers import MongodProcess, PrivateServers
from perftui.sources.mongodb.profile_entry import slow_queries

Client = MongoClient[dict[str, Any]]
Things = Collection[dict[str, Any]]
DOCUMENTS = 5_000
NAME = "perftui tests findings"


@pytest.fixture(scope="module")
def server() -> Iterator[MongodProcess]:
    """Little memory for sorts, so that they spill."""
    with PrivateServers() as servers:
        yield servers.start_mongod(arguments=("--setParameter", "internalQueryMaxBlockingSortMemoryUsageBytes=200000"))


@pytest.fixture(scope="module")
def client(server: MongodProcess) -> Iterator[Client]:
    with MongoClient[dict[str, Any]](server.uri, appname=NAME) as found:
        fill(found.findings.things)
        found.findings.users.insert_many({"_id": number, "email": f"user{number}"} for number in range(2_000))
        found.findings.command("profile", 2)
        yield found


def fill(things: Things) -> None:
    things.insert_many(
        {"n": n, "group": n % 10, "title": f"word{n} of {n % 7}", "text": "x" * 100, "rare": n == 7, "often": n != 7}
        for n in range(DOCUMENTS)
    )
    for field in ("group", "title", "rare", "often"):
        things.create_index(field)


def row_of(client: Client, run: Callable[[Things], object]) -> DigestRow:
    """The one shape that this runs, as the monitor shows it."""
    database = client.findings
    database.command("profile", 0)
    database.drop_collection("system.profile")
    database.command("profile", 2)
    run(database.things)
    queries = slow_queries(list(database["system.profile"].find({"ns": "findings.things"})))
    now = max(query.at for query in queries)
    digest = Digest()
    digest.add(SlowQueryBatch(entries=queries, read_from="profiler"), now)
    rows = [row for row in digest.summary(300, now).rows if row.op != "command"]
    assert len(rows) == 1, [row.shape for row in rows]
    return rows[0]


def severities(row: DigestRow) -> dict[str, str]:
    return {finding.code: finding.severity for finding in row.findings}


def message(row: DigestRow, code: str) -> str:
    return next(finding.message for finding in row.findings if finding.code == code)


def test_a_scan_with_a_sort_loses_all_but_the_time(client: Client) -> None:
    row = row_of(client, lambda things: list(things.find({"n": {"$gt": 5}}).sort("text", -1).limit(20)))
    assert row.score in (0, 10)
    assert {one.code: one.points for one in row.penalties if one.code != codes.SLOW} == {
        codes.COLLECTION_SCAN: 30,
        codes.POOR_SELECTIVITY: 20,
        codes.MANY_DOCUMENTS: 15,
        codes.BLOCKING_SORT: 25,
    }
    assert severities(row)[codes.COLLECTION_SCAN] == "critical"
    assert "5,000 documents an execution for 20 returned" in message(row, codes.COLLECTION_SCAN)
    assert re.search(r"sorts 4,994 documents by text in [\d.]+ kB of memory", message(row, codes.BLOCKING_SORT))


def test_an_indexed_query_is_at_its_best(client: Client) -> None:
    row = row_of(client, lambda things: list(things.find({"title": "word5 of 5"})))
    assert (row.score, row.findings) == (100, ())


def test_an_index_that_is_not_selective(client: Client) -> None:
    row = row_of(client, lambda things: list(things.find({"group": 3, "n": {"$lt": 50}})))
    assert severities(row) == {codes.INDEX_NOT_SELECTIVE: "warning"}
    assert "the index group_1" in message(row, codes.INDEX_NOT_SELECTIVE)
    assert row.score == 80


def test_an_index_that_lacks_only_the_order_is_not_called_unselective(client: Client) -> None:
    row = row_of(client, lambda things: list(things.find({"group": 3}).sort("n", -1).limit(20)))
    assert severities(row) == {codes.BLOCKING_SORT: "warning"}
    assert "sorts 500 documents by n" in message(row, codes.BLOCKING_SORT)


def test_a_scan_that_keeps_most_is_not_critical(client: Client) -> None:
    row = row_of(client, lambda things: list(things.find({"n": {"$gte": 5}}, batch_size=10_000)))
    assert severities(row) == {
        codes.COLLECTION_SCAN: "info",
        codes.MANY_DOCUMENTS: "info",
        codes.UNBOUNDED_RESULT: "warning",
    }


def test_a_count_and_a_distinct_are_judged_by_what_their_filter_lets_pass(client: Client) -> None:
    count = row_of(client, lambda things: things.database.command("count", "things", query={"n": {"$lt": 50}}))
    assert severities(count)[codes.COLLECTION_SCAN] == "critical"
    assert "of which 50 match" in message(count, codes.COLLECTION_SCAN)
    most = row_of(client, lambda things: things.database.command("count", "things", query={"n": {"$gt": 50}}))
    assert severities(most)[codes.COLLECTION_SCAN] == "info"
    values = row_of(client, lambda things: things.distinct("text", {"n": {"$lt": 50}}))
    assert severities(values)[codes.COLLECTION_SCAN] == "critical"


def test_an_aggregation_that_must_read_everything(client: Client) -> None:
    row = row_of(client, lambda things: list(things.aggregate([{"$group": {"_id": "$n", "m": {"$max": "$group"}}}])))
    assert severities(row)[codes.READS_EVERYTHING] == "info"
    assert codes.COLLECTION_SCAN not in severities(row)


def test_writes_are_judged_like_reads(client: Client) -> None:
    update = row_of(client, lambda things: things.update_one({"n": 4_990}, {"$set": {"seen": 1}}))
    assert severities(update)[codes.COLLECTION_SCAN] == "critical"
    delete = row_of(client, lambda things: things.delete_one({"n": 1_000_000}))
    assert severities(delete)[codes.COLLECTION_SCAN] == "critical"
    both = row_of(client, lambda things: things.find_one_and_update({"n": 4_990}, {"$set": {"seen": 2}}))
    assert severities(both)[codes.COLLECTION_SCAN] == "critical"


def test_a_sort_that_spills(client: Client) -> None:
    row = row_of(client, lambda things: list(things.find({"n": {"$gt": 5}}).sort("text", 1).allow_disk_use(True)))
    assert severities(row)[codes.DISK_SPILL] == "critical"
    assert re.search(r"wrote to disk and read back, \d+ times", message(row, codes.DISK_SPILL))


def test_a_sort_that_had_too_little_memory(client: Client) -> None:
    def run(things: Things) -> None:
        with pytest.raises(OperationFailure):
            list(things.find({"n": {"$gt": 5}}).sort("text", 1).allow_disk_use(False))

    row = row_of(client, run)
    assert severities(row)[codes.FAILING] == "critical"
    assert "a sort had not enough memory" in message(row, codes.FAILING)


ASKED: list[tuple[Callable[[Things], object], str]] = [
    (lambda things: list(things.find({"title": {"$regex": "^WORD77", "$options": "i"}})), codes.CASE_INSENSITIVE_REGEX),
    (lambda things: list(things.find({"title": {"$regex": "77 of"}})), codes.UNANCHORED_REGEX),
    (lambda things: list(things.find({"title": re.compile("77 of")})), codes.UNANCHORED_REGEX),
    (lambda things: list(things.find({"group": 3, "$where": "this.n == 3"})), codes.JAVASCRIPT),
    (lambda things: list(things.find({"n": {"$in": list(range(300))}}).sort("group")), codes.LARGE_IN),
    (lambda things: list(things.find({}).skip(3_000).limit(5)), codes.LARGE_SKIP),
    (lambda things: list(things.find({"group": {"$lt": 5}})), codes.UNBOUNDED_RESULT),
]


@pytest.mark.parametrize(("run", "code"), ASKED, ids=[code for _, code in ASKED])
def test_what_the_query_asks_for(client: Client, run: Callable[[Things], object], code: str) -> None:
    assert severities(row_of(client, run))[code] == "warning" if code != codes.JAVASCRIPT else "critical"


def test_a_fetch_that_an_index_could_spare(client: Client) -> None:
    def run(things: Things) -> object:
        return list(things.find({"group": 3}, {"_id": 0, "group": 1, "n": 1}, batch_size=1000))

    row = row_of(client, run)
    assert severities(row) == {codes.COVERABLE_FETCH: "info"}
    (finding,) = row.findings
    assert "holds group, n " in finding.advice


LOOKUP = {"from": "users", "localField": "title", "foreignField": "email", "as": "user"}
PIPELINE: list[dict[str, Any]] = [{"$match": {"rare": True}}, {"$lookup": LOOKUP}]


@pytest.mark.parametrize("engine", ["slot-based", "classic"])
def test_a_join_without_an_index_is_seen_in_its_plan(client: Client, engine: str) -> None:
    classic = engine == "classic"
    client.admin.command({"setParameter": 1, "internalQueryForceClassicEngine": classic})
    command = {"aggregate": "things", "pipeline": PIPELINE, "cursor": {}}
    reply = client.findings.command("explain", command, verbosity="executionStats")
    client.admin.command({"setParameter": 1, "internalQueryForceClassicEngine": False})
    plan = read_plan(reply, ns="findings.things", op="aggregate", taken_at=0.0)
    found = assess(Evidence(op="aggregate", command=command, plan=plan))
    (join,) = [one for one in found.findings if one.code == codes.LOOKUP_WITHOUT_INDEX]
    assert "users.email" in join.message
    assert codes.COLLECTION_SCAN not in {penalty.code for penalty in found.penalties}


def test_a_join_is_judged_by_the_indexes_where_the_profile_has_no_plan(client: Client) -> None:
    row = row_of(client, lambda things: list(things.aggregate(PIPELINE)))
    assert codes.LOOKUP_WITHOUT_INDEX not in severities(row)
    assert row.slowest is not None
    digest = Digest()
    digest.judge.indexes = {"findings.users": (Index(name="_id_", keys=(("_id", 1),)),)}
    digest.add(SlowQueryBatch(entries=(row.slowest,), read_from="profiler"), row.slowest.at)
    (judged,) = digest.summary(300, row.slowest.at).rows
    assert severities(judged)[codes.LOOKUP_WITHOUT_INDEX] == "critical"


def test_a_plan_that_is_chosen_anew(client: Client) -> None:
    """Whichever index the cached plan uses, it is the wrong one for one of the two last queries."""

    def run(things: Things) -> None:
        for _ in range(5):
            list(things.find({"rare": True, "often": False}))
        list(things.find({"rare": False, "often": False}))
        list(things.find({"rare": True, "often": True}))

    row = row_of(client, run)
    assert row.replans >= 1
    assert codes.REPLANNED in severities(row)


def test_writers_of_one_document_meet(client: Client, server: MongodProcess) -> None:
    met = threading.Event()

    def write() -> None:
        with MongoClient[dict[str, Any]](server.uri) as own:
            while not met.is_set():
                own.findings.things.update_one({"title": "word9 of 2"}, {"$inc": {"hits": 1}})

    def run(things: Things) -> None:
        writers = [threading.Thread(target=write) for _ in range(10)]
        for writer in writers:
            writer.start()
        try:
            wait_until(lambda: things.database["system.profile"].find_one({"writeConflicts": {"$gt": 0}}) is not None)
        finally:
            met.set()
            for writer in writers:
                writer.join()

    row = row_of(client, run)
    assert row.write_conflicts > 0
    assert codes.WRITE_CONFLICTS in severities(row)


def test_a_write_that_waits_for_a_lock(client: Client, server: MongodProcess) -> None:
    def waits_long() -> bool:
        found = client.admin.aggregate([{"$currentOp": {}}, {"$match": {"ns": "findings.things", "op": "update"}}])
        return any(one.get("waitingForLock") and one["microsecs_running"] > 50_000 for one in found)

    def run(things: Things) -> None:
        client.admin.command("fsync", lock=True)
        writer = threading.Thread(target=lambda: things.update_one({"title": "word9 of 2"}, {"$set": {"a": 1}}))
        writer.start()
        try:
            wait_until(waits_long)
        finally:
            client.admin.command("fsyncUnlock")
            writer.join()

    row = row_of(client, run)
    assert row.lock_wait_ms > 50
    assert severities(row)[codes.LOCK_WAIT] in ("warning", "critical")
