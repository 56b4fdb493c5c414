"""What a store holds under a key, and what it can tell of it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

Stamp = Mapping[str, int]
"""The generation of each tag at one moment. A value that was made after it is good while they are still the same."""
FOREVER = float("inf")


class Entry:
    """A value with its times, in seconds since 1970."""

    __slots__ = ("expires_at", "fresh_until", "size", "stored_at", "tags", "used_at", "uses", "value")

    def __init__(
        self,
        value: Any,
        stored_at: float,
        fresh_until: float = FOREVER,
        expires_at: float = FOREVER,
        tags: Stamp | None = None,
    ) -> None:
        self.value, self.stored_at = value, stored_at
        self.fresh_until, self.expires_at = fresh_until, expires_at
        self.tags: Stamp = tags or {}
        self.uses, self.used_at, self.size = 0, stored_at, 0


@dataclass(frozen=True, slots=True)
class EntryFacts:
    """What a store tells of a key without handing out its value; `None` where it cannot tell."""

    key: str
    bytes: int | None = None
    age_s: float | None = None
    idle_s: float | None = None
    """Since it was last read."""
    uses: int | None = None
    """How often it is used; on Redis the server's logarithmic counter of 0 to 255."""


@dataclass(frozen=True, slots=True)
class StoreSizes:
    """How much a store holds.

    >>> import asyncio
    >>> from perftui import MemoryStore, StoreSizes
    >>> asyncio.run(MemoryStore().sizes()) == StoreSizes(keys=0, bytes=0)
    True
    """

    keys: int | None
    """`None`: the store cannot list its keys."""
    bytes: int | None
