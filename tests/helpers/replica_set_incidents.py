"""Replica sets of three members, each a target of its own, that lose some of them."""

from collections.abc import Collection

from msgspec.structs import replace

from helpers.incidents import START, Change, Story, Targets
from perftui.model.mongodb import Member, ReplicaSet
from perftui.model.sample import Failure
from perftui.model.snapshot import SourceState, TargetState
from perftui.model.target import Target

SEATS = ("one", "two", "three")
SOURCES = ("mongodb", "operations", "replica_set")
REFUSED = Failure(kind="refused", message="Nothing listens there.", help="Start it, or check the port.")
GONE = "(NOT REACHABLE/HEALTHY)"


def kinds(*sets: str) -> tuple[str, ...]:
    return tuple(f"{name}-{seat}" for name in sets for seat in SEATS)


def story(*sets: str) -> Story:
    """Where every set is well until told otherwise."""
    return Story(kinds=kinds(*sets))


def put_set(
    targets: Targets, at: float, name: str, roles: Collection[str], *, lost: Collection[str] = (), since: float = START,
    missed: bool = True, grouped: bool = True,
) -> None:  # fmt: skip
    """Put a set into the targets. `lost`: seats that fell silent, their last reading as it was; `missed`: by the others
    too; `grouped`: found through one URI, and not named one by one."""
    found = dict(zip(SEATS, roles, strict=True))
    for seat, role in found.items():
        view = _view(name, found, lost if missed and seat not in lost else ())
        targets[f"{name}-{seat}"] = _state(
            targets, name, seat, role, view, since if seat in lost else None, at, grouped
        )


def _view(name: str, roles: dict[str, str], lost: Collection[str]) -> ReplicaSet:
    members = tuple(
        Member(address=f"{name}-{seat}:27017", role=GONE if seat in lost else role, healthy=seat not in lost, votes=1)
        for seat, role in roles.items()
    )
    return ReplicaSet(name="rs0", members=members)


def _state(
    targets: Targets, name: str, seat: str, role: str, view: ReplicaSet, lost_at: float | None, at: float, grouped: bool
) -> TargetState:
    address = f"{name}-{seat}:27017"
    group = f"mongodb://{name}" if grouped else None
    target = Target(id=f"mongodb://{address}", kind="mongodb", name=address, address=address, group=group)
    failure = None if lost_at is None else REFUSED
    sources = tuple(
        SourceState(
            source=f"mongodb.{slot}", interval_s=1.0, read_at=lost_at or at, slot=slot, failure=failure,
            failing_since=lost_at,
        )
        for slot in SOURCES
    )  # fmt: skip
    known = targets["mongodb"]
    assert known.mongodb is not None
    server = replace(known.mongodb, role=role)
    return replace(known, target=target, sources=sources, mongodb=server, replica_set=view)


def well(*sets: str, grouped: bool = True) -> Change:
    def change(targets: Targets, at: float, _passed: int) -> None:
        for name in sets:
            put_set(targets, at, name, ("PRIMARY", "SECONDARY", "SECONDARY"), grouped=grouped)

    return change
