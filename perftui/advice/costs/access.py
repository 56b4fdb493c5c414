"""What one way of answering a question costs: keys, documents, and a sort in memory."""

import math
from dataclasses import dataclass

from perftui.advice.costs.spec import Spec

SORT_MEMORY_BYTES = 100 * 1024 * 1024


@dataclass(slots=True)
class Access:
    """The means of one execution over the whole collection."""

    specs: tuple[Spec, ...] = ()
    """The indexes used; none for a scan of the collection."""
    keys: float = 0.0
    documents: float = 0.0
    returned: float = 0.0
    sorted: float = 0.0
    """Documents that a blocking sort takes in."""
    top: float | None = None
    """The sort keeps only so many."""
    covered: bool = False
    works: float = 0.0
    """Until the planner's trial of it ends: 101 results or all."""

    fails: bool = False
    """The server refuses: a search for text or for the nearest needs its index."""

    @property
    def blocking(self) -> bool:
        return self.sorted > 0

    @property
    def cost(self) -> float:
        """Keys + 2 documents + n log2 n of a blocking sort, n log2 k where only k are kept."""
        if self.fails:
            return math.inf
        return self.keys + 2 * self.documents + sort_cost(self.sorted, self.top)


def sort_cost(number: float, top: float | None) -> float:
    """Comparisons of a sort in memory."""
    if number <= 1:
        return 0.0
    kept = number if top is None else min(number, top)
    return number * math.log2(max(2.0, kept))


def times(access: Access, number: float) -> Access:
    """The same done several times."""
    return Access(
        access.specs, access.keys * number, access.documents * number, access.returned * number,
        access.sorted, access.top, access.covered, access.works, access.fails,
    )  # fmt: skip


_OF_A_FAILURE = 1_000_000.0


def saving(before: Access, after: Access) -> float:
    """What is saved of one execution; that it runs at all is worth more than any saving."""
    if before.fails:
        return 0.0 if after.fails else _OF_A_FAILURE
    return before.cost - after.cost
