"""Reading `system.profile` of every profiled database, newest first and only as far back as needed."""

import struct
import time
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, NamedTuple, cast

from perftui.sources.mongodb.profile_tail import OVERLAP_S, Look, ProfileTail, Stored

if TYPE_CHECKING:
    from pymongo import AsyncMongoClient

BACKLOG_ENTRIES = 1000
POLL_ENTRIES = 5000
_FIRST_READ = 32
_TIME_FIELD = b"\x09ts\x00"
_INT64 = struct.Struct("<q")
_BATCH_BYTES = 15 * 1024 * 1024


class ProfileRead(NamedTuple):
    """What one read of one database's profile gave."""

    documents: list[bytes]
    """New entries, oldest first."""
    overrun: bool = False
    """Entries were overwritten, or were more than one poll may read."""
    received_bytes: int = 0
    sent_commands: int = 0


class DatabaseProfile:
    """One database's profile."""

    def __init__(self, client: "AsyncMongoClient[dict[str, Any]]", database: str, own_name: str) -> None:
        self.database = database
        self._collection = client[database]["system.profile"]
        self._own_name = own_name
        self._tail = ProfileTail()
        self._polled = False
        self._expected = _FIRST_READ
        self._moved = time.monotonic()

    async def read(self, max_time_ms: int) -> ProfileRead:
        """Everything new since the read before; the first read takes what was there, up to a bound."""
        cap = POLL_ENTRIES + self._tail.overlapping if self._polled else BACKLOG_ENTRIES
        limit, received, sent = min(self._expected, cap) if self._polled else cap, 0, 0
        while True:
            entries, size = await self._newest(limit, max_time_ms)
            received, sent = received + size, sent + 1
            look = self._tail.look(entries)
            exhausted = len(entries) < limit and size < _BATCH_BYTES
            if look.reached or exhausted or limit >= cap or size >= _BATCH_BYTES:
                break
            limit = min(limit * 4, cap)
        overrun = self._polled and not look.reached and (not exhausted or (self._tail.started and not look.met))
        self._move_on(entries, look)
        return ProfileRead([entry.document for entry in reversed(look.fresh)], overrun, received, sent)

    def _move_on(self, entries: list[Stored], look: Look) -> None:
        if look.fresh:
            self._moved = time.monotonic()
            self._tail.advance(entries)
        elif time.monotonic() - self._moved > OVERLAP_S:
            self._tail.settle()
        self._polled = True
        self._expected = self._tail.overlapping + 2 * len(look.fresh) + _FIRST_READ

    async def _newest(self, limit: int, max_time_ms: int) -> tuple[list[Stored], int]:
        """One command and no cursor left behind: a negative limit asks for a single batch."""
        cursor = self._collection.find_raw_batches(
            {"appName": {"$ne": self._own_name}},
            sort=[("$natural", -1)],
            limit=-limit,
            batch_size=limit,
            max_time_ms=max_time_ms,
            comment="perftui: slow queries",
        )
        try:
            batches = [bytes(cast("bytes", batch)) async for batch in cursor]
        finally:
            await cursor.close()
        return [stored(document) for batch in batches for document in split(batch)], sum(map(len, batches))


def split(batch: bytes) -> list[bytes]:
    """The documents of a raw batch."""
    documents, start = [], 0
    while start < len(batch):
        size = int.from_bytes(batch[start : start + 4], "little")
        documents.append(batch[start : start + size])
        start += max(size, 5)
    return documents


def stored(document: bytes) -> Stored:
    """A profiled document with its time, read in place: known documents are never decoded."""
    place = document.rfind(_TIME_FIELD)
    at = _INT64.unpack_from(document, place + 4)[0] / 1000 if 0 <= place <= len(document) - 12 else 0.0
    return Stored(at, document)


def decoded(database: str, documents: Iterable[bytes]) -> list[dict[str, object]]:
    """Profiled documents read leniently: far dates and broken UTF-8 are kept, not refused."""
    from bson import CodecOptions, decode
    from bson.codec_options import DatetimeConversion
    from bson.errors import BSONError

    options: CodecOptions[dict[str, Any]] = CodecOptions(
        datetime_conversion=DatetimeConversion.DATETIME_AUTO, unicode_decode_error_handler="replace"
    )
    entries: list[dict[str, object]] = []
    for document in documents:
        try:
            entries.append(decode(document, options))
        except (BSONError, ValueError, OverflowError, RecursionError) as error:
            entries.append({"ns": f"{database}.?", "errMsg": f"This entry cannot be read: {error}", "raw": document})
    return entries
