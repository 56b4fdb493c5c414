"""One execution as it is counted, whether it was profiled or logged."""

from collections.abc import Mapping

import msgspec
from msgspec import field

from perftui.model.text import safe_text
from perftui.sources.mongodb.profile_entry import seconds
from perftui.sources.mongodb.waits import lock_wait_ms, queue_wait_ms
from perftui.sources.numbers import real, whole

_WORDS = 300


class Execution(msgspec.Struct, gc=False):
    """What one entry says of how a command was executed; a log line is decoded into it under the log's names."""

    at: float = field(name=".at", default=0.0)
    """Unix seconds; 0 where the entry does not tell. No server writes names that begin with a dot."""
    milliseconds: float = field(name="durationMillis", default=0.0)
    documents: int | None = field(name="docsExamined", default=None)
    keys: int | None = field(name="keysExamined", default=None)
    returned: int | None = field(name="nreturned", default=None)
    """For a write the documents matched or deleted."""
    plan_summary: str | None = field(name="planSummary", default=None)
    app_name: str | None = field(name="appName", default=None)
    sorted_without_index: bool = field(name="hasSortStage", default=False)
    used_disk: bool = field(name="usedDisk", default=False)
    replanned: bool = False
    write_conflicts: int | None = field(name="writeConflicts", default=None)
    yields: int | None = field(name="numYields", default=None)
    lock_wait_ms: float | None = field(name=".lock_wait_ms", default=None)
    queue_wait_ms: float | None = field(name=".queue_wait_ms", default=None)
    error: str | None = field(name="errMsg", default=None)
    error_code: int | None = field(name="errCode", default=None)
    executions: int = field(name=".executions", default=1)
    """0 for a getMore, whose find was counted already."""


def profiled_execution(entry: Mapping[str, object], *, getmore: bool) -> Execution:
    """From an entry of `system.profile`, or a slow log line under the profile's names; never raises."""
    micros = real(entry.get("durationMicros"))
    milliseconds = real(entry.get("millis")) if micros is None else micros / 1000
    failed = entry.get("errMsg") or entry.get("exception") or entry.get("errName")
    return Execution(
        at=seconds(entry.get("ts")),
        milliseconds=max(milliseconds or 0.0, 0.0),
        documents=_count(entry, "docsExamined"),
        keys=_count(entry, "keysExamined"),
        returned=_count(entry, "nreturned", "nMatched", "ndeleted"),
        plan_summary=_text(entry.get("planSummary")),
        app_name=_text(entry.get("appName")),
        sorted_without_index=entry.get("hasSortStage") is True,
        used_disk=entry.get("usedDisk") is True,
        replanned=entry.get("replanned") is True,
        write_conflicts=_count(entry, "writeConflicts"),
        yields=_count(entry, "numYield"),
        lock_wait_ms=lock_wait_ms(entry.get("locks")),
        queue_wait_ms=queue_wait_ms(entry.get("flowControl"), entry.get("queues"), entry.get("storage")),
        error=_text(failed),
        error_code=_count(entry, "errCode", "exceptionCode"),
        executions=0 if getmore else 1,
    )


def _count(entry: Mapping[str, object], *names: str) -> int | None:
    for name in names:
        found = whole(entry.get(name))
        if found is not None:
            return found
    return None


def _text(value: object) -> str | None:
    return safe_text(str(value), _WORDS) if value not in (None, "") else None
