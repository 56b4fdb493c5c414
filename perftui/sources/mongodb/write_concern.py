"""Writes that are done and wait for other members to have them too, among the entries of `$currentOp`."""

from collections.abc import Mapping
from typing import Any

from perftui.model.text import safe_text
from perftui.sources.mongodb.plain import part, real, text

Entry = Mapping[str, Any]

_WRITES = ("insert", "update", "delete", "findAndModify", "findandmodify", "commitTransaction", "bulkWrite")
_LONG_US, _LONG_UNASKED_US = 50_000, 500_000
_AT_THE_LATCH = "AnonymousLockable"
"""Where versions up to 6.0 say that an operation waits for a condition."""


def awaited_concern(entry: Entry) -> str | None:
    """`write concern majority`, or `None`. The server does not say it: while it waits, a write holds no lock at all.

    An insert's time stands still meanwhile, so that it tells nothing.
    """
    command, locks = entry.get("command"), entry.get("locks")
    if not isinstance(command, Mapping) or not isinstance(locks, Mapping) or locks or entry.get("writeConflicts"):
        return None
    if next(iter(command), None) not in _WRITES or not entry.get("active", True):
        return None
    wanted = part(command, "writeConcern").get("w")
    if wanted in (0, 1) or not _waits(entry, asked=wanted is not None):
        return None
    return safe_text("write concern" if wanted is None else f"write concern {wanted}", 60)


def _waits(entry: Entry, *, asked: bool) -> bool:
    at_the_latch = text(part(entry, "waitingForLatch").get("captureName")) == _AT_THE_LATCH
    if entry.get("op") == "insert":
        return asked or at_the_latch
    long = (real(entry.get("microsecs_running")) or 0.0) >= (_LONG_US if asked else _LONG_UNASKED_US)
    return long and (at_the_latch or not _may_yield(entry))


def _may_yield(entry: Entry) -> bool:
    """It may have no lock just now because it lets others pass: of an update or a delete only its parts show then."""
    return "findAndModify" in part(entry, "command") or "findandmodify" in part(entry, "command")
