"""Indexes that another one makes unnecessary, and collections that have too many."""

from collections.abc import Sequence

from perftui.advice.costs.spec import reversed_keys
from perftui.advice.filters.collations import canonical
from perftui.advice.findings import codes
from perftui.advice.words.figures import number
from perftui.model.finding import Finding
from perftui.model.index import CollectionState, Index, KeyPattern

MANY_INDEXES = 10
VERY_MANY_INDEXES = 20
MOST_INDEXES = 64
"""The server allows no more."""
_NEAR_THE_LIMIT = 60
BUSY_WRITES_PER_S = 1.0


def covering(index: Index, plain: Sequence[Index]) -> Finding | None:
    """Another index of `plain` begins with the same fields in the same order, or all reversed, and serves alike."""
    if not is_plain(index):
        return None
    for other in plain:
        if other.name != index.name and _stands_for(other, index) and _same_comparison(index, other):
            return Finding(
                code=codes.REDUNDANT_INDEX,
                severity="warning",
                message=f"{other.name} {_keys(other.keys)} begins with the same fields and serves all it serves.",
                advice=f"Hide it, and drop it when nothing got slower: {other.name} takes its place.",
            )
    return None


def is_plain(index: Index) -> bool:
    """In use, in the order of its values, with every document in it."""
    special = any(isinstance(way, str) or "$**" in name for name, way in index.keys)
    return not (special or index.sparse or index.partial_filter or index.hidden or index.building)


def _same_comparison(one: Index, other: Index) -> bool:
    return one.collation == other.collation or canonical(one.collation) == canonical(other.collation)


def _stands_for(other: Index, index: Index) -> bool:
    """A longer one does; of two that read the same from either end, the one with another meaning or the first name."""
    head = other.keys[: len(index.keys)]
    if not head or head[0][0] != index.keys[0][0] or head not in (index.keys, reversed_keys(index.keys)):
        return False
    if len(other.keys) > len(index.keys):
        return True
    return (other.unique or other.ttl_s is not None) or other.name < index.name


def _keys(keys: KeyPattern) -> str:
    return "{" + ", ".join(f"{name}: {way}" for name, way in keys) + "}"


def too_many(members: Sequence[CollectionState], writes: int) -> Finding | None:
    """Only on a collection that is known to be written to; close to the server's limit on any."""
    indexes = max(len(member.indexes) for member in members)
    rate = max((member.writes_per_s or 0.0 for member in members), default=0.0)
    busy = rate >= BUSY_WRITES_PER_S or writes > 0
    if indexes < _NEAR_THE_LIMIT and not (busy and indexes > MANY_INDEXES):
        return None
    written = f" and takes {number(rate)} writes a second" if rate >= BUSY_WRITES_PER_S else ""
    limit = f" The server allows {MOST_INDEXES}." if indexes >= _NEAR_THE_LIMIT else ""
    return Finding(
        code=codes.TOO_MANY_INDEXES,
        severity="warning" if indexes > VERY_MANY_INDEXES else "info",
        message=f"It has {indexes} indexes{written}: an insert writes a key to each of them.{limit}",
        advice="Drop what is unused or redundant, and let shapes share an index that begins with their equalities.",
    )
