"""The morning after in words: right figures, and honest where too little ran."""

from collections.abc import Sequence

from msgspec.structs import replace

from perftui.model.index import CollectionState, Index, IndexOverview
from perftui.model.proof import Aftermath, IndexProof, Measured, ProofShape, ProofStart
from perftui.model.snapshot import TargetState
from perftui.model.target import Target
from perftui.monitor.aftermath import NOT_USED_S, Uses, aftermath, of_start, sentence, uses_of
from perftui.monitor.proof import prove

DONE = 1_700_000_000.0
MORNING = DONE + 6 * 3600
SCANNED = Measured(
    read_from="profiler", since=DONE - 300, until=DONE, executions=50, p50_ms=90.0, p95_ms=152.0,
    keys_examined=0.0, documents_examined=50_000.0,
)  # fmt: skip
SOUGHT = replace(
    SCANNED, since=DONE, executions=41_000, p50_ms=1.0, p95_ms=6.0, keys_examined=20.0, documents_examined=20.0
)


def when(at: float) -> str:
    return f"+{(at - DONE) / 3600:.0f}h"


def start(*before: Measured | None) -> ProofStart:
    shapes = tuple(ProofShape(id=str(place), shape="find {x: ?}", before=one) for place, one in enumerate(before))
    return ProofStart(id="j", target_id="mongodb://db", ns="s.p", index="x_1", finished_at=DONE, shapes=shapes)


def proof(begun: ProofStart, *after: Measured | None, uses: int | None = None) -> IndexProof:
    return prove(begun, lambda shape: after[int(shape)], uses=uses, now=MORNING)


def told(begun: ProofStart, proofs: Sequence[IndexProof], uses: Uses, kept: Aftermath | None = None) -> str:
    found = aftermath(begun, proofs, kept, uses, MORNING, when)
    return f"{found.verdict}: {found.message}"


def test_an_index_that_helped_is_told_with_its_runs() -> None:
    begun = start(SCANNED)
    found = aftermath(begun, [proof(begun, SOUGHT)], None, Uses(count=41_500), MORNING, when)
    assert sentence(begun, found, when) == "Your index x_1 on s.p of +0h: p95 152 ms to 6 ms over 41,000 runs."
    assert (found.conclusive, found.executions, found.uses, found.told) == (True, 41_000, 41_500, False)


def test_less_than_a_profiler_can_measure_is_not_nothing() -> None:
    begun = start(SCANNED)
    found = proof(begun, replace(SOUGHT, p95_ms=0.0))
    assert told(begun, [found], Uses()) == "helped: p95 152 ms to under 1 ms over 41,000 runs"
    became = aftermath(begun, [found], None, Uses(), MORNING, when)
    assert sentence(begun, became, when, named=False).startswith("Your index on s.p of +0h: p95 152 ms")


def test_uses_are_named_where_few_of_them_were_measured() -> None:
    begun = start(SCANNED)
    few = proof(begun, replace(SOUGHT, executions=120))
    assert told(begun, [few], Uses(count=41_000)) == "helped: p95 152 ms to 6 ms over 120 runs; used 41,000 times"


def test_the_member_that_saw_most_speaks_and_all_shapes_count() -> None:
    begun = start(SCANNED, SCANNED)
    little, much = proof(begun, replace(SOUGHT, executions=9), None), proof(begun, SOUGHT, SOUGHT)
    assert told(begun, [little, much], Uses()) == "helped: p95 152 ms to 6 ms over 41,000 runs (2 of 2 shapes helped)"


def test_what_is_slower_or_the_same_is_told() -> None:
    begun = start(SOUGHT)
    assert told(begun, [proof(begun, replace(SCANNED, executions=80))], Uses(count=80)) == (
        "worse: slower than before: p95 6 ms to 152 ms over 80 runs"
    )
    begun = start(SCANNED)
    assert told(begun, [proof(begun, SCANNED)], Uses(count=80)).startswith(
        "no difference: no difference: p95 152 ms to 152"
    )


def test_the_way_back_is_the_key_only_where_the_key_means_this_index() -> None:
    """The sentence names it, not what is kept of it: by a later start something else may be the last change."""
    last = replace(start(SOUGHT), id="0123456789abcdef", is_next=True)
    older = replace(last, is_next=False)
    slower = aftermath(last, [proof(last, replace(SCANNED, executions=80))], None, Uses(count=80), MORNING, when)
    unused = aftermath(last, [], None, Uses(count=0, since=DONE, members=1), MORNING, when)
    for found in (slower, unused):
        assert sentence(last, found, when).endswith("; u takes it back.")
        assert sentence(older, found, when).endswith("; perftui index undo TARGET 01234567 takes it back.")
        assert "takes it back" not in found.message
    helped = aftermath(last, [proof(start(SCANNED), SOUGHT)], None, Uses(), MORNING, when)
    assert "takes it back" not in sentence(last, helped, when)


