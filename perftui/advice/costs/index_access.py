"""The cost of answering a question through one index."""

from collections import Counter

from perftui.advice.costs.access import Access
from perftui.advice.costs.columns import bits_of
from perftui.advice.costs.index_bounds import Use, apply
from perftui.advice.costs.instance import Instance
from perftui.advice.costs.key_order import Level, level_of, order_of
from perftui.advice.costs.scan import runs, skipped
from perftui.advice.costs.scan_misses import ScanMisses, contiguous
from perftui.advice.costs.scan_tally import Tally, tally
from perftui.advice.costs.sort_service import OrderGiven, order_given
from perftui.advice.costs.spec import Spec

_EVEN_PRIOR = 3.0
"""So many sampled matches must be walked through before their own places say as much as an even spread."""
_VOID_GAPS = 4.0
"""So many times the usual distance without a match is no chance: the matches begin behind it."""
_LOCAL = 8.0
"""So many sampled matches tell how densely they lie where a scan begins."""
TRIAL_RESULTS = 101
"""The planner's trial ends with so many results."""


def index_access(instance: Instance, spec: Spec) -> Access | None:
    """`None` where the planner would not use this index."""
    use = apply(instance, spec)
    return None if use is None else access_of(instance, use)


def access_of(instance: Instance, use: Use) -> Access | None:
    """Of an index that applies; `None` where it gives neither bounds nor order."""
    given = order_given(instance, use) if instance.question.sort else None
    if given is None and not use.fields[0].bounded:
        return None
    return _Simulation(instance, use, given).access()


def skipping(instance: Instance, use: Use, place: int) -> tuple[float, float]:
    """Values that a scan finds which skips to the next value of this field, and the keys that it examines."""
    return _Simulation(instance, use, None).skipping(place)


