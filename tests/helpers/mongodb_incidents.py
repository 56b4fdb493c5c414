"""What ails a MongoDB beside missing indexes: locks, conflicts, mass writes, builds, members that do not answer."""

from typing import Any, NamedTuple

from helpers.incidents import Change, Targets, endpoint, set_figures, set_slot
from perftui.model.mongodb import Member, OperationLatency, QueryWork, ReplicaSet, Transactions
from perftui.model.operation import OpenTransaction, Operation, OperationList, Progress

HELD = {"Global": "w", "Database": "w", "Collection": "w"}
NS = "shop.items"


def one(opid: int, at: float, running_s: float, **fields: Any) -> Operation:
    known: dict[str, Any] = {
        "op": "update", "ns": NS, "app_name": "shop", "client": f"10.0.0.1:{opid}", "killable": True,
        "command": '{"q":{"n":1},"u":{"$inc":{"s":1}},"multi":false,"upsert":false}',
    }  # fmt: skip
    return Operation(opid=opid, running_s=running_s, started_at=at - running_s, **{**known, **fields})


def blocked(number: int, at: float, waited_s: float, locks: dict[str, str] | None = None) -> tuple[Operation, ...]:
    """Writers that wait for a lock; it is the last of those that they name."""
    wanted = HELD if locks is None else locks
    return tuple(
        one(
            100 + place, at, waited_s, waiting_for="lock (Collection w)", locks=wanted, shape_id=f"u{place}",
            lock_wait_ms=waited_s * 1000,
        )
        for place in range(number)
    )  # fmt: skip


def list_operations(targets: Targets, *operations: Operation, **fields: Any) -> None:
    set_slot(targets, "mongodb", operations=OperationList(operations=operations, **fields))


def slow_everything(targets: Targets, server_ms: float = 40.0, request_ms: float = 200.0) -> None:
    """What others feel."""
    set_figures(
        targets, "mongodb", "mongodb",
        reads=OperationLatency(per_s=200.0, average_ms=server_ms),
        writes=OperationLatency(per_s=40.0, average_ms=server_ms),
    )  # fmt: skip
    endpoints = (endpoint(average_ms=request_ms), endpoint("/users", average_ms=request_ms))
    set_figures(targets, "application", "application", endpoints=endpoints)


def fsync_lock(targets: Targets, at: float, passed: int) -> None:
    waiting = blocked(12, at, passed + 0.5, {"FeatureCompatibilityVersion": "w", "Global": "w"})
    list_operations(targets, *waiting, own_work=("fsync lock",))


def validate(targets: Targets, at: float, passed: int) -> None:
    locks = {**HELD, "Collection": "W"}
    command, progress = '{"validate":"items","full":true}', Progress(done=48 + passed, total=200)
    holder = one(
        7, at, passed + 1.0, op="command", command=command, app_name="adm", locks=locks, progress=progress,
        message="Validate: scanning index entries",
    )  # fmt: skip
    list_operations(targets, holder, *blocked(12, at, passed + 0.8))


def convoy(targets: Targets, at: float, passed: int) -> None:
    """A transaction of many short statements, a collMod that waits for it, and writers behind that."""
    command = '{"find":"items","filter":{},"txnNumber":1,"autocommit":false}'
    working = one(7, at, 0.3, op="query", command=command, app_name="importer", locks=HELD)
    change = one(
        8, at, passed + 1.0, op="command", command='{"collMod":"items"}', app_name="deploy", waiting_for="lock",
        locks={**HELD, "Collection": "W"}, lock_wait_ms=1000.0 * (passed + 1),
    )  # fmt: skip
    opened = OpenTransaction(session="ab", client="10.0.0.1:7", active=True, open_s=passed + 3.0, locks="Collection w")
    list_operations(targets, working, change, *blocked(12, at, passed + 0.8), transactions=(opened,))