def test_what_an_earlier_session_saw_is_told_where_nothing_more_is_seen_now() -> None:
    begun = start(SCANNED)
    kept = aftermath(begun, [proof(begun, replace(SOUGHT, executions=200))], None, Uses(count=200), MORNING, when)
    assert told(begun, [], Uses(count=41_000), kept) == "helped: p95 152 ms to 6 ms over 200 runs; used 41,000 times"
    again = aftermath(begun, [], kept, Uses(count=41_000), MORNING, when)
    assert told(begun, [], Uses(count=50_000), again).endswith("over 200 runs; used 50,000 times")
    assert "41,000 runs" in told(begun, [proof(begun, SOUGHT)], Uses(count=41_000), kept)


def test_an_index_that_nobody_uses_is_told_once_that_is_sure() -> None:
    begun = start(SCANNED)
    assert told(begun, [proof(begun, None)], Uses(count=0, since=DONE, members=3)) == (
        "not used: it is not used: 0 uses on any of 3 members"
    )
    young = Uses(count=0, since=MORNING - NOT_USED_S / 2, members=1)
    assert told(begun, [], young) == (
        "too little: not used yet (counted since +6h, when the server started); too little time has passed to tell"
    )
    assert told(begun, [], Uses(count=0, since=DONE, members=1, where="db1:27017")).startswith(
        "not used: it is not used: 0 uses on db1:27017"
    )


def test_too_little_is_said_to_be_too_little() -> None:
    begun = start(SCANNED)
    few = proof(begun, replace(SOUGHT, executions=3))
    assert told(begun, [few], Uses(count=3)) == (
        "too little: used 3 times, 3 of at least 5 runs measured since: too little to tell; P measures for a while"
    )
    assert told(begun, [few], Uses()).startswith("too little: too little is known to tell: 3 of at least 5 runs seen")


def test_queries_that_have_gone_from_the_slow_ones_are_no_silence() -> None:
    begun = start(replace(SCANNED, read_from="slowlog", only_slow=True))
    assert told(begun, [proof(begun, None)], Uses(count=41_000)) == (
        "used: used 41,000 times; its queries (p95 152 ms before) are not among the slow ones any more"
    )


def test_a_few_slow_runs_since_are_counted_and_not_denied() -> None:
    begun = start(replace(SCANNED, read_from="slowlog", only_slow=True))
    for runs, words in ((1, "once"), (4, "4 times")):
        few = proof(begun, replace(SCANNED, executions=runs, only_slow=True), uses=41_000)
        assert told(begun, [few], Uses(count=41_000)) == (
            f"used: used 41,000 times; its queries (p95 152 ms before) were among the slow ones {words} since"
        )
    measured = proof(begun, replace(SOUGHT, executions=3), uses=41_000)
    assert told(begun, [measured], Uses(count=41_000)).startswith("too little: used 41,000 times, 3 of at least 5 runs")


def test_without_figures_from_before_nothing_is_compared() -> None:
    assert told(start(), [], Uses(count=7)) == (
        "used: used 7 times; nothing was measured before it, so nothing can be compared"
    )


def test_an_index_that_was_dropped_meanwhile() -> None:
    begun = start(SCANNED)
    assert told(begun, [], Uses(is_gone=True)) == "gone: it is not there any more: it was dropped since"


def test_uses_are_summed_over_the_members_that_were_read() -> None:
    begun = start(SCANNED)

    def member(name: str, *indexes: Index, group: str | None = "mongodb://db", read: bool = True) -> TargetState:
        target = Target(id=f"mongodb://{name}", kind="mongodb", name=name, address=name, group=group)
        collection = CollectionState(ns="s.p", indexes=indexes)
        return TargetState(target=target, indexes=IndexOverview(collections=(collection,)) if read else None)

    ours = Index(name="x_1", keys=(("x", 1),), uses=40, used_since=DONE)
    states = (
        member("a", ours),
        member("b", replace(ours, uses=2, used_since=DONE + 60)),
        member("c", read=False),
        member("elsewhere", ours, group=None),
    )
    found = uses_of(begun, states)
    assert (found.count, found.since, found.members, found.is_gone) == (42, DONE + 60, 2, False)
    late = member("late", Index(name="_id_", keys=(("_id", 1),)))
    assert uses_of(begun, (late,)).is_gone
    for members in ((late, member("a", ours)), (member("a", replace(ours, uses=None)), late), (member("empty"),)):
        assert not uses_of(begun, members).is_gone, "one that has it yet to come, or cannot list them, says nothing"
    assert list(of_start(begun, states)) == []
