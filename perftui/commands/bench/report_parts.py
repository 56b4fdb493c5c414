"""What a report on a page consists of: parts with tables, drawn lines and notes, all of them plain text."""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, NamedTuple

from perftui.bench.words import digits, duration
from perftui.load.records import LoadRun
from perftui.load.report import HEADS, how_measured, percentiles
from perftui.load.words import doubts_of, failures_of, size
from perftui.model.bench.comparison import Comparison
from perftui.model.bench.load import EndpointLoad, LoadComparison

if TYPE_CHECKING:
    from perftui.query_bench.outcome import Run


class Table(NamedTuple):
    """The first cell of a row is what it is about."""

    heads: tuple[str, ...]
    rows: Sequence[tuple[str, ...]]


class Line(NamedTuple):
    """Values over time, drawn as bars."""

    name: str
    words: str
    values: tuple[float | None, ...]


class Part(NamedTuple):
    """One heading of a report."""

    title: str
    tables: list[Table]
    lines: list[Line]
    notes: list[str]


def endpoints_part(run: LoadRun, loads: Sequence[EndpointLoad], comparisons: Sequence[LoadComparison]) -> Part:
    """What was measured over HTTP."""
    heads = ("endpoint", "good", "failed", "rate", *HEADS, "service p50", "service p95", "body")
    tables = [Table(heads, [_load_row(one) for one in loads])]
    compared = [
        (what, one.name, one.base, found)
        for one in comparisons
        for what, found in (("latency", one.latency), ("p95", one.p95))
        if found is not None
    ]
    if compared:
        rows = [(f"{what} of {name} with {base}", *_verdict(found)) for what, name, base, found in compared]
        tables.append(Table(("compared", "base", "new", "ratio", "verdict"), rows))
    notes = [f"{one.name}: {note}" for one in loads for note in (*failures_of(one), *doubts_of(one))]
    notes += [f"{one.name} with {one.base}: not compared, {one.why_not}" for one in comparisons if one.why_not]
    return Part("Endpoints", tables, [line for one in loads for line in _drawn(one)], [*notes, *how_measured(run)])


def queries_part(run: "Run") -> Part:
    """What was measured on one MongoDB, and which indexes would help."""
    from perftui.commands.bench.mongo_lines import COUNTERS, HEADS, counts, times

    rows = [
        (one.query.name, *times(one), *counts(one.counters), _plan(one.failure, one.counters)) for one in run.outcomes
    ]
    tables = [Table(("query", *HEADS, *COUNTERS, "plan"), rows)]
    compared = [one for question in run.questions for one in question.comparisons]
    if compared:
        pairs = [(f"{one.name} with {one.base}", *_verdict(one)) for one in compared]
        tables.append(Table(("compared", "base", "new", "ratio", "verdict"), pairs))
    if advice := list(_advice(run)):
        tables.append(Table(("index to create", "why", "serves"), advice))
    version = f", MongoDB {run.server_version}" if run.server_version else ""
    return Part(f"Queries of {run.server}{version}", tables, [], [*run.notes, *_declined(run)])


def _plan(failure: str, counters: object) -> str:
    return failure or str(getattr(counters, "stages", ""))


def _advice(run: "Run") -> Iterator[tuple[str, str, str]]:
    names = {one.query.shape.id: one.query.name for one in run.outcomes}
    for one in run.study.analysis.recommendations if run.study else ():
        served = ", ".join(names[shape] for shape in one.serves if shape in names)
        yield one.command, one.reason, served or "other queries"


def _declined(run: "Run") -> Iterator[str]:
    names = {one.query.shape.id: one.query.name for one in run.outcomes}
    if run.study:
        yield from (f"{names.get(one.shape, one.ns)}: {one.message}" for one in run.study.analysis.suggestions)
        yield from (f"{names.get(one.shape, one.ns)}: no index, {one.reason}" for one in run.study.analysis.declined)


def _load_row(one: EndpointLoad) -> tuple[str, ...]:
    service = ("-", "-") if one.service is None else (duration(one.service.p50_s), duration(one.service.p95_s))
    latency = percentiles(one.latency) if one.latency else ("-",) * len(HEADS)
    body = "-" if one.sizes is None else size(one.sizes.median_bytes)
    rate = "-" if one.good_per_s is None else f"{digits(one.good_per_s)}/s"
    return one.name, f"{one.good:,}", f"{one.failed:,}", rate, *latency, *service, body


def _drawn(one: EndpointLoad) -> Iterator[Line]:
    if len(one.timeline) < 2:
        return
    rates = tuple(part.good_per_s for part in one.timeline)
    yield Line(f"{one.name}: answers", f"{digits(min(rates))} to {digits(max(rates))}/s", rates)
    slow = tuple(part.slowest_s for part in one.timeline)
    known = [value for value in slow if value is not None]
    if known:
        yield Line(f"{one.name}: slowest", f"{duration(min(known))} to {duration(max(known))}", slow)


def _verdict(one: Comparison) -> tuple[str, str, str, str]:
    high = "any" if one.high is None else f"{one.high:.3f}"
    ratio = f"{one.ratio:.3f} ({one.low:.3f} .. {high})"
    return duration(one.base_s), duration(one.new_s), ratio, f"{one.verdict}: {one.why}"
