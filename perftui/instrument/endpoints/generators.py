"""Measured generators: their time is that of their own steps, not of what the consumer does between them."""

from collections.abc import AsyncGenerator, Awaitable, Callable, Generator
from time import monotonic
from typing import Any

from perftui.instrument.endpoints.calls import Meter
from perftui.instrument.endpoints.current import DEMAND


def measured_generator(function: Callable[..., Generator[Any, Any, Any]], meter: Meter) -> Any:
    """What is sent to, thrown into and returned by the inner generator passes unchanged."""

    def step_through(*arguments: Any, **named: Any) -> Generator[Any, Any, Any]:
        call, spent, enters = meter.begin_stepwise(), 0.0, DEMAND.wanted
        value: Any = None
        try:
            inner = function(*arguments, **named)
            step: Callable[[Any], Any] = inner.send
            while True:
                if enters:
                    call.enter()
                started = monotonic()
                try:
                    value = step(value)
                except StopIteration as stop:
                    return stop.value
                finally:
                    spent += monotonic() - started
                    if enters:
                        call.leave()
                try:
                    value, step = (yield value), inner.send
                except GeneratorExit:
                    if enters:
                        call.enter()
                    inner.close()
                    raise
                except BaseException as error:
                    value, step = error, inner.throw
        except BaseException as error:
            meter.failed(error)
            raise
        finally:
            meter.end(call, spent)

    return step_through


def measured_async_generator(function: Callable[..., AsyncGenerator[Any, Any]], meter: Meter) -> Any:
    """As `measured_generator`."""

    async def step_through(*arguments: Any, **named: Any) -> AsyncGenerator[Any, Any]:
        call, spent, enters = meter.begin_stepwise(), 0.0, DEMAND.wanted
        value: Any = None
        try:
            inner = function(*arguments, **named)
            step: Callable[[Any], Awaitable[Any]] = inner.asend
            while True:
                if enters:
                    call.enter()
                started = monotonic()
                try:
                    value = await step(value)
                except StopAsyncIteration:
                    return
                finally:
                    spent += monotonic() - started
                    if enters:
                        call.leave()
                try:
                    value, step = (yield value), inner.asend
                except GeneratorExit:
                    if enters:
                        call.enter()
                    await inner.aclose()
                    raise
                except BaseException as error:
                    value, step = error, inner.athrow
        except BaseException as error:
            meter.failed(error)
            raise
        finally:
            meter.end(call, spent)

    return step_through
