"""All shapes of a workload and what is written beside them, in bounded memory however long it is."""

from collections.abc import Iterable, Mapping
from typing import Any

from perftui.advice.load import Command, ShapeLoad, WriteLoad
from perftui.advice.shapes.shape import Shape
from perftui.analysis.redacted import SESSION
from perftui.analysis.reservoir import MOST_COMMANDS, Kept
from perftui.analysis.shape_totals import ShapeTotals
from perftui.analysis.views import on_collection
from perftui.analysis.write_totals import WriteTotals
from perftui.sources.mongodb.extended_json import from_bson, from_extended
from perftui.sources.mongodb.log_line import document

MOST_SHAPES = 1000
OVERFLOW_ID = "overflow"
_COLLECTIONS = 2000
_COMMAND_BYTES = 24 * 1024 * 1024
_SYSTEM = frozenset(("admin", "config", "local"))
_ADVISED = frozenset(("find", "aggregate", "count", "distinct", "update", "delete", "findandmodify"))


class Workload:
    """At most `bound` shapes are told apart: where there are more, the least costly quarter is added up as one."""

    def __init__(self, bound: int = MOST_SHAPES) -> None:
        self._bound = max(bound, 4)
        self.shapes: dict[str, ShapeTotals] = {}
        self.overflow: ShapeTotals | None = None
        self.writes: dict[str, WriteTotals] = {}
        self.dropped = 0
        """How often a shape lost its place."""
        self._most_commands = MOST_COMMANDS
        self._kept_bytes = 0

    @property
    def entries(self) -> int:
        """How many were counted."""
        return sum(each.entries for each in self._all())

    @property
    def first_at(self) -> float | None:
        """Unix seconds of the oldest entry, as far as entries tell their time; so is `last_at` of the newest."""
        return min((each.first_at for each in self._all() if each.first_at), default=None)

    @property
    def last_at(self) -> float | None:
        return max((each.last_at for each in self._all() if each.last_at), default=None)

    def _all(self) -> list[ShapeTotals]:
        return [*self.shapes.values(), *([] if self.overflow is None else [self.overflow])]

    def totals(self, shape: Shape) -> ShapeTotals:
        """Where executions of this shape are counted."""
        found = self.shapes.get(shape.id)
        if found is None:
            if len(self.shapes) >= self._bound:
                self._make_room()
            found = self.shapes[shape.id] = ShapeTotals(shape)
        return found

    def keep(self, totals: ShapeTotals, command: Kept | None) -> None:
        """Keep a command that `ShapeTotals.add` asked for, all together within bounds; `None`: it is not whole."""
        before = totals.reservoir.size
        totals.reservoir.keep(command)
        if self._most_commands < MOST_COMMANDS:
            totals.reservoir.shrink(self._most_commands)
        self._kept_bytes += totals.reservoir.size - before
        while self._kept_bytes > _COMMAND_BYTES and self._most_commands > 1:
            self._most_commands //= 2
            for each in self.shapes.values():
                each.reservoir.shrink(self._most_commands)
            self._kept_bytes = sum(each.reservoir.size for each in self.shapes.values())

    def written(self, ns: str) -> WriteTotals | None:
        """Where writes to this collection are counted; `None` beyond the bound."""
        found = self.writes.get(ns)
        if found is None and len(self.writes) < _COLLECTIONS:
            found = self.writes[ns] = WriteTotals()
        return found

    def most_costly(self) -> list[ShapeTotals]:
        """All shapes told apart, most costly first."""
        counted = [each for each in self.shapes.values() if each.entries]
        return sorted(counted, key=lambda each: (*each.cost, each.shape.id), reverse=True)

    def loads(self, shapes: Iterable[ShapeTotals] | None = None) -> list[ShapeLoad]:
        """What the advice engine is asked about: kinds of commands that an index can serve."""
        chosen = self.most_costly() if shapes is None else shapes
        return [
            each.load(commands_of(each)) for each in chosen if each.shape.op in _ADVISED and is_of_users(each.shape.ns)
        ]

    def scanned(self) -> dict[str, int]:
        """How many documents the collections have, as far as a scan of one told."""
        sizes: dict[str, int] = {}
        for each in self.shapes.values():
            if each.most_scanned:
                sizes[each.shape.ns] = max(sizes.get(each.shape.ns, 0), each.most_scanned)
        return sizes

    def write_loads(self) -> dict[str, WriteLoad]:
        return {ns: totals.load(ns) for ns, totals in self.writes.items()}

    def _make_room(self) -> None:
        if self.overflow is None:
            self.overflow = ShapeTotals(Shape(OVERFLOW_ID, f"shapes beyond {self._bound:,}", "unknown", ""))
        ranked = sorted(self.shapes.values(), key=lambda each: each.cost, reverse=True)
        cheapest = ranked[self._bound - self._bound // 4 :]
        for totals in cheapest:
            self.overflow.absorb(totals)
            totals.gone = True
            self._kept_bytes -= totals.reservoir.size
            del self.shapes[totals.shape.id]
        self.dropped += len(cheapest)


def is_of_users(ns: str) -> bool:
    """A collection whose indexes are the users' own affair."""
    database, _, collection = ns.partition(".")
    return bool(collection) and database not in _SYSTEM and not collection.startswith(("system.", "$"))


def commands_of(totals: ShapeTotals, most: int = MOST_COMMANDS) -> tuple[Command, ...]:
    """The commands that are kept of a shape, decoded, as they ask the collection itself."""
    found = (_decoded(kept) for kept in totals.reservoir.commands[:most])
    return tuple(command for command in found if command is not None)


def _decoded(kept: Kept) -> Command | None:
    try:
        command = from_bson(kept.data) if kept.is_bson else _without_session(document(kept.data))
        views: Any = None
        if kept.views:
            views = from_bson(kept.views)["views"] if kept.is_bson else from_extended(document(kept.views))
    except (ValueError, RecursionError, KeyError):
        return None
    return on_collection(command, kept.ns, views).command if isinstance(command, Mapping) else None


def _without_session(command: Any) -> Any:
    """What belongs to the session is most of a short command, and no business of an index."""
    if isinstance(command, dict):
        command = {name: value for name, value in command.items() if name not in SESSION}
    return from_extended(command)
