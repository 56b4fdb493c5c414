"""Where commands are counted: the only module of queries that writes into the store."""

from collections import deque
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NamedTuple

from perftui.advice.shapes.memo import ShapeMemo
from perftui.advice.shapes.shape import Shape
from perftui.instrument.queries.kinds import (
    COUNTERS,
    OTHER,
    QUERY,
    QUERY_CALLER,
    QUERY_ERROR,
    SLOW_QUERIES,
    UNMATCHED,
    WRITES,
)
from perftui.instrument.store.bounds import Bound
from perftui.instrument.store.table import BlockTable

if TYPE_CHECKING:
    from perftui.instrument.registry import Registry

SLOW_SAMPLES = 50
_MOST_CALLERS = 2_000
_MOST_CODES = 1_000
_LONGEST_TEXT = 1_000
_LONGEST_NAME = 300
_OTHER_LABELS = (OTHER, OTHER, OTHER, "all shapes beyond the bound")


class SlowQuery(NamedTuple):
    """One slow command, without its values."""

    at: float
    id: str
    collection: str
    op: str
    seconds: float
    endpoint: tuple[str, str] | None
    returned: int | None


class ShapeCounts:
    """How commands of one shape are counted: each attribute `add_...` takes a number."""

    __slots__ = (
        "callers",
        "collection",
        "id",
        "op",
        "record",
        "shape",
        "writes",
        *(f"add_{name}" for name in COUNTERS),
    )

    def __init__(self, registry: "Registry", shape: Shape, labels: tuple[str, str, str, str]) -> None:
        block = registry.make_block(QUERY, labels)
        self.shape = shape
        self.id, self.collection, self.op = labels[:3]
        self.writes = self.op in WRITES
        self.record = block.record
        self.callers: dict[tuple[str, str | None], Callable[[float], None]] = {}
        """How commands that a request sent are counted, by its method and route, as far as they are remembered."""
        for at, name in enumerate(COUNTERS):
            setattr(self, f"add_{name}", block.adder(at))

    if TYPE_CHECKING:

        def __getattr__(self, name: str) -> Any: ...


class QueryCounts:
    """The tables of one registry, for all its monitors. Bounded; what is beyond the bound stands as `(other)`."""

    def __init__(self, registry: "Registry", most: int = 500, slow_s: float = 0.1) -> None:
        self._registry, self._most = registry, most
        self.slow_s = slow_s
        self.memo = ShapeMemo(self.of)
        self._shapes: dict[str, ShapeCounts] = {}
        registry.bounds[QUERY.name] = Bound(most, lambda _labels: _OTHER_LABELS)
        self._errors = BlockTable(registry, QUERY_ERROR, _MOST_CODES)
        self._callers = BlockTable(registry, QUERY_CALLER, _MOST_CALLERS)
        self._remembered = 0
        self.slow_samples: deque[SlowQuery] = deque(maxlen=SLOW_SAMPLES)
        registry.publish(SLOW_QUERIES, self._published)
        registry.forget_after_fork(self)

    def __len__(self) -> int:
        """How many shapes are told apart."""
        return len(self._shapes)

    def of(self, shape: Shape) -> ShapeCounts:
        """The counts of a shape; beyond the bound all share one."""
        found = self._shapes.get(shape.id)
        if found is None:
            if len(self._shapes) < self._most:
                labels = (shape.id, _label(shape.ns, _LONGEST_NAME), shape.op, _label(shape.text, _LONGEST_TEXT))
                found = self._shapes.setdefault(shape.id, ShapeCounts(self._registry, shape, labels))
            else:
                found = self._shapes.get(OTHER) or self._shapes.setdefault(
                    OTHER, ShapeCounts(self._registry, Shape(OTHER, "", OTHER, OTHER), _OTHER_LABELS)
                )
        return found

    def failed(self, counts: ShapeCounts, code: str, number: int = 1) -> None:
        """Count failures by the server's code."""
        counts.add_errors(number)
        self._errors.get(counts.id, code).add(0, number)

    def caller(self, counts: ShapeCounts, method: str, route: str | None) -> Callable[[float], None]:
        """How a command that a request sent is counted; the first of them are remembered with their shape."""
        add = self._callers.get(counts.id, method, route or UNMATCHED).adder(0)
        if self._remembered < _MOST_CALLERS:
            self._remembered += 1
            counts.callers[method, route] = add
        return add

    def fault(self, where: str) -> None:
        """Something failed in here: it is counted, and the application goes on."""
        self._registry.faults[where] += 1

    def clear(self) -> None:
        """Forget the slow samples."""
        self.slow_samples.clear()

    def forget(self) -> None:
        """After a fork: all of these are the parent's."""
        self.memo.clear()
        self._shapes, self._remembered = {}, 0
        self.slow_samples.clear()

    def _published(self) -> list[tuple[Any, ...]]:
        return [tuple(sample) for sample in list(self.slow_samples)]


def _label(text: str, limit: int) -> str:
    text = text if len(text) <= limit else text[: limit - 1] + "…"
    return text.encode("utf-8", "replace").decode()
