"""How far back a window reaches: which rows of history lie in it, and which span they really cover."""

from collections.abc import Sequence
from typing import NamedTuple

from perftui.tui.view import View

_SHORTEST_INTERVAL_S = 0.05
_JITTER = 1.1


class Reach(NamedTuple):
    """The newest rows of history that lie in a window."""

    ticks: int
    """With those in front that were not taken yet, where an axis is to be as long as the window from the start."""
    axis_s: float
    """What these ticks span."""
    known_s: float
    """Since when there is anything: the window, or less."""


def reach_of(view: View, window_s: float, most: int | None = None) -> Reach:
    """By the times of the rows, as the interval may have changed; `most`: not more ticks than these."""
    room = min(most or view.settings.history_s, view.settings.history_s)
    interval_s = max(view.snapshot.interval_s, _SHORTEST_INTERVAL_S)
    now = view.snapshot.taken_at
    times = _times(view, round(window_s * _JITTER / interval_s) + 2, now - window_s, room)
    first = next((place for place, at in enumerate(times) if at is not None and at > now - window_s), None)
    if first is None:
        return Reach(max(2, min(round(window_s / interval_s), room)), window_s, 0.0)
    oldest_s = now - (times[first] or now)
    ticks = len(times) - first
    if any(at is not None for at in times[:first]):
        return Reach(max(ticks, 2), window_s, window_s)
    missing = max(round((window_s - oldest_s) / interval_s) - 1, 0)
    if ticks + missing <= room:
        return Reach(max(ticks + missing, 2), window_s, oldest_s if missing else window_s)
    return Reach(max(ticks, 2), oldest_s, oldest_s)


def _times(view: View, guess: int, since: float, room: int) -> Sequence[float | None]:
    """Of as few rows as reach back to `since`: as many as there would be at this interval, else all."""
    until = view.snapshot.sequence
    times = view.history.times(min(guess, room), until=until)
    reaches = bool(times) and times[0] is not None and times[0] <= since
    return times if reaches or len(times) == room else view.history.times(room, until=until)
