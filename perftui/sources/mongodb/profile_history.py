"""All that a database's profile holds, read once, newest first, in bounded batches."""

from collections.abc import AsyncIterator
from typing import TYPE_CHECKING, Any, NamedTuple, cast

from perftui.sources.mongodb.profiler import split, stored

if TYPE_CHECKING:
    from pymongo import AsyncMongoClient

BATCH_ENTRIES = 500
_LATE_S = 2.0
"""Entries become visible out of the order of their times by less than this."""
_WHOLE_READ_MS = 60_000
"""The server's own time for all batches together; each of them is waited for no longer than any other command."""


class HistoryBatch(NamedTuple):
    """Some entries, not yet decoded, newest first."""

    documents: list[bytes]
    oldest_at: float
    """Unix seconds."""


async def profile_history(
    client: "AsyncMongoClient[dict[str, Any]]",
    database: str,
    *,
    own_name: str,
    since: float | None = None,
    most: int | None = None,
) -> AsyncIterator[HistoryBatch]:
    """Back to `since` or to so many entries, without those of our own. Raises what PyMongo raises."""
    cursor = client[database]["system.profile"].find_raw_batches(
        {"appName": {"$ne": own_name}},
        sort=[("$natural", -1)],
        batch_size=BATCH_ENTRIES,
        max_time_ms=_WHOLE_READ_MS,
        comment="perftui: analyze",
        **({} if most is None else {"limit": most}),
    )
    try:
        async for raw in cursor:
            entries = [stored(document) for document in split(bytes(cast("bytes", raw)))]
            if not entries:
                continue
            oldest = entries[-1].at
            yield HistoryBatch([entry.document for entry in entries], oldest)
            if since is not None and oldest < since - _LATE_S:
                return
    finally:
        await cursor.close()
