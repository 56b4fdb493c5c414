"""MongoDB's locks, conflicts, mass writes, builds and write concerns: named when they harm, and never before."""

from collections.abc import Callable
from typing import Any

import pytest
from helpers import mongodb_incidents as incidents
from helpers.incidents import MONGODB, START, Change, Story, Targets, after, set_figures, set_slot
from helpers.mongodb_incidents import HELD, INCIDENTS, blocked, concern, list_operations, one, slow_everything

from perftui.model.mongodb import Member, OperationLatency, QueryWork, ReplicaSet, Transactions
from perftui.model.operation import OpenTransaction


@pytest.mark.parametrize("name", INCIDENTS)
@pytest.mark.parametrize("seed", [1, 2])
def test_it_is_named_within_ten_seconds(name: str, seed: int) -> None:
    incident, story = INCIDENTS[name], Story(seed)
    assert {verdict.status for verdict in story.play(40)} == {"looking", "healthy"}
    last = story.play(10, incident.change)[-1]
    assert last.problem is not None, last.message
    assert (last.problem.code, last.problem.target_id) == (incident.code, MONGODB.id), last.message
    for words in incident.says:
        assert words in last.message
    assert last.problem.since >= START + 35


@pytest.mark.parametrize("name", INCIDENTS)
def test_it_lasts_and_is_over_when_it_is_over(name: str) -> None:
    """What is usual stays what it was before, for as long as it takes."""
    story = Story()
    story.play(40)
    lasting = story.play(120, INCIDENTS[name].change)
    assert {verdict.problem.code for verdict in lasting[15:] if verdict.problem} == {INCIDENTS[name].code}
    assert all(verdict.problem for verdict in lasting[15:])
    assert story.play(60)[-1].status == "healthy"


@pytest.mark.parametrize("name", INCIDENTS)
def test_who_comes_late_hears_of_what_shows_itself(name: str) -> None:
    incident = INCIDENTS[name]
    last = Story().play(20, incident.change)[-1]
    told = last.problem.code if last.problem is not None else None
    assert told == incident.code if incident.late else told != incident.code


def listing(*operations: Callable[[float, int], Any], **fields: Any) -> Change:
    """Operations by time and second, on a server that is as fast as usual."""

    def change(targets: Targets, at: float, passed: int) -> None:
        list_operations(targets, *(make(at, passed) for make in operations), **fields)

    return change


def mongodb(**figures: Any) -> Change:
    def change(targets: Targets, _at: float, _passed: int) -> None:
        set_figures(targets, "mongodb", "mongodb", **figures)

    return change


def with_set(change: Change, replica_set: ReplicaSet) -> Change:
    def both(targets: Targets, at: float, passed: int) -> None:
        change(targets, at, passed)
        set_slot(targets, "mongodb", replica_set=replica_set)

    return both


def work(conflicts: float) -> QueryWork:
    return QueryWork(
        examined_documents_per_s=900.0, returned_documents_per_s=800.0, write_conflicts_per_s=conflicts
    )  # fmt: skip


def short_waits(targets: Targets, at: float, _passed: int) -> None:
    list_operations(targets, *blocked(20, at, 0.3))


def slow_conflicts(targets: Targets, at: float, _passed: int) -> None:
    """Slow for another reason: hardly any write conflicts."""
    slow_everything(targets, 1.5, 15.0)
    set_figures(targets, "mongodb", "mongodb", work=work(25.0))


def mass_update(at: float, passed: int, running_s: float = 1.0) -> Any:
    return one(5, at, running_s * (passed + 0.5), command='{"q":{},"u":{"$set":{"a":1}},"multi":true,"upsert":false}')


