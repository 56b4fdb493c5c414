"""The chart with axes."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from perftui.tui.formatting import milliseconds
from perftui.tui.lines import Line, cells
from perftui.tui.widgets.chart import _nice_top, draw_chart

TIMES = [1_795_442_551.0 + second for second in range(60)]


def text_of(lines: list[Line]) -> list[str]:
    return ["".join(text for text, _ in line.pieces) for line in lines]


def draw(values: list[float | None], width: int = 80, height: int = 14, limit: float | None = None) -> list[str]:
    return text_of(draw_chart(TIMES, values, width, height, show=milliseconds, utc=True, limit=limit))


def test_starts_at_zero_and_names_the_times() -> None:
    shown = draw([100.0 + second for second in range(60)])
    assert shown[1].startswith("200ms┤")
    assert any(line.strip().startswith("0ms┤") for line in shown)
    assert "14:02:31Z" in shown[-1]
    assert "14:03:30Z" in shown[-1]
    assert all(cells(line) <= 80 for line in shown)


def test_a_gap_stays_a_gap() -> None:
    values: list[float | None] = [50.0] * 20 + [None] * 20 + [50.0] * 20
    row = next(line for line in draw(values) if any("\u2800" < character < "\u28ff" for character in line))
    curve = row[row.index("┤") + 1 :] if "┤" in row else row[row.index("│") + 1 :]
    assert curve[len(curve) // 2] == " "
    assert curve.strip("│ ")


def test_a_limit_far_above_does_not_flatten_the_curve() -> None:
    assert _nice_top(40.0, 1000.0) == 50.0
    assert _nice_top(800.0, 1000.0) == 1000.0
    assert _nice_top(0.0, None) == 1.0
    assert _nice_top(0.042, None) == pytest.approx(0.05)


def test_says_when_there_is_nothing_or_no_room() -> None:
    assert draw([None] * 60) == ["No history yet."]
    assert draw([1.0] * 60, width=10) == ["Too small for a chart: make the window larger."]
    assert draw([None] * 59 + [3.0])


def test_draws_from_many_threads_one_at_a_time() -> None:
    wanted = {level: draw([float(level)] * 60) for level in (10, 20, 300)}
    with ThreadPoolExecutor(4) as pool:
        levels = [10, 20, 300] * 8
        for level, shown in zip(levels, pool.map(lambda level: draw([float(level)] * 60), levels), strict=True):
            assert shown == wanted[level]
