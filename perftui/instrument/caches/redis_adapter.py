"""redis-py: a client, sync or async, a cluster's too, whose commands and pipelines are counted."""

from collections.abc import Callable, Sequence
from functools import lru_cache, wraps
from inspect import iscoroutinefunction
from time import monotonic
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

from perftui.instrument.caches.redis_commands import command_name, count_command, is_read, is_write

if TYPE_CHECKING:
    from perftui.instrument.caches.monitor import CacheMonitor

Client = TypeVar("Client")
_MARK = "_perftui_counting"


def measure_client(monitor: "CacheMonitor", client: Client) -> Client:
    """The same client, which counts from now on; it stays an instance of its class. Other clients do not count."""
    if vars(client).get(_MARK) is None:
        vars(client)[_MARK] = monitor
        plain: Any = type(client)
        client.__class__ = _measured_class(plain)
    return client


@lru_cache(maxsize=256)
def _measured_class(plain: Any) -> Any:
    """A subclass instead of attributes of the instance: those would keep a client alive that nobody uses."""
    make_pipeline = plain.pipeline

    @wraps(make_pipeline)
    def pipeline(self: Any, *arguments: Any, **options: Any) -> Any:
        made, monitor = make_pipeline(self, *arguments, **options), vars(self).get(_MARK)
        if monitor is not None:
            try:
                vars(made)[_MARK] = _Queue(monitor, [])
                kind: Any = type(made)
                made.__class__ = _measured_pipeline(kind)
            except Exception as error:  # an uncounted pipeline is better than none
                monitor.fault(error)
        return made

    command = _around(plain.execute_command, _begin_command)
    return _subclass(plain, {"execute_command": command, "pipeline": pipeline})


class _Queue(NamedTuple):
    """A pipeline's commands, to be counted by their replies. One round trip is one get or one set in the times."""

    monitor: "CacheMonitor"
    commands: list[Sequence[Any]]


@lru_cache(maxsize=256)
def _measured_pipeline(plain: Any) -> Any:
    queue_command, reset_all = plain.execute_command, plain.reset

    @wraps(queue_command)
    def execute_command(self: Any, *arguments: Any, **options: Any) -> Any:
        queue, started = vars(self).get(_MARK), monotonic()
        result = queue_command(self, *arguments, **options)
        if queue is None:
            return result
        if result is self:
            queue.commands.append(arguments)
            return result
        if hasattr(result, "__await__"):
            return _awaited(queue.monitor, arguments, result, started)
        _count_one(queue.monitor, arguments, result, monotonic() - started)
        return result

    @wraps(reset_all)
    def reset(self: Any, *arguments: Any, **options: Any) -> Any:
        queue = vars(self).get(_MARK)
        if queue is not None:
            queue.commands.clear()
        return reset_all(self, *arguments, **options)

    execute = _around(plain.execute, _begin_pipeline)
    return _subclass(plain, {"execute_command": execute_command, "execute": execute, "reset": reset})


Seen = Callable[[Any, float], None]
"""Takes a reply and its seconds."""


def _around(inner: Any, begin: "Callable[[Any, Sequence[Any]], tuple[CacheMonitor, Seen] | None]") -> Any:
    """The method, sync or async; `begin` gives what to tell its reply to."""

    @wraps(inner)
    def measured(self: Any, *arguments: Any, **options: Any) -> Any:
        begun = begin(self, arguments)
        if begun is None:
            return inner(self, *arguments, **options)
        monitor, seen = begun
        started = monotonic()
        try:
            reply = inner(self, *arguments, **options)
        except Exception:
            monitor.error()
            raise
        seen(reply, monotonic() - started)
        return reply

    @wraps(inner)
    async def measured_coroutine(self: Any, *arguments: Any, **options: Any) -> Any:
        begun = begin(self, arguments)
        if begun is None:
            return await inner(self, *arguments, **options)
        monitor, seen = begun
        started = monotonic()
        try:
            reply = await inner(self, *arguments, **options)
        except Exception:
            monitor.error()
            raise
        seen(reply, monotonic() - started)
        return reply

    return measured_coroutine if iscoroutinefunction(inner) else measured


def _begin_command(client: Any, arguments: Sequence[Any]) -> "tuple[CacheMonitor, Seen] | None":
    monitor: CacheMonitor | None = vars(client).get(_MARK)
    if monitor is None:
        return None
    return monitor, lambda reply, seconds: _count_one(monitor, arguments, reply, seconds)


def _begin_pipeline(pipeline: Any, _arguments: Sequence[Any]) -> "tuple[CacheMonitor, Seen] | None":
    queue: _Queue | None = vars(pipeline).get(_MARK)
    if queue is None:
        return None
    commands = list(queue.commands)
    queue.commands.clear()
    return queue.monitor, lambda replies, seconds: _count_all(queue.monitor, commands, replies, seconds)


async def _awaited(monitor: "CacheMonitor", arguments: Sequence[Any], waiting: Any, started: float) -> Any:
    """While keys are watched, commands are answered at once."""
    reply = await waiting
    _count_one(monitor, arguments, reply, monotonic() - started)
    return reply


def _count_one(monitor: "CacheMonitor", arguments: Sequence[Any], reply: Any, seconds: float) -> None:
    try:
        count_command(monitor, arguments, reply, seconds)
    except Exception as error:  # counting must never fail the application
        monitor.fault(error)


def _count_all(monitor: "CacheMonitor", commands: list[Sequence[Any]], replies: Any, seconds: float) -> None:
    try:
        for arguments, reply in zip(commands, replies, strict=False):
            if isinstance(reply, Exception):
                monitor.error()
            else:
                count_command(monitor, arguments, reply, None)
        names = [command_name(arguments) for arguments in commands]
        if any(map(is_read, names)):
            monitor.get_took(seconds)
        elif any(map(is_write, names)):
            monitor.set(seconds, 0)
    except Exception as error:
        monitor.fault(error)


def _subclass(plain: Any, methods: dict[str, Any]) -> Any:
    named = {"__module__": plain.__module__, "__qualname__": plain.__qualname__, "__doc__": plain.__doc__}
    return type(plain.__name__, (plain,), {**named, **methods})
