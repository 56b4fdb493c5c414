"""Collections that were listed and are not any more, with the last that was known of them."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Iterable, Mapping

from perftui.model.index import CollectionKind, CollectionState, GoneCollection

_REMEMBERED_S, _MOST = 900.0, 20
_YOUNG_S = 600.0
"""What comes and goes within this time is somebody's work in between."""
_MADE_UP = ".tmp."
"""Of collections that the server fills for `$out` and drops or renames."""


class GoneCollections:
    """Compares one list of names with the next, of the same connection; `known`: what was gone before it."""

    def __init__(self, known: Iterable[GoneCollection] = ()) -> None:
        self._found = {one.ns: one for one in known}
        self._came_at: dict[str, float] = {}
        """Of those that came after the first whole list."""
        self._listed_at, self._knows_all = time.time(), False
        """When all databases had been looked at last: names are listed a few databases at a time."""

    def missing(self, before: Mapping[str, CollectionKind], now: Collection[str]) -> list[str]:
        """Namespaces that the list before had, unless they are made up or young."""
        at = time.time()
        lost = [ns for ns, kind in before.items() if ns not in now and kind == "collection"]
        return [ns for ns in lost if _MADE_UP not in ns and not self._is_young(ns, at)]

    def take(
        self,
        gone: Iterable[str],
        before: Collection[str],
        now: Collection[str],
        last_of: Callable[[str], CollectionState | None],
        *,
        whole: bool,
    ) -> None:
        """Take the next list, and which of its missing ones are gone for certain. What comes back under its name is
        not gone. `whole`: all databases were looked at."""
        at = time.time()
        self._found |= {ns: _gone(ns, last_of(ns), self._listed_at) for ns in gone}
        came = {ns: self._came_at.get(ns, at) for ns in now if ns not in before or ns in self._came_at}
        self._came_at = came if self._knows_all else {}
        if whole:
            self._listed_at, self._knows_all = at, True
        oldest = at - _REMEMBERED_S
        self._found = {ns: one for ns, one in self._found.items() if ns not in now and one.listed_at >= oldest}

    def _is_young(self, ns: str, at: float) -> bool:
        return at - self._came_at.get(ns, 0.0) < _YOUNG_S

    def shown(self) -> tuple[GoneCollection, ...]:
        latest = sorted(self._found.values(), key=lambda one: (-one.listed_at, -(one.documents or 0)))
        return tuple(latest[:_MOST])


def _gone(ns: str, last: CollectionState | None, listed_at: float) -> GoneCollection:
    last = last or CollectionState(ns=ns)
    return GoneCollection(
        ns=ns,
        documents=last.documents,
        reads_per_s=last.reads_per_s,
        writes_per_s=last.writes_per_s,
        listed_at=round(listed_at, 1),
    )
