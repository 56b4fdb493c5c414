"""What one shape did in one stretch of time, and in all that are kept."""

from collections.abc import Iterable

from msgspec.structs import replace

from perftui.model.histogram import bucket_of
from perftui.model.query import SlowQuery
from perftui.monitor.digest_endpoints import EndpointUses, named_endpoint

SLOT_S = 15
SLOTS_A_MINUTE = 4
_NAMES = 8
HEAVY = 1000
"""Documents or keys: an execution that examines so many, or a getmore, is heavy."""


class Cell:
    """Sums over the executions of one shape in one slot."""

    __slots__ = (
        "count",
        "documents",
        "endpoints",
        "errors",
        "has_rarities",
        "heavy",
        "histogram",
        "keys",
        "last_at",
        "lock_wait_ms",
        "longest_ms",
        "queue_wait_ms",
        "replans",
        "returned",
        "scans",
        "sorts",
        "spills",
        "total_ms",
        "write_conflicts",
    )

    def __init__(self) -> None:
        self.count = 0
        self.total_ms = self.longest_ms = self.last_at = 0.0
        self.documents: int | None = None
        self.keys: int | None = None
        self.returned: int | None = None
        self.sorts = self.errors = self.heavy = self.scans = self.spills = self.replans = self.write_conflicts = 0
        self.lock_wait_ms = self.queue_wait_ms = 0.0
        self.has_rarities = False
        self.histogram: dict[int, int] = {}
        self.endpoints: EndpointUses | None = None
        """Made with the first comment that names one."""

    def add(self, entry: SlowQuery) -> None:
        """Count one entry; a getmore's work counts, but not as an execution."""
        self.total_ms += entry.duration_ms
        self.last_at = max(self.last_at, entry.at)
        self.documents = plus(self.documents, entry.examined_documents)
        self.keys = plus(self.keys, entry.examined_keys)
        self.returned = plus(self.returned, entry.returned)
        self.sorts += entry.sort_in_memory
        self.errors += entry.error is not None
        self.heavy += _is_heavy(entry)
        self.scans += entry.plan_summary is not None and entry.plan_summary.startswith("COLLSCAN")
        if entry.used_disk or entry.replanned or entry.write_conflicts or entry.lock_wait_ms or entry.queue_wait_ms:
            self._add_rarities(entry.used_disk, entry.replanned, entry.write_conflicts, entry)
        if entry.comment is not None and (endpoint := named_endpoint(entry.comment)) is not None:
            self.endpoints = self.endpoints or EndpointUses()
            self.endpoints.add(endpoint, entry.executions, entry.duration_ms)
        if entry.executions:
            self.count += entry.executions
            self.longest_ms = max(self.longest_ms, entry.duration_ms)
            bucket = bucket_of(entry.duration_ms * 1000)
            self.histogram[bucket] = self.histogram.get(bucket, 0) + entry.executions

    def merge(self, other: "Cell") -> None:
        """Add another cell."""
        self.count += other.count
        self.total_ms += other.total_ms
        self.longest_ms = max(self.longest_ms, other.longest_ms)
        self.last_at = max(self.last_at, other.last_at)
        self.documents = plus(self.documents, other.documents)
        self.keys = plus(self.keys, other.keys)
        self.returned = plus(self.returned, other.returned)
        self.sorts += other.sorts
        self.errors += other.errors
        self.heavy += other.heavy
        self.scans += other.scans
        if other.has_rarities:
            self._add_rarities(other.spills, other.replans, other.write_conflicts, other)
        if other.endpoints is not None:
            self.endpoints = self.endpoints or EndpointUses()
            self.endpoints.merge(other.endpoints)
        for bucket, number in other.histogram.items():
            self.histogram[bucket] = self.histogram.get(bucket, 0) + number

    def _add_rarities(self, spills: int, replans: int, conflicts: int, waits: "SlowQuery | Cell") -> None:
        """Most executions have none of these: they must not cost them anything."""
        self.has_rarities = True
        self.spills += spills
        self.replans += replans
        self.write_conflicts += conflicts
        self.lock_wait_ms += waits.lock_wait_ms
        self.queue_wait_ms += waits.queue_wait_ms


def _is_heavy(entry: SlowQuery) -> bool:
    return (entry.examined_documents or 0) >= HEAVY or (entry.examined_keys or 0) >= HEAVY


def plus(one: int | None, other: int | None) -> int | None:
    """A sum in which unknown stays unknown until something is known."""
    return one if other is None else other if one is None else one + other


