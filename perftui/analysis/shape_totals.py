"""Everything that all executions of one shape add up to, in bounded memory."""

from collections.abc import Mapping

from perftui.advice.findings.evidence import Evidence
from perftui.advice.load import Command, ShapeLoad
from perftui.advice.shapes.shape import Shape
from perftui.analysis.reservoir import Reservoir
from perftui.model.analysis import Latency
from perftui.model.histogram import bucket_of, quantiles_us
from perftui.model.index import Index
from perftui.model.plan import Plan
from perftui.sources.mongodb.execution import Execution

_NAMES = 8
_BUCKETS = tuple(bucket_of(milliseconds * 1000) for milliseconds in range(2048))


class ShapeTotals:
    """Sums over the executions of one shape; a getMore's work is added, but it is no execution."""

    __slots__ = (
        "applications",
        "buckets",
        "conflicts",
        "documents",
        "entries",
        "error",
        "error_code",
        "errors",
        "executions",
        "first_at",
        "gone",
        "keys",
        "last_at",
        "lock_wait_ms",
        "longest_ms",
        "most_scanned",
        "plan_entry",
        "plans",
        "queue_wait_ms",
        "replanned",
        "reservoir",
        "returned",
        "shape",
        "slowest_ms",
        "sorts",
        "spills",
        "total_ms",
        "yields",
    )

    def __init__(self, shape: Shape) -> None:
        self.shape = shape
        self.entries = self.executions = self.sorts = self.spills = self.replanned = self.errors = 0
        self.total_ms = self.longest_ms = self.first_at = self.last_at = 0.0
        self.most_scanned = 0
        """Documents that one scan of the whole collection examined, at most."""
        self.documents: int | None = None
        self.keys: int | None = None
        self.returned: int | None = None
        self.conflicts: int | None = None
        self.yields: int | None = None
        self.lock_wait_ms: float | None = None
        self.queue_wait_ms: float | None = None
        self.buckets: dict[int, int] = {}
        self.plans: dict[str, int] = {}
        self.applications: dict[str, int] = {}
        self.error: str | None = None
        self.error_code: int | None = None
        self.plan_entry: bytes | None = None
        """The slowest profiled entry that tells how it was executed, as BSON."""
        self.slowest_ms = -1.0
        self.reservoir = Reservoir(shape.id)
        self.gone = False
        """Its place was given to a costlier shape."""

    def add(self, one: Execution) -> bool:
        """Count one entry; True when its command is to be kept."""
        milliseconds = one.milliseconds
        seen = self.entries
        self.entries = seen + 1
        self.total_ms += milliseconds
        if one.at:
            if one.at > self.last_at:
                self.last_at = one.at
            if one.at < self.first_at or not self.first_at:
                self.first_at = one.at
        if one.documents is not None:
            self.documents = (self.documents or 0) + one.documents
            if one.documents > self.most_scanned and one.plan_summary == "COLLSCAN":
                self.most_scanned = one.documents
        if one.keys is not None:
            self.keys = (self.keys or 0) + one.keys
        if one.returned is not None:
            self.returned = (self.returned or 0) + one.returned
        if one.executions:
            self._add_execution(one, milliseconds)
        _note(self.plans, one.plan_summary)
        _note(self.applications, one.app_name)
        if one.yields:
            self.yields = (self.yields or 0) + one.yields
        if (
            one.error is not None
            or one.used_disk
            or one.replanned
            or one.write_conflicts
            or one.lock_wait_ms is not None
            or one.queue_wait_ms is not None
        ):
            self._add_rarities(one)
        return seen == self.reservoir.next

    def _add_execution(self, one: Execution, milliseconds: float) -> None:
        self.executions += 1
        self.sorts += one.sorted_without_index
        if milliseconds > self.longest_ms:
            self.longest_ms = milliseconds
        whole = int(milliseconds)
        bucket = _BUCKETS[whole] if whole == milliseconds and whole < 2048 else bucket_of(milliseconds * 1000)
        self.buckets[bucket] = self.buckets.get(bucket, 0) + 1

    def _add_rarities(self, one: Execution) -> None:
        self.spills += one.used_disk
        self.replanned += one.replanned
        if one.write_conflicts:
            self.conflicts = (self.conflicts or 0) + one.write_conflicts
        if one.lock_wait_ms is not None:
            self.lock_wait_ms = (self.lock_wait_ms or 0.0) + one.lock_wait_ms
        if one.queue_wait_ms is not None:
            self.queue_wait_ms = (self.queue_wait_ms or 0.0) + one.queue_wait_ms
        if one.error is not None:
            self.errors += 1
            self.error, self.error_code = one.error, one.error_code

    @property
    def cost(self) -> tuple[float, float, int]:
        """What it costs the server in all: time, then what was read, then how often."""
        return self.total_ms, (self.keys or 0) + 2.0 * (self.documents or 0), self.entries

    def absorb(self, other: "ShapeTotals") -> None:
        """Add the figures, not the commands, of a shape that is told apart no longer."""
        self.entries += other.entries
        self.executions += other.executions
        self.total_ms += other.total_ms
        self.longest_ms = max(self.longest_ms, other.longest_ms)
        self.last_at = max(self.last_at, other.last_at)
        self.first_at = min(filter(None, (self.first_at, other.first_at)), default=0.0)
        self.documents = _plus(self.documents, other.documents)
        self.keys = _plus(self.keys, other.keys)
        self.returned = _plus(self.returned, other.returned)
        for bucket, number in other.buckets.items():
            self.buckets[bucket] = self.buckets.get(bucket, 0) + number

    def latency(self) -> Latency:
        """Of whole executions, but the total with the getMores."""
        if not self.executions:
            return Latency(total=self.total_ms)
        quantiles = quantiles_us(sorted(self.buckets.items()), (0.5, 0.95, 0.99))
        p50, p95, p99 = (min(us / 1000, self.longest_ms) for us in quantiles)
        average = self.total_ms / self.executions
        return Latency(avg=average, p50=p50, p95=p95, p99=p99, max=self.longest_ms, total=self.total_ms)

    def load(self, commands: tuple[Command, ...]) -> ShapeLoad:
        """What the advice engine needs of it."""
        return ShapeLoad(
            id=self.shape.id,
            ns=self.shape.ns,
            op=self.shape.op,
            shape=self.shape.text,
            executions=self.counted,
            commands=commands,
            documents_examined=self.mean(self.documents),
            keys_examined=self.mean(self.keys),
            returned=self.mean(self.returned),
            plan_summary=self.plan_summary,
            blocking_sort_share=self.sorts / self.counted,
            error=self.error,
            error_code=self.error_code,
        )

    def evidence(
        self, command: Command | None, plan: Plan | None, foreign_indexes: Mapping[str, tuple[Index, ...]]
    ) -> Evidence:
        """What a score is made of."""
        latency = self.latency()
        return Evidence(
            ns=self.shape.ns,
            op=self.shape.op,
            command=command,
            plan=plan,
            executions=self.counted,
            average_ms=latency.avg,
            p95_ms=latency.p95,
            documents_examined=self.mean(self.documents),
            keys_examined=self.mean(self.keys),
            returned=self.mean(self.returned),
            plan_summaries=tuple(self.plans),
            blocking_sort_share=self.sorts / self.counted,
            used_disk_share=self.spills / self.counted,
            replanned_share=self.replanned / self.counted,
            write_conflicts=self.mean(self.conflicts),
            yields=self.mean(self.yields),
            lock_wait_ms=self.mean(self.lock_wait_ms),
            queue_wait_ms=self.mean(self.queue_wait_ms),
            errors=self.errors,
            error=self.error,
            error_code=self.error_code,
            foreign_indexes=foreign_indexes,
        )

    @property
    def counted(self) -> int:
        """Executions; one at least, where only getMores of it were seen."""
        return self.executions or 1

    @property
    def plan_summary(self) -> str | None:
        """The one seen most often."""
        return max(self.plans, key=lambda name: self.plans[name], default=None)

    def mean(self, total: float | None) -> float | None:
        """Of one execution."""
        return None if total is None else total / self.counted


def _note(names: dict[str, int], name: str | None) -> None:
    if name in names:
        names[name] += 1
    elif name is not None and len(names) < _NAMES:
        names[name] = 1


def _plus(one: int | None, other: int | None) -> int | None:
    return one if other is None else other if one is None else one + other
