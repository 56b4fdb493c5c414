"""When each section's windows were begun anew, and what had been counted until then."""

from collections.abc import Mapping

import msgspec

from perftui.instrument.store.tally import Tally

SECTIONS = ("api", "query", "cache")


class Baseline(msgspec.Struct, array_like=True):
    """A series of one process when its section was cleared."""

    buckets: dict[int, int] = {}
    counters: dict[str, float] = {}
    sum_us: float = 0.0

    def tally(self) -> Tally:
        found = Tally()
        found.add(self.buckets.items(), self.counters.items(), self.sum_us)
        return found

    @classmethod
    def of(cls, tally: Tally) -> "Baseline":
        return cls(tally.counts, tally.counters, tally.sum_us)


class Section(msgspec.Struct):
    """`at` is on the monotonic clock; the figures stand by worker and by `series_name`."""

    at: float = 0.0
    figures: dict[str, dict[str, Baseline]] = {}


class Cleared(msgspec.Struct):
    """The last clear of each section."""

    sections: dict[str, Section] = {}

    def at(self, section: str) -> float:
        """0 where it was never cleared."""
        found = self.sections.get(section)
        return found.at if found else 0.0

    def before(self, section: str, worker: str, series: str) -> Tally | None:
        """What this worker had counted at the clear; `None`: it came afterwards."""
        found = self.sections.get(section)
        figures = found.figures.get(worker, {}).get(series) if found else None
        return figures.tally() if figures else None

    def move(self, worker: str, to: str) -> "Cleared":
        """The same after one worker's figures were added to those of another."""
        moved = {name: Section(one.at, _moved(one.figures, worker, to)) for name, one in self.sections.items()}
        return Cleared(moved)

    def rename(self, worker: str, names: Mapping[str, str]) -> "Cleared":
        """The same after series of a worker were added to others."""
        renamed = {
            name: Section(one.at, {**one.figures, worker: _renamed(one.figures[worker], names)})
            if worker in one.figures
            else one
            for name, one in self.sections.items()
        }
        return Cleared(renamed)


def _moved(figures: dict[str, dict[str, Baseline]], worker: str, to: str) -> dict[str, dict[str, Baseline]]:
    if worker not in figures:
        return figures
    rest = {name: series for name, series in figures.items() if name != worker}
    goal = dict(rest.get(to, {}))
    for name, baseline in figures[worker].items():
        _add(goal, name, baseline)
    return {**rest, to: goal}


def _renamed(series: dict[str, Baseline], names: Mapping[str, str]) -> dict[str, Baseline]:
    goal: dict[str, Baseline] = {}
    for name, baseline in series.items():
        _add(goal, names.get(name, name), baseline)
    return goal


def _add(goal: dict[str, Baseline], name: str, baseline: Baseline) -> None:
    both = goal[name].tally() if name in goal else Tally()
    both.merge(baseline.tally())
    goal[name] = Baseline.of(both)


def series_name(kind: str, labels: tuple[str, ...]) -> str:
    """One text for a series in any process."""
    return msgspec.json.encode([kind, *labels]).decode()
