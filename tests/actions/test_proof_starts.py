"""What an index's proof starts from survives in the journal."""

from pathlib import Path

from msgspec.structs import replace

from perftui.actions.create_index import CreateIndexes
from perftui.actions.index_spec import IndexSpec
from perftui.actions.journal import Journal
from perftui.actions.proof_starts import before_in_analysis, before_on_screen, proof_starts
from perftui.actions.runner import perform
from perftui.actions.undo import UndoAction
from perftui.actions.undo_data import UndoData
from perftui.model.analysis import AnalysedShape, Analysis, Latency
from perftui.model.application import ApplicationMetrics, ApplicationQueries, QueryGroup
from perftui.model.proof import ProofShape
from perftui.model.query import DigestRow, LatencySummary, QueryDigest
from perftui.model.snapshot import TargetState
from perftui.model.target import Target
from perftui.servers import MongodProcess
from perftui.targets import connect_to

SHAPE = ProofShape(id="a", shape="find {x: ?}")
ROW = DigestRow(
    shape_id="a",
    ns="s.p",
    op="find",
    shape="find {x: ?}",
    count=4,
    latency_ms=LatencySummary(p95=90.0),
    examined_documents=400,
    last_seen_at=1.0,
)


def test_the_screen_knows_the_shape_from_the_profile_and_from_the_application() -> None:
    target = Target(id="mongodb://a", kind="mongodb", name="a", address="mongodb://a")
    digest = QueryDigest(read_from="profiler", rows=(ROW,), window_s=300.0, covered_s=60.0)
    group = QueryGroup(by="shape", name="x", shape_id="a", count=9, latency_ms=LatencySummary(p95=91.0))
    metrics = ApplicationMetrics(format="perftui", window_s=30.0, queries=ApplicationQueries(groups=(group,)))
    states = (TargetState(target=target, queries=digest), TargetState(target=target, application=metrics))
    (shape,) = before_on_screen([SHAPE], states, 1000.0)
    assert shape.before is not None
    assert (shape.before.executions, shape.before.documents_examined, shape.before.since) == (4, 100.0, 940.0)
    assert shape.before.only_slow
    assert shape.in_application is not None
    assert (shape.in_application.executions, shape.in_application.p95_ms) == (9, 91.0)


def test_an_analysis_knows_the_shape_too() -> None:
    shape = AnalysedShape(
        id="a", ns="s.p", op="find", shape="", count=4, docs_examined=400, latency_ms=Latency(p95=90.0)
    )
    (known,) = before_in_analysis([SHAPE], Analysis(source="profiler", shapes=(shape,), since=1.0, until=2.0))
    assert known.before is not None
    assert (known.before.documents_examined, known.before.p95_ms, known.before.only_slow) == (100.0, 90.0, False)
    assert before_in_analysis([SHAPE], Analysis(source="query", shapes=(shape,))) == (SHAPE,)


async def test_a_created_index_is_to_be_proved_until_it_is_taken_back(mongod: MongodProcess, tmp_path: Path) -> None:
    journal = Journal(tmp_path / "journal.jsonl")
    connection = connect_to(mongod.uri)
    with mongod.client() as client:
        client["proof_starts"].c.insert_one({"x": 1})
        spec = IndexSpec(ns="proof_starts.c", keys=(("x", 1),), shapes=(SHAPE,))
        create = CreateIndexes(connection, connection.target, [spec])
        await create.check()
        command = create.describe().command
        assert (await perform(create, confirmed_command=command, read_only=False, journal=journal)).state == "done"
        (start,) = proof_starts(journal)
        assert (start.index, start.keys, start.target_id) == ("x_1", (("x", 1),), connection.target.id)
        assert start.shapes == (SHAPE,)
        assert start.is_next
        assert proof_starts(journal, within_s=0) == ()
        (created,) = journal.read()
        later = UndoData(kind="unhide index", ns="proof_starts.c", member=mongod.address, connection="mongodb://way")
        for elsewhere in (replace(later, member="other:1"), later):
            assert proof_starts(journal)[0].is_next, "what was done elsewhere is not what u takes back here"
            entry = journal.intend("hide index", connection.target, "collMod", elsewhere)
            journal.conclude(entry, "done", "It is hidden.")
        assert not proof_starts(journal)[0].is_next
        assert proof_starts(journal)[0].way_back == f"perftui index undo TARGET {created.intent.id[:8]} takes it back"
        undo = UndoAction(connection, connection.target, created)
        await undo.check()
        command = undo.describe().command
        assert (await perform(undo, confirmed_command=command, read_only=False, journal=journal)).state == "done"
        assert proof_starts(journal) == ()
        client.drop_database("proof_starts")