class ShapeHistory:
    """One shape's cells by slot, and its slowest executions that may yet be the slowest of a window."""

    def __init__(self, entry: SlowQuery) -> None:
        self.ns, self.op, self.shape = entry.ns, entry.op, entry.shape
        self.cells: dict[int, Cell] = {}
        self.newest = 0
        self.version = 0
        self._slowest: list[tuple[int, SlowQuery]] = []
        self._plans: dict[str, int] = {}
        self._plans_at: dict[str, float] = {}
        self.heavy_at: float | None = None
        """When the last heavy execution ended."""
        self._applications: dict[str, int] = {}
        self._settled: tuple[object, Cell] | None = None
        self._settled_version = 0

    def add(self, entry: SlowQuery, slot: int) -> int:
        """Count an entry in its slot; returns how many bytes of raw entries are kept more (or fewer)."""
        cell = self.cells.get(slot)
        if cell is None:
            cell = self.cells[slot] = Cell()
        cell.add(entry)
        if self.op == "getmore" and entry.op != "getmore":
            self.op = entry.op
        self.version += 1
        self.newest = max(self.newest, slot)
        if slot < self.newest - 1:
            self._settled_version += 1
        _note(self._plans, entry.plan_summary, slot)
        plan = entry.plan_summary
        if plan is not None and plan in self._plans:
            self._plans_at[plan] = max(entry.at, self._plans_at.get(plan, 0.0))
        if _is_heavy(entry):
            self.heavy_at = max(entry.at, self.heavy_at or 0.0)
        _note(self._applications, entry.app_name, slot)
        return self._keep_if_slow(entry, slot)

    def _keep_if_slow(self, entry: SlowQuery, slot: int) -> int:
        """A sample that is older and faster than another will never be a window's slowest: windows end now."""
        kept, slow = self._slowest, entry.duration_ms
        if any(other >= slot and one.duration_ms >= slow for other, one in reversed(kept)):
            return 0
        gone = [pair for pair in kept if pair[0] <= slot and pair[1].duration_ms <= slow]
        later = [pair for pair in kept if pair[0] > slot]
        earlier = [pair for pair in kept if pair[0] <= slot and pair[1].duration_ms > slow]
        self._slowest = [*earlier, (slot, entry), *later]
        return len(entry.raw) - sum(len(one.raw) for _, one in gone)

    def slowest(self, first: int) -> SlowQuery | None:
        """The slowest execution from slot `first` on."""
        return next((one for slot, one in self._slowest if slot >= first), None)

    def strip(self) -> int:
        """Drop the raw text of all samples but the slowest; returns how many bytes of it were dropped."""
        dropped = sum(len(one.raw) for _, one in self._slowest[1:])
        if dropped:
            rest = [(slot, replace(one, raw="") if one.raw else one) for slot, one in self._slowest[1:]]
            self._slowest = [self._slowest[0], *rest]
        return dropped

    def drop_before(self, slot: int) -> tuple[int, int]:
        """Forget older slots; returns how many cells and bytes of raw text went."""
        old = [key for key in self.cells if key < slot]
        for key in old:
            del self.cells[key]
        self.version += bool(old)
        self._settled_version += bool(old)
        raw = sum(len(one.raw) for key, one in self._slowest if key < slot)
        self._slowest = [pair for pair in self._slowest if pair[0] >= slot]
        for names in (self._plans, self._applications):
            for name in [name for name, last in names.items() if last < slot]:
                del names[name]
        self._plans_at = {plan: at for plan, at in self._plans_at.items() if plan in self._plans}
        return len(old), raw

    def drop_after(self, slot: int) -> tuple[int, int]:
        """Forget later slots; returns how many cells and bytes of raw text went. Names seen later count as seen now."""
        later = [key for key in self.cells if key > slot]
        for key in later:
            del self.cells[key]
        self.newest = max(self.cells, default=0)
        self.version += 1
        self._settled_version += 1
        raw = sum(len(one.raw) for key, one in self._slowest if key > slot)
        self._slowest = [pair for pair in self._slowest if pair[0] <= slot]
        for names in (self._plans, self._applications):
            names.update({name: min(last, slot) for name, last in names.items()})
        end = float((slot + 1) * SLOT_S)
        self._plans_at = {plan: min(at, end) for plan, at in self._plans_at.items()}
        self.heavy_at = None if self.heavy_at is None else min(self.heavy_at, end)
        return len(later), raw

    def fold(self, minute: int) -> int:
        """Make one cell of the four slots from `minute` on; returns how many cells went."""
        parts = [self.cells.pop(slot) for slot in range(minute, minute + SLOTS_A_MINUTE) if slot in self.cells]
        if parts:
            self.cells[minute] = _sum(parts)
        return max(len(parts) - 1, 0)

    def merged(self, first: int) -> Cell:
        """All cells from slot `first` on; those that no longer change are added up once."""
        newest = self.newest
        key = (first, newest, self._settled_version)
        if self._settled is None or self._settled[0] != key:
            self._settled = key, _sum(cell for slot, cell in self.cells.items() if first <= slot < newest - 1)
        recent = [self.cells[slot] for slot in (newest - 1, newest) if slot in self.cells and slot >= first]
        return _sum([self._settled[1], *recent])

    def recent(self, first: int) -> Cell | None:
        """What was added in the slot before the window's last and since; `None` when nothing was."""
        cells = [self.cells[slot] for slot in (first, first + 1) if slot in self.cells]
        return None if not cells else cells[0] if len(cells) == 1 else _sum(cells)

    def plans(self, first: int) -> tuple[str, ...]:
        """Plan summaries seen from slot `first` on, the latest first."""
        return _names_since(self._plans, first)

    def plans_at(self, first: int) -> tuple[float, ...]:
        """When each of these was used last."""
        return tuple(self._plans_at[plan] for plan in self.plans(first))

    def applications(self, first: int) -> tuple[str, ...]:
        """Applications seen from slot `first` on."""
        return _names_since(self._applications, first)


def _sum(cells: Iterable[Cell]) -> Cell:
    total = Cell()
    for cell in cells:
        total.merge(cell)
    return total


def _note(names: dict[str, int], name: str | None, slot: int) -> None:
    if name and (name in names or len(names) < _NAMES):
        names[name] = max(slot, names.get(name, slot))


def _names_since(names: dict[str, int], first: int) -> tuple[str, ...]:
    return tuple(sorted((name for name, slot in names.items() if slot >= first), key=lambda name: (-names[name], name)))
