"""Which members a write concern needs, and which of them hold it back."""

import pytest
from msgspec.structs import replace

from perftui.advice.contention.acknowledging import held_back_by, is_short
from perftui.advice.contention.waits import find_waits
from perftui.model.mongodb import Member, ReplicaSet
from perftui.model.operation import Operation, OperationList

PRIMARY = Member(address="a", role="PRIMARY", healthy=True, votes=1)
WELL = Member(address="b", role="SECONDARY", healthy=True, votes=1, lag_s=0.5)
DOWN = Member(address="c", role="(NOT REACHABLE/HEALTHY)", healthy=False, votes=1)
BEHIND = replace(WELL, address="d", lag_s=90.0)
ARBITER = Member(address="e", role="ARBITER", healthy=True, votes=1)
SILENT = replace(WELL, address="f", votes=0)
UNKNOWN = Member(address="g", role="UNKNOWN")
LEADER = replace(PRIMARY, healthy=None, votes=None)


@pytest.mark.parametrize(
    ("members", "concern", "short"),
    [
        ((PRIMARY, WELL, WELL), "majority", False),
        ((PRIMARY, WELL, DOWN), "majority", False),
        ((PRIMARY, BEHIND, DOWN), "majority", True),
        ((PRIMARY, DOWN, ARBITER), "majority", True),
        ((PRIMARY, DOWN, ARBITER), "", True),
        ((PRIMARY, WELL, ARBITER), "", False),
        ((PRIMARY, DOWN, DOWN, SILENT), "majority", True),
        ((PRIMARY, DOWN, SILENT), "2", False),
        ((PRIMARY, DOWN), "2", True),
        ((PRIMARY, WELL), "3", True),
        ((PRIMARY, DOWN), "datacenters", None),
        ((), "majority", None),
        ((LEADER, UNKNOWN, UNKNOWN), "majority", None),
        ((LEADER, UNKNOWN), "3", None),
    ],
)
def test_whether_too_few_acknowledge(members: tuple[Member, ...], concern: str, short: bool | None) -> None:
    assert is_short(ReplicaSet(members=members), concern) is short


def test_of_a_set_that_is_not_seen_nothing_is_told() -> None:
    assert is_short(None, "majority") is None
    assert held_back_by(None) == ()


def test_of_members_that_may_not_be_read_none_is_accused() -> None:
    found = ReplicaSet(members=(LEADER, UNKNOWN, UNKNOWN))
    assert held_back_by(found) == ()
    write = Operation(opid=1, op="command", ns="shop.items", running_s=4.0, waiting_for="write concern majority")
    (wait,) = find_waits(OperationList(operations=(write,)), None, found)
    assert "may not read their state" in wait.untold


def test_the_waits_name_them_those_that_are_down_first() -> None:
    write = Operation(opid=1, op="command", ns="shop.items", running_s=4.0, waiting_for="write concern majority")
    found = ReplicaSet(members=(PRIMARY, BEHIND, DOWN, ARBITER))
    (wait,) = find_waits(OperationList(operations=(write,)), None, found)
    assert (wait.kind, wait.resource, wait.longest_s) == ("write concern", "write concern majority", 4.0)
    assert [holder.name for holder in wait.holders] == ["c is down", "d lags"]
    (wait,) = find_waits(OperationList(operations=(write,)), None, None)
    assert (wait.holders, "disks" in wait.untold) == ((), True)
