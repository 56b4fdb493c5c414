"""Asks the server for the views behind the collections that a command names."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from perftui.advice.explaining.views import Space, Views, look_behind, views_command, views_in
from perftui.sources.mongodb.failures import UNAUTHORIZED

if TYPE_CHECKING:
    from pymongo import AsyncMongoClient

    Client = AsyncMongoClient[dict[str, Any]]


async def javascript_behind(client: Client, space: Space, command: Mapping[str, Any], max_time_ms: int) -> str | None:
    """Why this command could run JavaScript that a view holds, or `None`; raises what PyMongo raises."""
    looking = look_behind(space, command)
    try:
        database, names = next(looking)
        while True:
            database, names = looking.send(await _views(client, database, names, max_time_ms))
    except StopIteration as found:
        reason: str | None = found.value
        return reason


async def _views(client: Client, database: str, names: list[str], max_time_ms: int) -> Views:
    """Whoever may read a collection may know its name and kind, but not how a view is made."""
    try:
        found = await client[database].command(views_command(names, max_time_ms, only_names=False))
    except Exception as error:
        if getattr(error, "code", None) != UNAUTHORIZED:
            raise
        only_names = await client[database].command(views_command(names, max_time_ms, only_names=True))
        return views_in(only_names, only_names=True)
    return views_in(found, only_names=False)
