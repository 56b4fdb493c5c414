"""Replica sets of which not all is seen: what a dead member said, another set, or nobody says, proves nothing."""

import pytest
from helpers.incidents import Change, Story, Targets, set_figures, set_slot
from helpers.replica_set_incidents import put_set, story, well
from helpers.server_incidents import members
from msgspec.structs import replace

from perftui.model.event import Event
from perftui.model.mongodb import Member, ReplicaSet
from perftui.model.verdict import Verdict

ROLES = ("PRIMARY", "SECONDARY", "SECONDARY")


def codes(verdict: Verdict) -> list[str]:
    problems = () if verdict.problem is None else (verdict.problem, *verdict.effects, *verdict.others)
    return [one.code for one in problems]


def crash(name: str, *lost: str, after_s: int = 0, others: tuple[str, ...] = (), grouped: bool = True) -> Change:
    """The rest of the set misses them so many seconds later."""

    def change(targets: Targets, at: float, passed: int) -> None:
        well(*others, grouped=grouped)(targets, at, passed)
        missed = passed >= after_s
        put_set(targets, at, name, ROLES, lost=lost, since=at - passed, missed=missed, grouped=grouped)

    return change


@pytest.mark.parametrize("after_s", [0, 12, 25])
def test_a_primary_that_crashed_with_a_secondary_is_missed(after_s: int) -> None:
    """Its last words were that it is the primary; the third one takes some time to miss it."""
    played = story("shop")
    assert {one.status for one in played.play(40, well("shop"))} == {"looking", "healthy"}
    last = played.play(after_s + 6, crash("shop", "one", "two", after_s=after_s))[-1]
    assert last.problem is not None
    assert (last.problem.code, last.problem.target_id) == ("no-primary", "mongodb://shop-three:27017")
    assert last.problem.cause == "2 of 3 members are down"
    assert {one.code for one in last.effects} == {"unreachable", "member-down"}


@pytest.mark.parametrize("grouped", [True, False], ids=["a URI of each", "servers one by one"])
def test_the_primary_of_another_set_leads_nobody_here(grouped: bool) -> None:
    """Both are called rs0, as most are."""
    played = story("a", "b")
    played.play(40, well("a", "b", grouped=grouped))
    last = played.play(8, crash("b", "two", "one", others=("a",), grouped=grouped))[-1]
    assert last.problem is not None
    assert (last.problem.code, last.problem.target_id) == ("no-primary", "mongodb://b-three:27017")
    assert [one for one in codes(last) if one == "no-primary"] == ["no-primary"]


def test_a_set_that_elected_another_has_one() -> None:
    def elected(targets: Targets, at: float, passed: int) -> None:
        put_set(targets, at, "shop", ("PRIMARY", "PRIMARY", "SECONDARY"), lost=("one",), since=at - passed)

    played = story("shop")
    played.play(40, well("shop"))
    told = [codes(one) for one in played.play(30, elected)]
    assert not any("no-primary" in one for one in told)


@pytest.mark.parametrize("lost", [("one",), ("one", "two"), ("one", "two", "three")])
def test_who_is_only_not_reached_from_here_leads_all_the_same(lost: tuple[str, ...]) -> None:
    """The others see it; and where none is reached, nobody knows."""

    def unreached(targets: Targets, at: float, passed: int) -> None:
        put_set(targets, at, "shop", ROLES, lost=lost, since=at - passed, missed=False)

    played = story("shop")
    played.play(40, well("shop"))
    told = [codes(one) for one in played.play(40, unreached)]
    assert not any("no-primary" in one for one in told)
    assert "unreachable" in told[-1]


