"""Which target is in view: an election moves the screen within its replica set, and never to another cluster."""

from typing import Any

import pytest
from fakes import full_snapshot
from frames import running, text, until
from msgspec.structs import replace
from table_samples import MONGO

from perftui.model.secret import Secret
from perftui.model.settings import Settings
from perftui.model.snapshot import Snapshot, TargetState
from perftui.model.target import Connection, Target
from perftui.tui.in_view import targets_in_view

SECOND = replace(MONGO, id="mongodb://db2:27017", name="db2")
STAGING = Target(
    id="mongodb://staging", kind="mongodb", name="shop-staging", address="mongodb://staging", group="stage"
)
SETTINGS = Settings(
    utc=True,
    connections=(Connection(target=replace(MONGO, id="shop", group=None), uri=Secret("mongodb://db1,db2")),),
)
Roles = dict[Target, str]
BEFORE: Roles = {MONGO: "PRIMARY", SECOND: "SECONDARY", STAGING: "PRIMARY"}
NO_PRIMARY: Roles = {MONGO: "SECONDARY", SECOND: "SECONDARY", STAGING: "PRIMARY"}
AFTER: Roles = {MONGO: "SECONDARY", SECOND: "PRIMARY", STAGING: "PRIMARY"}


def snapshot_of(sequence: int, roles: Roles) -> Snapshot:
    whole = full_snapshot(sequence)
    server = next(state for state in whole.targets if state.target.kind == "mongodb")
    others = tuple(state for state in whole.targets if state.target.kind != "mongodb")
    return replace(whole, targets=(*(_member(server, *one) for one in roles.items()), *others))


def _member(server: TargetState, target: Target, role: str) -> TargetState:
    assert server.mongodb is not None
    return replace(server, target=target, mongodb=replace(server.mongodb, role=role))


def in_view(roles: Roles, *, chosen: str | None = None, before: Target | None = None) -> Target:
    choice = {} if chosen is None else {"mongodb": chosen}
    known = {} if before is None else {"mongodb": before}
    return targets_in_view(snapshot_of(1, roles), choice, known)["mongodb"]  # type: ignore[arg-type]


def test_at_first_it_is_the_first_target_and_of_its_set_the_primary() -> None:
    assert in_view(BEFORE) == MONGO
    assert in_view(AFTER) == SECOND
    assert in_view(NO_PRIMARY) == MONGO, "the primary of another cluster is no reason to show it"


def test_it_follows_the_primary_within_its_set_only() -> None:
    assert in_view(AFTER, before=MONGO) == SECOND
    assert in_view(NO_PRIMARY, before=SECOND) == SECOND
    assert in_view(AFTER, before=STAGING) == STAGING


def test_what_the_user_chose_stays() -> None:
    assert in_view(AFTER, chosen=MONGO.id, before=SECOND) == MONGO


def test_a_seed_is_of_one_cluster_with_the_members_found_through_it() -> None:
    seed = replace(MONGO, id="shop", group=None)
    assert in_view({STAGING: "PRIMARY", MONGO: "SECONDARY", SECOND: "PRIMARY"}, before=seed) == SECOND


async def test_an_election_does_not_show_another_cluster() -> None:
    async with running([snapshot_of(60, BEFORE)], settings=SETTINGS) as (app, feed, pilot):
        assert text(app).startswith(" perftui  shop-prod mongodb 6.0.5 PRIMARY +2")
        feed.play(snapshot_of(61, NO_PRIMARY))
        await pilot.pause()
        assert text(app).startswith(" perftui  shop-prod mongodb 6.0.5 SECONDARY +2")
        feed.play(snapshot_of(62, AFTER))
        await pilot.pause()
        assert text(app).startswith(" perftui  db2 mongodb 6.0.5 PRIMARY +2")


@pytest.mark.parametrize(
    ("keys", "module", "function", "key"),
    [
        (("2", "j", "enter"), "perftui.tui.dialogs.kill", "open_kill_of", "K"),
        (("2", "enter"), "perftui.tui.ask", "open_plan", "e"),
        (("3", "enter"), "perftui.tui.ask", "open_advice", "a"),
        (("3", "enter"), "perftui.tui.dialogs.create", "create_for", "A"),
        (("7", "tab", "enter"), "perftui.tui.dialogs.indexes", "open_drop", "D"),
    ],
)
async def test_details_act_where_they_were_opened(
    monkeypatch: pytest.MonkeyPatch, keys: tuple[str, ...], module: str, function: str, key: str
) -> None:
    asked: list[TargetState] = []
    monkeypatch.setattr(f"{module}.{function}", lambda _app, _row, state: asked.append(state))
    async with running([snapshot_of(60, BEFORE)], settings=SETTINGS) as (app, feed, pilot):
        await pilot.press(*keys)
        feed.play(snapshot_of(61, AFTER))
        await pilot.pause()
        assert _in_view(app) == SECOND
        assert "on shop-prod" in text(app).splitlines()[0]
        await pilot.press(key)
        await pilot.pause()
        assert [state.target for state in asked] == [MONGO]


async def test_a_card_of_details_is_of_the_server_they_were_opened_on() -> None:
    async with running([snapshot_of(60, BEFORE)], settings=SETTINGS) as (app, feed, pilot):
        await pilot.press("2", "enter")
        after = snapshot_of(61, AFTER)
        gone = tuple(replace(one, operations=None) if one.target == SECOND else one for one in after.targets)
        feed.play(replace(after, targets=gone))
        await pilot.press("Y")
        await until(pilot, lambda: bool(app.clipboard))
        assert "### Operation 4713" in app.clipboard


async def test_details_of_a_server_that_is_not_monitored_any_more_act_nowhere(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[TargetState] = []
    monkeypatch.setattr("perftui.tui.ask.open_plan", lambda _app, _row, state: asked.append(state))
    async with running([snapshot_of(60, BEFORE)], settings=SETTINGS) as (app, feed, pilot):
        await pilot.press("2", "enter")
        feed.play(snapshot_of(61, {STAGING: "PRIMARY"}))
        await pilot.pause()
        assert "gone, last seen" in text(app).splitlines()[0]
        await pilot.press("e")
        await pilot.pause()
        assert asked == []
        assert "not monitored any more" in text(app)


def _in_view(app: Any) -> Target:
    state = app.view.target("mongodb")
    assert state is not None
    target: Target = state.target
    return target
