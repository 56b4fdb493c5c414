"""Groups of operations, and who waits for whom, from lists made by hand."""

import pytest
from msgspec.structs import replace

from perftui.advice.contention.groups import GROUPINGS, GroupKey, group_operations, is_member, machine_of
from perftui.advice.contention.lock_modes import awaited_kind, excludes, resource_name
from perftui.advice.contention.waits import find_waits, lock_waits
from perftui.model.mongodb import FlowControl, Member, MongoServer, Queues, ReplicaSet, Tickets
from perftui.model.operation import OpenTransaction, Operation, OperationList

HELD = {"Global": "w", "Database": "w", "Collection": "w"}
WANTED = {**HELD, "Collection": "W"}
READ = {"Global": "r", "Database": "r", "Collection": "r"}


def running(opid: int, **fields: object) -> Operation:
    known: dict[str, object] = {
        "op": "query", "ns": "shop.orders", "running_s": 2.0, "client": f"10.0.0.1:{40_000 + opid}", "app_name": "shop",
        "shape_id": "a1", "text": "find orders {a: ?}", "killable": True,
    }  # fmt: skip
    return Operation(opid=opid, **{**known, **fields})  # type: ignore[arg-type]


def waits(*operations: Operation, **fields: object) -> OperationList:
    return OperationList(operations=operations, **fields)  # type: ignore[arg-type]


def test_a_group_tells_its_size_and_age() -> None:
    pile = [running(number, running_s=float(number)) for number in range(1, 6)]
    other = running(9, shape_id="b2", ns="shop.users", app_name="jobs", client="10.0.0.2:5", text="find users")
    blocked = replace(pile[0], waiting_for="lock (Collection w)", plan_summary="COLLSCAN", killable=False)
    first, second = group_operations([other, blocked, *pile[1:]], "shape")
    assert (first.name, len(first.operations), first.oldest_s, first.median_s) == ("find orders {a: ?}", 5, 5.0, 3.0)
    assert (first.waiting, first.waiting_for_locks, first.scanning, len(first.killable)) == (1, 1, 1, 4)
    assert [one.opid for one in first.operations] == [5, 4, 3, 2, 1]
    assert (second.name, second.namespaces) == ("find users", ("shop.users",))


@pytest.mark.parametrize("by", [*GROUPINGS, "connection"])
def test_every_operation_is_in_exactly_one_group(by: str) -> None:
    all_of_them = [running(1), running(2, client=None, app_name=None, shape_id=None), running(3, client="[::1]:99")]
    groups = group_operations(all_of_them, by)  # type: ignore[arg-type]
    assert sorted(one.opid for group in groups for one in group.operations) == [1, 2, 3]  # type: ignore[type-var]
    for group in groups:
        members = [one for one in all_of_them if is_member(one, group.key)]
        assert sorted(members, key=str) == sorted(group.operations, key=str)


def test_connections_of_a_machine_are_one_client() -> None:
    assert [machine_of(name) for name in ("10.0.0.1:4711", "[::1]:99", "anonymous unix socket", None)] == [
        "10.0.0.1", "[::1]", "anonymous unix socket", "unknown",
    ]  # fmt: skip
    (group,) = group_operations([running(1), running(2)], "client")
    assert group.key == GroupKey("client", "10.0.0.1")


def test_modes_exclude_each_other_as_the_server_says() -> None:
    excluded = {(one, other) for one in "rwRW" for other in "rwRW" if excludes(one, [other])}
    both_ways = {(other, one) for one, other in excluded}
    assert excluded == both_ways
    assert not excludes("w", ["w"])
    assert not excludes("R", ["R"])
    assert excluded == {("r", "W"), ("W", "r"), ("w", "R"), ("R", "w"), ("w", "W"), ("W", "w"), ("R", "W"), ("W", "R"),
                        ("W", "W")}  # fmt: skip
    assert not excludes("x", ["W"])
    assert not excludes("W", [""]), "who holds nothing of a kind is in nobody's way"


def test_what_is_awaited_is_the_last_in_the_order() -> None:
    assert awaited_kind({"Collection": "W", "Global": "w", "Database": "w"}) == "Collection"
    assert awaited_kind({}) is None
    assert awaited_kind({"Something": "W"}) == "Something"
    assert resource_name("Database", "shop.orders") == "database shop"


