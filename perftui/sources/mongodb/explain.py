"""Explains a command without ever running what it would change: `queryPlanner`, or `executionStats` when asked."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Literal

from perftui.advice.explaining.answers import Explainable, Refusal
from perftui.advice.explaining.command import explainable
from perftui.advice.plans.plan import read_plan
from perftui.model.plan import Plan
from perftui.sources.mongodb.cancelling import end_session, is_cancelled, stop_if_cancelled
from perftui.sources.mongodb.explain_errors import refusal_of
from perftui.sources.mongodb.explain_views import javascript_behind

if TYPE_CHECKING:
    from pymongo import AsyncMongoClient

    Client = AsyncMongoClient[dict[str, Any]]

__all__ = ["Explainable", "NotExplained", "Refusal", "explain", "explainable"]

_LONGEST_MS = 600_000
_ANSWER_MS = 500
"""What the client waits longer than the server may take."""


class NotExplained(Exception):  # noqa: N818 - an answer, not a fault
    """There is no plan; the refusal says why, in words for the user."""

    def __init__(self, refusal: Refusal) -> None:
        super().__init__(refusal.message)
        self.refusal = refusal


async def explain(
    client: Client,
    asked: Explainable,
    *,
    verbosity: Literal["queryPlanner", "executionStats"] = "queryPlanner",
    max_time_ms: int,
) -> Plan:
    """The server's plan; raises `NotExplained`.

    `executionStats` runs the whole reading part of the command: ask the user first. The server ends it after
    `max_time_ms`, or what the client waits at most, and at once where this task is cancelled.
    """
    if verbosity != "queryPlanner" and asked.never_run is not None:
        raise NotExplained(Refusal(message=asked.never_run, help="Its plan without figures (queryPlanner) is safe."))
    limit_ms = _limit(client, max_time_ms)
    try:
        hidden = await javascript_behind(client, (asked.database, asked.collection), asked.command, limit_ms)
        if hidden is None:
            whole = {"explain": asked.command, "verbosity": verbosity, "maxTimeMS": limit_ms}
            reply = await _run(client, asked.database, whole)
    except Exception as error:
        stop_if_cancelled()
        raise NotExplained(await refusal_of(error, client, asked, limit_ms)) from None
    if hidden is not None:
        raise NotExplained(Refusal(message=hidden, help="Explain the query on the collection behind the view."))
    return read_plan(reply, ns=asked.ns, op=asked.op, taken_at=time.time())


async def _run(client: Client, database: str, command: dict[str, Any]) -> Mapping[str, Any]:
    """What runs long has a session of its own, to be ended by: a lost connection does not end every kind of explain."""
    lenient = client.codec_options
    if command["verbosity"] == "queryPlanner":
        return await client[database].command(command, codec_options=lenient)
    async with client.start_session(causal_consistency=False) as session:
        try:
            return await client[database].command(command, session=session, codec_options=lenient)
        except (asyncio.CancelledError, Exception):
            if is_cancelled():
                await end_session(client, session)
            raise


def _limit(client: Client, max_time_ms: int) -> int:
    """Below what the client waits: otherwise it would hang up on a server that still works."""
    waits_s = client.options.pool_options.socket_timeout
    longest = _LONGEST_MS if waits_s is None else int(waits_s * 1000) - _ANSWER_MS
    return max(1, min(max_time_ms, longest, _LONGEST_MS))
