"""What can be made to go wrong inside the application itself, while its stores are well."""

import asyncio
from typing import TYPE_CHECKING, Any

from perftui.demo.documents import Document
from perftui.model.base import Model

if TYPE_CHECKING:
    from pymongo.asynchronous.collection import AsyncCollection
    from pymongo.asynchronous.cursor import AsyncCursor

_LEAKED_BATCH = 2
_MOST_LEAKED = 500


class Faults(Model, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """All are mended by default."""

    prompt_waits_s: float = 0.0
    """So long the page of a prompt waits for something that is neither of its stores."""
    leaked_cursors: int = 0
    """So many exhaust cursors are begun and never read to their end: each keeps a connection of the pool."""


class FaultyParts:
    """Where the application asks what is wrong with it."""

    def __init__(self, collection: "AsyncCollection[Document]") -> None:
        self.faults = Faults()
        self._collection = collection
        self._leaked: list[AsyncCursor[Document]] = []

    async def apply(self, faults: Faults) -> Faults:
        """Cause these, and mend the others. Raises `ValueError` for more cursors than any pool has connections."""
        if not 0 <= faults.leaked_cursors <= _MOST_LEAKED or not 0 <= faults.prompt_waits_s <= 60:
            raise ValueError(f"leaked_cursors must be 0 to {_MOST_LEAKED}, prompt_waits_s 0 to 60")
        self.faults = faults
        while len(self._leaked) > faults.leaked_cursors:
            await self._leaked.pop().close()
        await asyncio.gather(*(self._leak() for _ in range(faults.leaked_cursors - len(self._leaked))))
        return self.faults

    async def before_prompt(self) -> None:
        if self.faults.prompt_waits_s:
            await asyncio.sleep(self.faults.prompt_waits_s)

    async def close(self) -> None:
        await self.apply(Faults())

    async def _leak(self) -> None:
        from pymongo import CursorType

        options: dict[str, Any] = {"cursor_type": CursorType.EXHAUST, "batch_size": _LEAKED_BATCH}
        cursor = self._collection.find({}, {"slug": 1}, **options)
        await anext(cursor)
        self._leaked.append(cursor)
