"""From an endpoint to its queries and back, from a query to its endpoint, and what is said where that is not known."""

from frames import running, text, until
from msgspec.structs import replace
from table_samples import digest, rich_snapshot
from textual.pilot import Pilot

from perftui.model.snapshot import Snapshot
from perftui.tui.app import PerftuiApp
from perftui.tui.screens.details import DetailsScreen
from perftui.tui.screens.main import MainScreen


def main_screen(app: PerftuiApp) -> MainScreen:
    assert isinstance(app.screen, MainScreen)
    return app.screen


def shown_shapes(app: PerftuiApp) -> list[str]:
    model = main_screen(app).table.model
    assert model is not None
    return [row.shape_id for row in model.rows]


def without_comments() -> Snapshot:
    snapshot = rich_snapshot()
    rows = tuple(replace(row, endpoints=()) for row in digest().rows)
    states = [
        state if state.queries is None else replace(state, queries=replace(state.queries, rows=rows))
        for state in snapshot.targets
    ]
    return replace(snapshot, targets=tuple(states))


async def go_to(app: PerftuiApp, pilot: Pilot[None], page: str, first: str) -> None:
    """A tab, sorted so that this row is under the cursor."""
    await pilot.press(page)
    await pilot.press("slash", *first, "enter")
    await until(pilot, lambda: main_screen(app).spec_row()[1] is not None)


async def test_enter_on_an_endpoint_leads_to_its_queries_and_escape_back() -> None:
    async with running() as (app, _, pilot):
        await go_to(app, pilot, "4", "prompts")
        await pilot.press("escape", "enter")
        await until(pilot, lambda: main_screen(app).page.title == "Queries")
        assert set(shown_shapes(app)) == {"a1", "c3", "rest"}
        assert "Slow queries by shape of GET /api/prompts" in text(app)
        await pilot.press("escape")
        assert main_screen(app).page.title == "Endpoints"
        assert main_screen(app).spec_row()[1].route == "/api/prompts"
        await pilot.press("3")
        assert set(shown_shapes(app)) == {"a1", "c3", "b2", "rest"}


async def test_another_tab_ends_the_view_of_one_endpoint() -> None:
    async with running() as (app, _, pilot):
        await go_to(app, pilot, "4", "prompts")
        await pilot.press("escape", "enter", "2", "3")
        assert app.endpoint is None
        assert "b2" in shown_shapes(app)


async def test_d_shows_the_details_of_an_endpoint_and_o_its_queries() -> None:
    async with running() as (app, _, pilot):
        await go_to(app, pilot, "4", "prompts")
        await pilot.press("d")
        await until(pilot, lambda: isinstance(app.screen, DetailsScreen))
        shown = text(app)
        assert "ITS QUERIES" in shown
        assert "p(95)<500ms" in shown
        assert "137% beyond the limit" in shown
        assert "319 more may break it" in shown
        await pilot.press("o")
        await until(pilot, lambda: isinstance(app.screen, MainScreen))
        assert app.endpoint == ("GET", "/api/prompts")


async def test_o_leads_from_a_query_s_card_to_its_endpoint_and_escape_back() -> None:
    async with running() as (app, _, pilot):
        await go_to(app, pilot, "3", "category")
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(app.screen, DetailsScreen))
        assert "from GET /api/prompts 81%, POST /api/search 19%" in text(app)
        card = app.screen
        await pilot.press("o")
        await until(pilot, lambda: app.screen is not card)
        assert isinstance(app.screen, DetailsScreen)
        assert app.screen.title_text() == "GET /api/prompts of shop"
        await pilot.press("escape")
        assert app.screen is card


async def test_o_leads_from_an_operation_to_its_endpoint() -> None:
    async with running() as (app, _, pilot):
        await go_to(app, pilot, "2", "writing")
        assert "GET /api/prompts" in text(app)
        await pilot.press("o")
        await until(pilot, lambda: isinstance(app.screen, DetailsScreen))
        assert isinstance(app.screen, DetailsScreen)
        assert app.screen.title_text() == "GET /api/prompts of shop"


async def test_without_comments_enter_shows_details_and_o_says_what_is_missing() -> None:
    async with running([without_comments()]) as (app, _, pilot):
        await go_to(app, pilot, "4", "prompts")
        await pilot.press("o")
        assert "MongoMonitor(comment=True)" in text(app)
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(app.screen, DetailsScreen))
        await pilot.press("escape")
        await go_to(app, pilot, "3", "category")
        await pilot.press("o")
        assert "names no endpoint" in text(app)


async def test_an_endpoint_that_no_application_counts_is_named() -> None:
    snapshot = rich_snapshot()
    alone = replace(snapshot, targets=tuple(state for state in snapshot.targets if state.application is None))
    async with running([alone]) as (app, _, pilot):
        await go_to(app, pilot, "3", "category")
        await pilot.press("o")
        assert "It came from GET /api/prompts, which no application in view counts." in text(app)
