"""A shape's card and an index's details show what an index of ours did, and say how to take it back."""

import time

import pytest
from fakes import FakeFeed, full_snapshots, replace_target
from frames import text, until
from msgspec.structs import replace
from table_samples import NOW, rich_snapshot, view_of

from perftui.actions.index_spec import keep
from perftui.actions.journal import Journal, default_journal
from perftui.actions.undo_data import KeptIndex, UndoData
from perftui.model.proof import IndexProof, Measured, ProofShape, ShapeProof, Verdict
from perftui.model.settings import Settings, Thresholds
from perftui.model.snapshot import Snapshot
from perftui.model.target import Target
from perftui.monitor.events import Notices
from perftui.targets import connect_to
from perftui.tui.app import PerftuiApp
from perftui.tui.lines import cells
from perftui.tui.screens.details_query import query
from perftui.tui.screens.document import lay_out

BEFORE = Measured(
    read_from="profiler",
    only_slow=True,
    since=NOW - 300,
    until=NOW,
    executions=120,
    p50_ms=90.0,
    p95_ms=152.0,
    keys_examined=0.0,
    documents_examined=50_000.0,
    plan="COLLSCAN",
)
AFTER = replace(BEFORE, only_slow=False, executions=80, p50_ms=1.0, p95_ms=2.5, keys_examined=20.0, plan="IXSCAN")


def proof(shape_id: str, verdict: Verdict = "helped") -> IndexProof:
    words = {"helped": "p95 152 ms to 2.5 ms over 80 executions", "no difference": "documents 50,000 to 50,000"}
    shape = ShapeProof(
        id=shape_id, shape="find", before=BEFORE, after=AFTER, verdict=verdict, message=words.get(verdict, "wait")
    )
    return IndexProof(
        id="j",
        ns="shop.prompts",
        index="category_1",
        finished_at=NOW - 60,
        shapes=(shape,),
        verdict=verdict,
        message="m",
    )


def with_proof(verdict: Verdict) -> tuple[Snapshot, str]:
    snapshot = rich_snapshot()
    state = next(state for state in snapshot.targets if state.queries is not None)
    assert state.queries is not None
    shape_id = state.queries.rows[0].shape_id
    return replace_target(snapshot, "mongodb", proofs=(proof(shape_id, verdict),)), shape_id


@pytest.mark.parametrize("width", [40, 80, 200])
def test_the_card_shows_before_and_after(width: int) -> None:
    snapshot, shape_id = with_proof("helped")
    document = query(view_of(snapshot), shape_id)
    assert document is not None
    lines = ["".join(piece for piece, _ in line.pieces) for line in lay_out(document, width, folded=True, utc=True)]
    assert max(map(cells, lines)) <= width
    shown = "\n".join(lines)
    assert "PROOF OF category_1" in shown
    assert ("helped: p95 152 ms to 2.5 ms" if width > 40 else "helped:") in " ".join(shown.split())
    if width == 200:
        assert "COLLSCAN, the profiler, slow ones only" in shown
        assert "IXSCAN, the profiler" in shown
    assert "u takes back" not in shown


def test_no_difference_says_how_to_take_it_back() -> None:
    snapshot, shape_id = with_proof("no difference")
    document = query(view_of(snapshot), shape_id)
    assert document is not None
    shown = "\n".join(
        "".join(piece for piece, _ in line.pieces) for line in lay_out(document, 120, folded=True, utc=True)
    )
    assert "u takes back the last change of an index, and asks first." in shown


def test_a_new_verdict_is_an_event_once() -> None:
    notices = Notices(Thresholds())
    waiting, _ = with_proof("waiting")
    helped, _ = with_proof("helped")
    assert not [event for event in notices.take(waiting.targets, 1.0) if event.kind == "index.proved"]
    assert len([event for event in notices.take(helped.targets, 2.0) if event.kind == "index.proved"]) == 1
    assert len([event for event in notices.take(helped.targets, 3.0) if event.kind == "index.proved"]) == 1


async def test_indexes_of_the_journal_are_watched_from_the_start() -> None:
    connection = connect_to("mongodb://db1:27017")
    journal: Journal = default_journal()
    shapes = (ProofShape(id="a", shape="find"),)
    index = KeptIndex(ns="s.p", name="x_1", definition=keep({"key": {"x": 1}, "name": "x_1"}), shapes=shapes)
    for target_id in (connection.target.id, "mongodb://elsewhere:27017"):
        undo = UndoData(kind="drop indexes", ns="s.p", connection=target_id, indexes=(index,))
        intent = journal.intend("create index", Target(id="t", kind="mongodb", name="t", address="t"), "c", undo)
        journal.conclude(intent, "done", "ready", undo)
    feed = FakeFeed(full_snapshots(2), settings=Settings(connections=(connection,)))
    app = PerftuiApp(feed, feed.settings)
    async with app.run_test() as pilot:
        await until(pilot, lambda: bool(feed.proof_starts))
        (start,) = feed.proof_starts
        assert (start.index, start.target_id, start.shapes) == ("x_1", connection.target.id, shapes)
        assert start.finished_at <= time.time()
        assert text(app)
