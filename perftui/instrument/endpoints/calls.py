"""Monitored functions while they run, and how their calls are counted."""

from contextlib import suppress
from contextvars import Token
from time import monotonic

from perftui.instrument.endpoints.current import CURRENT, DEMAND, RequestInProgress
from perftui.instrument.endpoints.kinds import CALL_METHOD
from perftui.instrument.registry import Registry
from perftui.instrument.store.block import Block

_NO_ERRORS = frozenset({"CancelledError", "GeneratorExit"})
"""How others end a call."""


class Call(RequestInProgress):
    """One call. Outside of a request it is the request in progress of its own queries."""

    token: Token[RequestInProgress | None] | None = None

    def __init__(self, name: str) -> None:
        self.method, self.name = CALL_METHOD, name
        self.started = monotonic()

    def route(self) -> str:
        return self.name

    def enter(self) -> None:
        """Be the request in progress where there is none."""
        if CURRENT.get() is None:
            self.token = CURRENT.set(self)

    def leave(self) -> None:
        if self.token is not None:
            with suppress(ValueError):  # ended in another context
                CURRENT.reset(self.token)
            self.token = None


class Meter:
    """Counts the calls of one function."""

    def __init__(self, name: str, registry: Registry) -> None:
        self.name = name
        self._counts = registry.endpoints
        self._running = self._counts.live.running
        self._block: Block | None = None
        registry.forget_after_fork(self)

    def forget(self) -> None:
        """After a fork: the parent's block."""
        self._block = None

    def begin(self) -> Call:
        """Of a function: while it runs, its call may be the request in progress."""
        call = self.begin_stepwise()
        if DEMAND.wanted:
            call.enter()
        return call

    def begin_stepwise(self) -> Call:
        """Of a generator: `enter` and `leave` stand around each step, since between two the consumer runs."""
        call = Call(self.name)
        self._running.add(call)
        return call

    def failed(self, error: BaseException) -> None:
        """The call raised; the error goes on to the caller."""
        try:
            if type(error).__name__ not in _NO_ERRORS:
                self._counts.raised(CALL_METHOD, self.name, type(error))
                self._counts.call(self.name).add(0)
        except Exception:  # an error of ours never reaches the application
            self._counts.fault("call")

    def end(self, call: Call, seconds: float | None = None) -> None:
        """Count it, with a time of its own for what pauses between its steps. Never raises."""
        self.forget_call(call)
        try:
            block = self._block
            if block is None:
                block = self._block = self._counts.call(self.name)
            now = monotonic()
            block.record(now, now - call.started if seconds is None else seconds)
        except Exception:  # an error of ours never reaches the application
            self._counts.fault("call")

    def forget_call(self, call: Call) -> None:
        """It runs no longer."""
        self._running.discard(call)
        call.leave()
