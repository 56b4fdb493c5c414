"""Which collections slow queries ran on, in bounded memory."""

from collections import Counter
from collections.abc import Iterable

from perftui.model.query import SlowQuery

_MOST = 500


class BusyNamespaces:
    """Counts executions by collection; older ones weigh less each time the memory is full."""

    def __init__(self) -> None:
        self._executions: Counter[str] = Counter()

    def add(self, entries: Iterable[SlowQuery]) -> None:
        for entry in entries:
            self._executions[entry.ns] += entry.executions
        if len(self._executions) > _MOST:
            kept = self._executions.most_common(_MOST // 2)
            self._executions = Counter({ns: executions // 2 + 1 for ns, executions in kept})

    def ranked(self) -> list[str]:
        """The busiest first."""
        return [ns for ns, _ in self._executions.most_common()]
