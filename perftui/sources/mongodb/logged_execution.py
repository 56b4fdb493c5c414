"""What a slow query line says beyond what it is decoded into: its time, its waits, and what it returned."""

from datetime import datetime

from perftui.sources.mongodb.log_line import LoggedExecution, document
from perftui.sources.mongodb.waits import lock_wait_ms, queue_wait_ms

_WAITED = b"Micros"
"""In the name of every wait, and of little else."""


def complete(read: LoggedExecution, line: bytes, at: float) -> None:
    """Fill in the rest of a line's execution. Raises `msgspec.DecodeError` where its locks are no JSON."""
    read.at = at
    if read.milliseconds < 0:
        read.milliseconds = 0.0
    if read.returned is None:
        read.returned = read.deleted if read.matched is None else read.matched
    if read.error is None:
        read.error = read.error_name
    if read.type == "getmore":
        read.executions = 0
    if _WAITED in line:
        parts = [_part(bytes(one)) for one in (read.flow_control, read.queues, read.storage)]
        read.lock_wait_ms, read.queue_wait_ms = lock_wait_ms(_part(bytes(read.locks))), queue_wait_ms(*parts)


def _part(raw: bytes) -> object:
    return document(raw) if _WAITED in raw else None


class LineClock:
    """Times of log lines as Unix seconds; the date and the zone are worked out once a second's worth of lines."""

    def __init__(self) -> None:
        self._second, self._zone, self._at = "", "", 0.0

    def seconds(self, moment: str) -> float:
        """0 for what is no ISO 8601 date with milliseconds."""
        second, zone = moment[:20], moment[23:]
        if second != self._second or zone != self._zone:
            try:
                parsed = datetime.fromisoformat(f"{second[:19]}{zone or '+00:00'}").timestamp()
            except ValueError:
                return 0.0
            self._second, self._zone, self._at = second, zone, parsed
        fraction = moment[20:23]
        return self._at + int(fraction) / 1000 if fraction.isascii() and fraction.isdigit() else self._at