def uncommitted(targets: Targets, at: float, passed: int) -> None:
    """A transaction has written a document and goes on working; others try to write it again and again."""
    opened = OpenTransaction(
        session="0123456789abcdef0123456789abcdef", client="10.0.0.7:9", app_name="importer", active=True,
        started_at=at - passed - 3.0, open_s=passed + 3.0, idle_s=0.0, locks="Collection w", lock_modes=HELD,
    )  # fmt: skip
    waiting = (one(20 + place, at, passed + 0.5, write_conflicts=150 + 10 * passed) for place in range(4))
    list_operations(targets, *waiting, transactions=(opened,))


def unseen_holder(targets: Targets, at: float, passed: int) -> None:
    list_operations(targets, *blocked(5, at, passed + 0.5))


def hot_document(targets: Targets, at: float, _passed: int) -> None:
    work = QueryWork(write_conflicts_per_s=900.0, examined_documents_per_s=900.0, written_documents_per_s=7000.0)
    writes = OperationLatency(per_s=1000.0, average_ms=30.0)
    set_figures(targets, "mongodb", "mongodb", work=work, writes=writes)
    list_operations(targets, *(one(place, at, 0.02, write_conflicts=4) for place in range(3)))


def aborted_transactions(targets: Targets, at: float, _passed: int) -> None:
    rates = Transactions(committed_per_s=20.0, aborted_per_s=300.0)
    set_figures(targets, "mongodb", "mongodb", transactions=rates)
    list_operations(targets, one(5, at, 0.01, command='{"update":"items","txnNumber":1,"autocommit":false}'))


def mass_update(targets: Targets, at: float, passed: int) -> None:
    slow_everything(targets)
    command = '{"q":{},"u":{"$set":{"p":1}},"multi":true,"upsert":false}'
    list_operations(
        targets, one(5, at, passed + 0.5, command=command, app_name="migration", plan_summary="COLLSCAN", shape_id="m")
    )


def mass_delete(targets: Targets, at: float, passed: int) -> None:
    slow_everything(targets, 30.0, 20.0)
    list_operations(targets, one(5, at, passed + 0.5, op="remove", command='{"q":{"old":true},"limit":0}'))


def merge(targets: Targets, at: float, passed: int) -> None:
    slow_everything(targets, 30.0, 20.0)
    command = '{"aggregate":"items","pipeline":[{"$match":{}},{"$merge":{"into":"copy"}}]}'
    list_operations(targets, one(5, at, passed + 0.5, op="command", command=command))


def expiring(targets: Targets, _at: float, _passed: int) -> None:
    slow_everything(targets, 30.0, 20.0)
    list_operations(targets, own_work=("TTL delete",))


def flood(targets: Targets, at: float, _passed: int) -> None:
    slow_everything(targets, 30.0, 20.0)
    set_figures(targets, "mongodb", "mongodb", work=QueryWork(written_documents_per_s=20_025.0))
    list_operations(targets, one(5, at, 0.1, op="insert", command='{"insert":"items"}', app_name="import"))


def build(targets: Targets, at: float, passed: int) -> None:
    slow_everything(targets, 30.0, 20.0)
    list_operations(targets, building(at, passed))


def building(at: float, passed: int) -> Operation:
    phase = f"Index Build: scanning collection Index Build: scanning collection: {passed}/100 {passed}%"
    return one(
        5, at, passed + 0.5, op="command", message=phase, progress=Progress(done=passed, total=100), killable=False,
        command='{"createIndexes":"items","indexes":[{"v":2,"key":{"x":1},"name":"x_1"}]}', app_name=None,
    )  # fmt: skip


def arbited(*, down: bool = True, lag_s: float = 0.0) -> ReplicaSet:
    """Two with data and an arbiter: without the second no majority acknowledges a write."""
    second = "(NOT REACHABLE/HEALTHY)" if down else "SECONDARY"
    return ReplicaSet(
        name="rs0",
        members=(
            Member(address="db:27017", role="PRIMARY", healthy=True, votes=1),
            Member(address="db2:27017", role=second, healthy=not down, votes=1, lag_s=lag_s),
            Member(address="db3:27017", role="ARBITER", healthy=True, votes=1),
        ),
    )


