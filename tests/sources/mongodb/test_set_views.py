"""Whose word on the lag of a replica set's members counts: a member that is cut off knows only itself."""

from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from typing import Any

import pytest
from helpers.mongodb import by_name, good, opened

from perftui.model.mongodb import Member as SetMember
from perftui.model.mongodb import ReplicaSet
from perftui.sources.mongodb.member import Member, Reply
from perftui.sources.mongodb.rights import Login
from perftui.sources.mongodb.set_views import SetViews, View
from perftui.sources.mongodb.system import MongoSystem

NOW = datetime(2026, 1, 1, 12)
NEVER = datetime(1970, 1, 1)
CUT_OFF = "(not reachable/healthy)"
PRIMARY, SECOND, THIRD = "p:1", "s:1", "t:1"


def status(*, term: int = 5, **members: tuple[str, datetime]) -> dict[str, Any]:
    """What `replSetGetStatus` says of p, s and t: the state and the last write of each."""
    entries = [
        {"name": f"{name}:1", "stateStr": state, "health": int(state != CUT_OFF), "optimeDate": at}
        for name, (state, at) in members.items()
    ]
    return {"set": "rs0", "term": term, "members": entries}


SEEN_BY_PRIMARY = status(p=("PRIMARY", NOW), s=("SECONDARY", NOW - timedelta(seconds=2)), t=(CUT_OFF, NEVER))
SEEN_BY_CUT_OFF = status(p=(CUT_OFF, NEVER), s=(CUT_OFF, NEVER), t=("SECONDARY", NOW - timedelta(hours=1)))


@pytest.fixture
async def system() -> AsyncIterator[MongoSystem]:
    """Three members with every right; nothing of them is asked over a network."""
    async with opened(f"mongodb://{PRIMARY},{SECOND},{THIRD}/?replicaSet=rs0") as system:
        for one in system.members():
            one.login = Login(None)
            one.hello = {"setName": "rs0"}
        yield system


def member(system: MongoSystem, address: str) -> Member:
    found = system.member_named(address)
    assert found is not None
    return found


async def seen(system: MongoSystem, address: str, answer: dict[str, Any]) -> dict[str, SetMember]:
    """This member's poll where it answers so."""

    async def ask(command: dict[str, Any]) -> Reply:
        return Reply(answer if "replSetGetStatus" in command else {}, 1)

    place = [one.address for one in system.members()].index(address)
    system.members()[place].ask = ask  # type: ignore[method-assign, assignment]
    payload = (await good(by_name(system, place)["mongodb.members"])).payload
    assert isinstance(payload, ReplicaSet)
    return {one.address: one for one in payload.members}


async def test_a_member_that_is_cut_off_lags_behind_what_the_others_know(system: MongoSystem) -> None:
    for _ in range(2):
        await seen(system, PRIMARY, SEEN_BY_PRIMARY)
        own = await seen(system, THIRD, SEEN_BY_CUT_OFF)
        assert own[THIRD].lag_s == member(system, THIRD).lag_s == 3600.0
        assert member(system, THIRD).state_in_set == "SECONDARY"


async def test_what_a_cut_off_member_says_of_the_others_does_not_count(system: MongoSystem) -> None:
    await seen(system, PRIMARY, SEEN_BY_PRIMARY)
    await seen(system, THIRD, SEEN_BY_CUT_OFF)
    assert (member(system, PRIMARY).state_in_set, member(system, SECOND).lag_s) == ("PRIMARY", 2.0)


async def test_alone_a_member_knows_no_lag(system: MongoSystem) -> None:
    own = await seen(system, THIRD, SEEN_BY_CUT_OFF)
    assert own[THIRD].lag_s is None
    assert member(system, THIRD).lag_s is None


async def test_where_nobody_is_primary_the_newest_write_that_is_known_counts(system: MongoSystem) -> None:
    view = status(p=(CUT_OFF, NEVER), s=("SECONDARY", NOW), t=("SECONDARY", NOW - timedelta(seconds=30)))
    own = await seen(system, THIRD, view)
    assert (own[SECOND].lag_s, own[THIRD].lag_s) == (0.0, 30.0)


async def test_a_member_that_may_not_look_is_described_by_the_others(system: MongoSystem) -> None:
    member(system, SECOND).login = None
    await seen(system, PRIMARY, {**SEEN_BY_PRIMARY, **status(s=("RECOVERING", NOW))})
    assert member(system, SECOND).state_in_set == "RECOVERING"


def test_a_later_term_and_then_a_later_write_know_more() -> None:
    views, later = SetViews(), NOW + timedelta(seconds=1)
    assert views.offer("p", View(5, later))
    assert not views.offer("t", View(5, NOW))
    assert views.offer("s", View(6, NOW))
    assert not views.offer("p", View(5, later))
    assert views.offer("s", View(4, NOW)), "a member may correct itself"
    assert views.newest == NOW


def test_a_view_that_is_not_renewed_gives_way(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = [1000.0]
    monkeypatch.setattr("perftui.sources.mongodb.set_views.time.monotonic", lambda: clock[0])
    views = SetViews()
    assert views.offer("p", View(5, NOW))
    assert not views.offer("t", View(5, NEVER))
    clock[0] += 10.0
    assert not views.offer("t", View(5, NEVER))
    clock[0] += 10.0
    assert not views.offer("t", View(5, NEVER)), "polled every ten seconds, two polls are not long"
    clock[0] += 10.0
    assert views.offer("t", View(5, NEVER))
