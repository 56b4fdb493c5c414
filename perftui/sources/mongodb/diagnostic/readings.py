"""Diagnostic data as the model's own objects, by the readers of live replies: the same figures, from the past."""

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from perftui.model.host import HostMetrics
from perftui.model.mongodb import MongoServer
from perftui.sources.mongodb.diagnostic.chunk import Chunk
from perftui.sources.mongodb.diagnostic.document import Path
from perftui.sources.mongodb.diagnostic.machine import MEMORY_FIELDS, MachineReader
from perftui.sources.mongodb.plain import part
from perftui.sources.mongodb.server_status import SHOWN_SECTIONS, StatusReader

_STATUS = "serverStatus"
_MACHINE = "systemMetrics"
_FIELDS = SHOWN_SECTIONS | {"host", "version", "process", "pid", "uptime", "uptimeMillis"}
_PARTS = {
    "metrics": {"queryExecutor", "document", "operation"},
    "wiredTiger": {"cache", "concurrentTransactions"},
    "transactions": {"currentOpen", "currentInactive"},
}
_MACHINE_PARTS = {"cpu", "disks"}
_WRAPPERS = {"common", "shard", "router", "config"}
"""Newer servers put what belongs to a role one level deeper."""


class Reading(NamedTuple):
    """One sample: when, the server, and its machine where the server looks at it."""

    at: float
    server: MongoServer
    machine: HostMetrics | None


def is_wanted(path: Path) -> bool:
    """What the model shows of a sample."""
    if path[0] in _WRAPPERS:
        path = path[1:]
    if len(path) < 2:
        return False
    if path[0] == _MACHINE:
        return path[1] in _MACHINE_PARTS or path[1:] in MEMORY_FIELDS
    if path[0] != _STATUS or path[1] not in _FIELDS:
        return False
    parts = _PARTS.get(path[1])
    return parts is None or (len(path) > 2 and path[2] in parts)


class ReadingMaker:
    """Takes samples in their order; rates are over the server's own uptime, as live ones."""

    def __init__(self) -> None:
        self._status, self._machine = StatusReader(), MachineReader()

    def read(self, at: float, sample: Mapping[str, Any]) -> Reading | None:
        """`None` for a sample without a state of the server."""
        status = _section(sample, _STATUS)
        if not status:
            return None
        server = self._status.read(status)
        return Reading(at, server, self._machine.read(at, _section(sample, _MACHINE), server.host))


def readings(chunk: Chunk, maker: ReadingMaker, after: float, step_s: float) -> Iterator[Reading]:
    """Those later than `after`, about every `step_s` seconds."""
    last = after
    for index, at in enumerate(chunk.times):
        if at >= last + step_s * 0.95 or (at > after and last == after):
            reading = maker.read(at, chunk.sample(index))
            if reading is not None:
                last = at
                yield reading


def _section(sample: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    found = part(sample, name)
    return found or next((inner for one in _WRAPPERS if (inner := part(sample, one, name))), found)
