"""How often an index is used, on every member that can be read: each counts for itself, since it started."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

from perftui.actions.access import Access, Reached
from perftui.sources.mongodb.client import max_time_ms
from perftui.sources.mongodb.plain import texts

if TYPE_CHECKING:
    from pymongo import AsyncMongoClient

    Client = AsyncMongoClient[dict[str, Any]]


def data_members(reached: Reached) -> list[str]:
    """The members that hold data, the one that was reached first."""
    hello = reached.hello
    named = [*texts(hello.get("hosts")), *texts(hello.get("passives"))]
    return [reached.address, *(address for address in named if address not in (reached.address, hello.get("me")))]


async def read_use(access: Access, reached: Reached, ns: str, index_name: str) -> list[str]:
    """Sentences: where it is used, and which members could not be asked."""
    sentences: list[str] = []
    for address in data_members(reached):
        try:
            async with access.member(address) as member:
                sentences += await _of_member(member.client, address, ns, index_name, max_time_ms(access.connection))
        except Exception as error:  # a member that cannot be asked is named, and the others are asked
            sentences.append(f"Its use on {address} could not be read: {access.failure(error).message}")
    return sentences


async def _of_member(client: Client, address: str, ns: str, index_name: str, limit_ms: int) -> list[str]:
    database, _, collection = ns.partition(".")
    stages: list[dict[str, Any]] = [{"$indexStats": {}}, {"$match": {"name": index_name}}]
    async with await client[database][collection].aggregate(stages, maxTimeMS=limit_ms) as cursor:
        return [words for entry in await cursor.to_list() if (words := _words(entry, address))]


def _words(entry: dict[str, Any], address: str) -> str | None:
    accesses = entry.get("accesses") or {}
    uses, since = int(accesses.get("ops") or 0), accesses.get("since")
    when = f" since {since:%Y-%m-%d %H:%M} UTC" if isinstance(since, datetime) else ""
    return f"It is in use on {address}: {uses:,} times{when}." if uses else None
