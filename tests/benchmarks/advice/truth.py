"""What is best for a workload, by brute force: for each shape, and the smallest set of indexes for all of them."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import product

from .candidates import candidates, longer, mirrored, reordered, same_for
from .cost import FAILS, Cost, cost_of
from .cover import smallest_set
from .fields import branches
from .lab import Lab
from .probe import KEPT, Probe
from .workload import Built, Command, IndexSpec

MEASURED = 10
"""Executions that judge the best."""
WITHIN, SLACK = 1.05, 1.0
HELPS, SAVES, WRITE_COST = 2.2, 1_000.0, 4.0
_AT_ONCE = 50
_UNIONS, _EXTENDED = 16, 30

Options = tuple[frozenset[IndexSpec], ...]


@dataclass(frozen=True)
class ShapeTruth:
    name: str
    executions: int
    today: Cost
    best: Cost
    options: Options
    """Sets of indexes, each of which alone brings it within 5 % of its best."""
    helpable: bool


@dataclass(frozen=True)
class Truth:
    shapes: tuple[ShapeTruth, ...]
    smallest: frozenset[IndexSpec]
    """Enough for every shape that can be helped."""
    with_smallest: Mapping[str, Cost]
    """With it and the planner's free choice."""


def within(cost: float, best: float) -> bool:
    return cost <= WITHIN * best + SLACK


def helps(before: float, after: float) -> bool:
    return after != FAILS and before >= HELPS * after and before - after >= SAVES


def _pays(union: frozenset[IndexSpec], costs: Mapping[frozenset[IndexSpec], Cost]) -> bool:
    """Several indexes for one shape must save over the best single one what an index must save."""
    single = min((cost.total for indexes, cost in costs.items() if len(indexes) == 1), default=FAILS)
    return len(union) == 1 or single - costs[union].total >= SAVES


