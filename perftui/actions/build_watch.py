"""How far a build is, from the server's own list of operations; and whether its indexes are ready."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Literal

from perftui.actions.base import ActionProgress
from perftui.actions.build_commands import Group
from perftui.actions.index_entries import IndexEntry, list_indexes
from perftui.model.index import IndexBuild
from perftui.sources.mongodb.build_preflight import read_builds
from perftui.sources.mongodb.reads import Reads

if TYPE_CHECKING:
    from pymongo import AsyncMongoClient

    Client = AsyncMongoClient[dict[str, Any]]

BuildState = Literal["ready", "building", "missing"]
_PHASES = (("scanning", "scanning"), ("insert", "inserting"), ("drain", "draining"), ("commit", "committing"))


class BuildWatch:
    """Reads one build's progress through one client."""

    def __init__(self, client: Client, group: Group, max_time_ms: int) -> None:
        self._reads = Reads(client, max_time_ms=max_time_ms)
        self._client, self._group, self._max_time_ms = client, group, max_time_ms

    async def progress(self) -> ActionProgress:
        """Raises what PyMongo raises where the server cannot be reached."""
        builds = await read_builds(self._reads)
        if builds is None:
            notes = self._reads.take_notes()
            words = f"building {self._group.what}; {notes[0]}" if notes else f"building {self._group.what}"
            return ActionProgress(message=words, phase="building")
        return progress_of(next((build for build in builds if self._is_ours(build)), None), self._group)

    async def state(self) -> BuildState:
        return state_of(await list_indexes(self._client, self._group.ns, self._max_time_ms), self._group.names)

    def _is_ours(self, build: IndexBuild) -> bool:
        return build.ns == self._group.ns and (not build.names or bool(set(build.names) & set(self._group.names)))


def state_of(entries: Sequence[IndexEntry] | None, names: Sequence[str]) -> BuildState:
    """Of all these indexes together; one that listIndexes names is not ready while it is part of a build."""
    there = {entry.name: entry for entry in entries or ()}
    if any(name not in there for name in names):
        return "missing"
    return "building" if any(there[name].build is not None for name in names) else "ready"


def progress_of(build: IndexBuild | None, group: Group) -> ActionProgress:
    if build is None:
        return ActionProgress(message=f"starting {group.what}", phase="starting")
    if build.waits_for_quorum:
        words = f"{group.what} is built here and waits for the other members (commit quorum)"
        return ActionProgress(message=words, phase="waiting for the commit quorum", waits_for_quorum=True)
    message = build.message or "building"
    phase = next((phase for sign, phase in _PHASES if sign in message.lower()), "building")
    return ActionProgress(done=build.done, total=build.total, message=f"{group.what}: {message}", phase=phase)
