"""Explains one command that was seen running or in the profile: a plan, or a sentence why there is none."""

import asyncio
from typing import Literal

from perftui.advice.explaining.command import Explainable, Refusal, explainable
from perftui.model.operation import Operation
from perftui.model.plan import Plan
from perftui.model.query import SlowQuery
from perftui.model.target import Connection, Target

__all__ = ["Explainable", "explain_on", "of_operation", "of_slow_query"]

_NONE_KEPT = "No whole entry of this shape is kept, so there is no command to explain: wait for its next execution."


def of_operation(operation: Operation) -> Explainable | str:
    """What explains a running operation, or why nothing does."""
    if not operation.command or not operation.ns:
        return "This operation has no command to explain."
    return _or_words(explainable(operation.command, operation.ns, operation.op))


def of_slow_query(query: SlowQuery | None) -> Explainable | str:
    """What explains a profiled execution, or why nothing does."""
    if query is None or not query.raw:
        return _NONE_KEPT
    return _or_words(explainable(query.raw, query.ns, query.op))


async def explain_on(
    connection: Connection,
    target: Target,
    asked: Explainable,
    *,
    verbosity: Literal["queryPlanner", "executionStats"],
    max_time_ms: int,
) -> Plan | str:
    """Ask this member. Cancelling it ends the explain at the server too, for it closes the connection."""
    from perftui.sources.mongodb.client import close_client, open_client, seeds_of
    from perftui.sources.mongodb.explain import NotExplained, explain
    from perftui.sources.mongodb.failures import explain as explain_failure

    address = target.id.partition("://")[2].partition("#")[0]
    try:
        parts = await asyncio.to_thread(seeds_of, connection)
        client = open_client(connection, address, parts=parts, patient=verbosity == "executionStats")
    except Exception as error:  # a URI that cannot be used, or DNS
        failure = explain_failure(error, connection)
        return f"{failure.message} {failure.help}"
    try:
        return await explain(client, asked, verbosity=verbosity, max_time_ms=max_time_ms)
    except NotExplained as reason:
        return _words(reason.refusal)
    finally:
        await close_client(client)


def _or_words(found: Explainable | Refusal) -> Explainable | str:
    return _words(found) if isinstance(found, Refusal) else found


def _words(refusal: Refusal) -> str:
    return f"{refusal.message} {refusal.help}".strip()
