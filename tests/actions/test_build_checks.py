"""What stands against a build, from facts that a real server would have to be ill to give."""

from typing import Any

import pytest
from helpers.acting import spec

from perftui.actions.build_checks import problems_of
from perftui.actions.build_commands import grouped
from perftui.model.index import Index, IndexBuild
from perftui.sources.mongodb.build_preflight import BuildFacts
from perftui.sources.mongodb.voting_members import VotingMember

NS = "shop.orders"
WELL = BuildFacts(ns=NS, exists=True, primary=True, indexes=(Index(name="_id_", keys=(("_id", 1),)),), documents=1_000)


def problems(facts: BuildFacts, *, quorum: str | None = None, **options: Any) -> list[tuple[bool, str]]:
    (group,) = grouped([spec(NS, {"a": 1}, options.pop("name", ""), **options)])
    return [(one.blocking, one.message) for one in problems_of(group, facts, quorum)]


def well(**changes: Any) -> BuildFacts:
    fields = {name: getattr(WELL, name) for name in ("ns", "exists", "primary", "indexes", "documents")}
    return BuildFacts(**{**fields, **changes})


def member(**changes: Any) -> VotingMember:
    return VotingMember(**{"address": "db3:27017", "state": "SECONDARY", "healthy": True, "votes": 1, **changes})


DOWN = member(state="(not reachable/healthy)", healthy=False)


def test_where_all_is_well_there_is_nothing_to_say() -> None:
    assert problems(WELL) == []


@pytest.mark.parametrize(
    ("facts", "blocking", "words"),
    [
        (well(exists=None, indexes=None, notes=("No right.",)), True, "it cannot be seen whether shop.orders exists"),
        (well(primary=False, primary_address="db1:27017"), True, "the primary is db1:27017"),
        (well(primary=False), True, "no primary now"),
        (well(members=(DOWN,)), True, "would wait for it for ever"),
        (well(members=(member(lag_s=600.0),)), False, "lags 600 s behind"),
        (well(documents=10**9, disk_free_bytes=10**9), True, "disk is too small: about 41.0 GB are needed"),
        (well(documents=10**6, disk_free_bytes=60 * 10**6), False, "disk has little room"),
        (well(writes_per_s=312.0), False, "takes 312 writes a second now"),
        (well(builds=(IndexBuild(ns="shop.users", names=("x",)),)), False, "builds x on shop.users now"),
        (well(builds=(IndexBuild(ns=NS, names=("a_1",)),)), True, "is being built already"),
        (well(notes=("No rights for the members' health.",)), False, "No rights"),
    ],
)
def test_each_circumstance_has_its_sentence(facts: BuildFacts, blocking: bool, words: str) -> None:
    ((found, message),) = problems(facts)
    assert found is blocking
    assert words in message


def test_a_quorum_that_was_chosen_makes_a_dead_voter_a_warning() -> None:
    ((blocking, message),) = problems(well(members=(DOWN,)), quorum="majority")
    assert (blocking, "commit quorum majority" in message) == (False, True)


@pytest.mark.parametrize("one", [member(votes=0, healthy=False), member(arbiter=True, healthy=False)])
def test_who_has_no_say_blocks_nothing(one: VotingMember) -> None:
    assert problems(well(members=(one,))) == []


def test_time_series_collections_have_their_own_limits() -> None:
    ((blocking, message),) = problems(well(kind="timeseries"), unique=True)
    assert (blocking, "cannot have unique" in message) == (True, True)
    assert problems(well(kind="timeseries")) == []


def test_names_had_a_limit_before_4_2() -> None:
    assert problems(well(server_version="4.0.28"), name="n" * 120)[0][0] is True
    assert problems(well(server_version="6.0.5"), name="n" * 500) == []
