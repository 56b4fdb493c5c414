"""Slow queries guessed from the operations that run: the last resort where neither profile nor log can be read."""

from collections.abc import Iterable, Mapping
from typing import Any

from perftui.sources.mongodb.operation_entry import opid_of
from perftui.sources.mongodb.plain import real

SLOW_US = 100_000
_LIMIT = 200
_SAME_START_S = 0.5


def sample_pipeline(own_name: str, all_users: bool) -> list[dict[str, Any]]:
    """Client operations that have run for 100 ms or more, the longest first."""
    wanted = {
        "active": True,
        "op": {"$nin": ["none", "getmore"]},
        "microsecs_running": {"$gte": SLOW_US},
        "ns": {"$gt": ""},
        "appName": {"$ne": own_name},
        "command.hello": {"$exists": False},
        "command.isMaster": {"$exists": False},
    }
    fields = (
        "opid",
        "op",
        "ns",
        "command",
        "planSummary",
        "client",
        "appName",
        "numYields",
        "microsecs_running",
        "currentOpTime",
    )
    return [
        {"$currentOp": {"allUsers": all_users, "idleConnections": False}},
        {"$match": wanted},
        {"$sort": {"microsecs_running": -1}},
        {"$limit": _LIMIT},
        {"$project": dict.fromkeys((*fields, "effectiveUsers"), 1)},
    ]


class RunningOperations:
    """Follows operations from poll to poll and gives each once, when it is gone, with the longest time seen."""

    def __init__(self) -> None:
        self._running: dict[object, dict[str, object]] = {}

    def take(self, operations: Iterable[Mapping[str, Any]], now: float) -> list[dict[str, object]]:
        """The operations that ended since the poll before, under the profile's names."""
        running: dict[object, dict[str, object]] = {}
        ended: list[dict[str, object]] = []
        for operation in operations:
            entry = _entry(operation, now)
            key = opid_of(operation)
            before = self._running.pop(key, None)
            if before is not None and abs(_started(before) - _started(entry)) > _SAME_START_S:
                ended.append(before)
            running[key] = entry
        ended.extend(self._running.values())
        self._running = running
        return ended


def _started(entry: Mapping[str, Any]) -> float:
    return float(entry["ts"] - entry["millis"]) / 1000


def _entry(operation: Mapping[str, Any], now: float) -> dict[str, object]:
    users = operation.get("effectiveUsers")
    first = users[0] if isinstance(users, list) and users and isinstance(users[0], Mapping) else {}
    return {
        "ts": round(now * 1000),
        "millis": (real(operation.get("microsecs_running")) or 0.0) / 1000,
        "op": operation.get("op"),
        "ns": operation.get("ns", ""),
        "command": operation.get("command"),
        "planSummary": operation.get("planSummary"),
        "client": operation.get("client"),
        "appName": operation.get("appName"),
        "user": first.get("user"),
        "numYield": operation.get("numYields"),
    }
