"""Before and after an index: right figures, and no verdict where the figures cannot carry one."""

import asyncio
import time
from typing import Any

import pytest
from msgspec.structs import replace

from perftui import targets
from perftui.model.application import ApplicationMetrics, ApplicationQueries, QueryGroup
from perftui.model.proof import Measured, ProofShape, ProofStart
from perftui.model.query import LatencySummary, SlowQuery, SlowQueryBatch
from perftui.model.settings import Settings
from perftui.model.snapshot import Snapshot, SourceState, TargetState
from perftui.model.target import Target
from perftui.monitor.digest import Digest
from perftui.monitor.live import Monitor
from perftui.monitor.proof import measured_row, prove
from perftui.monitor.proofs import Proofs
from perftui.servers import MongodProcess

DONE = 1_700_000_000.0 // 60 * 60
SCANNED = Measured(
    read_from="profiler",
    since=DONE - 300,
    until=DONE,
    executions=50,
    p50_ms=90.0,
    p95_ms=152.0,
    keys_examined=0.0,
    documents_examined=50_000.0,
    plan="COLLSCAN",
)
SOUGHT = replace(SCANNED, since=DONE, p50_ms=1.0, p95_ms=2.5, keys_examined=20.0, documents_examined=20.0)


def start(before: Measured | None = SCANNED, **options: Any) -> ProofStart:
    shape = ProofShape(id="a", shape="find {x: ?}", before=before, **options)
    return ProofStart(id="j", target_id="mongodb://db", ns="s.p", index="x_1", finished_at=DONE, shapes=(shape,))


def verdict(before: Measured | None, after: Measured | None, uses: int | None = None, waited_s: float = 90.0) -> str:
    proof = prove(start(before), lambda _: after, uses=uses, now=DONE + waited_s)
    assert proof.verdict == proof.shapes[0].verdict
    return f"{proof.verdict}: {proof.shapes[0].message}"


def test_an_index_that_helped_is_told_with_its_figures() -> None:
    told = verdict(SCANNED, SOUGHT)
    assert told == "helped: p95 152 ms to 2.5 ms, documents 50,000 to 20, keys 0 to 20 over 50 executions"


@pytest.mark.parametrize(
    ("after", "expected"),
    [
        (SCANNED, "no difference"),
        (replace(SCANNED, documents_examined=30_000.0), "no difference"),
        (replace(SCANNED, keys_examined=50_000.0), "worse"),
        (replace(SOUGHT, executions=4), "waiting"),
        (None, "waiting"),
        (replace(SOUGHT, only_slow=True), "not measured"),
        (replace(SOUGHT, keys_examined=None), "helped"),
        (replace(SCANNED, keys_examined=None), "no difference"),
    ],
)
def test_verdicts_follow_what_was_examined_and_enough_executions(after: Measured | None, expected: str) -> None:
    assert verdict(SCANNED, after).partition(":")[0] == expected


def test_the_way_back_is_the_key_only_where_the_key_means_this_index() -> None:
    for is_next, words in ((True, "; u takes it back."), (False, "; perftui index undo TARGET j takes it back.")):
        begun = replace(start(), is_next=is_next)
        found = prove(begun, lambda _shape: SCANNED, uses=9, now=DONE + 60)
        assert words in found.message


def test_a_query_that_left_the_slow_ones_is_not_measured_but_said_how() -> None:
    slow = replace(SCANNED, only_slow=True)
    assert verdict(slow, None, uses=17).startswith("not measured: The index was used 17 times")
    assert "press P" in verdict(slow, None, uses=17)
    assert verdict(slow, None, uses=17, waited_s=5).startswith("waiting")
    assert verdict(slow, None, uses=0).startswith("waiting: The index has not been used yet")
    assert verdict(slow, replace(slow, executions=4), uses=17).startswith("waiting: 4 of at least 5 executions")
    assert verdict(None, SOUGHT).startswith("not measured: Nothing was measured before")


def entry(at: float, documents: int, ms: float) -> SlowQuery:
    return SlowQuery(
        at=at, ns="s.p", op="find", shape_id="a", shape="find {x: ?}", duration_ms=ms, examined_documents=documents,
        examined_keys=0 if documents > 100 else documents, plan_summary="COLLSCAN" if documents > 100 else "IXSCAN",
    )  # fmt: skip


def batch(*entries: SlowQuery, unbiased: tuple[str, ...] = ("s",)) -> SlowQueryBatch:
    return SlowQueryBatch(entries=entries, read_from="profiler", databases=("s",), unbiased=unbiased)


def test_only_whole_slots_after_the_build_are_after_it() -> None:
    digest = Digest()
    digest.add(batch(*(entry(DONE - 20 + second, 50_000, 90) for second in range(20))), DONE)
    before = measured_row(digest.summary(300, DONE).rows[0], digest.summary(300, DONE), DONE)
    assert (before.executions, before.documents_examined, before.plan) == (20, 50_000, "COLLSCAN")
    assert not before.only_slow
    digest.add(batch(*(entry(DONE + 3 + second, 20, 1) for second in range(40))), DONE + 45)
    after = digest.since("a", DONE + 3, DONE + 45)
    assert after is not None
    assert (after.executions, after.documents_examined, after.keys_examined, after.plan) == (28, 20, 20, "IXSCAN")
    assert digest.since("b", DONE, DONE + 45) is None


