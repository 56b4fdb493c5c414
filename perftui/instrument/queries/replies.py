"""What a reply tells of a command: documents returned, matched and modified, and what failed."""

from collections.abc import Iterator, Mapping
from typing import Any

from perftui.instrument.queries.bulk_writes import bulk_written
from perftui.instrument.queries.counting import ShapeCounts

NETWORK = "network"
_MOST_ERRORS = 1_000


def returned_by(reply: Mapping[str, Any]) -> int:
    """Of a reply without a cursor: the values of a distinct."""
    return len(reply.get("values") or ())


def written_by(counts: ShapeCounts, reply: Mapping[str, Any]) -> int:
    """Count documents found and changed, as far as the reply says it, and return how many it holds.

    That of an unacknowledged write says nothing, and only findAndModify returns a document.
    """
    if "nErrors" in reply:
        bulk_written(counts, reply)
        return 0
    last = reply.get("lastErrorObject")
    number = reply.get("n") if last is None else last.get("n")
    if number:
        if counts.op == "insert":
            counts.add_modified(number)
        else:
            _found(counts, reply, number, last)
    return 0 if last is None else int(reply.get("value") is not None)


def _found(counts: ShapeCounts, reply: Mapping[str, Any], number: int, last: Mapping[str, Any] | None) -> None:
    """Upserted documents were not found, but are changed."""
    upserted = len(reply.get("upserted") or ()) if last is None else int("upserted" in last)
    if number > upserted:
        counts.add_matched(number - upserted)
    modified = reply.get("nModified")
    counts.add_modified(number if modified is None else modified + upserted)


def write_errors(reply: Mapping[str, Any]) -> Iterator[str]:
    """Codes of the statements that failed, and of a write concern that was not met."""
    cursor = reply.get("cursor") or {}
    for told in (cursor.get("firstBatch") or cursor.get("nextBatch") or ())[:_MOST_ERRORS]:
        if not told.get("ok"):
            yield code_of(told)
    for error in (reply.get("writeErrors") or ())[:_MOST_ERRORS]:
        yield code_of(error)
    if "writeConcernError" in reply:
        yield code_of(reply["writeConcernError"])


def code_of(failure: object) -> str:
    """The server's number, or `network` where it did not answer."""
    code = failure.get("code") if isinstance(failure, Mapping) else None
    return str(int(code)) if isinstance(code, int) else NETWORK