class BruteForce:
    """Tries everything on one loaded workload."""

    def __init__(self, lab: Lab, built: Built) -> None:
        self.lab, self.built = lab, built
        self.probes = [Probe.of(shape.name, shape.commands) for shape in built.shapes]
        self.branches = {
            shape.name: [
                Probe.of(f"{shape.name}/{place}", commands)
                for place, commands in enumerate(zip(*map(branches, shape.commands), strict=False))
            ]
            for shape in built.shapes
        }

    def truth(self) -> Truth:
        self._screen()
        shapes = tuple(self._worth_writing([self._judge_near(probe) for probe in self.probes]))
        smallest = smallest_set([shape.options for shape in shapes if shape.helpable])
        for part in self._by_collection(smallest):
            self.lab.create_hidden(part)
        with self.lab.seen(smallest):
            after = {probe.name: cost_of(self.lab.database, probe.commands[:MEASURED]) for probe in self.probes}
        return Truth(shapes, smallest, after)

    def _all_probes(self) -> list[Probe]:
        return [*self.probes, *(branch for found in self.branches.values() for branch in found)]

    def _existing(self, collection: str) -> list[IndexSpec]:
        return [index for index in self.built.indexes if index.collection == collection]

    def _by_collection(self, indexes: Iterable[IndexSpec]) -> list[list[IndexSpec]]:
        """In parts that fit beside the collection's own indexes; none that is there already."""
        there = {(index.collection, index.keys) for index in self.built.indexes}
        parts: dict[str, list[IndexSpec]] = {}
        for index in dict.fromkeys(indexes):
            if (index.collection, index.keys) not in there or index.options:
                parts.setdefault(index.collection, []).append(index)
        return [part[at : at + _AT_ONCE] for part in parts.values() for at in range(0, len(part), _AT_ONCE)]

    def _screen(self) -> None:
        """Every candidate alone, then those of shapes that may share one with their equalities in every order."""
        probes = self._all_probes()
        first = [index for probe in probes for one in probe.touched.values() for index in candidates(one)]
        first += [index for probe in probes for index in self._text(probe)]
        self._try(first, probes)
        best = [(probe, index) for probe in probes for index in probe.ranked()[:_EXTENDED]]
        self._try([other for probe, index in best for other in longer(probe.touched[index.collection], index)], probes)
        self._try_hidden(probes)
        if len(self.probes) > 1:
            near = [(probe, index) for probe in probes for index in probe.near()]
            self._try([other for probe, index in near for other in reordered(index, probe.equal(index))], probes)

    def _text(self, probe: Probe) -> list[IndexSpec]:
        """Any text index makes a search possible; this one holds every string."""
        return [
            IndexSpec(name, tuple((path, "text") for path, value in document.items() if isinstance(value, str)))
            for name, one in probe.touched.items()
            if one.text
            for document in self.built.collections[name][:1]
        ]

    def _try(self, indexes: Iterable[IndexSpec], probes: Sequence[Probe]) -> None:
        known = {
            (probe.name, same_for(index, probe.equal(index))): cost
            for probe in probes
            for index, cost in probe.found.items()
        }
        for part in self._by_collection(indexes):
            with self.lab.unseen(self._existing(part[0].collection)):
                accepted = self.lab.create_hidden(part)
                for index in accepted:
                    self._try_one(index, [probe for probe in probes if probe.may_use(index)], known)
            for index in accepted:
                self.lab.drop(index.collection, index.name)

    def _try_hidden(self, probes: Sequence[Probe]) -> None:
        """An index that is there and hidden may be what is missing."""
        for index in self._hidden():
            with self.lab.unseen(self._existing(index.collection)):
                self._try_one(index, [probe for probe in probes if probe.may_use(index)], {})

    def _hidden(self) -> list[IndexSpec]:
        return [index for index in self.built.indexes if dict(index.options).get("hidden")]

    def _try_one(
        self, index: IndexSpec, probes: Sequence[Probe], known: dict[tuple[str, tuple[object, ...]], float]
    ) -> None:
        with self.lab.seen([index]):
            for probe in probes:
                key = probe.name, same_for(index, probe.equal(index))
                if key not in known:
                    known[key] = probe.screen(self.lab.database, index)
                if known[key] != FAILS:
                    probe.found[index] = known[key]

    def _judge_near(self, probe: Probe) -> ShapeTruth:
        """Those that may be the best, built for this shape and dropped again."""
        near = [index for name in (None, *probe.touched) for index in probe.near(KEPT, name)]
        near += [index for branch in self.branches[probe.name] for index in branch.near(3)]
        near += [mirrored(index) for index in probe.near() if probe.stops]
        created = {index for part in self._by_collection(near) for index in self.lab.create_hidden(part)}
        try:
            return self._judge(probe, created | set(self._hidden()))
        finally:
            for index in created:
                self.lab.drop(index.collection, index.name)

    def _judge(self, probe: Probe, accepted: set[IndexSpec]) -> ShapeTruth:
        commands = probe.commands[:MEASURED]
        today = cost_of(self.lab.database, commands)
        costs: dict[frozenset[IndexSpec], Cost] = {}
        known: dict[tuple[object, ...], Cost] = {}
        for index in [index for index in probe.near() if index in accepted]:
            key = same_for(index, probe.equal(index))
            if key not in known:
                known[key] = self._unlucky(probe, index, accepted)
            costs[frozenset([index])] = known[key]
        for union in self._unions(probe, accepted):
            costs[union] = self._with(union, commands)
        costs = {union: cost for union, cost in costs.items() if _pays(union, costs)}
        best = min([today, *costs.values()], key=lambda cost: cost.total)
        options = tuple(indexes for indexes, cost in costs.items() if within(cost.total, best.total))
        executions = next(shape.executions for shape in self.built.shapes if shape.name == probe.name)
        return ShapeTruth(probe.name, executions, today, best, options, helps(today.total, best.total))

    def _unlucky(self, probe: Probe, index: IndexSpec, accepted: set[IndexSpec]) -> Cost:
        """A search that stops early may meet its documents by luck, where entries tie: the mirrored index has none."""
        alike = [one for one in (index, mirrored(index)) if one in accepted]
        tried = alike if probe.stops else [index]
        return max((self._with([one], probe.commands[:MEASURED]) for one in tried), key=lambda cost: cost.total)

    def _unions(self, probe: Probe, accepted: set[IndexSpec]) -> list[frozenset[IndexSpec]]:
        """An index for each branch of an `$or`, or for each collection of a join."""
        near = [branch.near(3) for branch in self.branches[probe.name]]
        if len(probe.touched) > 1:
            near = [probe.near(3, name) for name in probe.touched]
        known = [[index for index in part if index in accepted] for part in near]
        unions = [frozenset(chosen) for chosen in product(*known)][:_UNIONS] if known and all(known) else []
        return [union for union in unions if len(union) > 1 and not any(mirrored(index) in union for index in union)]

    def _with(self, indexes: Iterable[IndexSpec], commands: Sequence[Command]) -> Cost:
        """Beside the existing ones, but for those that it makes unnecessary."""
        chosen = list(indexes)
        with self.lab.unseen(self._superseded(chosen)), self.lab.seen(chosen):
            return cost_of(self.lab.database, commands)

    def _superseded(self, chosen: Sequence[IndexSpec]) -> list[IndexSpec]:
        return [
            old
            for old in self.built.indexes
            if not old.options
            and any(old.collection == new.collection and new.keys[: len(old.keys)] == old.keys for new in chosen)
        ]

    def _worth_writing(self, shapes: Sequence[ShapeTruth]) -> Iterable[ShapeTruth]:
        """A shape that saves less than the writes of its index cost is not to be helped."""
        for shape in shapes:
            saved = (shape.today.total - shape.best.total) * shape.executions
            indexes = shape.options[0] if shape.options else ()
            written = WRITE_COST * sum(self.built.inserted.get(index.collection, 0) for index in indexes)
            worth = shape.helpable and saved > written
            yield ShapeTruth(shape.name, shape.executions, shape.today, shape.best, shape.options, worth)
