"""Documents read directly from the monitored server for a rehearsal: by an index, value by value, within bounds."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any

from perftui.advice.facts import CollectionFacts
from perftui.model.index import Index
from perftui.rehearsal.lab import Stopped
from perftui.rehearsal.limits import Limits
from perftui.sources.mongodb.reads import Reads, first_batch, split_namespace

Document = Mapping[str, Any]
_REPLY_BYTES = 8 * 1024 * 1024
_FEWEST = 10
_WAIT_S = 60.0


class Fetcher:
    """Called from the rehearsal's thread; the commands run on the event loop that owns the client."""

    def __init__(self, reads: Reads, loop: asyncio.AbstractEventLoop, limits: Limits) -> None:
        self._reads, self._loop, self._limits = reads, loop, limits
        self.documents = 0

    @property
    def notes(self) -> tuple[str, ...]:
        """What could not be read, in sentences."""
        return tuple(self._reads.notes)

    def stratum(self, facts: CollectionFacts, field: str, value: Any) -> list[Document] | None:
        """All documents with this value of the field; `None` where no index makes that cheap, or they are too many."""
        return self._find(facts, field, value)

    def joined(self, facts: CollectionFacts, field: str, values: Sequence[Any]) -> list[Document] | None:
        """All documents that these values join; `None` as for `stratum`."""
        return self._find(facts, field, {"$in": list(values)})

    def _find(self, facts: CollectionFacts, field: str, wanted: Any) -> list[Document] | None:
        index = leading_index(facts, field)
        if index is None:
            return None
        most = self._most(facts)
        command = {
            "find": split_namespace(facts.ns)[1], "filter": {field: wanted}, "hint": index.name, "limit": most + 1,
            "batchSize": most + 1, "singleBatch": True,
        }  # fmt: skip
        found = self._run(facts.ns, command)
        if found is None or len(found) > most or _is_cut(found):
            return None
        self.documents += len(found)
        return found

    def _most(self, facts: CollectionFacts) -> int:
        """A reply is held well below the server's own bound, where it would be cut without a word."""
        fitting = _REPLY_BYTES // max(int(facts.average_bytes or 0), 1)
        return max(min(self._limits.fetched, fitting), _FEWEST)

    def _run(self, ns: str, command: Mapping[str, Any]) -> list[Document] | None:
        from pymongo.errors import PyMongoError

        database, name = split_namespace(ns)
        running = asyncio.run_coroutine_threadsafe(
            self._reads.run(command, "find", database, name, what=f"documents of {ns}"), self._loop
        )
        try:
            reply = running.result(_WAIT_S)
        except (TimeoutError, asyncio.CancelledError):
            raise Stopped from None
        except PyMongoError as error:
            self._reads.explain(error, f"documents of {ns}", database)
            return None
        return None if reply is None else list(first_batch(reply, int(command["limit"])))


def leading_index(facts: CollectionFacts, field: str) -> Index | None:
    """An ordinary index that begins with the field and holds every document."""
    for index in facts.indexes or ():
        ordinary = not (index.hidden or index.building or index.sparse or index.partial_filter or index.collation)
        plain_keys = all(isinstance(way, int) for _, way in index.keys)
        if ordinary and plain_keys and index.keys and index.keys[0][0] == field and facts.collation is None:
            return index
    return None


def _is_cut(found: Sequence[Document]) -> bool:
    from bson import encode

    return sum(len(encode(one)) for one in found) > 12 * 1024 * 1024
