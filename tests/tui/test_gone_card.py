"""A shape that an index made fast leaves the digest; its open card stays, says so, and shows the proof."""

from fakes import replace_target
from frames import running, text, until
from msgspec.structs import replace
from test_proof_card import proof, with_proof

from perftui.model.query import QueryDigest
from perftui.model.snapshot import Snapshot
from perftui.tui.screens.details import DetailsScreen


def without_shapes(snapshot: Snapshot, sequence: int, **changes: object) -> Snapshot:
    digest = next(state.queries for state in snapshot.targets if state.queries is not None)
    empty: QueryDigest = replace(digest, rows=())
    return replace_target(replace(snapshot, sequence=sequence), "mongodb", queries=empty, **changes)


async def test_the_card_of_a_shape_that_left_the_digest_goes_on_to_be_proved() -> None:
    snapshot, shape_id = with_proof("waiting")
    async with running([snapshot], size=(160, 60)) as (app, feed, pilot):
        await pilot.press("3", "g")
        view = app.view
        assert view is not None
        await until(pilot, lambda: app.screen.spec_row()[1] is not None)  # type: ignore[attr-defined]
        while app.screen.spec_row()[1].shape_id != shape_id:  # type: ignore[attr-defined]
            await pilot.press("j")
        await pilot.press("enter")
        assert isinstance(app.screen, DetailsScreen)
        assert "gone, last seen" not in text(app)
        feed.play(without_shapes(snapshot, snapshot.sequence + 1, proofs=(proof(shape_id, "helped"),)))
        await until(pilot, lambda: "gone, last seen" in text(app))
        shown = text(app)
        assert "FINDINGS" in shown
        assert "helped: p95 152 ms to 2.5 ms over 80 executions" in shown
