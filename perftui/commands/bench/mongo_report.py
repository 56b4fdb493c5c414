"""A benchmark of queries for people: as text with the index advice at its end, and as Markdown."""

import sys
from collections.abc import Iterator

from perftui.advice.words.figures import counted
from perftui.bench.gate_report import comparison_rows
from perftui.bench.report import code
from perftui.commands.bench.mongo_lines import (
    COUNTERS,
    HEADS,
    counts,
    effect_lines,
    effect_words,
    query_lines,
    result_words,
    strategy_lines,
    times,
)
from perftui.commands.bench.terminal import has_blocks
from perftui.model.text import safe_text
from perftui.query_bench.outcome import Run


def print_text(run: Run, *, histogram: bool) -> None:
    """To standard output."""
    print("\n".join(_text(run, histogram=histogram)))
    if run.study is not None:
        from perftui.commands.analysis_report import print_advice

        print_advice(run.study.analysis, sys.stdout, _places(run))


def _text(run: Run, *, histogram: bool) -> Iterator[str]:
    yield _title(run)
    yield from query_lines(run.outcomes, histogram=histogram, ascii_only=not has_blocks())
    for question in run.questions:
        lines = list(strategy_lines(question))
        yield from ["", *lines] if lines else []
    lines = list(effect_lines(run.effects, run.index, run.create_command))
    yield from ["", *lines] if lines else []
    yield from (f"! {note}" for note in run.notes)


def markdown_of(run: Run) -> str:
    """Tables for a ticket or a pull request, then what an index would do."""
    return "\n".join([*_tables(run), *_advice(run)]).rstrip() + "\n"


def _title(run: Run) -> str:
    version = f", MongoDB {run.server_version}" if run.server_version else ""
    return f"{safe_text(run.server)}{version}, {counted(run.operations, 'operation')}"


def _places(run: Run) -> dict[str, int]:
    """The row of each shape, for the advice to name."""
    places: dict[str, int] = {}
    for place, one in enumerate(run.outcomes, 1):
        places.setdefault(one.query.shape.id, place)
    return places


def _tables(run: Run) -> Iterator[str]:
    yield f"{_title(run)}\n"
    heads = (*HEADS, *COUNTERS)
    yield f"| query | {' | '.join(heads)} | plan |"
    yield f"| --- |{' ---: |' * len(heads)} --- |"
    for one in run.outcomes:
        plan = one.failure or (one.counters.stages if one.counters else "")
        figures = " | ".join((*times(one), *counts(one.counters)))
        yield f"| {code(one.query.name)} | {figures} | {code(plan) if plan else ''} |"
    for question in run.questions:
        if len(question.outcomes) > 1:
            yield f"\n{code(question.question.name)}: strategies compared with the first\n"
            yield from comparison_rows(question.comparisons)
            yield ""
            yield from (f"- {code(one.name)}: {result_words(one.state)} ({one.why})" for one in question.agreements)
    if run.effects:
        yield f"\nWith {code(run.index)}, compared with before and after it\n"
        yield from comparison_rows([one.comparison for one in run.effects if one.comparison is not None])
        yield ""
        yield from (f"- {code(one.before.query.name)}: {'; '.join(effect_words(one))}" for one in run.effects)
    yield from (f"- {note}" for note in run.notes)


def _advice(run: Run) -> Iterator[str]:
    if run.study is None:
        return
    names = {one.query.shape.id: one.query.name for one in run.outcomes}
    analysis = run.study.analysis
    if analysis.recommendations:
        yield "\nIndexes to create\n"
    for one in analysis.recommendations:
        served = ", ".join(code(names[shape]) for shape in one.serves if shape in names)
        yield f"- {code(one.command)}: {safe_text(one.reason)} Serves {served or 'other queries'}."
    rest = [(one.shape, one.message) for one in analysis.suggestions]
    rest += [(one.shape, one.reason) for one in analysis.declined]
    yield from ["\nNo index, or another query\n"] if rest else []
    yield from (f"- {code(names.get(shape, 'another query'))}: {safe_text(words)}" for shape, words in rest)
