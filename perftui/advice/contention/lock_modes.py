"""Modes of locks as MongoDB names them, and which of them exclude each other."""

from collections.abc import Iterable, Mapping

HIERARCHY = (
    "ParallelBatchWriterMode", "FeatureCompatibilityVersion", "ReplicationStateTransition", "Global", "Tenant",
    "Database", "Collection", "Metadata", "Mutex", "DDLDatabase", "DDLCollection", "oplog",
)  # fmt: skip
"""Kinds of resources in the order in which an operation locks them: the last one is what it waits for."""
PER_NAMESPACE, PER_DATABASE = ("Collection", "DDLCollection"), ("Database", "DDLDatabase", "Tenant")
_EXCLUDES = {one: frozenset(others) for one, others in (("r", "W"), ("w", "RW"), ("R", "wW"), ("W", "rwRW"))}
_NONE = frozenset[str]()
_WORDS = {"r": "to read parts", "w": "to write parts", "R": "to read it whole", "W": "alone"}
_RESOURCES = {
    "ReplicationStateTransition": "the member's role",
    "Global": "the whole server",
    "ParallelBatchWriterMode": "the order of replication",
    "FeatureCompatibilityVersion": "the feature version",
}


def excludes(held: str, wanted: Iterable[str]) -> bool:
    """Whether somebody who holds it so keeps any of these waiting.

    `r` and `w` are intentions to read and write parts, `R` and `W` mean the whole; unknown modes exclude nothing.
    """
    return not _EXCLUDES.get(held, _NONE).isdisjoint(wanted)


def awaited_kind(locks: Mapping[str, str]) -> str | None:
    """The kind of resource that an operation waits for: the last of the order, which it asked for last."""
    known = next((kind for kind in reversed(HIERARCHY) if kind in locks), None)
    return known or next(reversed(list(locks)), None)


def scope(kind: str, ns: str) -> str:
    """What such a lock, asked for on a namespace, covers: the namespace, its database, or everything (empty)."""
    if kind in PER_NAMESPACE:
        return ns
    return ns.partition(".")[0] if kind in PER_DATABASE else ""


def resource_name(kind: str, ns: str) -> str:
    """`collection shop.orders`, `database shop`, `the member's role`."""
    covered = scope(kind, ns)
    if kind in PER_NAMESPACE:
        return f"collection {covered}" if covered else "a collection"
    if kind in PER_DATABASE:
        return f"database {covered}" if covered else "a database"
    return _RESOURCES.get(kind, kind)


def mode_words(mode: str) -> str:
    """What a mode is for, in words."""
    return _WORDS.get(mode, mode)
