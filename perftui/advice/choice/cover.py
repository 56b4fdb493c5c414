"""The smallest set of indexes that serves all questions, by search."""

from collections.abc import Iterator, Sequence

from perftui.advice.choice.choose import Chosen, Wanted
from perftui.advice.costs.existing import extends
from perftui.advice.costs.spec import Spec

_MOST_NODES = 2_000
"""Of the search in one group of questions that share candidates; with more the best found so far stands."""

_ALIKE = 3
"""Candidates that serve the same questions and are all tried, since they differ in width and cost."""

Size = tuple[float, ...]


class Cover:
    """Exact while the search is small. Questions that share no candidate are searched apart from each other."""

    def __init__(
        self, wanted: Sequence[Wanted], specs: Sequence[Spec], existing: Sequence[Spec], tolerance: float
    ) -> None:
        self.specs = list(specs)
        self.costs: list[dict[int, float]] = [_costs(one, self.specs, tolerance) for one in wanted]
        """By question: candidate -> what it costs all executions with it."""
        self.covers: list[frozenset[int]] = [
            frozenset(at for at, costs in enumerate(self.costs) if place in costs) for place in range(len(self.specs))
        ]
        self.own: list[Size] = [
            (-float(any(extends(spec.keys, old.keys) for old in existing)), float(len(spec.keys)), float(place))
            for place, spec in enumerate(self.specs)
        ]
        """What speaks for each candidate among others that serve as many."""

    def smallest(self) -> Chosen:
        found: list[int] = []
        for group in self._groups():
            found.extend(_Search(self, group).best or ())
        return tuple(self.specs[place] for place in self._apart(found))

    def instead_of(self, spec: Spec) -> list[Spec]:
        """Others that serve at least the same questions, the narrowest first."""
        if spec not in self.specs:
            return []
        place = self.specs.index(spec)
        served = self.covers[place]
        return [
            self.specs[other] for other in range(len(self.specs)) if other != place and self.covers[other] >= served
        ]

    def _apart(self, found: list[int]) -> list[int]:
        """None a prefix of another: the longer one is taken in another order of its fields, or the shorter one goes."""
        for shorter in list(found):
            for longer in list(found):
                if shorter in found and longer in found and self._is_prefix(shorter, longer):
                    other = self._instead_of(longer, found)
                    if other is not None:
                        found[found.index(longer)] = other
                    else:
                        found.remove(shorter)
        return found

    def _is_prefix(self, shorter: int, longer: int) -> bool:
        one, other = self.specs[shorter], self.specs[longer]
        same = (one.sparse, one.partial_token, one.collation) == (other.sparse, other.partial_token, other.collation)
        return shorter != longer and same and extends(other.keys, one.keys)

    def _instead_of(self, place: int, found: list[int]) -> int | None:
        """A candidate that serves as much and has no prefix among the others, nor is one."""
        rest = [one for one in found if one != place]
        for other in range(len(self.specs)):
            if other not in found and self.covers[other] >= self.covers[place]:
                clash = any(self._is_prefix(one, other) or self._is_prefix(other, one) for one in rest)
                if not clash:
                    return other
        return None

    def _groups(self) -> Iterator[list[int]]:
        """Questions that are joined by candidates, those with the fewest candidates first."""
        left = {at for at, costs in enumerate(self.costs) if costs}
        while left:
            group, fresh = set[int](), {min(left)}
            while fresh:
                group |= fresh
                fresh = {one for at in fresh for place in self.costs[at] for one in self.covers[place]} - group
            left -= group
            yield sorted(group, key=lambda at: (len(self.costs[at]), at))


def _costs(one: Wanted, specs: Sequence[Spec], tolerance: float) -> dict[int, float]:
    found: dict[int, float] = {}
    for place, spec in enumerate(specs):
        cost = one.cost_of(spec, tolerance)
        if cost is not None:
            found[place] = cost * one.demand.executions
    return found


class _Search:
    """Branches on the question with the fewest candidates left."""

    def __init__(self, cover: Cover, group: list[int]) -> None:
        self.cover = cover
        self.group = group
        self.nodes = 0
        self.best: tuple[int, ...] | None = None
        self._best_size: Size = ()
        self._go(group, ())

    def _size(self, chosen: tuple[int, ...]) -> Size:
        """Fewest first; then those that replace existing ones, the narrowest, the cheapest."""
        replaced = sum(self.cover.own[place][0] for place in chosen)
        fields = sum(self.cover.own[place][1] for place in chosen)
        return (len(chosen), replaced, fields, round(self._cost(chosen), 3), *sorted(map(float, chosen)))

    def _cost(self, chosen: tuple[int, ...]) -> float:
        costs = self.cover.costs
        return sum(min((costs[at][place] for place in chosen if place in costs[at]), default=0.0) for at in self.group)

    def _go(self, left: list[int], chosen: tuple[int, ...]) -> None:
        self.nodes += 1
        if self.best is not None and (len(chosen) + bool(left) > len(self.best) or self.nodes > _MOST_NODES):
            return
        if not left:
            size = self._size(chosen)
            if self.best is None or size < self._best_size:
                self.best, self._best_size = chosen, size
            return
        for place in self._promising(left):
            covered = self.cover.covers[place]
            self._go([at for at in left if at not in covered], (*chosen, place))

    def _promising(self, left: list[int]) -> Iterator[int]:
        """Those that serve the hardest question, the most useful first; few that serve no more than another."""
        open_ = frozenset(left)
        covers, own, costs = self.cover.covers, self.cover.own, self.cover.costs[left[0]]
        options = sorted(costs, key=lambda place: (-len(covers[place] & open_), own[place][:2], costs[place], place))
        taken: list[frozenset[int]] = []
        for place in options:
            useful = covers[place] & open_
            if sum(useful <= other for other in taken) < _ALIKE:
                taken.append(useful)
                yield place
