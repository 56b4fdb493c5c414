"""Runs queries one after the other in one session, reads their results, and counts what it sends."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from perftui.query_bench.limits import Limits
from perftui.query_bench.question import Query
from perftui.sources.mongodb.cancelling import end_session, is_cancelled, stop_if_cancelled

if TYPE_CHECKING:
    from pymongo import AsyncMongoClient
    from pymongo.asynchronous.client_session import AsyncClientSession

    Client = AsyncMongoClient[dict[str, Any]]


class Read(NamedTuple):
    """What a query returned: documents, or values of a `distinct`, or the number of a `count`."""

    values: list[Any]
    complete: bool
    """False: there is more than the limit lets be fetched."""


class Executor:
    """`sent` counts every command: the queries, their getMores, and the explains that others report to `count`.

    `fetched` holds how many documents a query's last execution got, `cut` which queries have more than that.
    """

    def __init__(self, client: Client, session: AsyncClientSession, limits: Limits) -> None:
        from bson.raw_bson import RawBSONDocument

        self._client, self._session, self._limits = client, session, limits
        self._raw = client.codec_options.with_options(document_class=RawBSONDocument)
        self.sent = 0
        self.fetched: dict[str, int] = {}
        self.cut: set[str] = set()

    def count(self, number: int = 1) -> None:
        """So many commands were sent by somebody else."""
        self.sent += number

    async def run(self, query: Query) -> None:
        """Once, whole up to the limit. Nothing is decoded that need not be."""
        reply = await self._command(query, self._raw)
        cursor = reply.get("cursor")
        if cursor is None:
            self.fetched[query.name] = len(reply["values"]) if "values" in reply else 1
            return
        number, most = len(cursor["firstBatch"]), self._limits.most_documents
        while cursor["id"] and number < most:
            cursor = await self._more(query, cursor, most - number, self._raw)
            number += len(cursor["nextBatch"])
        self.fetched[query.name] = number
        if cursor["id"]:
            self.cut.add(query.name)
            await self._close(query, cursor)

    async def read(self, query: Query) -> Read:
        """The result itself."""
        lenient = self._client.codec_options
        reply = await self._command(query, lenient)
        cursor = reply.get("cursor")
        if cursor is None:
            return Read(list(reply["values"]) if "values" in reply else [reply["n"]], complete=True)
        found = list(cursor["firstBatch"])
        most = self._limits.most_documents
        while cursor["id"] and len(found) <= most:
            cursor = await self._more(query, cursor, most + 1 - len(found), lenient)
            found += cursor["nextBatch"]
        if cursor["id"]:
            await self._close(query, cursor)
        return Read(found[:most], complete=not cursor["id"] and len(found) <= most)

    async def _command(self, query: Query, codec: Any) -> Mapping[str, Any]:
        return await self._send(query, {**query.runs.command, "maxTimeMS": self._limits.operation_ms}, codec)

    async def _more(self, query: Query, cursor: Mapping[str, Any], most: int, codec: Any) -> Mapping[str, Any]:
        """At most so many more. The time limit of the command that opened the cursor holds for all of it."""
        command = {"getMore": cursor["id"], "collection": _collection(cursor), "batchSize": most}
        reply = await self._send(query, command, codec)
        more: Mapping[str, Any] = reply["cursor"]
        return more

    async def _close(self, query: Query, cursor: Mapping[str, Any]) -> None:
        command = {"killCursors": _collection(cursor), "cursors": [cursor["id"]]}
        await self._send(query, command, self._client.codec_options)

    async def _send(self, query: Query, command: dict[str, Any], codec: Any) -> Mapping[str, Any]:
        stop_if_cancelled()
        self.sent += 1
        try:
            database = self._client[query.runs.database]
            reply: Mapping[str, Any] = await database.command(command, session=self._session, codec_options=codec)
        except (asyncio.CancelledError, Exception):
            if is_cancelled():
                await end_session(self._client, self._session)
            stop_if_cancelled()
            raise
        return reply


def _collection(cursor: Mapping[str, Any]) -> str:
    return str(cursor["ns"]).partition(".")[2]