def concern(number: int, at: float, waited_s: float, wanted: str = "majority") -> tuple[Operation, ...]:
    command = '{"update":"items","ordered":true,"writeConcern":{"w":"majority"}}'
    return tuple(
        one(20 + place, at, waited_s, op="command", command=command, waiting_for=f"write concern {wanted}".rstrip())
        for place in range(number)
    )


def no_majority(targets: Targets, at: float, passed: int) -> None:
    set_figures(targets, "mongodb", "mongodb", role="PRIMARY")
    list_operations(targets, *concern(4, at, passed + 0.5))
    set_slot(targets, "mongodb", replica_set=arbited())


def slow_majority(targets: Targets, at: float, passed: int) -> None:
    """It is up, but so far behind that it acknowledges nothing."""
    no_majority(targets, at, passed)
    set_slot(targets, "mongodb", replica_set=arbited(down=False, lag_s=passed + 6.0))


def unread_set(targets: Targets, at: float, passed: int) -> None:
    no_majority(targets, at, passed)
    set_slot(targets, "mongodb", replica_set=None)


class Incident(NamedTuple):
    change: Change
    code: str
    says: tuple[str, ...]
    late: bool = True
    """Whether who comes in the middle of it hears of it too: else what is usual is the only evidence."""


INCIDENTS = {
    "fsyncLock": Incident(
        fsync_lock, "lock-held", ("db.fsyncLock() stops all writes", "12 operations wait", "(db.fsyncUnlock())")
    ),
    "validate": Incident(
        validate, "lock-held",
        ("validate of adm locks collection shop.items", "12 operations wait", "% done", "db.killOp(7)"),
    ),
    "a transaction at work": Incident(
        convoy, "lock-held",
        ("a running transaction of importer locks collection shop.items", "13 operations wait",
         "collMod of deploy is first in line, and 12 wait behind it"),
    ),
    "uncommitted write": Incident(
        uncommitted, "lock-held",
        ("a running transaction of importer holds documents of shop.items", "4 operations wait", "killSessions"),
    ),
    "nobody seen": Incident(
        unseen_holder, "lock-held", ("operations wait for a lock on collection shop.items", "cannot tell who holds it")
    ),
    "hot document": Incident(
        hot_document, "write-conflicts",
        ("writes conflict with each other on shop.items", "900/s conflicts in 1,000/s writes", "sent by shop", "30 ms"),
    ),
    "aborted transactions": Incident(
        aborted_transactions, "write-conflicts",
        ("most transactions are aborted on shop.items", "300/s are aborted and 20/s committed", "94 % are in vain"),
    ),
    "mass update": Incident(
        mass_update, "mass-write",
        ("a mass update on shop.items", "migration", "scans the whole collection", "usually 0.", "GET /items"),
        late=False,
    ),
    "mass delete": Incident(
        mass_delete, "mass-write", ("a mass delete on shop.items", "an operation takes 30 ms"), late=False
    ),
    "merge": Incident(merge, "mass-write", ("an aggregation that writes a collection",), late=False),
    "expired documents": Incident(expiring, "mass-write", ("deletes very many expired documents",), late=False),
    "import": Incident(
        flood, "mass-write", ("very many writes to shop.items", "20,025/s documents", "sent by import"), late=False
    ),
    "build": Incident(
        build, "index-build",
        ("the build of x_1 on shop.items", "scanning collection at", "an operation takes 30 ms"), late=False,
    ),
    "no majority": Incident(
        no_majority, "write-concern",
        ("writes wait for a majority of the members that cannot acknowledge them", "4 writes wait",
         "db2:27017 is down"),
    ),
    "slow majority": Incident(slow_majority, "write-concern", ("a majority of the members", "s behind")),
    "a set that may not be read": Incident(unread_set, "write-concern", ("the set's state may not be read",)),
}  # fmt: skip
