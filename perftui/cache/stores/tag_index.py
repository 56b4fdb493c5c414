"""Which keys stand under which tags, in this process."""

from collections.abc import Iterable
from itertools import count

from perftui.cache.entry import Stamp

_MOST_IDLE = 10_000
"""Generations that no key stands under: of loads that are under way, or that failed."""


class TagIndex:
    """The caller holds a lock."""

    def __init__(self) -> None:
        self._generations: dict[str, int] = {}
        self._members: dict[str, set[str]] = {}
        self._next = count(1)

    def generations(self, tags: Iterable[str]) -> Stamp:
        """Those of tags that nobody knew are made."""
        known = self._generations
        if len(known) > len(self._members) + _MOST_IDLE:
            self._generations = known = {tag: known[tag] for tag in self._members}
        return {tag: known.setdefault(tag, next(self._next)) for tag in tags}

    def is_current(self, stamp: Stamp) -> bool:
        return all(self._generations.get(tag) == generation for tag, generation in stamp.items())

    def add(self, key: str, stamp: Stamp) -> None:
        for tag in stamp:
            self._members.setdefault(tag, set()).add(key)

    def discard(self, key: str, stamp: Stamp) -> None:
        for tag, generation in stamp.items():
            members = self._members.get(tag)
            if members is None or self._generations.get(tag) != generation:
                continue
            members.discard(key)
            if not members:
                del self._members[tag]

    def members(self, tag: str) -> set[str]:
        return self._members.get(tag, set())

    def take(self, tag: str) -> set[str]:
        """The generation ends; what stood under it."""
        self._generations.pop(tag, None)
        return self._members.pop(tag, set())
