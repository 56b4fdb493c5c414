"""How often a server started anew, by the uptimes that it told."""

from perftui.diagnosis.track import Track

_JITTER_S = 2.0
"""Uptimes come in whole seconds, or a little late."""
_LATE_S = 5.0
"""How much older than its reading an uptime may be."""


_JUST_S = 60.0


def starts(uptimes: Track, since: float) -> list[float]:
    """When it started, oldest first, since then; the first may have been a moment before it was seen.

    Where an earlier process answers again, several answer in turn, as workers or behind a balancer: no start of theirs
    says that another one ended.
    """
    found: list[float] = []
    before: float | None = None
    last_at = 0.0
    for at, uptime_s in uptimes.pairs(since):
        began = at - uptime_s
        if before is None:
            found += [began] if uptime_s < _JUST_S else []
        elif began < before - _JITTER_S:
            found.clear()
        elif began > before + _JITTER_S and began > last_at - _LATE_S:
            found.append(began)
        before, last_at = began, at
    return found