def test_a_window_in_which_all_were_profiled_counts_alone() -> None:
    digest = Digest()
    digest.add(batch(unbiased=()), DONE)
    digest.add(batch(*(entry(DONE + second, 50, 120) for second in range(0, 60, 10)), unbiased=()), DONE + 60)
    slow = digest.since("a", DONE, DONE + 60)
    assert slow is not None
    assert (slow.only_slow, slow.executions) == (True, 6)
    digest.add(batch(*(entry(DONE + 60 + second, 20, 1) for second in range(60))), DONE + 120)
    digest.add(batch(entry(DONE + 130, 60, 130), unbiased=()), DONE + 150)
    fair = digest.since("a", DONE, DONE + 150)
    assert fair is not None
    assert (fair.only_slow, fair.executions) == (False, 61)
    assert fair.documents_examined == pytest.approx(20.7, abs=0.1)


def state(**options: Any) -> TargetState:
    target = Target(id="mongodb://db:1", kind="mongodb", name="db", address="mongodb://db:1", group="mongodb://db")
    return TargetState(target=target, **options)


def application(window_s: float, read_at: float) -> TargetState:
    target = Target(id="http://web", kind="application", name="web", address="http://web")
    group = QueryGroup(
        by="shape", name="x", shape_id="a", count=30, latency_ms=LatencySummary(p50=1.0, p95=2.0, total=30.0)
    )
    metrics = ApplicationMetrics(format="perftui", window_s=window_s, queries=ApplicationQueries(groups=(group,)))
    read = SourceState(source="application.metrics", interval_s=2.0, read_at=read_at)
    return TargetState(target=target, sources=(read,), application=metrics)


def test_the_application_tells_where_the_profile_does_not() -> None:
    seen = replace(SCANNED, read_from="application", keys_examined=None, documents_examined=None)
    proofs = Proofs()
    proofs.watch([start(in_application=seen)])
    early = proofs.applied((state(), application(300, DONE + 100)), lambda _: None, DONE + 100)
    assert early[0].proofs[0].verdict == "waiting"
    late = proofs.applied((state(), application(300, DONE + 301)), lambda _: None, DONE + 301)
    shape = late[0].proofs[0].shapes[0]
    assert (shape.verdict, shape.message) == ("helped", "p95 152 ms to 2 ms over 30 executions")
    assert late[1].proofs == ()


def test_states_stay_the_same_objects_where_nothing_is_to_be_proved() -> None:
    proofs, states = Proofs(), (state(), application(300, DONE))
    assert proofs.applied(states, lambda _: None, DONE) is states
    proofs.watch([replace(start(), target_id="mongodb://other")])
    assert proofs.applied(states, lambda _: None, DONE)[0] is states[0]


async def test_a_real_index_is_proved_by_the_monitor(mongod: MongodProcess) -> None:
    with mongod.client() as client:
        database = client["proved"]
        database.c.insert_many([{"x": number % 500, "y": number} for number in range(5_000)])
        database.command("profile", 2)
        connection = targets.connect_to(mongod.uri)
        monitor = Monitor(Settings(connections=(connection,), interval_s=0.2))
        shown: list[Snapshot] = []
        running = asyncio.create_task(monitor.run(shown.append))

        async def proof_after(seconds: float) -> tuple[Any, ...]:
            async with asyncio.timeout(seconds):
                while True:
                    await asyncio.to_thread(lambda: [list(database.c.find({"x": each})) for each in range(5)])
                    await asyncio.sleep(0.2)
                    found = shown[-1].targets[0].proofs if shown else ()
                    if found and found[0].verdict not in ("waiting", "not measured"):
                        return found

        async def row() -> Any:
            while True:
                await asyncio.to_thread(lambda: [list(database.c.find({"x": each})) for each in range(5)])
                await asyncio.sleep(0.2)
                digest = shown[-1].targets[0].queries if shown else None
                rows = [one for one in digest.rows if one.ns == "proved.c" and one.op == "find"] if digest else []
                if digest is not None and rows and rows[0].count >= 5:
                    return rows[0], measured_row(rows[0], digest, shown[-1].taken_at)

        try:
            async with asyncio.timeout(60):
                before_row, before = await row()
            database.c.create_index("x")
            finished_at = time.time()  # the newest Snapshot may be older than the last query without it
            shape = ProofShape(id=before_row.shape_id, shape=before_row.shape, before=before)
            monitor.watch_proofs(
                [
                    ProofStart(
                        id="j",
                        target_id=connection.target.id,
                        ns="proved.c",
                        index="x_1",
                        finished_at=finished_at,
                        shapes=(shape,),
                    )
                ]
            )
            (proof,) = await proof_after(90)
            assert proof.verdict == "helped"
            assert proof.shapes[0].after.documents_examined == 10
            assert before.documents_examined == 5_000
        finally:
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)
            database.command("profile", 0)
            client.drop_database("proved")
