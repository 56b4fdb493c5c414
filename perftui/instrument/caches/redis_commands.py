"""What Redis commands mean to a cache."""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from perftui.instrument.caches.monitor import CacheMonitor

_READS = frozenset({"GET", "GETEX", "GETDEL", "GETSET", "HGET"})
_WHOLE_READS = frozenset({"HGETALL", "SMEMBERS"})
_WRITES = frozenset({"SETEX", "PSETEX", "SETNX", "HSET", "HSETNX", "HMSET"})
_DELETES = frozenset({"DEL", "UNLINK", "HDEL"})
Count = Callable[["CacheMonitor", Sequence[Any], Any, float | None], None]


def count_command(monitor: "CacheMonitor", arguments: Sequence[Any], reply: Any, seconds: float | None) -> None:
    """Count one command by its reply; `seconds` is `None` where it was one of several in a round trip."""
    name = command_name(arguments)
    count = _COUNTS.get(name)
    if count is not None and not isinstance(reply, Exception):
        count(monitor, arguments, reply, seconds)


def command_name(arguments: Sequence[Any]) -> str:
    """In capitals; empty where there is none."""
    first = arguments[0] if arguments else ""
    if isinstance(first, bytes):
        first = first.decode("ascii", "replace")
    return first.upper() if isinstance(first, str) else ""


def is_write(name: str) -> bool:
    """Whether it stores values."""
    return name in _WRITES or name in ("SET", "MSET")


def is_read(name: str) -> bool:
    """Whether it asks for values."""
    return name in _READS or name in _WHOLE_READS or name in ("MGET", "HMGET")


def _read(monitor: "CacheMonitor", arguments: Sequence[Any], reply: Any, seconds: float | None) -> None:
    _found(monitor, arguments[1], reply, seconds)
    if command_name(arguments) == "GETDEL" and reply is not None:
        monitor.delete()
    elif command_name(arguments) == "GETSET":
        monitor.set()


def _read_whole(monitor: "CacheMonitor", arguments: Sequence[Any], reply: Any, seconds: float | None) -> None:
    if reply:
        monitor.hit(arguments[1], seconds)
    else:
        monitor.miss(arguments[1], seconds)


def _read_many(monitor: "CacheMonitor", arguments: Sequence[Any], reply: Any, seconds: float | None) -> None:
    keys = flat(arguments[1:])
    for key, value in zip(keys, reply, strict=False):
        _found(monitor, key, value, None)
    if seconds is not None:
        monitor.get_took(seconds)


def _read_fields(monitor: "CacheMonitor", arguments: Sequence[Any], reply: Any, seconds: float | None) -> None:
    for value in reply:
        _found(monitor, arguments[1], value, None)
    if seconds is not None:
        monitor.get_took(seconds)


def _found(monitor: "CacheMonitor", key: Any, value: Any, seconds: float | None) -> None:
    if value is None:
        monitor.miss(key, seconds)
    else:
        monitor.hit(key, seconds)
        monitor.value(value)


def _set(monitor: "CacheMonitor", arguments: Sequence[Any], reply: Any, seconds: float | None) -> None:
    """`SET ... NX` that found a key stores nothing and answers nothing; with `GET` it answers the old value."""
    options = {option.upper() for option in arguments[3:] if isinstance(option, str)}
    if reply or "GET" in options:
        monitor.set(seconds)
        monitor.value(arguments[2])


def _write(monitor: "CacheMonitor", arguments: Sequence[Any], reply: Any, seconds: float | None) -> None:
    if command_name(arguments) not in ("SETNX", "HSETNX") or reply:
        monitor.set(seconds)
    if command_name(arguments) in ("SETEX", "PSETEX"):
        monitor.value(arguments[3])


def _write_many(monitor: "CacheMonitor", arguments: Sequence[Any], _reply: Any, seconds: float | None) -> None:
    monitor.set(seconds, len(flat(arguments[1:])) // 2)


def _delete(monitor: "CacheMonitor", _arguments: Sequence[Any], reply: Any, _seconds: float | None) -> None:
    if isinstance(reply, int):
        monitor.delete(reply)


def flat(arguments: Sequence[Any]) -> list[Any]:
    """redis-py passes keys as a list in some commands, spread in others."""
    found: list[Any] = []
    for one in arguments:
        if isinstance(one, list | tuple):
            found.extend(one)
        else:
            found.append(one)
    return found


_COUNTS: dict[str, Count] = {
    **dict.fromkeys(_READS, _read),
    **dict.fromkeys(_WHOLE_READS, _read_whole),
    **dict.fromkeys(_WRITES, _write),
    **dict.fromkeys(_DELETES, _delete),
    "SET": _set,
    "MGET": _read_many,
    "HMGET": _read_fields,
    "MSET": _write_many,
}
