"""A listener for PyMongo's clients, sync and async: every command by collection, operation and shape."""

import time
from collections import OrderedDict
from collections.abc import Mapping
from typing import Any

from pymongo import monitoring

from perftui.advice.shape import shape_of
from perftui.instrument.queries import ShapeKey
from perftui.instrument.registry import Registry, default_registry

_MEASURED = frozenset({"find", "aggregate", "count", "distinct", "insert", "update", "delete", "findAndModify"})
_RUNNING = 10_000
_CURSORS = 10_000


class MongoMonitor(monitoring.CommandListener):
    """`MongoClient(uri, event_listeners=[MongoMonitor()])`, or `MongoMonitor().install()` before any client is made."""

    def __init__(self, registry: Registry | None = None) -> None:
        self.registry = registry or default_registry()
        self._running: OrderedDict[int, tuple[ShapeKey, bool]] = OrderedDict()
        self._cursors: OrderedDict[int, ShapeKey] = OrderedDict()

    def install(self) -> "MongoMonitor":
        """Have every client that is made from now on measured."""
        monitoring.register(self)
        return self

    def started(self, event: monitoring.CommandStartedEvent) -> None:
        try:
            self._start(event)
        except Exception:  # a fault of ours must not fail the application's query
            return

    def succeeded(self, event: monitoring.CommandSucceededEvent) -> None:
        try:
            self._end(event.request_id, event.duration_micros / 1e6, event.reply)
        except Exception:  # as above
            return

    def failed(self, event: monitoring.CommandFailedEvent) -> None:
        try:
            self._end(event.request_id, event.duration_micros / 1e6, None)
        except Exception:  # as above
            return

    def _start(self, event: monitoring.CommandStartedEvent) -> None:
        name, command = event.command_name, event.command
        if name == "getMore":
            shape, more = self._cursors.get(command["getMore"]), True
        elif name in _MEASURED:
            shape, more = _shape(command, f"{event.database_name}.{command[name]}"), False
        else:
            return
        if shape is None:
            return
        with self.registry.lock:
            self._running[event.request_id] = (shape, more)
            if len(self._running) > _RUNNING:
                self._running.popitem(last=False)

    def _end(self, request_id: int, seconds: float, reply: Mapping[str, Any] | None) -> None:
        if request_id not in self._running:
            return
        returned, cursor = _returned(reply)
        now, registry = time.monotonic(), self.registry
        with registry.lock:
            shape, more = self._running.pop(request_id)
            if more:
                registry.queries.record_more(shape, seconds, returned, failed=reply is None)
            else:
                registry.queries.record(shape, now, time.time(), seconds, returned, failed=reply is None)
                if cursor:
                    self._remember(cursor, shape)

    def _remember(self, cursor: int, shape: ShapeKey) -> None:
        self._cursors[cursor] = shape
        if len(self._cursors) > _CURSORS:
            self._cursors.popitem(last=False)


def _shape(command: Mapping[str, Any], ns: str) -> ShapeKey:
    shape = shape_of(command, ns)
    return ShapeKey(shape.id, shape.ns, shape.op, shape.text)


def _returned(reply: Mapping[str, Any] | None) -> tuple[int | None, int]:
    """Documents in this reply, and the cursor that holds more."""
    if reply is None:
        return None, 0
    cursor = reply.get("cursor")
    if isinstance(cursor, Mapping):
        batch = cursor.get("firstBatch", cursor.get("nextBatch"))
        return (len(batch) if batch is not None else None), int(cursor.get("id", 0))
    if "values" in reply:
        return len(reply["values"]), 0
    if "value" in reply:
        return int(reply["value"] is not None), 0
    return None, 0
