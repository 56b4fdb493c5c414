"""What threads of the server's own do that operations may wait for: they have no client, so no row shows them."""

from collections.abc import Iterable, Mapping
from typing import Any

from perftui.model.operation import OwnWork

_THREADS: dict[str, OwnWork] = {"fsyncLockWorker": "fsync lock", "TTLMonitor": "TTL delete"}


def facet() -> list[dict[str, Any]]:
    """The stages that leave those threads where they hold a lock: else they wait, or rest."""
    working = {"desc": {"$in": list(_THREADS)}, "waitingForLock": {"$ne": True}, "locks.Global": {"$exists": True}}
    return [{"$match": working}, {"$limit": 10}, {"$project": {"desc": 1}}]


def own_work(entries: Iterable[Mapping[str, Any]]) -> tuple[OwnWork, ...]:
    found = {_THREADS[thread] for entry in entries if (thread := str(entry.get("desc"))) in _THREADS}
    return tuple(sorted(found))