MAJORITY_OF_THREE = ReplicaSet(
    name="rs0",
    members=(
        Member(address="db:27017", role="PRIMARY", healthy=True, votes=1),
        Member(address="db2:27017", role="SECONDARY", healthy=True, votes=1, lag_s=0.0),
        Member(address="db3:27017", role="SECONDARY", healthy=True, votes=1, lag_s=6.0),
    ),
)
BORNE: dict[str, Change] = {
    "many that wait for a lock for a moment": short_waits,
    "a DDL that waits for a moment, alone": listing(
        lambda at, passed: one(
            8, at, passed % 9 + 0.5, op="command", command='{"drop":"items"}', waiting_for="lock",
            locks={**HELD, "Collection": "W"}, lock_wait_ms=1000.0 * (passed % 9),
        )
    ),
    "an fsyncLock that nobody waits for": listing(own_work=("fsync lock",)),
    "a transaction at work that nobody waits for": listing(
        lambda at, passed: one(7, at, passed + 0.5, op="query", command='{"find":"items","autocommit":false}'),
        transactions=(OpenTransaction(session="a", active=True, open_s=9.0, idle_s=0.0, locks="Collection w"),),
    ),
    "a mass update that ran into some writes, beside an open transaction": listing(
        lambda at, passed: one(
            5, at, min(passed, 40) + 0.5, command='{"q":{},"multi":true}', write_conflicts=min(passed, 12)
        ),
        transactions=(OpenTransaction(session="a", open_s=50.0, active=True, locks="Collection w", lock_modes=HELD),),
    ),
    "conflicts that cost nothing": mongodb(
        work=work(60.0), writes=OperationLatency(per_s=80.0, average_ms=1.2)
    ),
    "few conflicts beside many writes": mongodb(
        work=work(90.0), writes=OperationLatency(per_s=2000.0, average_ms=20.0)
    ),
    "slow writes with few conflicts": slow_conflicts,
    "transactions of which some are aborted": mongodb(
        transactions=Transactions(committed_per_s=100.0, aborted_per_s=40.0)
    ),
    "a mass update that harms nobody": listing(lambda at, passed: mass_update(at, min(passed, 40))),
    "an update of one document that lasts": listing(lambda at, passed: one(5, at, min(passed, 40) + 0.5)),
    "deletes of expired documents": listing(own_work=("TTL delete",)),
    "an import that harms nobody": mongodb(work=QueryWork(written_documents_per_s=20_000.0)),
    "an import of large batches, each slow itself": mongodb(
        work=QueryWork(written_documents_per_s=20_000.0), writes=OperationLatency(per_s=60.0, average_ms=40.0)
    ),
    "a build that harms nobody": listing(incidents.building),
    "writes that wait for a majority for a moment": with_set(
        listing(*(lambda at, _passed, place=place: concern(place + 1, at, 0.02)[place] for place in range(6))),
        MAJORITY_OF_THREE,
    ),
    "an insert of which the time stands still": with_set(
        listing(
            lambda at, _passed: one(
                9, at, 0.001, op="insert", command='{"insert":"items"}', waiting_for="write concern majority"
            )
        ),
        incidents.arbited(down=False, lag_s=9.0),
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", BORNE)
def test_what_is_normal_is_no_problem(name: str) -> None:
    story = Story()
    story.play(40)
    wrong = {verdict.message for verdict in story.play(40, BORNE[name]) if verdict.status != "healthy"}
    assert wrong == set()


@pytest.mark.parametrize("name", BORNE)
def test_nor_for_who_comes_late(name: str) -> None:
    wrong = [one.message for one in Story().play(40, BORNE[name]) if one.status not in ("looking", "healthy")]
    assert wrong == []


def test_slow_before_it_began_is_no_fault_of_a_mass_update() -> None:
    def late(targets: Targets, at: float, passed: int) -> None:
        slow_everything(targets, 40.0, 20.0)
        if passed >= 30:
            list_operations(targets, mass_update(at, passed - 30))

    codes = [verdict.problem.code for verdict in play_after(60, late) if verdict.problem is not None]
    assert "mass-write" not in codes


def play_after(seconds: int, change: Change) -> list[Any]:
    story = Story()
    story.play(40)
    return story.play(seconds, change)


def test_what_a_lock_does_to_others_follows_from_it() -> None:
    def locked(targets: Targets, at: float, passed: int) -> None:
        slow_everything(targets)
        waiting = tuple(
            one(
                100 + place, at, passed + 0.5, waiting_for="lock (Global w)", shape_id="same",
                locks={"Global": "w"}, lock_wait_ms=1000.0 * passed,
            )
            for place in range(40)
        )  # fmt: skip
        list_operations(targets, *waiting, own_work=("fsync lock",))

    last = after(10, locked)
    assert last.problem is not None
    assert (last.problem.code, last.problem.severity) == ("lock-held", "critical")
    assert {one.code for one in last.effects} >= {"piled-up-operations", "slow-endpoint"}


def test_an_idle_transaction_is_not_blamed_for_anothers_lock() -> None:
    idle = OpenTransaction(session="ab", idle_s=9.0, open_s=9.0, locks="Collection w", lock_modes={"Global": "r"})

    def locked(targets: Targets, at: float, passed: int) -> None:
        waiting = blocked(5, at, passed + 0.5, {"Global": "w"})
        list_operations(targets, *waiting, own_work=("fsync lock",), transactions=(idle,))

    last = after(8, locked)
    assert last.problem is not None
    assert (last.problem.code, [one.code for one in last.others]) == ("lock-held", [])


def test_an_idle_transaction_keeps_its_own_verdict() -> None:
    """It holds up a drop, and the drop holds up the writers."""
    idle = OpenTransaction(
        session="ab", app_name="importer", idle_s=9.0, open_s=9.0, locks="Collection w", lock_modes=HELD
    )

    def locked(targets: Targets, at: float, passed: int) -> None:
        drop = one(
            8, at, passed + 1.0, op="command", command='{"drop":"items"}', waiting_for="lock",
            locks={**HELD, "Collection": "W"}, lock_wait_ms=1000.0 * (passed + 1),
        )  # fmt: skip
        list_operations(targets, drop, *blocked(5, at, passed + 0.5), transactions=(idle,))

    last = after(8, locked)
    assert last.problem is not None
    assert (last.problem.code, [one.code for one in last.others]) == ("idle-transaction", [])
    assert "6 operations wait" in last.message


@pytest.mark.parametrize(("conflicts", "waits"), [(1, False), (30, True)])
def test_an_idle_transaction_is_blamed_by_who_tries_again_and_again(conflicts: int, waits: bool) -> None:
    """Any long update runs into a write now and then, and goes on."""
    idle = OpenTransaction(session="ab", idle_s=9.0, open_s=9.0, locks="Collection w", lock_modes=HELD)

    def conflicting(targets: Targets, at: float, passed: int) -> None:
        tries = conflicts * (passed + 2 if conflicts > 1 else 1)
        list_operations(targets, one(5, at, passed + 1.5, write_conflicts=tries), transactions=(idle,))

    told = after(8, conflicting).problem
    assert (told.code if told is not None else "") == ("idle-transaction" if waits else "")


def test_writes_that_wait_for_members_of_which_nothing_may_be_known() -> None:
    """The login may not read the set's state: several that wait for long are told, and nobody is accused."""
    members = tuple(Member(address=f"db{place}:27017", role="UNKNOWN" if place else "PRIMARY") for place in range(3))
    replica_set = ReplicaSet(name="rs0", members=members)
    few = with_set(listing(lambda at, passed: concern(1, at, passed + 0.5)[0]), replica_set)
    many = with_set(
        listing(*(lambda at, passed, place=place: concern(4, at, passed + 0.5)[place] for place in range(4))),
        replica_set,
    )
    assert after(10, few).status == "healthy"
    found = after(10, many).problem
    assert found is not None
    assert (found.code, found.severity) == ("write-concern", "warning")
    assert found.cause == "which members hold them back is not seen: the set's state may not be read"
    assert "cannot acknowledge" not in found.what


def test_a_member_that_is_down_is_told_with_the_writes_that_wait_for_it() -> None:
    last = after(10, INCIDENTS["no majority"].change)
    assert [one.code for one in last.effects] == ["member-down"]


def test_a_mass_update_explains_the_cache_that_it_fills() -> None:
    from perftui.model.mongodb import StorageCache

    def filling(targets: Targets, at: float, passed: int) -> None:
        INCIDENTS["mass update"].change(targets, at, passed)
        cache = StorageCache(used_bytes=480 * 2**20, maximum_bytes=500 * 2**20, dirty_bytes=120 * 2**20)
        set_figures(targets, "mongodb", "mongodb", cache=cache)

    last = after(12, filling)
    assert last.problem is not None
    assert (last.problem.code, "cache-squeeze" in [one.code for one in last.effects]) == ("mass-write", True)


def test_an_incident_says_which_operation_shows_it() -> None:
    rows = {name: after(10, incident.change).problem for name, incident in INCIDENTS.items()}
    shown = {name: problem.evidence.row for name, problem in rows.items() if problem is not None}
    assert (shown["validate"], shown["a transaction at work"], shown["mass update"]) == ("7", "7", "5")
    assert (shown["build"], shown["no majority"], shown["fsyncLock"]) == ("shop.items", "db2:27017", "lock")


def test_a_member_that_an_fsync_lock_holds_back_is_told_so() -> None:
    """A backup of a secondary holds up nobody there, but its copy of the data grows old."""

    def locked(targets: Targets, at: float, passed: int) -> None:
        listing(own_work=("fsync lock",))(targets, at, passed)
        lagging = Member(
            address="db:27017", target_id=MONGODB.id, role="SECONDARY", healthy=True, votes=1, lag_s=90.0 + passed
        )
        primary = Member(address="db2:27017", role="PRIMARY", healthy=True, votes=1)
        set_slot(targets, "mongodb", replica_set=ReplicaSet(name="rs0", members=(lagging, primary)))

    last = after(10, locked)
    assert last.problem is not None
    assert (last.problem.code, last.problem.command) == ("replication-lag", "db.fsyncUnlock()")
    assert "fsyncLock() holds it" in last.message
