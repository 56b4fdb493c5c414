"""A histogram as text."""

from collections.abc import Sequence

from perftui.bench.bootstrap import quantile
from perftui.bench.words import duration

_EIGHTHS = " ▏▎▍▌▋▊▉"
_SHOWN = 0.99
"""Bins reach to this quantile; what lies above is one bin of its own, so that a slow sample does not hide the rest."""


def draw_histogram(samples: Sequence[float], *, width: int = 40, rows: int = 12, ascii_only: bool = False) -> str:
    """Lines of duration, bar and count for durations in seconds. Raises `ValueError` for no samples or no room.

    >>> from perftui import draw_histogram
    >>> print(draw_histogram([0.010, 0.011, 0.011, 0.012, 0.012, 0.012], width=6, rows=3, ascii_only=True))
    10.0 ms ##     1
    10.7 ms ####   2
    11.3 ms ###### 3
    """
    if not samples or width < 1 or rows < 2:
        raise ValueError("a histogram needs samples, a width of 1 or more, and 2 rows or more")
    ordered = sorted(samples)
    low, high = ordered[0], quantile(ordered, _SHOWN) if len(ordered) >= 100 else ordered[-1]
    if low == high:
        return _line(duration(low), len(ordered), len(ordered), width, ascii_only)
    above = sum(sample > high for sample in ordered)
    bins = rows - 1 if above else rows
    counts = [0] * bins
    for sample in ordered[: len(ordered) - above]:
        counts[min(int((sample - low) / (high - low) * bins), bins - 1)] += 1
    names = [duration(low + (high - low) * number / bins) for number in range(bins)]
    if above:
        names.append(f"> {duration(high)}")
        counts.append(above)
    side = max(map(len, names))
    most = max(counts)
    return "\n".join(
        _line(name.rjust(side), count, most, width, ascii_only) for name, count in zip(names, counts, strict=True)
    )


def _line(name: str, count: int, most: int, width: int, ascii_only: bool) -> str:
    return f"{name} {_bar(count / most, width, ascii_only).ljust(width)} {count:,}"


def _bar(share: float, width: int, ascii_only: bool) -> str:
    if ascii_only:
        return "#" * round(share * width)
    whole, eighths = divmod(round(share * width * 8), 8)
    return "█" * whole + _EIGHTHS[eighths].strip()
