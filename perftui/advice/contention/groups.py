"""Operations that have something in common: what a pile of them is made of, and how old it is."""

from collections.abc import Callable, Iterable, Sequence
from typing import Literal

from perftui.model.base import Model
from perftui.model.operation import Operation

Grouping = Literal["shape", "client", "application", "connection"]
"""`connection` is what connections are counted by: a client machine and an application on it."""
GROUPINGS: tuple[Grouping, ...] = ("shape", "client", "application")
"""Those that a list of operations is grouped by, in the order in which they are offered."""
UNKNOWN_NAME = "unknown"


class GroupKey(Model, frozen=True):
    """Names a group for as long as it has operations."""

    by: Grouping
    value: str


class OperationGroup(Model, frozen=True, kw_only=True):
    key: GroupKey
    name: str
    """For people: a command's text, a machine, an application."""
    operations: tuple[Operation, ...]
    """The longest running first."""
    oldest_s: float | None = None
    median_s: float | None = None
    waiting: int = 0
    """Of these, how many wait for a lock, a ticket or something else."""
    waiting_for_locks: int = 0
    scanning: int = 0
    """Of these, how many read a whole collection."""

    @property
    def killable(self) -> tuple[Operation, ...]:
        return tuple(one for one in self.operations if one.killable)

    @property
    def namespaces(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(one.ns for one in self.operations if one.ns))


def group_operations(operations: Iterable[Operation], by: Grouping) -> tuple[OperationGroup, ...]:
    """The largest first."""
    found: dict[str, list[Operation]] = {}
    for one in operations:
        found.setdefault(value_of(one, by), []).append(one)
    groups = [_group(GroupKey(by, value), members) for value, members in found.items()]
    return tuple(sorted(groups, key=lambda group: (-len(group.operations), -(group.oldest_s or 0.0), group.name)))


def value_of(operation: Operation, by: Grouping) -> str:
    """What tells its group from others."""
    return _VALUES[by](operation)


def is_member(operation: Operation, key: GroupKey) -> bool:
    return value_of(operation, key.by) == key.value


def machine_of(client: str | None) -> str:
    """A client's address without its port: each connection has another one."""
    host, colon, port = (client or "").rpartition(":")
    return host if colon and port.isdigit() else (client or UNKNOWN_NAME)


def connection_value(machine: str, app_name: str | None) -> str:
    """The value of a group by `connection`."""
    return f"{machine} {app_name or ''}".rstrip()


def _shape_value(operation: Operation) -> str:
    """A command that was too long to tell its shape stands with its like: same kind, same collection."""
    return f"{operation.ns} {operation.shape_id or operation.op}"


_VALUES: dict[Grouping, Callable[[Operation], str]] = {
    "shape": _shape_value,
    "client": lambda one: machine_of(one.client),
    "application": lambda one: one.app_name or UNKNOWN_NAME,
    "connection": lambda one: connection_value(machine_of(one.client), one.app_name),
}


def _group(key: GroupKey, members: list[Operation]) -> OperationGroup:
    members.sort(key=lambda one: -(one.running_s or 0.0))
    ages = [one.running_s for one in members if one.running_s is not None]
    return OperationGroup(
        key=key,
        name=(members[0].text or members[0].ns or members[0].op) if key.by == "shape" else key.value,
        operations=tuple(members),
        oldest_s=max(ages, default=None),
        median_s=_median(ages),
        waiting=sum(1 for one in members if one.waiting_for),
        waiting_for_locks=sum(1 for one in members if waits_for_lock(one)),
        scanning=sum(1 for one in members if "COLLSCAN" in (one.plan_summary or "")),
    )


def waits_for_lock(operation: Operation) -> bool:
    return (operation.waiting_for or "").startswith("lock")


def _median(ages: Sequence[float]) -> float | None:
    """The middle one, the lower of two."""
    return sorted(ages)[(len(ages) - 1) // 2] if ages else None
