"""The verdict on the screen: its line at every width, the key to its evidence, the whole of it."""

import time
from collections.abc import Sequence

import pytest
from fakes import SETTINGS, full_snapshots
from frames import check_golden, running, text, until
from msgspec.structs import replace
from table_samples import digest_row, view_of

from perftui.diagnosis.sentence import sentence
from perftui.model.operation import Operation, OperationList
from perftui.model.snapshot import Snapshot
from perftui.model.verdict import Evidence, Problem, Unseen, Verdict
from perftui.tui.formatting import day_clock
from perftui.tui.keys import keymap_of
from perftui.tui.screens.main import MainScreen
from perftui.tui.screens.verdict import VerdictScreen
from perftui.tui.verdict_line import verdict_line

LOOKED_AT = ("12 endpoints", "MongoDB shop-prod", "34 query shapes", "Redis cache:6379", "this machine")


def problem(at: float, **fields: object) -> Problem:
    known = {
        "code": "missing-index",
        "severity": "critical",
        "target_id": "mongodb://shop-prod",
        "subject": "shop.prompts",
        "what": "missing index on shop.prompts",
        "since": at - 95,
        "cost": "GET /api/prompts: it takes 412 ms, usually 14 ms; 41/s of 152 ms, 6.2 s of server time a second",
        "cause": "each find reads 50,000 documents to return 20 (COLLSCAN)",
        "elsewhere": "nothing changed in Redis or on the machine",
        "help": "create the advised index",
        "action": "create",
        "command": "perftui analyze mongodb://db1 --ns shop.prompts",
        "evidence": Evidence(page="Queries"),
    }
    return Problem(**(known | fields))  # type: ignore[arg-type]


def test_a_moment_of_another_day_has_its_date() -> None:
    now = full_snapshots()[-1].taken_at
    verdict = ill(now, since=now - 2 * 86_400 - 120)
    view = view_of(replace(full_snapshots()[-1], verdict=verdict))
    line = "".join(text for text, _ in verdict_line(view, keymap_of(SETTINGS), 160).pieces)
    assert "since 2026-11-21 14:00:31Z" in line
    assert "since 2026-11-21 14:00:31 UTC" in sentence(verdict)
    assert "since 14:00:56 UTC" in sentence(ill(now)), "today's has none"


def test_another_day_begins_where_the_screen_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TZ", "Pacific/Auckland")
    time.tzset()
    try:
        midnight = 1_795_442_400.0 - 14 * 3600  # 2026-11-23 00:00 UTC, 13:00 there
        assert day_clock(midnight - 60, midnight, utc=True) == "2026-11-22 23:59:00Z"
        assert day_clock(midnight - 60, midnight) == "12:59:00"
    finally:
        monkeypatch.undo()
        time.tzset()


def ill(at: float, **fields: object) -> Verdict:
    effect = problem(at, code="slow-endpoint", what="GET /api/prompts is slow", cost="it takes 412 ms, usually 14 ms")
    other = problem(at, code="disk-full", severity="warning", what="the filesystem /data is full", cost="96 % used")
    return Verdict(
        status="problem",
        at=at,
        since=at - 95,
        problem=problem(at, **fields),
        effects=(effect,),
        others=(other,),
        looked_at=LOOKED_AT,
    )


def with_verdict(verdict: Verdict | None = None, **fields: object) -> Sequence[Snapshot]:
    shown = full_snapshots()
    target_id = next(state.target.id for state in shown[-1].targets if state.target.kind == "mongodb")
    at = shown[-1].taken_at
    given = ill(at, target_id=target_id, **fields) if verdict is None else replace(verdict, at=at)
    return [replace(one, verdict=given) for one in shown]


def first_lines(app: object) -> list[str]:
    return text(app).splitlines()[:3]


@pytest.mark.parametrize("size", [(80, 24), (120, 30), (200, 60)], ids=lambda size: f"{size[0]}x{size[1]}")
async def test_the_first_line_names_the_culprit_and_the_keys(size: tuple[int, int]) -> None:
    async with running(with_verdict(), size=size) as (app, _feed, _pilot):
        check_golden(app, f"verdict-{size[0]}x{size[1]}")
        line = first_lines(app)[1]
        assert line.startswith(" critical  missing index on shop.prompts since 14:00:56")
        assert line.endswith(" v shows it  then A create" if size[0] > 80 else " v then A create")
        assert len(line) <= size[0]


async def test_read_only_offers_no_change() -> None:
    settings = replace(SETTINGS, read_only=True)
    async with running(with_verdict(), settings=settings) as (app, _feed, _pilot):
        assert "A create" not in first_lines(app)[1]
        assert "v shows it" in first_lines(app)[1]