class _Simulation(ScanMisses):
    """One scan, in counts of the sample scaled to the whole collection."""

    def __init__(self, instance: Instance, use: Use, given: OrderGiven | None) -> None:
        super().__init__(instance, use, given)
        self.within = self.data.everything
        for each in use.bound_sets:
            self.within &= each.documents
        self.passing = self.data.everything
        for each in use.key_sets:
            self.passing &= each.documents
        self.keys_each = 1.0
        if use.multikey:
            self._walk_arrays()
        self.valid = self.data.estimate(use.bound_sets, self.within) * self.keys_each
        checked = self.data.estimate([*use.bound_sets, *use.key_sets], self.within & self.passing)
        self.fetched = self._limited(checked, self.valid)
        self.matches = self._limited(instance.returned, self.fetched)

    def _limited(self, value: float, most: float) -> float:
        return value if self.use.multikey and value <= self.data.total else min(value, most)

    def access(self) -> Access:
        stop = self.question.stop
        walked = self.walk(None if self.blocking else stop)
        covered = self._covered()
        access = Access((self.use.spec,), covered=covered, returned=walked.returned)
        access.keys = walked.keys + walked.misses + self._counting_extra()
        access.documents = 0.0 if covered else walked.fetched
        if self.blocking:
            self._sort(access, stop)
        access.works = self._works(access)
        return access

    def _sort(self, access: Access, stop: int | None) -> None:
        access.sorted, access.top = self.matches, stop
        if stop is not None:
            access.returned = min(self.matches, stop)
            if not access.covered and not self.use.residual and self._sorts_keys():
                access.documents = min(access.documents, stop)

    def _sorts_keys(self) -> bool:
        """Where the index holds the sort's fields the server sorts keys and fetches only what it returns."""
        held = {field.path for field in self.fields if not field.column.multikey}
        return all(path in held for path, _ in self.question.sort)

    def _covered(self) -> bool:
        needs = self.question.needs
        if needs is None or self.use.residual or self.question.kind == "write":
            return False
        if needs and self.use.spec.collation is not None:
            return False
        held = {field.path for field in self.fields if not field.column.multikey}
        sorts = {path for path, _ in self.question.sort} if self.blocking else set()
        return needs | sorts <= held

    def _counting_extra(self) -> float:
        """A count reads one key more than it counts."""
        return 1.0 if self.question.kind == "count" and self.question.stop is None else 0.0

    def walk(self, stop: float | None) -> Tally:
        """Scaled to the whole collection."""
        if stop is not None and stop > self.matches:
            stop = None
        levels = [level_of(field) for field in self.fields[self.split :]]
        if stop is None:
            misses = max(self.misses(levels), self.least_misses(levels))
            return Tally(self.valid, misses, self.fetched, self.matches)
        if not self.use.residual and not self.use.key_sets and contiguous(levels) and not self.use.multikey:
            return Tally(stop + self.streams - 1, 0, stop, stop)
        return self._partial(levels, stop)

    def _partial(self, levels: list[Level], stop: float) -> Tally:
        """Until enough are found; the fewer of them the sample holds, the more they are taken to lie evenly."""
        wanted = self.instance.matched & self.within
        seen = wanted.bit_count()
        share = stop / max(self.matches, 1e-9)
        if seen == 0 or not self.instance.judged:
            part = min(1.0, share * (self.matches + 1) / (self.matches + 2))
            misses = self.misses(levels) * part
            return Tally(self.valid * part + self.streams - 1, misses, self.fetched * part, stop)
        walked = share * seen if self.data.whole else max(share * seen, min(float(seen), _LOCAL))
        found = tally(self.order(), levels, self.passing, wanted, walked, self.data.size)
        keys = max(1, self.within.bit_count()) * self.keys_each
        fetched = max(1, (self.within & self.passing).bit_count())
        trust = 1.0 if self.data.whole else walked / (walked + _EVEN_PRIOR)
        even, part = min(1.0, share), share * seen / walked
        if not self.data.whole and walked > 1:
            lead = tally(self.order(), levels, self.passing, wanted, 1.0, self.data.size).keys
            gap = (found.keys - lead) / (walked - 1)
            if lead > _VOID_GAPS * gap:
                trust, part = 1.0, min(1.0, (lead - gap + share * seen * gap) / max(1.0, found.keys))
        return Tally(
            max(stop, self.valid * (trust * part * found.keys / keys + (1 - trust) * even)) + self.streams - 1,
            found.misses if self.data.whole else self.expected_misses(levels, found.misses) * even,
            max(stop, self.fetched * (trust * part * found.fetched / fetched + (1 - trust) * even)),
            stop,
        )

    def skipping(self, place: int) -> tuple[float, float]:
        """Different values up to this field that are found by skipping from one to the next, and keys examined."""
        levels = [level_of(field) for field in self.fields]
        order = order_of(self.data, self.within if self.use.multikey else self.prefix_set(), self.fields)
        if self.data.whole:
            return skipped(order, levels, place)
        self.split = 0
        runs_ = [order.keys[run.first : run.end] for run in runs(order, levels)]
        seen = [key // order.weights[place] for keys in runs_ for key in keys]
        number = min(self.valid, _all_values(seen, self.data.factor) if seen else self.valid)
        outside = sum(self.outside(levels, at) for at in range(place))
        if any(not level.full for level in levels[place + 1 :]):
            outside += max(0.0, self.combinations(levels, place) - number)
        return number, number + outside + 1

    def _walk_arrays(self) -> None:
        """Only the keys tell which elements lie within the bounds, and how many keys a document has there."""
        order = self.order()
        levels = [level_of(field) for field in self.fields[self.split :]]
        found = [(run.first, run.end) for run in runs(order, levels)]
        keys = sum(end - first for first, end in found)
        self.within &= bits_of((at for first, end in found for at in order.documents[first:end]), self.data.size)
        self.keys_each = keys / max(1, self.within.bit_count()) if keys else 1.0

    def _works(self, access: Access) -> float:
        target = TRIAL_RESULTS if self.question.stop is None else min(TRIAL_RESULTS, self.question.stop)
        if self.blocking:
            return access.keys + 1 + min(target, access.returned)
        walked = self.walk(target)
        return walked.keys + walked.misses


def _all_values(seen: list[int], factor: float) -> float:
    """Different values in the whole collection, by those that a sample has and how many it has once."""
    counts = Counter(seen)
    share = 1 / factor
    once = sum(1 for count in counts.values() if count == 1)
    return len(counts) / max(share, 1 - (1 - share) * once / len(seen))