def test_a_step_down_names_no_dead_primary_and_none_of_another_set() -> None:
    def stepped_down(targets: Targets, at: float, passed: int) -> None:
        well("a")(targets, at, passed)
        put_set(targets, at, "b", ("SECONDARY", "PRIMARY", "SECONDARY"), lost=("two",), since=at - passed)

    played = story("a", "b")
    played.play(40, well("a", "b"))
    event = Event(
        at=played.diagnosis._last_at, target_id="mongodb://b-one:27017", kind="role.changed", severity="warning",
        message="b-one:27017 is now SECONDARY; it was PRIMARY.",
    )  # fmt: skip
    played.events.append(event)
    last = played.play(8, stepped_down)[-1]
    assert last.problem is not None
    problems = (last.problem, *last.effects, *last.others)
    (told,) = [one for one in problems if one.code == "stepped-down"]
    assert told.cause.startswith("no primary yet")


def said_by_hello(role: str, primary: str | None = "db:27017") -> ReplicaSet:
    """What a login without clusterMonitor learns: who is primary, and what the member that is asked is itself."""
    second = Member(address="db2:27017", role="UNKNOWN" if role == "PRIMARY" else role)
    first = Member(address="db:27017", role="PRIMARY" if primary else "UNKNOWN")
    return ReplicaSet(name="rs0", members=(first, second, Member(address="db3:27017", role="UNKNOWN")))


def with_hello(role: str, primary: str | None = "db:27017") -> Change:
    def change(targets: Targets, _at: float, _passed: int) -> None:
        set_figures(targets, "mongodb", "mongodb", role=role)
        set_slot(targets, "mongodb", replica_set=said_by_hello(role, primary))

    return change


@pytest.mark.parametrize("role", ["PRIMARY", "SECONDARY"])
def test_members_of_which_nothing_may_be_known_are_not_down(role: str) -> None:
    assert {one.status for one in Story().play(60, with_hello(role))} == {"looking", "healthy"}


def test_that_there_is_no_primary_is_known_without_rights() -> None:
    played = Story()
    played.play(40, with_hello("SECONDARY"))
    last = played.play(5, with_hello("SECONDARY", None))[-1]
    assert last.problem is not None
    assert (last.problem.code, last.problem.cause) == ("no-primary", "")


def recovering(seconds: int, role: str = "RECOVERING", down_s: int = 0) -> Change:
    def change(targets: Targets, _at: float, passed: int) -> None:
        set_figures(targets, "mongodb", "mongodb", role="PRIMARY")
        known = members(down=passed < down_s)
        third = replace(known.members[2], role=role) if down_s <= passed < seconds else known.members[2]
        set_slot(targets, "mongodb", replica_set=replace(known, members=(*known.members[:2], third)))

    return change


def test_a_member_that_does_not_catch_up() -> None:
    played = Story()
    played.play(40)
    told = played.play(70, recovering(70))
    assert {one.status for one in told[:58]} == {"healthy"}
    problem = told[-1].problem
    assert problem is not None
    assert (problem.code, problem.severity) == ("member-down", "warning")
    assert problem.what == "db3:27017 is RECOVERING and serves nobody"
    assert problem.help.startswith("wait for it, or resync it")
    assert (problem.evidence.row, problem.cost) == ("db3:27017", "it answers no reads and cannot become primary")
    assert played.play(30)[-1].status == "healthy"


@pytest.mark.parametrize("down_s", [0, 3])
def test_a_member_that_was_started_anew_is_so_for_a_moment(down_s: int) -> None:
    played = Story()
    played.play(40)
    assert {one.status for one in played.play(90, recovering(40, down_s=down_s))} == {"healthy"}


def test_one_that_was_down_is_not_told_as_recovering_at_once() -> None:
    played = Story()
    played.play(40)
    told = [codes(one) for one in played.play(60, recovering(55, down_s=20))]
    assert told[15] == ["member-down"]
    assert told[35] == []


def test_a_copy_of_all_data_takes_its_time() -> None:
    played = Story()
    played.play(40)
    assert {one.status for one in played.play(200, recovering(200, role="STARTUP2"))} == {"healthy"}
