"""A chart with axes, drawn by plotext and turned into lines. plotext is imported when the first chart opens."""

import re
import threading
from collections.abc import Callable, Iterator, Sequence

from perftui.tui.formatting import clock
from perftui.tui.lines import Line, Piece

_ONE_AT_A_TIME = threading.Lock()
"""plotext has one figure for the whole process."""
_ESCAPES = re.compile(r"\x1b\[[0-9;]*m")
_LEAST_WIDTH, _LEAST_HEIGHT = 24, 6

Run = tuple[list[float], list[float]]


def draw_chart(
    times: Sequence[float | None],
    values: Sequence[float | None],
    width: int,
    height: int,
    *,
    show: Callable[[float], str],
    utc: bool = False,
    limit: float | None = None,
) -> list[Line]:
    """One series over time from zero up, with a level line at `limit`; gaps stay gaps."""
    runs = list(_runs(times, values))
    if not runs:
        return [Line((("No history yet.", "dim"),))]
    if width < _LEAST_WIDTH or height < _LEAST_HEIGHT:
        return [Line((("Too small for a chart: make the window larger.", "dim"),))]
    top = _nice_top(max(max(run[1]) for run in runs), limit)
    first, last = runs[0][0][0], runs[-1][0][-1]
    with _ONE_AT_A_TIME:
        text = _plot(runs, (first, max(last, first + 1)), top, width, height, show, utc, limit)
    lines = _ESCAPES.sub("", text).splitlines()
    return [Line(tuple(_pieces(line.rstrip()))) for line in lines if line.strip()]


def _plot(
    runs: Sequence[Run],
    span: tuple[float, float],
    top: float,
    width: int,
    height: int,
    show: Callable[[float], str],
    utc: bool,
    limit: float | None,
) -> str:
    import plotext

    plotext.terminal.limit(False, False)
    figure = plotext.figure
    figure.clear()
    figure.theme("colorless")
    figure.plot_size(width, height)
    for xs, ys in runs:
        signal = figure.signal(xs, ys, marker="braille")
        figure.draw(signal.lines() if len(xs) > 1 else signal)
    if limit is not None and limit <= top:
        figure.line(limit, "h")
    levels = [top * step / 4 for step in range(5)] if height >= 11 else [0.0, top / 2, top]
    figure.ruler("y").lim(0.0, top)
    figure.ruler("y").ticks(levels, [show(level) for level in levels])
    marks = _time_marks(span, width)
    figure.ruler("x").lim(*span)
    figure.ruler("x").ticks(marks, [clock(mark, utc) for mark in marks])
    return str(figure.build().string())


def _runs(times: Sequence[float | None], values: Sequence[float | None]) -> Iterator[Run]:
    """The stretches without a gap."""
    xs: list[float] = []
    ys: list[float] = []
    for at, value in zip(times, values, strict=False):
        if at is not None and value is not None:
            xs.append(at)
            ys.append(value)
        elif xs:
            yield xs, ys
            xs, ys = [], []
    if xs:
        yield xs, ys


def _nice_top(largest: float, limit: float | None) -> float:
    """The axis' end: the next of 1, 2, 2.5, 5 times a power of ten; the limit is kept in view when it is near."""
    wanted = max(largest, limit if limit is not None and limit <= largest * 3 else 0.0)
    if wanted <= 0:
        return 1.0
    power = 10.0 ** len(str(int(wanted))) / 10 if wanted >= 1 else 10.0 ** -len(f"{1 / wanted:.0f}")
    return next(step * power for step in (1, 2, 2.5, 5, 10, 20, 100) if step * power >= wanted)


def _time_marks(span: tuple[float, float], width: int) -> list[float]:
    count = max(2, min(7, width // 22))
    first, last = span
    return [first + (last - first) * step / (count - 1) for step in range(count)]


def _pieces(line: str) -> Iterator[Piece]:
    """The ruler's figures, its line, the curve."""
    axis = next((index for index, character in enumerate(line) if character in "┤┼│┌└"), None)
    if axis is None:
        yield line, "label"
        return
    yield line[:axis], "label"
    if line[axis] in "┌└":
        yield line[axis:], "dim"
        return
    yield line[axis], "dim"
    for part in re.split(r"(─+|│$)", line[axis + 1 :]):
        if part:
            yield part, "dim" if part[0] in "─│" else "spark"
