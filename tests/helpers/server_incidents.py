"""What ails a MongoDB's storage engine and its replica set, told in figures."""

from msgspec.structs import replace

from helpers.incidents import (
    MB,
    Targets,
    set_figures,
    set_slot,
)
from perftui.model.index import IndexBuild, IndexOverview
from perftui.model.mongodb import (
    IndexBuilds,
    Member,
    Queues,
    ReplicaSet,
    StorageCache,
    Tickets,
)
from perftui.model.sample import Failure


def tickets(targets: Targets, _at: float, _passed: int) -> None:
    used = Tickets(read_used=8, read_total=8, write_used=0, write_total=128)
    set_figures(targets, "mongodb", "mongodb", tickets=used, queues=Queues(readers=60, writers=0))


def squeeze(targets: Targets, _at: float, _passed: int) -> None:
    cache = StorageCache(
        used_bytes=480 * MB, maximum_bytes=500 * MB, dirty_bytes=120 * MB, evicted_by_operations_per_s=400.0
    )
    set_figures(targets, "mongodb", "mongodb", cache=cache)


def few_tickets(targets: Targets, _at: float, passed: int) -> None:
    """Short operations: a reading finds now all of the tickets in use, now not."""
    used = Tickets(read_used=(5, 4, 5, 3)[passed % 4], read_total=5, write_used=0, write_total=128)
    set_figures(targets, "mongodb", "mongodb", tickets=used, queues=Queues(readers=8 + passed % 5, writers=0))


def turned_over(targets: Targets, _at: float, passed: int) -> None:
    """A cache so small that it is never seen full: what was just read is thrown out."""
    cache = StorageCache(
        used_bytes=(5 + passed % 5) * MB,
        maximum_bytes=12 * MB,
        dirty_bytes=MB,
        evicted_by_operations_per_s=45.0,
        read_bytes_per_s=9.0 * MB,
    )
    set_figures(targets, "mongodb", "mongodb", cache=cache)


def members(*, primary: bool = True, down: bool = True, lag_s: float = 0.0) -> ReplicaSet:
    third = "(NOT REACHABLE/HEALTHY)" if down else "SECONDARY"
    return ReplicaSet(
        name="rs0",
        members=(
            Member(address="db:27017", role="PRIMARY" if primary else "SECONDARY", healthy=True, votes=1),
            Member(address="db2:27017", role="SECONDARY", healthy=True, votes=1, lag_s=lag_s),
            Member(address="db3:27017", role=third, healthy=not down, votes=1),
        ),
    )


def no_primary(targets: Targets, _at: float, _passed: int) -> None:
    set_figures(targets, "mongodb", "mongodb", role="SECONDARY")
    set_slot(targets, "mongodb", replica_set=members(primary=False))


def member_down(targets: Targets, _at: float, _passed: int) -> None:
    set_figures(targets, "mongodb", "mongodb", role="PRIMARY")
    set_slot(targets, "mongodb", replica_set=members())


def lag(targets: Targets, _at: float, _passed: int) -> None:
    set_figures(targets, "mongodb", "mongodb", role="PRIMARY")
    set_slot(targets, "mongodb", replica_set=members(down=False, lag_s=95.0))


def hung_build(targets: Targets, _at: float, _passed: int) -> None:
    builds = IndexBuilds(active=1, waiting_for_commit_quorum=1)
    set_figures(targets, "mongodb", "mongodb", role="PRIMARY", index_builds=builds)
    build = IndexBuild(ns="shop.items", names=("k_1",), waits_for_quorum=True)
    set_slot(targets, "mongodb", replica_set=members(), indexes=IndexOverview(builds=(build,)))


def unreachable(targets: Targets, at: float, passed: int) -> None:
    failure = Failure(kind="refused", message="Nothing listens at db:27017.", help="Start it, or check the port.")
    sources = tuple(
        replace(source, failure=failure, failing_since=at - passed) for source in targets["mongodb"].sources
    )
    set_slot(targets, "mongodb", sources=sources)
