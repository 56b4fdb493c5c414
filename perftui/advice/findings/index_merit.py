"""Whether anything uses an index, and whether it has a meaning besides serving reads."""

from collections.abc import Sequence

from perftui.advice.findings import codes
from perftui.advice.words.figures import size
from perftui.model.finding import Finding
from perftui.model.index import Index

_DAY_S = 86400.0
YOUNG_S = _DAY_S
"""Counters younger than this tell nothing: a nightly job may not have run yet."""
SURE_S = 7 * _DAY_S
HIDDEN_LONG_S = _DAY_S


def has_other_meaning(index: Index, shard_key: tuple[str, ...]) -> bool:
    """It identifies, expires, clusters or shards documents, so that no count of its uses speaks against it."""
    if index.name == "_id_" or index.keys[:1] == (("_id", 1),) or index.building:
        return True
    if index.unique or index.ttl_s is not None or index.options.get("clustered") or index.options.get("prepareUnique"):
        return True
    return bool(shard_key) and tuple(name for name, _ in index.keys)[: len(shard_key)] == shard_key


def unused(members: Sequence[Index], now: float) -> Finding | None:
    """Every member's counter stands at zero and is old enough; the youngest decides."""
    first = members[0]
    if first.hidden or any(one.uses != 0 or one.used_since is None for one in members):
        return None
    age_s = now - max(one.used_since or 0.0 for one in members)
    if age_s < YOUNG_S:
        return None
    room = "" if not first.size_bytes else f"; it takes {size(first.size_bytes)}"
    where = "" if len(members) == 1 else f" on any of {len(members)} members"
    return Finding(
        code=codes.UNUSED_INDEX,
        severity="warning" if age_s >= SURE_S else "info",
        message=f"Nothing used it{where} in the {days(age_s)} that the counters go back{room}.",
        advice="Hide it first; drop it when nothing got slower, jobs of the month's end included.",
    )


def hidden_for_long(index: Index, now: float) -> Finding | None:
    """Hiding an index starts its counter anew, so that its age tells since when it is hidden at least."""
    if not index.hidden or index.used_since is None or now - index.used_since < HIDDEN_LONG_S:
        return None
    return Finding(
        code=codes.HIDDEN_INDEX,
        severity="info",
        message=f"It has been hidden for {days(now - index.used_since)} at least, and every write still keeps it.",
        advice="Drop it if nothing got slower, or unhide it.",
    )


def days(seconds: float) -> str:
    """`1 day`, `12 days`."""
    whole = int(seconds // _DAY_S)
    return f"{whole} day{'' if whole == 1 else 's'}"
