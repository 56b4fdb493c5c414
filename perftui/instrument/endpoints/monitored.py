"""The decorator that measures functions, coroutines and generators as endpoints are measured."""

import functools
import inspect
from collections.abc import Callable, Coroutine
from types import CoroutineType
from typing import Any, TypeVar, overload

from perftui.instrument.budgets import Budget
from perftui.instrument.endpoints.calls import Meter
from perftui.instrument.endpoints.generators import measured_async_generator, measured_generator
from perftui.instrument.endpoints.kinds import CALL_METHOD
from perftui.instrument.registry import Registry, default_registry

Function = TypeVar("Function", bound=Callable[..., Any])


@overload
def monitored(function: Function, /) -> Function: ...
@overload
def monitored(
    *, name: str | None = None, budget: "str | tuple[str, ...] | Budget" = (), registry: Registry | None = None
) -> Callable[[Function], Function]: ...
def monitored(
    function: Any = None,
    /,
    *,
    name: str | None = None,
    budget: "str | tuple[str, ...] | Budget" = (),
    registry: Registry | None = None,
) -> Any:
    """Count and time each call. Among the endpoints it has the method `CALL`, and its name as the route.

    `@monitored`, or `@monitored(name="rebuild", budget="p(95)<2s")`; without a name that of module and function is
    used. A coroutine's time is until it is done, a generator's that of its own steps. What is raised passes unchanged.
    Raises `ValueError` for a budget that cannot be read.

    >>> from perftui import Registry, build_document, monitored
    >>> registry = Registry("nightly")
    >>> @monitored(name="rebuild", budget="p(95)<2s", registry=registry)
    ... def rebuild():
    ...     return 7
    >>> rebuild()
    7
    >>> [(one.method, one.route) for one in build_document(registry).api.endpoints]
    [('CALL', 'rebuild')]
    """
    counted = registry or default_registry()

    def decorate(function: Any) -> Any:
        if isinstance(function, (staticmethod, classmethod)):
            return type(function)(decorate(function.__func__))
        called = name or f"{function.__module__}.{function.__qualname__}"
        if budget:
            limits = (budget,) if isinstance(budget, str) else budget
            own = limits if isinstance(limits, Budget) else Budget(f"{CALL_METHOD} {called}", *limits)
            counted.budgets += (own,)
        return _measured(function, Meter(called, counted))

    return decorate if function is None else decorate(function)


def _measured(function: Any, meter: Meter) -> Any:
    """A function of the same kind."""
    if inspect.iscoroutinefunction(function):
        wrapped = _coroutine(function, meter)
    elif inspect.isasyncgenfunction(function):
        wrapped = measured_async_generator(function, meter)
    elif inspect.isgeneratorfunction(function):
        wrapped = measured_generator(function, meter)
    else:
        wrapped = _plain(function, meter)
    return functools.update_wrapper(wrapped, function)


def _plain(function: Any, meter: Meter) -> Any:
    def call_it(*arguments: Any, **named: Any) -> Any:
        call, whole = meter.begin(), True
        try:
            result = function(*arguments, **named)
            whole = type(result) is not CoroutineType
            return result if whole else _awaited(result, meter)
        except BaseException as error:
            meter.failed(error)
            raise
        finally:
            if whole:
                meter.end(call)
            else:
                meter.forget_call(call)

    return call_it


async def _awaited(pending: Coroutine[Any, Any, Any], meter: Meter) -> Any:
    """Of a plain function that returns a coroutine: the call begins when that is awaited."""
    call = meter.begin()
    try:
        return await pending
    except BaseException as error:
        meter.failed(error)
        raise
    finally:
        meter.end(call)


def _coroutine(function: Any, meter: Meter) -> Any:
    async def await_it(*arguments: Any, **named: Any) -> Any:
        call = meter.begin()
        try:
            return await function(*arguments, **named)
        except BaseException as error:
            meter.failed(error)
            raise
        finally:
            meter.end(call)

    return await_it
