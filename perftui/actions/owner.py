"""Which process an action belongs to, and whether that still runs: a number alone may be a later process's."""

import os
import socket

from perftui.actions.journal import Record

_CLOCK_SLACK_S = 2.0


def own_pid() -> int:
    return os.getpid()


def own_start() -> float:
    """When this process started, Unix seconds."""
    return _started(os.getpid()) or 0.0


def owner_runs(record: Record) -> bool | None:
    """Whether the process that wrote this is still there; `None`: it ran on another machine, or is not named."""
    undo = record.undo
    if undo is None or undo.owner_pid is None or not record.intent.who.endswith(f"@{socket.gethostname()}"):
        return None
    started = _started(undo.owner_pid)
    return started is not None and abs(started - (undo.owner_started or 0.0)) < _CLOCK_SLACK_S


def is_own(record: Record) -> bool:
    """It is this very process's."""
    return record.undo is not None and record.undo.owner_pid == os.getpid() and bool(owner_runs(record))


def _started(pid: int) -> float | None:
    import psutil

    try:
        process = psutil.Process(pid)
        return None if process.status() == psutil.STATUS_ZOMBIE else float(process.create_time())
    except psutil.Error:
        return None
