"""How long an execution waited for locks, tickets, flow control and the cache, from what the server noted of it."""

from collections.abc import Mapping

from perftui.sources.numbers import real

_MOST = 50


def lock_wait_ms(locks: object) -> float | None:
    """The sum over all locks; `None` where none was waited for."""
    total = 0.0
    for lock in list(locks.values())[:_MOST] if isinstance(locks, Mapping) else ():
        waits = lock.get("timeAcquiringMicros") if isinstance(lock, Mapping) else None
        if isinstance(waits, Mapping):
            total += sum(real(value) or 0.0 for value in list(waits.values())[:_MOST])
    return total / 1000 or None


def queue_wait_ms(flow_control: object, queues: object = None, storage: object = None) -> float | None:
    """Flow control, since 8.0 the queues before execution, and the cache; `None` where nothing was waited for."""
    total = _micros(flow_control, "timeAcquiringMicros")
    for queue in list(queues.values())[:_MOST] if isinstance(queues, Mapping) else ():
        total += _micros(queue, "totalTimeQueuedMicros")
    return (total + _micros(storage, "timeWaitingMicros")) / 1000 or None


def _micros(part: object, name: str) -> float:
    """A number, or one for each cause."""
    found = part.get(name) if isinstance(part, Mapping) else None
    if isinstance(found, Mapping):
        return sum(real(value) or 0.0 for value in list(found.values())[:_MOST])
    return real(found) or 0.0