async def test_healthy_says_what_was_looked_at_and_needs_no_key() -> None:
    healthy = Verdict(status="healthy", at=0.0, since=0.0, looked_at=LOOKED_AT)
    async with running(with_verdict(healthy)) as (app, _feed, pilot):
        assert first_lines(app)[1].startswith(" healthy  looked at 12 endpoints, MongoDB shop-prod")
        await pilot.press("v")
        assert "There is no problem to show." in text(app)


async def test_what_cannot_be_told_names_the_right() -> None:
    missing = Unseen(target_id="x", what="what runs of shop-prod", needs="inprog (clusterMonitor)", grant="db.grant()")
    unclear = Verdict(status="cannot tell", at=0.0, since=0.0, looked_at=LOOKED_AT, unseen=(missing,))
    async with running(with_verdict(unclear)) as (app, _feed, pilot):
        assert " cannot tell  may not see what runs of shop-prod; needs inprog (clusterMonitor)" in first_lines(app)[1]
        await pilot.press("V")
        await until(pilot, lambda: "MAY NOT BE READ" in text(app))
        assert "db.grant()" in text(app)


async def test_other_tabs_have_no_verdict() -> None:
    async with running(with_verdict()) as (app, _feed, pilot):
        await pilot.press("2")
        assert "missing index on shop.prompts" not in text(app)


async def test_v_goes_to_the_row() -> None:
    snapshots = with_verdict()
    state = next(one for one in snapshots[-1].targets if one.target.kind == "mongodb")
    assert state.queries is not None
    wanted = state.queries.rows[-1]
    async with running(with_verdict(evidence=Evidence(page="Queries", row=wanted.shape_id))) as (app, _feed, pilot):
        await pilot.press("v")
        await pilot.pause()
        assert isinstance(app.screen, MainScreen)
        assert app.screen.page.title == "Queries"
        assert app.screen.table.model is not None
        assert getattr(app.screen.table.model.row, "shape_id", None) == wanted.shape_id


async def test_v_goes_to_who_waits_where_no_operation_is_to_blame() -> None:
    waiting = Operation(
        opid=3, op="update", ns="shop.prompts", running_s=4.0, waiting_for="lock", locks={"Global": "w"}
    )
    listed = OperationList(operations=(waiting,), own_work=("fsync lock",))
    shown = [
        replace(
            one, targets=tuple(replace(state, operations=listed) if state.mongodb else state for state in one.targets)
        )
        for one in with_verdict(code="lock-held", evidence=Evidence(page="Operations", row="lock"))
    ]
    async with running(shown) as (app, _feed, pilot):
        await pilot.press("v")
        await until(pilot, lambda: "db.fsyncLock()" in text(app))
        assert isinstance(app.screen, MainScreen)
        assert app.screen.table.model is not None
        assert getattr(app.screen.table.model.row, "resource", None) == "the whole server"


async def test_v_finds_a_row_that_a_filter_hides() -> None:
    snapshots = with_verdict()
    state = next(one for one in snapshots[-1].targets if one.target.kind == "mongodb")
    assert state.queries is not None
    wanted = state.queries.rows[-1]
    async with running(with_verdict(evidence=Evidence(page="Queries", row=wanted.shape_id))) as (app, _feed, pilot):
        await pilot.press("3", "slash", *"nothinglikeit", "enter", "1", "v")
        await pilot.pause()
        assert isinstance(app.screen, MainScreen)
        assert app.screen.table.model is not None
        assert getattr(app.screen.table.model.row, "shape_id", None) == wanted.shape_id


async def test_evidence_that_is_gone_is_said() -> None:
    gone = digest_row("long-gone")
    async with running(with_verdict(evidence=Evidence(page="Queries", row=gone.shape_id))) as (app, _feed, pilot):
        await pilot.press("v")
        await pilot.pause()
        assert "It is not in this table any more" in text(app)


async def test_the_whole_verdict_is_one_page() -> None:
    async with running(with_verdict(), size=(100, 40)) as (app, _feed, pilot):
        await pilot.press("V")
        await until(pilot, lambda: isinstance(app.screen, VerdictScreen) and "LOOKED AT" in text(app))
        check_golden(app, "verdict-whole-100x40")
        for words in ("FOLLOWS FROM IT", "GET /api/prompts is slow", "ALSO WRONG", "/data is full", "perftui analyze"):
            assert words in text(app)
        await pilot.press("q")
        assert isinstance(app.screen, MainScreen)


async def test_an_earlier_frame_shows_the_verdict_of_its_time() -> None:
    shown = list(with_verdict())
    healthy = Verdict(status="healthy", at=shown[0].taken_at, since=shown[0].taken_at, looked_at=LOOKED_AT)
    shown[:-1] = [replace(one, verdict=healthy) for one in shown[:-1]]
    async with running(shown) as (app, _feed, pilot):
        assert "critical" in first_lines(app)[1]
        await pilot.press("left_square_bracket")
        await until(pilot, lambda: first_lines(app)[1].startswith(" healthy"))
