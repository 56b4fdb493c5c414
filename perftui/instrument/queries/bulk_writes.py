"""A client's `bulk_write`, which MongoDB 8.0 takes as one command: what it is counted as, and what its reply tells."""

from collections.abc import Mapping
from typing import Any, Final

from perftui.advice.shapes.shape import Shape, shape_of
from perftui.instrument.queries.counting import ShapeCounts

SEVERAL: Final = "admin.$cmd.bulkWrite"
"""As the server names it: the collection of one that writes to more than one."""
_MOST_SPACES: Final = 1_000


def bulk_shape(command: Mapping[str, Any]) -> Shape:
    """One for each collection, and one for all that write to several: its time is that of all its statements."""
    spaces = {str(space["ns"]) for space in command["nsInfo"][:_MOST_SPACES]}
    return shape_of(command, spaces.pop() if len(spaces) == 1 else SEVERAL)


def bulk_written(counts: ShapeCounts, reply: Mapping[str, Any]) -> None:
    """Count documents found and changed, of all statements together."""
    deleted = reply.get("nDeleted", 0)
    counts.add_matched(reply.get("nMatched", 0) + deleted)
    changed = sum(reply.get(name, 0) for name in ("nInserted", "nUpserted", "nModified"))
    counts.add_modified(changed + deleted)
