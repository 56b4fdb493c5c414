"""A run for people: as text with what is to be doubted, and as a table in Markdown."""

from collections.abc import Sequence

from perftui.bench.drawing import draw_histogram
from perftui.bench.noise import warnings_of
from perftui.bench.result import BenchmarkResult
from perftui.bench.words import duration, rate
from perftui.model.text import safe_text

_HEADS = ("median", "mean", "95 % of the mean", "p95", "p99", "rate", "samples x calls")


def text_of(results: Sequence[BenchmarkResult], *, histogram: bool = False, ascii_only: bool = False) -> str:
    """A line for each, and under it what makes it doubtful."""
    table = [("", *_HEADS), *((safe_text(result.name, 60), *_cells(result)) for result in results)]
    widths = [max(map(len, column)) for column in zip(*table, strict=True)]
    lines = [_row(table[0], widths)]
    for result, cells in zip(results, table[1:], strict=True):
        lines.append(_row(cells, widths))
        lines += [f"  ! {warning}" for warning in warnings_of(result)]
        if histogram:
            drawn = draw_histogram(result.samples, ascii_only=ascii_only)
            lines += [f"    {line}" for line in drawn.splitlines()]
    return "\n".join(lines)


def markdown_of(results: Sequence[BenchmarkResult]) -> str:
    """A table, and a list of what makes it doubtful."""
    rows = [("benchmark", *_HEADS), ("---", *("---:" for _ in _HEADS))]
    rows += [(code(result.name), *_cells(result)) for result in results]
    lines = [f"| {' | '.join(row)} |" for row in rows]
    doubts = [f"- {code(result.name)}: {warning}" for result in results for warning in warnings_of(result)]
    return "\n".join([*lines, "", *doubts]).rstrip() + "\n"


def code(name: str) -> str:
    """A name in a cell of a Markdown table, as it is."""
    shown = safe_text(name).replace("`", "'").replace("|", "\u2502")
    return f"`{shown}`"


def _cells(result: BenchmarkResult) -> tuple[str, ...]:
    figures = result.statistics
    return (
        duration(figures.median_s),
        duration(figures.mean_s),
        f"{duration(figures.mean_low_s)} .. {duration(figures.mean_high_s)}",
        duration(figures.p95_s),
        duration(figures.p99_s),
        rate(figures.ops_per_s),
        f"{figures.n:,} x {result.loops:,}",
    )


def _row(cells: Sequence[str], widths: Sequence[int]) -> str:
    first, *others = (
        cell.ljust(width) if not place else cell.rjust(width)
        for place, (cell, width) in enumerate(zip(cells, widths, strict=True))
    )
    return "  ".join([first, *others]).rstrip()
