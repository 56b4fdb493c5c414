"""Queries, operations and transactions that harm, told in figures."""

from msgspec.structs import replace

from helpers.application_incidents import slow_items
from helpers.incidents import (
    START,
    Targets,
    digest,
    endpoint,
    set_figures,
    set_slot,
    shape,
)
from perftui.model.index import GoneCollection, IndexOverview
from perftui.model.mongodb import (
    Connections,
    QueryWork,
)
from perftui.model.operation import ConnectionGroup, OpenTransaction, Operation, OperationList
from perftui.model.query import SlowQuery

SCAN = {"count": 200, "total_ms": 16_000.0, "examined_documents": 10_000_000, "returned": 4000, "scans": 200}


def missing_index(targets: Targets, _at: float, _passed: int) -> None:
    set_slot(targets, "mongodb", queries=digest(shape("new", plan="COLLSCAN", recent=SCAN), shape()))
    slow_items(targets)


def dropped_index(targets: Targets, at: float, passed: int) -> None:
    row = shape(plan="COLLSCAN", recent=SCAN)
    both = replace(row, plan_summaries=("COLLSCAN", "IXSCAN { k: 1 }"), plans_at=(at, at - 20 - passed))
    set_slot(targets, "mongodb", queries=digest(both))
    slow_items(targets)


def endless_scans(targets: Targets, at: float, passed: int) -> None:
    """On a collection so large that none has ended, and nothing was recorded yet."""
    scans = tuple(
        Operation(
            opid=one, op="query", ns="shop.archive", running_s=passed + 3.0 + one, shape_id="ar", app_name="shop",
            started_at=at - passed - 3 - one, plan_summary="COLLSCAN", command='{"find":"archive","filter":{"k":1}}',
        )
        for one in range(4)
    )  # fmt: skip
    set_slot(targets, "mongodb", operations=OperationList(operations=scans))


def at_their_limit(targets: Targets, _at: float, _passed: int) -> None:
    """Queries that are given less time than they need."""
    recent = {"count": 40, "total_ms": 4000.0, "examined_documents": 36_000, "returned": 0, "errors": 38}
    row = shape("limited", recent=recent)
    failed = SlowQuery(
        at=START, ns=row.ns, op="find", shape_id="limited", shape="find {k: ?}", duration_ms=100.0, error_code=50
    )
    set_slot(targets, "mongodb", queries=digest(replace(row, slowest=failed), shape()))


def gone(targets: Targets, at: float, passed: int) -> None:
    """Somebody dropped a collection, and what asks for it is answered that there is nothing."""
    lost = GoneCollection(ns="shop.items", documents=40_000, reads_per_s=35.0, writes_per_s=2.0, listed_at=at - passed)
    set_slot(targets, "mongodb", indexes=IndexOverview(gone=(lost,)))
    refused = endpoint("/users", refused=38 + passed % 3)
    set_figures(targets, "application", "application", endpoints=(endpoint(), refused))


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
