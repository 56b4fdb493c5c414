"""Whether a server restarted between two readings: what tells one life of it from the next."""

from typing import NamedTuple

from perftui.model.snapshot import TargetState

_JITTER_S = 2.0
"""Uptimes that come in whole seconds, or from another thread, may seem to go back a little."""
_LATE_S = 10.0
"""How long an answer may take, and so be younger than the moment it was asked for."""


class Life(NamedTuple):
    """What a server says of itself, whatever kind it is."""

    uptime_s: float | None = None
    role: str | None = None
    version: str | None = None
    pid: int | None = None
    read_at: float | None = None
    """Unix seconds, by our clock."""


def life_of(state: TargetState) -> Life:
    if (server := state.mongodb) is not None:
        return Life(server.uptime_s, server.role, server.version, server.pid, _read_at(state, "mongodb"))
    if (redis := state.redis) is not None:
        return Life(redis.uptime_s, redis.replication.role, redis.version, redis.pid, _read_at(state, "redis"))
    if (application := state.application) is not None:
        uptime_s, read_at = application.process.uptime_s, _read_at(state, "application")
        return Life(uptime_s, None, application.version, read_at=read_at)
    return Life()


def is_another_life(old: Life, new: Life) -> bool:
    """Another process, which may have run longer than the one before where it came up fast; or an uptime that began
    anew: in a container every process has the same id."""
    if old.uptime_s is None or new.uptime_s is None:
        return False
    if old.pid is not None and new.pid is not None and old.pid != new.pid:
        return True
    return new.uptime_s < old.uptime_s - _JITTER_S and _began_since(old.read_at, new)


def _began_since(read_at: float | None, new: Life) -> bool:
    """What has been up since before the last reading did not restart: its clock was set back, or it is one of several
    workers."""
    if read_at is None or new.read_at is None or new.uptime_s is None:
        return True
    return new.uptime_s <= new.read_at - read_at + _LATE_S


def _read_at(state: TargetState, slot: str) -> float | None:
    source = state.source_of(slot)
    return None if source is None else source.read_at
