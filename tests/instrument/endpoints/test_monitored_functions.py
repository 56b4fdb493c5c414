"""`@monitored` on functions of each kind: what they do is unchanged, and how often and how long is known."""

import asyncio
import contextvars
import inspect
import time
from collections.abc import AsyncIterator, Awaitable, Generator
from functools import partial
from typing import Any

import pytest
from helpers.endpoints import NamelessError, assert_no_faults, endpoint_of

from perftui.instrument import (
    Budget,
    EndpointStatistics,
    Registry,
    build_document,
    current_request,
    monitored,
    need_current_request,
)
from perftui.instrument.endpoints.current import DEMAND
from perftui.model.metrics import EndpointDocument


@pytest.fixture
def registry() -> Registry:
    return Registry()


def call_of(registry: Registry, name: str) -> EndpointDocument:
    return endpoint_of(registry, f"CALL {name}")


def test_a_function(registry: Registry) -> None:
    @monitored(name="divide", registry=registry)
    def divide(a: int, b: int = 1) -> float:
        """Documented."""
        return a / b

    assert [divide(6, b=2), divide(5)] == [3, 5]
    with pytest.raises(ZeroDivisionError):
        divide(1, 0)
    found = call_of(registry, "divide")
    assert (found.latency.count, found.errors, found.exceptions) == (3, 1, {"ZeroDivisionError": 1})
    assert (found.status, found.request_bytes, found.streams) == ({}, None, None)
    assert (divide.__name__, divide.__doc__) == ("divide", "Documented.")
    assert EndpointStatistics(registry).overall().requests == 0
    assert_no_faults(registry)


def test_its_name_is_that_of_module_and_function(registry: Registry) -> None:
    class Shop:
        @monitored(registry=registry)
        def plain(self) -> str:
            return "plain"

        @monitored(registry=registry)
        @staticmethod
        def static() -> str:
            return "static"

        @monitored(registry=registry)
        @classmethod
        def of_class(cls) -> str:
            return cls.__name__

    assert [Shop().plain(), Shop.static(), Shop().static(), Shop.of_class()] == ["plain", "static", "static", "Shop"]
    prefix = f"{__name__}.test_its_name_is_that_of_module_and_function.<locals>.Shop."
    counts = {one.route.removeprefix(prefix): one.latency.count for one in EndpointStatistics(registry).endpoints()}
    assert counts == {"plain": 1, "static": 2, "of_class": 1}


async def test_a_coroutine_is_timed_until_it_is_done(registry: Registry) -> None:
    entered, gate = asyncio.Event(), asyncio.Event()

    @monitored(name="wait", registry=registry)
    async def wait() -> str:
        entered.set()
        await gate.wait()
        return "done"

    assert inspect.iscoroutinefunction(wait)
    task = asyncio.create_task(wait())
    await entered.wait()
    running = call_of(registry, "wait")
    assert (running.active, running.latency.count) == (1, 0)
    gate.set()
    assert await task == "done"
    done = call_of(registry, "wait")
    assert (done.active, done.latency.count) == (0, 1)
    assert (done.latency.min_s or 0) >= (running.oldest_s or 1)


async def test_a_cancelled_call_is_no_error(registry: Registry) -> None:
    @monitored(name="wait", registry=registry)
    async def wait() -> None:
        await asyncio.sleep(60)

    task = asyncio.create_task(wait())
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert (call_of(registry, "wait").errors, call_of(registry, "wait").latency.count) == (0, 1)
    assert_no_faults(registry)


@pytest.mark.parametrize("kind", ["plain", "partial"])
async def test_a_function_that_returns_a_coroutine(registry: Registry, kind: str) -> None:
    async def work(number: int) -> int:
        await asyncio.sleep(0.02)
        return number

    def plain(number: int) -> Awaitable[int]:
        return work(number)

    function: Any = monitored(name="work", registry=registry)(plain if kind == "plain" else partial(work, 5))
    assert await (function(5) if kind == "plain" else function()) == 5
    assert (call_of(registry, "work").latency.min_s or 0) >= 0.02
    assert call_of(registry, "work").latency.count == 1
    assert_no_faults(registry)


def test_a_generator_is_timed_by_its_own_steps(registry: Registry) -> None:
    @monitored(name="steps", registry=registry)
    def steps() -> Generator[Any, Any, str]:
        got = yield 1
        try:
            yield got
        except KeyError as error:
            yield type(error)
        return "result"

    assert inspect.isgeneratorfunction(steps)
    generator: Any = steps()
    started = time.monotonic()
    assert next(generator) == 1
    time.sleep(0.05)  # the consumer's time, which must not be counted
    assert generator.send("sent") == "sent"
    assert generator.throw(KeyError("x")) is KeyError
    with pytest.raises(StopIteration) as stopped:
        next(generator)
    assert stopped.value.value == "result"
    found = call_of(registry, "steps")
    assert (found.latency.count, found.errors) == (1, 0)
    assert (found.latency.max_s or 1) <= time.monotonic() - started - 0.05
    list(steps())
    steps().close()
    half = steps()
    next(half)
    half.close()
    assert call_of(registry, "steps").latency.count == 3
    assert_no_faults(registry)


