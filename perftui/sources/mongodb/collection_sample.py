"""A sample of a collection, drawn at random and bounded in documents, bytes and time on the server."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from perftui.sources.mongodb.failures import NOT_ALLOWED

if TYPE_CHECKING:
    from bson.codec_options import CodecOptions
    from pymongo.asynchronous.command_cursor import AsyncCommandCursor
    from pymongo.asynchronous.database import AsyncDatabase

    Database = AsyncDatabase[dict[str, Any]]

Document = Mapping[str, Any]

MOST_DOCUMENTS = 10_000
MOST_BYTES = 32 * 1024 * 1024
_SHARE = 0.045
"""The server walks the whole collection for 5 % and more; what is deleted meanwhile must not carry us there."""
_SERVER_SAMPLES_FROM = 100
"""A collection of so many documents or fewer is always read whole by `$sample`."""
_LARGE_DOCUMENT = 16 * 1024
_LONG_VALUE, _KEPT_CHARACTERS, _KEPT_ITEMS = 4_096, 1_024, 1_000
_CUT_GAIN = 4
_BATCH = 1_000


class Draw(NamedTuple):
    """What to ask for."""

    documents: int
    at_random: bool
    """False: the first so many, which are all of them where the collection is small."""
    cut: bool
    """Long values are cut on the server."""


class Sampled(NamedTuple):
    documents: tuple[Document, ...]
    whole: bool
    note: str | None = None


def plan_draw(
    documents: int, average_bytes: float | None, *, limit: int = MOST_DOCUMENTS, smallest_shard: int | None = None
) -> Draw:
    """How many documents to draw so that the server neither walks a large collection nor sends too much of it."""
    limit = min(limit, MOST_DOCUMENTS)
    cut = (average_bytes or 0.0) >= _LARGE_DOCUMENT
    room = MOST_BYTES * (_CUT_GAIN if cut else 1)
    affordable = limit if not average_bytes else min(limit, max(int(room / average_bytes), 1))
    if documents <= affordable or documents <= _SERVER_SAMPLES_FROM:
        return Draw(affordable, False, cut)
    fewest = documents if smallest_shard is None else smallest_shard
    if fewest <= _SERVER_SAMPLES_FROM:
        return Draw(affordable, False, cut)
    return Draw(max(min(affordable, int(fewest * _SHARE)), 1), True, cut)


async def draw_sample(database: Database, name: str, draw: Draw, *, documents: int, max_time_ms: int) -> Sampled:
    """Draw it, or a tenth of it where the server finds no random documents, takes too long or cannot cut values.

    Raises what PyMongo raises.
    """
    from pymongo.errors import OperationFailure

    smaller = draw._replace(documents=max(draw.documents // 10, 1), cut=False)
    for attempt in (draw, smaller):
        command = {"aggregate": name, "pipeline": _pipeline(attempt), "maxTimeMS": max_time_ms}
        try:
            found, ended = await _read(database, {**command, "cursor": {"batchSize": min(_BATCH, attempt.documents)}})
        except OperationFailure as error:
            if error.code in NOT_ALLOWED:
                raise
            continue
        whole = ended and not draw.at_random and (len(found) < attempt.documents or len(found) >= documents)
        return Sampled(tuple(found), whole, None if draw.at_random or whole else _FIRST_ONLY.format(len(found)))
    return Sampled((), False, _NOT_DRAWN)


async def _read(database: Database, command: dict[str, Any]) -> tuple[list[Document], bool]:
    """Documents until enough bytes have come, and whether these are all."""
    from bson.raw_bson import RawBSONDocument

    lenient = database.codec_options
    as_raw: Any = lenient.with_options(document_class=RawBSONDocument)
    raw = database.with_options(codec_options=as_raw)
    async with database.client.start_session() as session:
        cursor = await raw.cursor_command(command, session=session, codec_options=as_raw)
        return await _take(cursor, lenient)


async def _take(cursor: AsyncCommandCursor[Any], lenient: CodecOptions[Any]) -> tuple[list[Document], bool]:
    """Decoding leaves the event loop alone."""
    found: list[Document] = []
    waiting: list[bytes] = []
    received = 0
    async with cursor:
        async for document in cursor:
            waiting.append(document.raw)
            received += len(document.raw)
            if received >= MOST_BYTES:
                break
            if len(waiting) >= _BATCH:
                found += await asyncio.to_thread(_decoded, waiting, lenient)
                waiting = []
    found += await asyncio.to_thread(_decoded, waiting, lenient)
    return found, received < MOST_BYTES


def _decoded(batch: list[bytes], options: CodecOptions[Any]) -> list[Document]:
    """One by one, so that other threads have their turn."""
    from bson import decode

    return [decode(document, options) for document in batch]


def _pipeline(draw: Draw) -> list[dict[str, Any]]:
    first: dict[str, Any] = {"$sample": {"size": draw.documents}} if draw.at_random else {"$limit": draw.documents}
    return [first, _CUT] if draw.cut else [first]


def _cut_value() -> dict[str, Any]:
    value = "$$this.v"
    kind = {"$type": value}
    is_long_text = {"$and": [{"$eq": [kind, "string"]}, {"$gt": [{"$strLenBytes": value}, _LONG_VALUE]}]}
    is_long_binary = {"$and": [{"$eq": [kind, "binData"]}, {"$gt": [{"$binarySize": value}, _LONG_VALUE]}]}
    is_long_array = {"$and": [{"$isArray": [value]}, {"$gt": [{"$size": value}, _KEPT_ITEMS]}]}
    return {
        "$switch": {
            "branches": [
                {"case": is_long_text, "then": {"$substrCP": [value, 0, _KEPT_CHARACTERS]}},
                {"case": is_long_binary, "then": "(a long binary value)"},
                {"case": is_long_array, "then": {"$slice": [value, _KEPT_ITEMS]}},
            ],
            "default": value,
        }
    }


_CUT: dict[str, Any] = {
    "$replaceWith": {
        "$arrayToObject": {
            "$map": {"input": {"$objectToArray": "$$ROOT"}, "in": {"k": "$$this.k", "v": _cut_value()}},
        }
    }
}
"""Long texts, binaries and arrays of the top level, cut before they are sent; needs 4.4."""
_FIRST_ONLY = "The sample holds the first {:,} documents, not random ones: its documents are too large for more."
_NOT_DRAWN = "No sample could be drawn within the time limit: selectivity is not known."
