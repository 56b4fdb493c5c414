"""The slow query lines of the server's log in memory: what is read where no profile can be."""

from collections.abc import Mapping
from datetime import datetime
from typing import NamedTuple

import msgspec

_SLOW_QUERY = '"id":51803'
_NAMES = {
    "durationMillis": "millis",
    "remote": "client",
    "type": "op",
    "reslen": "responseLength",
    "numYields": "numYield",
}
_decode = msgspec.json.Decoder().decode


class LogRead(NamedTuple):
    """What is new in the log."""

    entries: list[dict[str, object]]
    """Slow queries under the profile's names, oldest first."""
    lost: bool
    """Lines were overwritten before they could be read."""


class SlowLogTail:
    """The place reached in the log: the server counts all lines it ever wrote and keeps the last thousand."""

    def __init__(self, own_name: str) -> None:
        self._own_name = own_name
        self._written: int | None = None
        self._last_line: object = None

    def take(self, reply: Mapping[str, object]) -> LogRead:
        """What a reply of `getLog: "global"` has beyond the one before."""
        lines = reply.get("log")
        lines = lines if isinstance(lines, list) else []
        written = reply.get("totalLinesWritten")
        written = written if isinstance(written, int) else len(lines)
        fresh = self._number_of_new(lines, written)
        self._written, self._last_line = written, lines[-1] if lines else None
        new = lines[-fresh:] if fresh else []
        found = [entry for line in new if (entry := slow_log_entry(line)) is not None]
        return LogRead([entry for entry in found if entry.get("appName") != self._own_name], fresh > len(lines))

    def _number_of_new(self, lines: list[object], written: int) -> int:
        """All, after a restart: then fewer lines were written, or another one stands where the last one stood."""
        if self._written is None or written < self._written:
            return len(lines)
        fresh = written - self._written
        goes_on = fresh >= len(lines) or lines[-fresh - 1] == self._last_line
        return fresh if goes_on else len(lines)


def slow_log_entry(line: object, *, any_spacing: bool = False) -> dict[str, object] | None:
    """A slow query's line under the names of the profile, or `None` for any other line.

    `any_spacing`: not written by the server itself, so that its id is found only by decoding.
    """
    if not isinstance(line, str) or (not any_spacing and _SLOW_QUERY not in line):
        return None
    try:
        parsed = _decode(line)
        attributes = parsed["attr"]
        moment = datetime.fromisoformat(parsed["t"]["$date"])
    except (msgspec.DecodeError, KeyError, TypeError, ValueError, RecursionError):
        return None
    if not isinstance(attributes, dict) or parsed.get("id") != 51803:
        return None
    entry: dict[str, object] = {_NAMES.get(str(name), str(name)): value for name, value in attributes.items()}
    entry["ts"] = moment
    return entry
