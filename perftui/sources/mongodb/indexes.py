"""The source of collections and their indexes: all of a bounded choice every half minute, builds as they go on."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any, ClassVar

from perftui.model.index import CollectionKind, CollectionState, IndexBuild, IndexOverview
from perftui.sources.base import Reading
from perftui.sources.mongodb.collection_names import CollectionNames
from perftui.sources.mongodb.collection_reading import CollectionReading, Found, Wanted
from perftui.sources.mongodb.collection_states import CollectionStates
from perftui.sources.mongodb.collection_turns import MOST_COLLECTIONS, CollectionTurns
from perftui.sources.mongodb.gone_collections import GoneCollections
from perftui.sources.mongodb.index_builds import builds_of, builds_pipeline
from perftui.sources.mongodb.member import Member, MemberSource
from perftui.sources.mongodb.plain import NOTHING, part, real, whole
from perftui.sources.mongodb.reads import Reads, first_batch

_CAPABILITIES = ("indexes", "index statistics", "collection statistics")
_UNION_WIRE_VERSION = 9
"""`$unionWith` came with 4.4."""
_TOP_EVERY_S = 300.0
_TOP_COLLECTIONS = 2_000
"""`top` sends all collections at once: with more it would take over 20 ms to read. Nor are more names listed at once
for one that is gone."""
_LOOK_FOR_BUILDS_S = 10.0
_SCANS_PER_S, _SCANNED = 1.0, 10
"""From so many scans a second on, so many collections are read between the rounds, for 0.2 ms each."""


class MongoIndexesSource(MemberSource):
    """Reads little at a time; between the rounds a poll asks the server nothing."""

    name: ClassVar[str] = "mongodb.indexes"
    interval_s: ClassVar[float] = 2.0

    def __init__(self, member: Member, busy: Callable[[], Sequence[str]] = tuple) -> None:
        super().__init__(member)
        self._busy = busy
        self._overview: IndexOverview | None = None
        self._notes: tuple[str, ...] = ()
        self._gone = GoneCollections()
        self._polled_every_s = self.interval_s

    async def connect(self) -> None:
        login = await self._member.look()
        self.capabilities = self._member.capabilities(*_CAPABILITIES)
        self._reads = Reads(await self._member.client(), max_time_ms=self._member.max_time_ms, login=login)
        together = not self._member.is_mongos and (whole(self._member.hello.get("maxWireVersion")) or 0) >= (
            _UNION_WIRE_VERSION
        )
        self._names, self._turns = CollectionNames(self._reads), CollectionTurns()
        self._reading = CollectionReading(self._reads, together=together)
        self._states, self._gone = CollectionStates(), GoneCollections(self._gone.shown())
        self._builds: tuple[IndexBuild, ...] | None = ()
        self._next_builds_at = self._next_top_at = 0.0
        self._top: dict[str, float] = {}
        self._ranked: list[str] = []
        self._overview = None
        self._notes = self._missing_rights()

    def expect_every(self, seconds: float) -> None:
        self._polled_every_s = seconds

    def hurry(self) -> None:
        if self._connected:
            self._names.hurry()
            self._turns.hurry()

    async def read(self) -> Reading:
        login = await self._member.look()
        self._reads.sent_commands = self._reads.received_bytes = 0
        if login.nobody:
            return Reading(None, notes=self._notes)
        built = await self._look_at_builds()
        looked = await self._look_at_collections()
        if built or looked or self._overview is None:
            self._overview = self._shown()
        return Reading(self._overview, self._reads.received_bytes, self._reads.sent_commands, self._notes)

    async def _look_at_builds(self) -> bool:
        """Whether they differ from before. The server source knows how many there are without a command of ours."""
        known = self._member.index_builds
        active = None if known is None else known.active
        before = self._builds
        if active == 0:
            self._builds = ()
        elif active is not None or time.monotonic() >= self._next_builds_at:
            self._next_builds_at = time.monotonic() + _LOOK_FOR_BUILDS_S
            waiting = known.waiting_for_commit_quorum if known is not None else None
            self._builds = await self._read_builds(waiting)
        if before and not self._builds:
            self._turns.hurry()
        return self._builds != before

    async def _read_builds(self, waiting: int | None) -> tuple[IndexBuild, ...] | None:
        command = {"aggregate": 1, "pipeline": builds_pipeline(idle=bool(waiting)), "cursor": {}}
        reply = await self._reads.run(command, "inprog", "", what="")
        return None if reply is None else builds_of(first_batch(reply), waiting)

    async def _look_at_collections(self) -> bool:
        """Whether there is something new to show: a whole round, or what the first one has found so far."""
        before = self._names.kinds
        looked = await self._names.look()
        changed = looked and self._names.kinds != before
        if looked:
            await self._look_for_gone(before)
        if changed:
            self._turns.hurry()
        if self._turns.round_is_due:
            self._turns.start_round(self._names.kinds, await self._busiest())
            self._states.keep(self._turns.chosen, self._names.kinds)
            self._states.expect_every(self._turns.round_s(self._polled_every_s))
        wanted = self._turns.next_ones() or self._scanned()
        for database, ones in wanted:
            await self._read_collections(database, ones)
        first_round = self._overview is None or len(self._overview.collections) < len(self._turns.chosen)
        return changed or (bool(wanted) and (self._turns.round_is_over or first_round))

    async def _look_for_gone(self, before: Mapping[str, CollectionKind]) -> None:
        now = self._names.kinds
        gone = await self._names.gone(self._gone.missing(before, now))
        self._gone.take(gone, before, now, self._states.last_of, whole=self._names.complete)

    def _scanned(self) -> list[tuple[str, list[tuple[str, bool]]]]:
        """While the server counts scans, the likeliest few are read more often: which one it is shows in seconds."""
        if (self._member.scans_per_s or 0.0) < _SCANS_PER_S:
            return []
        return self._turns.scanned_ones(self._states.most_scanned(_SCANNED))

    async def _read_collections(self, database: str, ones: Sequence[tuple[str, bool]]) -> None:
        kinds = self._names.kinds
        wanted = [Wanted(name, kinds.get(f"{database}.{name}", "collection"), sizes) for name, sizes in ones]
        found = await self._reading.read(database, wanted)
        for one in wanted:
            ns = f"{database}.{one.name}"
            read = found.get(one.name, Found())
            self._states.take(ns, one.kind, read)
            if read.gone and len(kinds) <= _TOP_COLLECTIONS:
                self._names.hurry()
            if self._states.lacks_sizes(ns):
                self._turns.want_sizes(ns)

    async def _busiest(self) -> list[str]:
        """Those of slow queries, then as `top` ranks them; asked only where not all can be read."""
        kinds = self._names.kinds
        if not self._turns.needs_choice(kinds):
            return []
        if time.monotonic() >= self._next_top_at and len(kinds) <= _TOP_COLLECTIONS:
            self._next_top_at = time.monotonic() + _TOP_EVERY_S
            reply = await self._reads.run({"top": 1}, "top", "", what="")
            self._rank(part(reply or NOTHING, "totals"))
        return [*self._busy(), *self._ranked]

    def _rank(self, totals: Mapping[str, Any]) -> None:
        """By the time spent on each since the last time."""
        before = self._top
        self._top = {ns: real(part(totals, ns, "total").get("time")) or 0.0 for ns in totals}
        spent = {ns: used - before.get(ns, 0.0) for ns, used in self._top.items()}
        self._ranked = sorted((ns for ns in spent if spent[ns] > 0), key=lambda ns: -spent[ns])

    def _shown(self) -> IndexOverview:
        kinds, chosen = self._names.kinds, self._turns.chosen
        views = [ns for ns, kind in kinds.items() if kind == "view"][: max(0, MOST_COLLECTIONS - len(chosen))]
        collections = self._states.largest_first()
        return IndexOverview(
            collections=(*collections, *(CollectionState(ns=ns, kind="view") for ns in views)),
            builds=self._builds if self._builds is not None else _builds_named(collections),
            left_out=max(0, len(kinds) - len(chosen) - len(views)),
            gone=self._gone.shown(),
        )

    def _missing_rights(self) -> tuple[str, ...]:
        return tuple(
            f"This login may not read {one.name}: {one.shows}. Grant: {one.grant}"
            for one in self.capabilities
            if one.state == "missing"
        )


def _builds_named(collections: Sequence[CollectionState]) -> tuple[IndexBuild, ...]:
    """Where the running operations are refused: the indexes that are not ready, without their progress."""
    building = {one.ns: tuple(index.name for index in one.indexes if index.building) for one in collections}
    return tuple(IndexBuild(ns=ns, names=names) for ns, names in building.items() if names)
