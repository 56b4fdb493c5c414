"""What is fast but frequent: the load by collection, and the key that profiles one for a minute."""

import pytest
from fakes import full_snapshot, replace_target
from frames import check_golden, running, text, until
from msgspec.structs import replace
from table_samples import MONGO

from perftui.model.index import CollectionState, IndexOverview
from perftui.model.mongodb import MongoServer, QueryWork
from perftui.model.query import QueryDigest
from perftui.model.secret import Secret
from perftui.model.settings import Settings
from perftui.model.snapshot import Snapshot
from perftui.model.target import Connection
from perftui.tui.dialogs.confirm import ConfirmDialog
from perftui.tui.dialogs.profiling import only_of
from perftui.tui.tables.busy_collections import busiest, scanned_per_s
from perftui.tui.view import View

SIZES = {"80x24": (80, 24), "160x45": (160, 45)}
SETTINGS = Settings(utc=True, connections=(Connection(target=MONGO, uri=Secret("mongodb://db1:27017")),))
PROMPTS = CollectionState(
    ns="shop.prompts", documents=50_000, scans_per_s=8.2, reads_per_s=310.0, read_ms=4.1, writes_per_s=3.0, write_ms=0.3
)
USERS = CollectionState(ns="shop.users", documents=20_000, scans_per_s=0.0, reads_per_s=1_200.0, read_ms=0.2)
SETTLED = CollectionState(ns="shop.settings", documents=12, scans_per_s=90.0, reads_per_s=90.0, read_ms=0.1)
IDLE = CollectionState(ns="shop.archive", documents=9_000_000, scans_per_s=0.0, reads_per_s=0.0, writes_per_s=0.0)


def busy(*collections: CollectionState, slow: bool = False) -> Snapshot:
    """Nothing is slow, and much is examined."""
    snapshot = full_snapshot(60)
    server = next(state.mongodb for state in snapshot.targets if state.mongodb is not None)
    assert isinstance(server, MongoServer)
    work = QueryWork(examined_documents_per_s=412_000.0, returned_documents_per_s=1_900.0, collection_scans_per_s=98.2)
    changes = {
        "mongodb": replace(server, work=work),
        "indexes": IndexOverview(collections=collections or (PROMPTS, USERS, SETTLED, IDLE)),
    }
    if not slow:
        changes["queries"] = QueryDigest(read_from="slowlog")
    return replace_target(snapshot, "mongodb", **changes)


@pytest.mark.parametrize("size", SIZES)
async def test_the_load_is_drawn_as_stored(size: str) -> None:
    async with running([busy()], size=SIZES[size]) as (app, _feed, pilot):
        await pilot.press("3", "shift+tab")
        await pilot.pause()
        check_golden(app, f"busy-collections-{size}")


@pytest.mark.parametrize("size", SIZES)
async def test_an_empty_list_of_slow_queries_points_there(size: str) -> None:
    async with running([busy()], size=SIZES[size]) as (app, _feed, pilot):
        await pilot.press("3")
        await pilot.pause()
        assert "But shop.prompts is scanned 8.2 times a second" in " ".join(text(app).split())
        check_golden(app, f"fast-but-frequent-{size}")


async def seen_by(*collections: CollectionState) -> View:
    async with running([busy(*collections)]) as (app, _feed, _pilot):
        assert app.view is not None
        return app.view


async def test_many_scans_of_a_small_collection_are_nothing() -> None:
    assert busiest(await seen_by(SETTLED, USERS, IDLE)) is None
    assert busiest(await seen_by(SETTLED, PROMPTS)) == PROMPTS
    assert scanned_per_s(PROMPTS) == pytest.approx(410_000)
    assert scanned_per_s(replace(PROMPTS, documents=None)) is None


async def test_p_on_a_collection_asks_for_it_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    from perftui.actions.set_profiling import SetProfiling

    async def nothing_against(_action: SetProfiling) -> tuple[()]:
        return ()

    monkeypatch.setattr(SetProfiling, "check", nothing_against)
    async with running([busy()], settings=SETTINGS) as (app, _feed, pilot):
        await pilot.press("3", "shift+tab", "P")
        await until(pilot, lambda: isinstance(app.screen, ConfirmDialog))
        await pilot.pause()
        assert isinstance(app.screen, ConfirmDialog)
        asked = app.screen.description.command
        assert asked.startswith('db.getSiblingDB("shop").runCommand({profile: 1, filter: {ns: {$in: ["shop.prompts"]}')
        assert "$rand" in asked, "of 313 operations a second, one in three"
        assert "come back after 60 s" in text(app)


async def test_enter_leads_to_the_collections_indexes() -> None:
    async with running([busy()]) as (app, _feed, pilot):
        await pilot.press("3", "shift+tab", "enter")
        await pilot.pause()
        assert app.collection == "shop.prompts"
        assert "Indexes of shop.prompts" in text(app)


def test_of_very_many_operations_a_share_is_kept() -> None:
    assert only_of(PROMPTS).sample_rate == pytest.approx(0.319)
    assert only_of(replace(PROMPTS, reads_per_s=20.0)).sample_rate == 1.0
    assert only_of(replace(PROMPTS, reads_per_s=None, writes_per_s=None)).sample_rate == 1.0
