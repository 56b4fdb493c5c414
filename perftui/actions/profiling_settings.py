"""The profiler's settings of one database: read, compared, written as a command."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from perftui.actions.index_spec import keep, kept
from perftui.actions.undo_data import KeptProfiling
from perftui.model.base import Model

if TYPE_CHECKING:
    from pymongo import AsyncMongoClient

    Client = AsyncMongoClient[dict[str, Any]]

UNSET = "unset"
"""The server's own word for taking a filter away."""
_LEVELS = (0, 1, 2)


class ProfilingSettings(Model, frozen=True, kw_only=True):
    """What to set; `None` is left as it is. `slow_ms`, `sample_rate` and a filter concern more than one database."""

    level: int
    """0: off, 1: what is slow or matches the filter, 2: everything."""
    slow_ms: int | None = None
    """Of the whole mongod."""
    sample_rate: float | None = None
    """Of the whole mongod: the share of slow operations that is kept, 0 to 1."""
    filter: str | None = None
    """Extended JSON, or `unset`; it counts instead of slow_ms and sample_rate."""

    def command(self) -> dict[str, Any]:
        """Raises `ValueError` for what no server accepts."""
        if self.level not in _LEVELS:
            raise ValueError("the level is 0, 1 or 2")
        if self.sample_rate is not None and not 0 <= self.sample_rate <= 1:
            raise ValueError("the sample rate runs from 0 to 1")
        if self.slow_ms is not None and self.slow_ms < -1:
            raise ValueError("slowms is 0 or more milliseconds")
        values = {"slowms": self.slow_ms, "sampleRate": self.sample_rate, "filter": _filter(self.filter)}
        return {"profile": self.level, **{name: value for name, value in values.items() if value is not None}}


def namespace_filter(namespaces: Sequence[str], share: float = 1.0) -> str:
    """A filter for a window: operations on these namespaces, of which the server keeps a random share."""
    found: dict[str, Any] = {"ns": {"$in": list(namespaces)}}
    if share < 1:
        found["$expr"] = {"$lt": [{"$rand": {}}, share]}
    return keep(found)


def _filter(text: str | None) -> Any:
    return text if text in (None, UNSET) else kept(text)


async def read_profiling(client: Client, database: str, max_time_ms: int) -> KeptProfiling:
    """The settings now; reading them changes nothing."""
    command = {"profile": -1, "maxTimeMS": max_time_ms}
    return settings_of(await client[database].command(command, codec_options=client.codec_options))


def settings_of(reply: Mapping[str, Any]) -> KeptProfiling:
    found = reply.get("filter")
    return KeptProfiling(
        level=int(reply["was"]),
        slow_ms=None if reply.get("slowms") is None else int(reply["slowms"]),
        sample_rate=None if reply.get("sampleRate") is None else float(reply["sampleRate"]),
        filter=keep(found) if isinstance(found, Mapping) else None,
    )


def intended(before: KeptProfiling, settings: ProfilingSettings) -> KeptProfiling:
    """What is in force once the settings were accepted; the server may write the filter in its own way."""
    asked = settings.filter
    return KeptProfiling(
        level=settings.level,
        slow_ms=before.slow_ms if settings.slow_ms is None else settings.slow_ms,
        sample_rate=before.sample_rate if settings.sample_rate is None else settings.sample_rate,
        filter=before.filter if asked is None else None if asked == UNSET else asked,
    )


def restoring(before: KeptProfiling, after: KeptProfiling) -> ProfilingSettings:
    """What puts `before` back; the filter is named only where it differs: older servers do not know it."""
    changed = before.filter != after.filter
    return ProfilingSettings(
        level=before.level,
        slow_ms=before.slow_ms,
        sample_rate=before.sample_rate,
        filter=(before.filter or UNSET) if changed else None,
    )


def still_ours(now: KeptProfiling, after: KeptProfiling, *, read_back: bool) -> bool:
    """Nobody changed them meanwhile. What was not `read_back` may have its filter written in another way."""
    if (now.level, now.slow_ms, now.sample_rate) != (after.level, after.slow_ms, after.sample_rate):
        return False
    return now.filter == after.filter or (not read_back and (now.filter is None) == (after.filter is None))


def in_words(settings: KeptProfiling) -> str:
    """`level 1, slowms 100, sample rate 1, no filter`."""
    rate = "" if settings.sample_rate is None else f", sample rate {settings.sample_rate:g}"
    slow = "" if settings.slow_ms is None else f", slowms {settings.slow_ms}"
    return f"level {settings.level}{slow}{rate}, {'a' if settings.filter else 'no'} filter"
