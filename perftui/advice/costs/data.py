"""The sampled documents of one collection as columns, and what their counts say of the whole collection."""

from collections.abc import Iterable, Sequence
from functools import cached_property
from typing import Any, NamedTuple

from perftui.advice.costs.columns import Bits, Column
from perftui.advice.filters.bson_order import Fold
from perftui.advice.filters.paths import ParallelArraysError, index_keys

_SEEN = 4
_PRIOR = 1.0
"""How many sampled matches the guess from single predicates is worth."""


class Known(NamedTuple):
    """Sampled documents, and the share of the whole collection that they stand for."""

    documents: Bits
    share: float


def _implies(one: Known, other: Known) -> bool:
    """Whether all documents of one are seen to be in the other, such as those of a partial index's own condition."""
    return one.documents & ~other.documents == 0 and one.documents.bit_count() >= _SEEN


class Data:
    """Columns are made at first use and kept."""

    def __init__(self, documents: Sequence[Any], total: float | None, *, whole: bool) -> None:
        self.documents = documents
        self.size = len(documents)
        self.total = float(max(total or 0, self.size)) if not whole else float(self.size)
        self.whole = whole or self.total <= self.size
        self.everything: Bits = (1 << self.size) - 1
        self._columns: dict[tuple[str, object], Column] = {}
        self.entries: dict[object, Any] = {}
        """What the simulation keeps of orders of index keys."""
        self.kept = 0
        """The number of keys in them."""
        self.sets: dict[object, Bits] = {}
        """Which documents match a filter, by its token."""
        self.searched: tuple[str, ...] = ()
        """Fields in which the workload looks for words by patterns: what a text index would be over."""

    @property
    def factor(self) -> float:
        return self.total / self.size if self.size else 1.0

    @cached_property
    def insertion(self) -> list[int]:
        """The place of each sampled document in the order of insertion, taken to be that of `_id`."""
        ranks = self.column("_id").many
        places = [0] * self.size
        for place, at in enumerate(sorted(range(self.size), key=lambda at: ranks[at])):
            places[at] = place
        return places

    def column(self, path: str, fold: Fold | None = None) -> Column:
        column = self._columns.get((path, fold))
        if column is None:
            column = self._columns[path, fold] = Column(self.documents, path, fold)
        return column

    def known(self, documents: Bits, share: float | None = None) -> Known:
        """A set of sampled documents, with the share of the whole collection that it stands for."""
        if share is None or self.whole:
            count = documents.bit_count()
            share = count / max(1, self.size) if self.whole else (count + 0.5) / (self.size + 0.5)
        return Known(documents, min(1.0, share))

    def estimate(self, sets: Iterable[Known], seen_in: Bits | None = None) -> float:
        """Documents of the whole collection in all of these sets; `seen_in` holds those that were found in all.

        A few sampled documents say little, none says nothing: then the product of the shares counts.
        """
        common, expected = self.everything if seen_in is None else seen_in, self.total
        narrower: list[Known] = []
        for each in sorted(sets, key=lambda one: one.share):
            common &= each.documents
            if not any(_implies(one, each) for one in narrower):
                expected *= each.share
                narrower.append(each)
        seen = common.bit_count()
        if self.whole:
            return float(seen)
        return min(self.total, (seen + _PRIOR) / (1 / self.factor + _PRIOR / max(expected, 1e-6)))

    def parallel_arrays(self, paths: Sequence[str]) -> bool:
        """Whether one of the documents has two arrays among these paths, so that no index can hold them."""
        prefixes = {column.prefix for path in paths if (column := self.column(path)).prefix is not None}
        if len(prefixes) < 2:
            return False
        for document in self.documents:
            try:
                index_keys(document, paths)
            except ParallelArraysError:
                return True
        return False
