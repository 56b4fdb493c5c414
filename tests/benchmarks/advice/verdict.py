"""Judges a trial by the truth."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from .advised import Advised
from .cost import FAILS
from .trial import Trial
from .truth import ShapeTruth, Truth, helps, within
from .workload import Built, IndexSpec

HARM_RATIO, HARM = 1.05, 1_000.0


@dataclass(frozen=True)
class ShapeVerdict:
    name: str
    helpable: bool
    today: float
    best: float
    after: float
    best_index: str
    expected: float | None = None
    declined: str = ""
    by_text: bool = False
    """Any text index is as good as another: what they index decides what is found."""

    @property
    def within_5(self) -> bool:
        return self.after != FAILS if self.by_text else within(self.after, self.best)

    @property
    def within_2x(self) -> bool:
        return self.after != FAILS if self.by_text else self.after <= 2 * self.best + 1

    @property
    def missed(self) -> bool:
        return self.helpable and not helps(self.today, self.after)

    @property
    def harmed(self) -> bool:
        return self.after > HARM_RATIO * self.today and self.after - self.today > HARM


@dataclass(frozen=True)
class WorkloadVerdict:
    name: str
    shapes: tuple[ShapeVerdict, ...]
    advised: tuple[str, ...]
    smallest: tuple[str, ...]
    invalid: Mapping[str, str] = field(default_factory=dict)
    redundant: tuple[str, ...] = ()
    """Prefixes of others, or never used."""
    useless: tuple[str, ...] = ()
    """Used, but no shape would miss them."""
    error: str = ""

    @property
    def needless(self) -> bool:
        """Advice although no shape can be helped."""
        return bool(self.advised) and not any(shape.helpable for shape in self.shapes)

    @property
    def flawless(self) -> bool:
        bad = self.invalid or self.redundant or self.useless or self.needless or self.error
        shapes = all(shape.within_5 for shape in self.shapes if shape.helpable)
        return not bad and shapes and not any(shape.harmed for shape in self.shapes) and not self.excess

    @property
    def excess(self) -> int:
        return max(0, len(self.advised) - len(self.smallest))


def judge(built: Built, truth: Truth, advice: Advised, trial: Trial, error: str = "") -> WorkloadVerdict:
    """A shape that the trial does not know stays as it is today."""
    accepted = [one.index for one in advice.indexes if one.index.described not in trial.refused]
    kept = [one for one in built.indexes if not _superseded(one, advice)]
    redundant = [index for index in accepted if _prefix(index, [*accepted, *kept]) or _unused(index, trial)]
    useless = [index for index in accepted if index not in redundant and not _needed(index, truth, trial)]
    return WorkloadVerdict(
        built.name,
        tuple(_shape(one, advice, trial) for one in truth.shapes),
        tuple(one.index.described for one in advice.indexes),
        tuple(sorted(index.described for index in truth.smallest if index not in built.indexes)),
        trial.refused,
        tuple(index.described for index in redundant),
        tuple(index.described for index in useless),
        error,
    )


def _superseded(index: IndexSpec, advice: Advised) -> bool:
    return any(one.index.collection == index.collection and index.name in one.supersedes for one in advice.indexes)


def _prefix(index: IndexSpec, others: Sequence[IndexSpec]) -> bool:
    return any(
        other is not index
        and (other.collection, other.options) == (index.collection, index.options)
        and other.keys[: len(index.keys)] == index.keys
        for other in others
    )


def _unused(index: IndexSpec, trial: Trial) -> bool:
    return not trial.without.get(index.described)


def _needed(index: IndexSpec, truth: Truth, trial: Trial) -> bool:
    """Some shape would be a little or much dearer without it."""
    best = {shape.name: shape.best.total for shape in truth.shapes}
    return any(
        helps(cost.total, trial.after[name].total)
        or (within(trial.after[name].total, best[name]) and not within(cost.total, best[name]))
        for name, cost in trial.without[index.described].items()
    )


def _shape(one: ShapeTruth, advice: Advised, trial: Trial) -> ShapeVerdict:
    options = sorted(one.options, key=lambda indexes: (len(indexes), sum(len(index.keys) for index in indexes)))
    first: Sequence[IndexSpec] = sorted(options[0], key=lambda index: index.described) if options else ()
    expected = [costs[1] for index in advice.indexes for name, costs in index.expected.items() if name == one.name]
    known = [cost for cost in expected if cost is not None]
    return ShapeVerdict(
        one.name,
        one.helpable,
        one.today.total,
        one.best.total,
        trial.after.get(one.name, one.today).total,
        " + ".join(index.described for index in first),
        min(known, default=None),
        advice.declined.get(one.name, ""),
        any(direction == "text" for index in first for _, direction in index.keys),
    )


def accuracy(shape: ShapeVerdict) -> float | None:
    """How far the expected cost is from the measured one, as a factor of at least 1; 10 units are no difference."""
    if shape.expected is None or math.isinf(shape.after):
        return None
    low, high = sorted((shape.expected + 10, shape.after + 10))
    return high / low