async def test_an_async_generator(registry: Registry) -> None:
    closed = []

    @monitored(name="parts", registry=registry)
    async def parts(number: int) -> AsyncIterator[Any]:
        try:
            for at in range(number):
                try:
                    yield at
                except KeyError:
                    yield "caught"
            raise LookupError("at the end")
        finally:
            closed.append(number)

    assert inspect.isasyncgenfunction(parts)
    seen = []

    async def take_all() -> None:
        async for part in parts(3):
            seen.append(part)  # what came before the error counts

    with pytest.raises(LookupError):
        await take_all()
    generator: Any = parts(2)
    assert [await anext(generator), await generator.athrow(KeyError("x")), await anext(generator)] == [0, "caught", 1]
    await generator.aclose()
    assert (seen, closed) == ([0, 1, 2], [3, 2])
    found = call_of(registry, "parts")
    assert (found.latency.count, found.exceptions) == (2, {"LookupError": 1})
    assert_no_faults(registry)


@pytest.mark.parametrize("budget", ["p(95)<1us", ("p(95)<1us", "error_rate<50%"), Budget("CALL slow", "p(95)<1us")])
def test_a_budget(registry: Registry, budget: Any) -> None:
    @monitored(name="slow", budget=budget, registry=registry)
    def slow() -> None:
        time.sleep(0.001)

    for _ in range(30):
        slow()
    api = build_document(registry).api
    assert api is not None
    (found,) = api.endpoints
    assert [one.ok for one in found.budgets][:1] == [False]
    assert len(found.budgets) == (2 if isinstance(budget, tuple) else 1)


def test_a_budget_that_cannot_be_read_is_refused_in_words(registry: Registry) -> None:
    with pytest.raises(ValueError, match="is no limit"):

        @monitored(name="x", budget="faster", registry=registry)
        def function() -> None: ...


def test_outside_of_a_request_a_call_is_the_request_in_progress(
    registry: Registry, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(DEMAND, "wanted", False)

    @monitored(name="job", registry=registry)
    def job() -> Any:
        return current_request()

    def alone() -> None:
        need_current_request()
        request = job()
        assert (request.method, request.route()) == ("CALL", "job")
        assert current_request() is None

    contextvars.copy_context().run(alone)


def test_a_hundred_thousand_names_stay_bounded(registry: Registry) -> None:
    for number in range(2000):
        monitored(name=f"name {number}", registry=registry)(int)()
    known = EndpointStatistics(registry).endpoints()
    assert len(known) == 501
    assert sum(one.latency.count for one in known) == 2000


def test_between_the_steps_of_a_generator_its_consumer_is_not_in_its_call(
    registry: Registry, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(DEMAND, "wanted", False)
    seen = []

    @monitored(name="rows", registry=registry)
    def rows() -> Generator[int, None, None]:
        try:
            while True:
                seen.append(current_request())
                yield 1
        finally:
            seen.append(current_request())

    def consume() -> None:
        need_current_request()
        generator = rows()
        for _ in range(2):
            next(generator)
            assert current_request() is None
        generator.close()
        assert current_request() is None

    contextvars.copy_context().run(consume)
    assert [request and request.route() for request in seen] == ["rows", "rows", "rows"]


async def test_between_the_steps_of_an_async_generator_its_consumer_is_not_in_its_call(
    registry: Registry, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(DEMAND, "wanted", False)
    need_current_request()
    seen = []

    @monitored(name="rows", registry=registry)
    async def rows() -> AsyncIterator[int]:
        while True:
            await asyncio.sleep(0)
            seen.append(current_request())
            yield 1

    generator: Any = rows()
    for _ in range(2):
        await anext(generator)
        assert current_request() is None
    await generator.aclose()
    assert current_request() is None
    assert [request and request.route() for request in seen] == ["rows", "rows"]


def test_an_error_that_cannot_be_counted_passes_unchanged(registry: Registry) -> None:
    @monitored(name="fail", registry=registry)
    def fail() -> None:
        raise NamelessError

    try:
        fail()
    except Exception as error:  # `pytest.raises` cannot tell of one without a name
        raised = type(error)
    assert raised is NamelessError
    assert registry.faults == {"call": 1}