def test_the_one_on_the_same_collection_is_the_holder() -> None:
    holder, elsewhere = running(1, locks=HELD, op="update"), running(2, locks=HELD, ns="shop.users")
    drop = running(3, op="command", locks=WANTED, waiting_for="lock", lock_wait_ms=1_500.0)
    reader = running(4, locks=READ, waiting_for="lock", lock_wait_ms=500.0)
    (wait,) = find_waits(waits(holder, elsewhere, drop, reader), None, None)
    assert (wait.resource, wait.count, wait.longest_s, wait.mode) == ("collection shop.orders", 2, 1.5, "alone (W)")
    assert [(one.operation and one.operation.opid, one.sure) for one in wait.holders] == [(1, True)]
    assert wait.behind == 1, "the reader waits only because the drop does"
    assert wait.untold == ""
    assert wait.sure


def test_each_lock_has_its_own_holder_and_most_waiters_come_first() -> None:
    """Also where a hundred are waited for at once; what is held on another collection or database is another lock."""
    held = [running(one, ns=f"shop.c{one}", locks=HELD) for one in range(100)]
    drops = [
        running(1000 + 100 * one + number, ns=f"shop.c{one}", op="command", locks=WANTED, waiting_for="lock")
        for one in range(100)
        for number in range(1 + one % 3)
    ]
    database = {"Global": "w", "Database": "W"}
    renames = [
        running(5000 + one, ns=ns, locks=database, waiting_for="lock") for one, ns in enumerate(("x.a", "shop.b"))
    ]
    locks = list(lock_waits(waits(*drops, *held, *renames)))
    assert [wait.count for wait in locks] == sorted((wait.count for wait in locks), reverse=True)
    holders = {wait.resource: [one.operation and one.operation.opid for one in wait.holders] for wait in locks}
    assert all(holders[f"collection shop.c{one}"] == [one] for one in range(100))
    assert holders["database x"] == []
    assert holders["database shop"], "whoever has a collection of it keeps off who wants all of it"


def test_an_idle_transaction_is_named_with_how_sure_it_is() -> None:
    drop = running(3, op="command", locks=WANTED, waiting_for="lock")
    idle = OpenTransaction(session="aa", app_name="leaky", open_s=60.0, idle_s=50.0, lock_modes=HELD)
    (wait,) = find_waits(waits(drop, transactions=(idle,)), None, None)
    assert (wait.holders[0].name, wait.holders[0].sure) == ("idle transaction of leaky", True)
    (wait,) = find_waits(waits(drop, transactions=(idle, replace(idle, session="bb"))), None, None)
    assert [one.sure for one in wait.holders] == [False, False]
    assert "does not say which collections" in wait.untold
    (wait,) = find_waits(waits(drop, transactions=(idle,), sees_all_users=False), None, None)
    assert not wait.sure
    reading = replace(idle, lock_modes=READ)
    (wait,) = find_waits(waits(drop, transactions=(reading,)), None, None)
    assert wait.sure, "an intention to read keeps off who wants it alone"


def test_it_says_when_it_cannot_tell() -> None:
    drop = running(3, op="command", locks=WANTED, waiting_for="lock")
    said = [
        find_waits(listed, None, None)[0].untold
        for listed in (
            waits(drop),
            waits(drop, cut=40),
            waits(drop, sees_all_users=False),
            waits(replace(drop, locks={})),
        )
    ]
    assert "none that is listed" in said[0]
    assert "40 operations are beyond the limit" in said[1]
    assert "Grant clusterMonitor" in said[2]
    assert said[3] == "The server does not say which lock it is."


def test_who_waits_at_a_wider_lock_does_not_hold_it() -> None:
    """Two that wait for the database do not hold it for each other."""
    wanted = {"Global": "w", "Database": "W"}
    one, other = (running(opid, locks=wanted, waiting_for="lock") for opid in (1, 2))
    (wait,) = find_waits(waits(one, other), None, None)
    assert (wait.resource, wait.count, wait.holders) == ("database shop", 2, ())


def test_writers_that_conflict_wait_for_a_transaction() -> None:
    writer = running(5, op="update", write_conflicts=148, running_s=3.0)
    brief = running(6, op="update", write_conflicts=2, running_s=0.1)
    idle = OpenTransaction(session="aa", app_name="leaky", open_s=60.0, lock_modes=HELD)
    (wait,) = find_waits(waits(writer, brief, transactions=(idle,)), None, None)
    assert (wait.kind, wait.resource, wait.count, wait.sure) == ("write conflict", "documents of shop.orders", 1, True)
    (wait,) = find_waits(waits(writer, transactions=(replace(idle, lock_modes=READ),)), None, None)
    assert wait.untold.startswith("Cannot tell whose write it is")


