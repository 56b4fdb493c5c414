"""`perftui index journal [TARGET]`: what was done, and what became of it. Reads only."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

import msgspec

from perftui.actions.access import Access
from perftui.actions.journal import Record
from perftui.actions.pending import concerns, undoable
from perftui.actions.proof_starts import created_indexes, kept_of
from perftui.commands import DONE, say
from perftui.commands.index.ask import Session
from perftui.model.redaction import redact
from perftui.model.target import Connection
from perftui.model.text import safe_text
from perftui.monitor.aftermath import Uses, add_uses, aftermath
from perftui.sources.mongodb.client import max_time_ms

if TYPE_CHECKING:
    from perftui.model.index import CollectionState
    from perftui.model.proof import Aftermath

_MOST_COLLECTIONS = 50


async def show_journal(session: Session, connection: Connection | None) -> int:
    """With a target it reads how often the indexes that were created there are used by now."""
    records = session.journal.read()
    if connection is not None:
        records = tuple(one for one in records if concerns(one, connection) or _names(one, connection))
    can_undo = {record.intent.id for record in undoable(session.journal)}
    where, now = ("", {}) if connection is None else await _collections(connection, records)
    known = [(record, tuple(_became(record, where, now)) if record.intent.id in can_undo else ()) for record in records]
    if session.json:
        shown = [msgspec.structs.replace(record, aftermath=found or record.aftermath) for record, found in known]
        document = {"schema": "perftui.journal/1", "records": shown}
        sys.stdout.write(msgspec.json.encode(document).decode() + "\n")
        return DONE
    for record, found in known:
        sys.stdout.write(f"{_line(record, record.intent.id in can_undo)}\n")
        sys.stdout.writelines(f"          {safe_text(f'{one.index} on {one.ns}: {one.message}')}\n" for one in found)
    if not records:
        say(f"The journal {session.journal.path} holds nothing yet.")
    return DONE


async def _collections(connection: Connection, records: tuple[Record, ...]) -> tuple[str, dict[str, CollectionState]]:
    """The member asked, and what indexes were created on, as it has them; it says so where they cannot be read."""
    from perftui.commands.index.listing import read_collections

    wanted = list(dict.fromkeys(start.ns for record in records for start in created_indexes(record)))
    access, found, where = Access(connection, connection.target), dict[str, "CollectionState"](), ""
    try:
        async with access.member() as reached:
            where = reached.address
            for ns in wanted[-_MOST_COLLECTIONS:]:
                collections, _ = await read_collections(reached.client, ns, max_time_ms(connection))
                found.update({one.ns: one for one in collections})
    except Exception as error:  # whatever a client raises is told in words
        failure = access.failure(error)
        say(redact(f"What became of the indexes is as it was seen last: {failure.message} {failure.help}".rstrip()))
    return where, found


def _became(record: Record, where: str, now: Mapping[str, CollectionState]) -> Iterator[Aftermath]:
    """Of each index that it created: what was measured, and how often it is used now."""
    for start in created_indexes(record):
        uses, kept = Uses(where=where), kept_of(record, start)
        if start.ns in now:
            add_uses(uses, start.index, now[start.ns])
        if kept is not None or uses.count is not None or uses.is_gone:
            found = aftermath(start, (), kept, uses, time.time(), _when)
            yield msgspec.structs.replace(found, told=kept is not None and kept.told)


def _names(record: Record, connection: Connection) -> bool:
    return record.intent.target_id == connection.target.id


def _line(record: Record, can_undo: bool) -> str:
    entry, outcome = record.intent, record.outcome
    state = "not known" if outcome is None or outcome.state is None else outcome.state
    message = "perftui ended before it knew." if outcome is None else outcome.message or ""
    undo = "  can be undone" if can_undo else ""
    when = time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(entry.at))
    return f"{entry.id[:8]}  {when}  {entry.who}  {entry.action}  {state}  {safe_text(message)}{undo}"


def _when(at: float) -> str:
    return time.strftime("%Y-%m-%d %H:%M", time.localtime(at))
