"""The parts of a benchmark of queries as lines of text: times with counters, strategies, the effect of an index."""

from collections.abc import Iterator, Sequence

from perftui.bench.drawing import draw_histogram
from perftui.bench.gate_report import table_of
from perftui.bench.noise import warnings_of
from perftui.bench.words import duration, rate
from perftui.model.bench.mongo import Counters
from perftui.model.text import safe_text
from perftui.query_bench.effect import uses_index
from perftui.query_bench.outcome import IndexEffect, QueryOutcome, QuestionOutcome

HEADS = ("median", "95 % of the mean", "p95", "p99", "rate", "samples")
COUNTERS = ("keys", "documents", "returned")
_NAME, _LINE = 70, 200
_SIGNS = {"same": "=", "other order": "!", "different": "!", "not known": "?"}


def query_lines(outcomes: Sequence[QueryOutcome], *, histogram: bool, ascii_only: bool) -> Iterator[str]:
    """For each its name, its times, what one execution examined, and what makes its times doubtful."""
    table = [HEADS, *map(times, outcomes)]
    widths = [max(map(len, column)) for column in zip(*table, strict=True)]
    everywhere = _everywhere(outcomes)
    yield _row(table[0], widths)
    for place, (row, one) in enumerate(zip(table[1:], outcomes, strict=True), 1):
        yield f"{place}. {safe_text(one.query.name, _NAME)}"
        yield from [_row(row, widths)] if one.result is not None else []
        yield from (f"   {line}" for line in _below(one, everywhere))
        if histogram and one.result is not None:
            drawn = draw_histogram(one.result.samples, ascii_only=ascii_only)
            yield from (f"     {line}" for line in drawn.splitlines())
    yield from (f"! {warning}" for warning in everywhere)


def times(one: QueryOutcome) -> tuple[str, ...]:
    """Under `HEADS`; what is not known is `-`."""
    if one.result is None:
        return ("-",) * len(HEADS)
    figures = one.result.statistics
    return (
        duration(figures.median_s),
        f"{duration(figures.mean_low_s)} .. {duration(figures.mean_high_s)}",
        duration(figures.p95_s),
        duration(figures.p99_s),
        rate(figures.ops_per_s),
        f"{figures.n:,}",
    )


def counts(counters: Counters | None) -> tuple[str, ...]:
    """Under `COUNTERS`, of one execution."""
    known = counters or Counters()
    numbers = (known.keys_examined, known.docs_examined, known.returned)
    return tuple("-" if number is None else f"{number:,}" for number in numbers)


def strategy_lines(question: QuestionOutcome) -> Iterator[str]:
    """Verdicts on the strategies of one question, and whether they return the same."""
    if len(question.outcomes) < 2:
        return
    yield f"{safe_text(question.question.name, _NAME)}: strategies compared with the first"
    if question.comparisons:
        yield from (f"  {line}" for line in table_of(question.comparisons))
    for one in question.agreements:
        yield f"  {_SIGNS[one.state]} {safe_text(one.name, _NAME)}: {result_words(one.state)} ({one.why})"


def result_words(state: str) -> str:
    """Of an agreement."""
    return {
        "same": "the same result",
        "other order": "the same rows in another order",
        "different": "another result",
        "not known": "it is not known whether the result is the same",
    }[state]


def effect_lines(effects: Sequence[IndexEffect], index: str, create_command: str) -> Iterator[str]:
    """What an index changed."""
    if not effects:
        return
    yield f"with {safe_text(index)}, compared with before and after it"
    comparisons = [one.comparison for one in effects if one.comparison is not None]
    if comparisons:
        yield from (f"  {line}" for line in table_of(comparisons))
    for one in effects:
        yield f"  {safe_text(one.before.query.name, _NAME)}:"
        yield from (f"    {line}" for line in effect_words(one))
    yield "  It was dropped again. To have it:"
    yield from (f"  {safe_text(line)}" for line in create_command.splitlines())


def effect_words(one: IndexEffect) -> list[str]:
    """Counters and plans before and after."""
    if one.after.failure:
        return [f"with the index it failed: {safe_text(one.after.failure)}"]
    after = one.after.counters or Counters()
    if one.before.failure:
        return [f"it ran with the index only: median {times(one.after)[0]}, {_examined(after)}", plan_of(after)]
    before = one.before.counters or Counters()
    plans = f"{plan_of(before)} -> {plan_of(after)}"
    unused = [] if uses_index(one.before, one.after) else ["the server does not use the index: it changes nothing here"]
    return [f"{_examined(before)} -> {_examined(after)}", plans, *unused]


def plan_of(counters: Counters) -> str:
    """Its stages, safe to draw."""
    return safe_text(counters.stages, _LINE)


def _examined(counters: Counters) -> str:
    keys, documents, _ = counts(counters)
    return f"{keys} keys, {documents} documents"


def _below(one: QueryOutcome, everywhere: Sequence[str]) -> Iterator[str]:
    if one.counters is not None:
        returned = counts(one.counters)[2]
        server = "" if one.counters.server_ms is None else f", {one.counters.server_ms:,.0f} ms when explained"
        yield f"{_examined(one.counters)} for {returned}{server}"
        yield plan_of(one.counters)
    if one.failure:
        yield f"! {safe_text(one.failure)}"
    if one.result is not None:
        yield from (f"! {warning}" for warning in warnings_of(one.result) if warning not in everywhere)


def _everywhere(outcomes: Sequence[QueryOutcome]) -> list[str]:
    """What would be said of each: of the machine."""
    measured = [warnings_of(one.result) for one in outcomes if one.result is not None]
    return [each for each in measured[0] if all(each in other for other in measured)] if len(measured) > 1 else []


def _row(row: Sequence[str], widths: Sequence[int]) -> str:
    return f"   {'  '.join(cell.rjust(width) for cell, width in zip(row, widths, strict=True))}"
