"""What an engine of advice said, in the benchmark's terms."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from bson import json_util

from perftui.model.analysis import Declined, Recommendation

from .workload import IndexSpec, frozen


@dataclass(frozen=True)
class AdvisedIndex:
    index: IndexSpec
    supersedes: tuple[str, ...] = ()
    expected: Mapping[str, tuple[float | None, float | None]] = field(default_factory=dict)
    """Shape -> keys + 2 documents + sorting of one execution, before and after, as the engine expects them."""


@dataclass(frozen=True)
class Advised:
    indexes: tuple[AdvisedIndex, ...] = ()
    unhide: tuple[tuple[str, str], ...] = ()
    """Collections and names of hidden indexes that it would rather show again."""
    declined: Mapping[str, str] = field(default_factory=dict)
    """Shape -> the reason in words."""

    @property
    def fingerprint(self) -> str:
        """The same for the same changes of the server in the same order: of plans that tie the oldest index's wins."""
        indexes = [(one.index.described, one.supersedes) for one in self.indexes]
        return repr((indexes, sorted(self.unhide)))


def advised(
    recommendations: tuple[Recommendation, ...],
    declined: tuple[Declined, ...],
    names: Mapping[str, tuple[str, ...]],
    hidden: tuple[IndexSpec, ...] = (),
) -> Advised:
    """`names`: the shapes of the workload that have this id."""
    reasons = {name: one.reason for one in declined for name in names.get(one.shape, ())}
    said = " ".join(one.reason for one in declined)
    unhide = tuple((one.collection, one.name) for one in hidden if one.name in said and "hidden" in said)
    return Advised(tuple(_index(one, names) for one in recommendations), unhide, reasons)


def _index(one: Recommendation, names: Mapping[str, tuple[str, ...]]) -> AdvisedIndex:
    options: Any = json_util.loads(json.dumps(one.options))
    wanted = {key: value for key, value in options.items() if key not in ("name", "v")}
    index = IndexSpec(one.ns.split(".", 1)[1], tuple(one.keys), frozen(wanted))
    expected = {name: (shape.cost_before, shape.cost_after) for shape in one.shapes for name in names.get(shape.id, ())}
    return AdvisedIndex(index, tuple(one.supersedes), expected)
