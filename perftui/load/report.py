"""A load for people: as text, and as Markdown for a pull request."""

import textwrap
from collections.abc import Sequence

from perftui.bench.drawing import draw_histogram
from perftui.bench.report import code
from perftui.bench.words import digits, duration
from perftui.load.figures import latencies
from perftui.load.records import LoadRun
from perftui.load.words import COUNTED, bars, doubts_of, failures_of, generator_of, size
from perftui.model.bench.comparison import Comparison
from perftui.model.bench.load import EndpointLoad, LoadComparison
from perftui.model.bench.statistics import Statistics
from perftui.model.text import safe_text

_SIGNS = {"slower": "-", "faster": "+", "no difference": "=", "too noisy": "?"}
HEADS = ("p50", "p75", "p90", "p95", "p99", "max")
WIDTH, _CELL = 100, 9


def text_of(
    run: LoadRun,
    loads: Sequence[EndpointLoad],
    comparisons: Sequence[LoadComparison],
    *,
    width: int = WIDTH,
    histogram: bool = False,
    ascii_only: bool = False,
) -> str:
    """A paragraph for each endpoint, then how they compare, then how it was measured; in lines of at most `width`."""
    lines: list[str] = []
    for one in loads:
        lines += [*_paragraph(one, ascii_only), *(_spread(run, one.name, ascii_only) if histogram else ()), ""]
    for base in dict.fromkeys(one.base for one in comparisons):
        lines += [f"compared with {base}", *_compared([one for one in comparisons if one.base == base]), ""]
    return "\n".join(line for one in [*lines, *how_measured(run)] for line in _wrapped(one, width))


def markdown_of(run: LoadRun, loads: Sequence[EndpointLoad], comparisons: Sequence[LoadComparison]) -> str:
    """A table of endpoints, one of comparisons, and notes."""
    heads = ("endpoint", "good answers", "rate", *HEADS, "service p50", "service p95", "failed", "body")
    rows = [heads, ("---", *("---:" for _ in heads[1:])), *(_row(one) for one in loads)]
    if comparisons:
        rows += [(), ("compared", "of", "base", "new", "ratio", "verdict"), ("---", "---", *["---:"] * 3, "---")]
        rows += [row for one in comparisons for row in _comparison_rows(one)]
    lines = [f"| {' | '.join(row)} |" if row else "" for row in rows]
    notes = [f"- {code(one.name)}: {note}" for one in loads for note in (*failures_of(one), *doubts_of(one))]
    return "\n".join([*lines, "", *notes, *(f"- {line.removeprefix('! ')}" for line in how_measured(run))]) + "\n"


def _paragraph(one: EndpointLoad, ascii_only: bool) -> list[str]:
    lines = [safe_text(one.name), f"  {_counts(one)}"]
    if one.latency:
        lines.append(" " * 11 + "".join(head.rjust(_CELL) for head in HEADS))
        lines.append("  latency  " + "".join(cell.rjust(_CELL) for cell in percentiles(one.latency)))
    if one.service:
        lines.append("  service  " + "".join(cell.rjust(_CELL) for cell in percentiles(one.service)))
    lines += _drawn(one, ascii_only)
    return lines + [f"  ! {note}" for note in (*failures_of(one), *doubts_of(one))]


def _spread(run: LoadRun, name: str, ascii_only: bool) -> list[str]:
    """How the latencies of one endpoint are spread."""
    number = [request.name for request in run.requests].index(name)
    found = latencies(run, [one for one in run.records if one.due.endpoint == number])
    return [f"    {line}" for line in draw_histogram(found, ascii_only=ascii_only).splitlines()] if found else []


def _counts(one: EndpointLoad) -> str:
    failed = f"{one.failed:,} failed ({one.failed / one.due:.1%})" if one.failed else "none failed"
    asked = f"{_per_s(one.good_per_s)} of {_per_s(one.asked_per_s)} asked for"
    words = f"{one.good:,} good answers, {asked}, {failed}"
    if one.sizes is None:
        return words
    varies = f" to {size(one.sizes.max_bytes)}" if one.sizes.max_bytes > one.sizes.min_bytes else ""
    return f"{words}; bodies of {size(one.sizes.min_bytes)}{varies}"


