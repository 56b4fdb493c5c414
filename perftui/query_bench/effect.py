"""The same questions without an index, with it, and without it again."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager

from msgspec.structs import replace

from perftui.bench.comparison import compare_results
from perftui.model.bench.comparison import Comparison
from perftui.query_bench.measuring import Measuring
from perftui.query_bench.outcome import IndexEffect, QueryOutcome, QuestionOutcome, outcomes_of
from perftui.query_bench.question import Question


async def index_effects(
    measuring: Measuring,
    questions: Sequence[Question],
    before: Sequence[QuestionOutcome],
    index: AbstractAsyncContextManager[object],
    label: str,
) -> tuple[IndexEffect, ...]:
    """Measure while `index` is entered, and once more after it was left: what changed meanwhile counts as drift.

    `before` was measured already. `label` names the index in the results.
    """
    async with index:
        inside = outcomes_of(await measuring.questions(questions, "with"))
    again = outcomes_of(await measuring.questions(questions, "after"))
    return tuple(_effect(*three, label) for three in zip(outcomes_of(before), inside, again, strict=True))


def _effect(before: QueryOutcome, inside: QueryOutcome, again: QueryOutcome, label: str) -> IndexEffect:
    if inside.result is not None:
        inside.result = replace(inside.result, name=f"{before.query.name}, with {label}", together=None)
    return IndexEffect(before=before, after=inside, comparison=_compared(before, inside, again))


def _compared(before: QueryOutcome, inside: QueryOutcome, again: QueryOutcome) -> Comparison | None:
    """The base is what was measured on both sides of it; where the index is not used, nothing is the index's doing."""
    if before.result is None or inside.result is None or not uses_index(before, inside):
        return None
    base = before.result if again.result is None else before.result + again.result
    return compare_results(base, inside.result)


def uses_index(before: QueryOutcome, inside: QueryOutcome) -> bool:
    """The plan changed to an index that it did not use before."""
    if inside.counters is None:
        return False
    known = () if before.counters is None else before.counters.indexes
    return bool(set(inside.counters.indexes) - set(known))
