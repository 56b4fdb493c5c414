"""Bounds of what workers that are gone had counted: they come and go for as long as the folder is there."""

from collections import defaultdict

from perftui.instrument.store.bounds import MOST_UNKNOWN, Bound, Bounds
from perftui.instrument.store.cleared import Cleared, series_name
from perftui.instrument.store.exited import EXITED, Exited, ExitedSeries, Figures, summed
from perftui.instrument.store.view import KEPT_MINUTES

_UNKNOWN = Bound(MOST_UNKNOWN)


def trim(exited: Exited, this_minute: int) -> None:
    """Forget the minutes that no window reaches, of series that nobody counts any more too."""
    since = this_minute - KEPT_MINUTES
    for series in exited.series.values():
        if any(at <= since for at in series.minutes):
            series.minutes = {at: one for at, one in series.minutes.items() if at > since}


def hold_to(exited: Exited, cleared: Cleared, bounds: Bounds) -> Cleared:
    """Put the series that came last the longest ago together, so that the sum over all never falls.

    Gives what was cleared, with the same done to it.
    """
    renamed: dict[str, str] = {}
    for name, bound, ranked in _ranked(exited, bounds):
        for key in ranked[: -bound.most] if bound.most else ranked:
            renamed[key] = _merge(exited, name, exited.series.pop(key), bound)
    return cleared.rename(EXITED, renamed) if renamed else cleared


def _ranked(exited: Exited, bounds: Bounds) -> list[tuple[str, Bound, list[str]]]:
    """Of each kind that is beyond its bound the series, the one that came last the longest ago first."""
    found: defaultdict[str, list[str]] = defaultdict(list)
    for key, series in exited.series.items():
        if not bounds.get(series.kind.name, _UNKNOWN).is_other(series.labels):
            found[series.kind.name].append(key)
    ranked = []
    for name, keys in found.items():
        bound = bounds.get(name, _UNKNOWN)
        if len(keys) > bound.most:
            ranked.append((name, bound, sorted(keys, key=lambda key: _last_at(exited.series[key]))))
    return ranked


def _last_at(series: ExitedSeries) -> float:
    """Counters tell no time, but their minutes do."""
    return max(series.last_at, 60.0 * max(series.minutes, default=0))


def _merge(exited: Exited, kind: str, series: ExitedSeries, bound: Bound) -> str:
    labels = bound.other(series.labels)
    name = series_name(kind, labels)
    goal = exited.series.get(name)
    if goal is None:
        goal = exited.series[name] = ExitedSeries(series.kind, labels, Figures(), 0.0)
    goal.total = summed(goal.total, series.total.tally())
    goal.last_at = max(goal.last_at, series.last_at)
    for minute, figures in series.minutes.items():
        goal.minutes[minute] = summed(goal.minutes.get(minute), figures.tally())
    return name
