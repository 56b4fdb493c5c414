"""What a cancelled task leaves at a server, and how to know of it: the driver may make an error of being cancelled."""

from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pymongo import AsyncMongoClient
    from pymongo.asynchronous.client_session import AsyncClientSession

_ENDING_MS = 2_000


def is_cancelled() -> bool:
    """Somebody wants this task to end, whatever was raised in it."""
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0


def stop_if_cancelled() -> None:
    """Raises `CancelledError` where that was swallowed on its way."""
    if is_cancelled():
        raise asyncio.CancelledError


async def end_session(client: AsyncMongoClient[dict[str, Any]], session: AsyncClientSession) -> None:
    """End what runs for this session at the server: a lost connection does not end everything. Raises nothing."""
    with contextlib.suppress(Exception):
        ending = client.admin.command({"killSessions": [session.session_id], "maxTimeMS": _ENDING_MS})
        await asyncio.wait_for(ending, _ENDING_MS / 1000)
