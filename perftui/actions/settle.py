"""The next look at builds whose end nobody saw: a lost connection, Ctrl-C, a killed perftui."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import TYPE_CHECKING

from perftui.actions.access import Access
from perftui.actions.base import Outcome
from perftui.actions.create_index import CreateIndexes
from perftui.actions.index_entries import list_indexes, named, same_index
from perftui.actions.index_spec import IndexSpec, kept
from perftui.actions.journal import Journal, Record
from perftui.actions.pending import concerns, unfinished_builds
from perftui.actions.undo_data import KeptIndex
from perftui.model.target import Connection
from perftui.sources.mongodb.client import max_time_ms

if TYPE_CHECKING:
    from perftui.actions.access import Reached


async def settle_builds(journal: Journal, connections: Sequence[Connection]) -> tuple[tuple[Record, Outcome], ...]:
    """Read whether they are there by now and write that into the journal; one that still runs is left as it is.

    Raises `OSError` where the journal cannot be written. A server that does not answer is left for another time.
    """
    found = []
    for record in await asyncio.to_thread(unfinished_builds, journal):
        connection = next((one for one in connections if concerns(record, one)), None)
        if connection is None:
            continue
        seen = await _look(record, connection)
        if seen is None:
            continue
        outcome = _whole(record, seen)
        found.append((record, outcome))
        if outcome.state != "unverified":
            await asyncio.to_thread(journal.conclude, record.intent, outcome.state, outcome.message, record.undo)
    return tuple(found)


def still_building(record: Record, connection: Connection) -> CreateIndexes:
    """The build that the record tells of, to be followed; `follow_build` does. Raises `ValueError` for no index."""
    indexes = record.undo.indexes if record.undo is not None else ()
    return CreateIndexes(connection, connection.target, [IndexSpec.restored(index) for index in indexes])


async def follow_build(journal: Journal, record: Record, action: CreateIndexes) -> Outcome:
    """Watch it to its end and write that into the journal; cancelled, it is left for the next start.

    Raises `OSError` where the journal cannot be written.
    """
    outcome = _whole(record, await action.follow())
    if outcome.state != "unverified":
        await asyncio.to_thread(journal.conclude, record.intent, outcome.state, outcome.message, record.undo)
    return outcome


async def _look(record: Record, connection: Connection) -> Outcome | None:
    access = Access(connection, connection.target)
    indexes = record.undo.indexes if record.undo is not None else ()
    try:
        async with access.primary() as reached:
            states = [await _state(reached, index, max_time_ms(connection)) for index in indexes]
    except Exception:  # it is tried again at the look after
        return None
    what = ", ".join(f"{index.name} on {index.ns}" for index in indexes)
    if "building" in states:
        return Outcome(state="unverified", message=f"{what}: the build still goes on.")
    if all(state == "ready" for state in states):
        return Outcome(state="done", message=f"{what}: seen ready at a later look.")
    gone = ", ".join(index.name for index, state in zip(indexes, states, strict=True) if state != "ready")
    return Outcome(state="failed", message=f"{what}: {gone} was not there at a later look: the build did not end well.")


def _whole(record: Record, outcome: Outcome) -> Outcome:
    """With what was asked for in the same action, and was refused when the others were begun."""
    asked = record.intent.undo.indexes if record.intent.undo is not None else ()
    begun = {(index.ns, index.name) for index in (record.undo.indexes if record.undo is not None else ())}
    refused = ", ".join(f"{one.name} on {one.ns}" for one in asked if (one.ns, one.name) not in begun)
    if not refused or outcome.state == "unverified":
        return outcome
    return Outcome(state="failed", message=f"{outcome.message} Not created: {refused}.")


async def _state(reached: Reached, index: KeptIndex, limit_ms: int) -> str:
    entry = named(await list_indexes(reached.client, index.ns, limit_ms), index.name)
    if entry is None or not same_index(kept(index.definition), entry.definition):
        return "missing"
    return "ready" if entry.build is None else "building"