def _drawn(one: EndpointLoad, ascii_only: bool) -> list[str]:
    if len(one.timeline) < 2:
        return []
    rates = [part.good_per_s for part in one.timeline]
    slow = [part.slowest_s for part in one.timeline]
    known = [value for value in slow if value is not None]
    lines = [f"  answers   {bars(rates, ascii_only=ascii_only)}  {digits(min(rates))} to {_per_s(max(rates))}"]
    if known:
        lines.append(
            f"  slowest   {bars(slow, ascii_only=ascii_only)}  {duration(min(known))} to {duration(max(known))}"
        )
    if failed := [part.failed for part in one.timeline if part.failed]:
        shown = bars([part.failed for part in one.timeline], ascii_only=ascii_only)
        lines.append(f"  failed    {shown}  at most {max(failed):,}")
    return lines


def _compared(comparisons: Sequence[LoadComparison]) -> list[str]:
    lines = []
    for one in comparisons:
        lines.append(f"  {safe_text(one.name)}" + (f": not compared, {one.why_not}" if one.why_not else ""))
        lines += [
            f"    {what:<8}{duration(found.base_s):>{_CELL}} -> {duration(found.new_s):<{_CELL}}  {_ratio(found)}  "
            f"{_SIGNS[found.verdict]} {found.verdict}: {found.why}"
            for what, found in _both(one)
        ]
    return lines


def _comparison_rows(one: LoadComparison) -> list[tuple[str, ...]]:
    name = f"{code(one.name)} with {code(one.base)}"
    if one.why_not:
        return [(name, "", "", "", "", f"not compared: {one.why_not}")]
    return [
        (name, what, duration(found.base_s), duration(found.new_s), _ratio(found), f"{found.verdict}: {found.why}")
        for what, found in _both(one)
    ]


def _both(one: LoadComparison) -> list[tuple[str, Comparison]]:
    return [(what, found) for what, found in (("latency", one.latency), ("p95", one.p95)) if found is not None]


def _ratio(one: Comparison) -> str:
    high = "any" if one.high is None else f"{one.high:.3f}"
    return f"{one.ratio:.3f} ({one.low:.3f} .. {high})"


def _row(one: EndpointLoad) -> tuple[str, ...]:
    none = ("-",) * len(HEADS)
    return (
        code(one.name),
        f"{one.good:,}",
        _per_s(one.good_per_s),
        *(percentiles(one.latency) if one.latency else none),
        *((duration(one.service.p50_s), duration(one.service.p95_s)) if one.service else ("-", "-")),
        f"{one.failed:,}",
        "-" if one.sizes is None else size(one.sizes.median_bytes),
    )


def percentiles(figures: Statistics) -> tuple[str, ...]:
    """Under `HEADS`."""
    found = (figures.p50_s, figures.p75_s, figures.p90_s, figures.p95_s, figures.p99_s, figures.max_s)
    return tuple(duration(value) for value in found)


def how_measured(run: LoadRun) -> list[str]:
    """Sentences on the load, on what is counted, and on the generator; with `!` where something is to be doubted."""
    turns = "" if len(run.requests) == 1 else f", in turns of {duration(run.schedule.turn / run.plan.rate_per_s)}"
    load = f"{_per_s(run.plan.rate_per_s)} to each for {duration(run.measured_s / len(run.requests))}{turns}"
    warm = f", after {duration(run.plan.warmup_s)} of warm-up" if run.plan.warmup_s else ""
    cut = ["! stopped by Ctrl-C before its time: these are the figures until then"] if run.stopped else []
    return [*cut, f"{load}{warm}, at most {run.plan.concurrency} at once", COUNTED, *generator_of(run)]


def _wrapped(line: str, width: int) -> list[str]:
    """What does not fit goes on below it, further in."""
    if len(line) <= width:
        return [line]
    inner = " " * (len(line) - len(line.lstrip(" !")) + 2)
    return textwrap.wrap(line, width, subsequent_indent=inner, break_on_hyphens=False, break_long_words=False)


def _per_s(rate: float | None) -> str:
    return "-" if rate is None else f"{digits(rate)}/s"