def test_tickets_are_told_from_the_counters() -> None:
    reads = [running(number) for number in range(3)]
    server = MongoServer(
        tickets=Tickets(read_used=3, read_total=3, write_used=0, write_total=128), queues=Queues(readers=7)
    )
    (wait,) = find_waits(waits(*reads), server, None)
    assert (wait.resource, wait.count, len(wait.holders)) == ("read tickets, 3 of 3 in use", 7, 3)
    assert "only counts who waits" in wait.untold
    insert = running(9, op="command", command='{"insert":"orders"}', waiting_for="execution ticket")
    assert [one.count for one in find_waits(waits(*reads, insert), server, None)] == [7], "it waits for the other kind"
    newer = [*reads, running(9, waiting_for="execution ticket")]
    (wait,) = find_waits(waits(*newer), server, None)
    assert (wait.count, [one.opid for one in wait.waiters]) == (1, [9])
    assert find_waits(waits(*reads), replace(server, tickets=Tickets()), None) == ()


def test_flow_control_names_the_member_that_lags() -> None:
    writer = running(1, op="insert", waiting_for="flow control")
    server = MongoServer(flow_control=FlowControl(enabled=True, throttling=True))
    members = ReplicaSet(members=(Member(address="db2:27017", role="SECONDARY", lag_s=14.0),))
    (wait,) = find_waits(waits(writer), server, members)
    assert (wait.kind, wait.count, wait.holders[0].name) == ("flow control", 1, "db2:27017 lags")
    (wait,) = find_waits(waits(), server, None)
    assert "Cannot tell which member lags" in wait.untold


def test_a_latch_is_nobodys() -> None:
    (wait,) = find_waits(waits(running(1, waiting_for="latch Some::_mutex")), None, None)
    assert (wait.kind, wait.holders, "Cannot tell" in wait.untold) == ("other", (), True)


def test_the_fsync_lock_holds_the_server_against_writers_only() -> None:
    writer = running(1, op="update", waiting_for="lock", locks={"Global": "w"})
    reader = running(2, waiting_for="lock", locks={"Global": "r"})
    (wait,) = find_waits(waits(writer, own_work=("fsync lock",)), None, None)
    assert (wait.resource, [holder.name for holder in wait.holders]) == ("the whole server", ["db.fsyncLock()"])
    assert wait.sure
    (wait,) = find_waits(waits(reader, own_work=("fsync lock",)), None, None)
    assert wait.holders == ()
    (wait,) = find_waits(waits(writer, own_work=("TTL delete",)), None, None)
    assert wait.holders == ()


def test_a_statement_holds_what_its_transaction_locked_before() -> None:
    """However short it is itself."""
    statement = running(1, op="update", running_s=0.1, locks=HELD, command='{"update":"orders","autocommit":false}')
    opened = OpenTransaction(session="ab", client=statement.client, active=True, open_s=30.0)
    drop = running(2, op="command", locks=WANTED, waiting_for="lock", lock_wait_ms=9000.0)
    (wait,) = find_waits(waits(statement, drop, transactions=(opened,)), None, None)
    assert [(holder.operation, holder.for_s, holder.sure) for holder in wait.holders] == [(statement, 30.0, True)]


def test_who_holds_it_is_found_whoever_is_said_to_wait_longest() -> None:
    """The server counts waits in steps: the writer behind a drop may seem to wait longer than the drop."""
    idle = OpenTransaction(session="ab", app_name="leaky", open_s=9.0, lock_modes=HELD)
    drop = running(1, op="command", locks=WANTED, waiting_for="lock", lock_wait_ms=2001.0)
    writer = running(2, op="update", locks=HELD, waiting_for="lock", lock_wait_ms=2003.0)
    (wait,) = find_waits(waits(writer, drop, transactions=(idle,)), None, None)
    assert [holder.transaction for holder in wait.holders] == [idle]
    assert ([one.opid for one in wait.waiters], wait.mode, wait.behind) == ([1, 2], "alone (W)", 1)
    assert wait.longest_s == 2.003
