"""A source that is dead or late: what it said last is dimmed on every screen, and says how old it is."""

import asyncio
from typing import Any

import pytest
from fakes import full_snapshot
from frames import running, text
from msgspec.structs import replace
from table_samples import NOW

from perftui.model.sample import Failure
from perftui.model.snapshot import Snapshot, SourceState, TargetState
from perftui.tui.lines import Line

SLOTS = {
    "mongodb": ("mongodb", "replica_set", "operations", "queries", "indexes"),
    "redis": ("redis", "redis_slow_log"),
    "application": ("application",),
    "host": ("host",),
}
TABLES = {
    "overview": ("1",),
    "operations": ("2",),
    "members": ("2", "tab"),
    "waits": ("2", "tab", "tab"),
    "transactions": ("2", "tab", "tab", "tab"),
    "connections": ("2", "shift+tab"),
    "groups": ("2", "b"),
    "queries": ("3",),
    "application queries": ("3", "tab"),
    "endpoints": ("4",),
    "slow requests": ("4", "tab"),
    "redis": ("5",),
    "redis slow log": ("5", "tab"),
    "host": ("6",),
    "collections": ("7",),
    "indexes": ("7", "tab"),
    "caches": ("9",),
}


def snapshot(*, stale: bool = False, failure: Failure | None = None) -> Snapshot:
    """All was read ten minutes ago; whether that is old, the sources say."""

    def aged(state: TargetState) -> TargetState:
        kind = state.target.kind
        sources = tuple(
            SourceState(
                source=f"{kind}.{slot}", slot=slot, interval_s=1.0, read_at=NOW - 600, stale=stale, failure=failure
            )
            for slot in SLOTS[kind]
        )
        return replace(state, sources=sources)

    whole = full_snapshot(60)
    return replace(whole, targets=tuple(aged(state) for state in whole.targets))


DEAD = Failure(kind="unreachable", message="It does not answer.", help="Look whether it runs.")


@pytest.mark.parametrize("name", TABLES)
@pytest.mark.parametrize(("stale", "failure"), [(True, None), (False, DEAD)], ids=["late", "dead"])
async def test_old_rows_are_dimmed_and_say_how_old_they_are(name: str, stale: bool, failure: Failure | None) -> None:
    async with running([snapshot(stale=stale, failure=failure)]) as (app, _feed, pilot):
        await pilot.press(*TABLES[name])
        await pilot.pause()
        assert {role for line in rows(app) for _, role in line.pieces} == {"dim"}
        assert "read 10m ago" in text(app)


@pytest.mark.parametrize("name", TABLES)
async def test_fresh_rows_have_their_colours(name: str) -> None:
    async with running([snapshot()]) as (app, _feed, pilot):
        await pilot.press(*TABLES[name])
        await pilot.pause()
        assert {role for line in rows(app) for _, role in line.pieces} != {"dim"}
        assert "read 10m ago" not in text(app)


@pytest.mark.parametrize("keys", [("2", "enter"), ("3", "enter"), ("4", "enter"), ("5", "enter"), ("9", "enter")])
async def test_old_details_are_dimmed_and_say_how_old_they_are(keys: tuple[str, ...]) -> None:
    async with running([snapshot(stale=True)]) as (app, _feed, pilot):
        await pilot.press(*keys)
        await pilot.pause()
        assert text(app).splitlines()[0].endswith("read 10m ago  14:02:31Z")
        assert {role for line in app.screen.page.lines for text_, role in line.pieces if text_.strip()} == {"dim"}  # type: ignore[attr-defined]


async def test_the_blocks_below_the_overview_are_dimmed_too() -> None:
    async with running([snapshot(stale=True)], size=(200, 60)) as (app, _feed, _pilot):
        below = app.screen.below.lines  # type: ignore[attr-defined]
        titles = "".join(piece for piece, _ in below[0].pieces)
        assert "Endpoints, slowest first: 4, read 10m ago" in titles
        assert "Running now, longest first: 2, read 10m ago" in titles
        endpoint = next(pieces for line in below for pieces in [line.pieces] if "GET /api/export" in str(pieces))
        assert {role for piece, role in endpoint if "GET" in piece or "10.0s" in piece} == {"dim"}


async def test_a_card_says_how_old_its_rows_are() -> None:
    async with running([snapshot(stale=True)]) as (app, _feed, pilot):
        await pilot.press("2", "Y")
        for _ in range(1500):
            if app.clipboard:
                break
            await asyncio.sleep(0.02)
        assert "### Operations: 3 of 3 rows, read 10m ago" in app.clipboard


def rows(app: Any) -> list[Line]:
    """The table's lines below its title that hold a row."""
    shown = len(app.screen.table.model.rows)
    assert shown
    lines: list[Line] = app.screen.table.lines[1 : 1 + shown]
    return lines
