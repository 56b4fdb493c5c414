"""The runner on a clock of its own: what is called how often, what is timed, and what is not."""

import asyncio
import gc
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import pytest

from perftui import BenchmarkRunner
from perftui.bench.clock import step_ns
from perftui.bench.noise import warnings_of
from perftui.bench.sampling import steady

MS = 1_000_000


class Clock:
    """Nanoseconds that move only when something is done, and by a step with each reading."""

    def __init__(self, step: int = 50) -> None:
        self.now, self.step, self.calls = 0, step, 0

    def __call__(self) -> int:
        self.now += self.step
        return self.now

    def work(self, ns: int) -> Callable[..., None]:
        def worked(*_given: Any) -> None:
            self.calls += 1
            self.now += ns

        return worked

    def wait(self, ns: int) -> Callable[..., Any]:
        async def waited(*_given: Any) -> None:
            await asyncio.sleep(0)
            self.work(ns)()

        return waited


def test_a_sample_is_as_many_calls_as_the_clock_needs() -> None:
    clock = Clock()
    result = BenchmarkRunner(clock=clock).run(clock.work(1000), name="work")
    assert 100 <= result.loops <= 101
    assert (len(result.samples), len(result.blocks)) == (2000, 50)
    assert result.samples == pytest.approx([1e-6] * 2000, rel=1e-3)
    assert len(result.warmups) == 10
    assert [warning for warning in warnings_of(result) if "the machine was busy" not in warning] == []
    assert result.together is None


def test_a_coarse_clock_needs_longer_samples() -> None:
    clock = Clock(step=100_000)
    result = BenchmarkRunner(clock=clock, max_seconds=5).run(clock.work(1000))
    assert result.loops * 1000 >= 0.99 * 1_000 * 100_000
    assert result.statistics.median_s == pytest.approx(1e-6, rel=2e-3)


def test_the_step_of_a_clock() -> None:
    assert step_ns(Clock(70)) == 70
    times = iter(range(10_000))
    assert step_ns(lambda: next(times) // 10 * 400) == 400
    assert step_ns(lambda: 5) == 1


def test_a_long_call_is_a_sample_and_the_time_is_a_limit() -> None:
    clock = Clock()
    result = BenchmarkRunner(clock=clock, max_seconds=2).run(clock.work(100 * MS))
    assert result.loops == 1
    assert 19 <= len(result.samples) <= 20
    clock = Clock()
    result = BenchmarkRunner(clock=clock, max_seconds=0.05).run(clock.work(100 * MS))
    assert len(result.samples) == 1
    assert any("only 1 sample:" in warning for warning in warnings_of(result))


def test_what_becomes_slower_is_stopped_at_the_limit() -> None:
    clock = Clock()

    def slower() -> None:
        clock.calls += 1
        clock.now += MS if clock.calls < 100 else 1000 * MS

    result = BenchmarkRunner(clock=clock, max_seconds=5).run(slower)
    assert len(result.samples) < 1000
    assert result.duration_s is not None
    assert 5 <= result.duration_s < 6.1


def test_iterations_and_warmup_are_exact_and_each_call_is_a_sample() -> None:
    clock = Clock()
    result = BenchmarkRunner(clock=clock, iterations=123, warmup=7).run(clock.work(1000))
    assert (len(result.samples), len(result.warmups), result.loops) == (123, 7, 1)
    assert clock.calls == 1 + 7 + 123  # the first tells a function from a coroutine
    assert any("reading the clock is a large part" in warning for warning in warnings_of(result))


def test_iterations_that_the_time_limit_cuts_are_told() -> None:
    clock = Clock()
    result = BenchmarkRunner(clock=clock, iterations=100, warmup=0, max_seconds=1).run(clock.work(100 * MS))
    assert len(result.samples) == 10
    assert "the limit came after 10 of 100 iterations" in result.warnings


def test_calls_are_limited() -> None:
    clock = Clock()
    result = BenchmarkRunner(clock=clock, max_iterations=50).run(clock.work(10))
    assert result.loops * len(result.samples) == 50
    assert result.loops == 50


def test_it_is_warmed_up_until_it_is_steady() -> None:
    clock = Clock()

    def cold() -> None:
        clock.calls += 1
        clock.now += max(10 - clock.calls // 4, 2) * MS

    result = BenchmarkRunner(clock=clock).run(cold)
    assert len(result.warmups) > 25
    assert result.warmups[0] > 2 * result.warmups[-1]
    assert set(result.samples) == {result.samples[0]}


def test_a_warm_up_without_an_end_is_told() -> None:
    clock = Clock()

    def ever_faster() -> None:
        clock.calls += 1
        clock.now += int(100 * MS * 0.98**clock.calls) + 5 * MS

    result = BenchmarkRunner(clock=clock, max_seconds=5).run(ever_faster)
    assert any("not steady after" in warning for warning in result.warnings)


def test_steady() -> None:
    assert not steady([1.0] * 9)
    assert steady([1.0] * 10)
    assert not steady([1.0] * 5 + [0.9] * 5)
    assert steady([1.0, 9.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 9.0])


async def test_coroutines_are_awaited_in_a_running_loop() -> None:
    clock = Clock()
    result = await BenchmarkRunner(clock=clock, iterations=20).arun(clock.wait(MS), name="wait")
    assert min(result.samples) >= 0.001
    with pytest.raises(RuntimeError, match="await arun"):
        BenchmarkRunner(clock=clock).run(clock.wait(MS))
    with pytest.raises(RuntimeError, match="await arun"):
        BenchmarkRunner(clock=clock).run(lambda: clock.wait(MS)())
    plain = BenchmarkRunner(clock=clock, iterations=5).run(clock.work(MS))
    assert len(plain.samples) == 5


class Called:
    def __init__(self, clock: Clock) -> None:
        self.clock = clock

    async def __call__(self) -> None:
        await self.clock.wait(MS)()


@pytest.mark.parametrize("kind", ["function", "partial", "object", "lambda"])
def test_every_kind_of_coroutine_is_awaited(kind: str) -> None:
    clock = Clock()
    functions: dict[str, Callable[..., Any]] = {
        "function": clock.wait(MS),
        "partial": partial(clock.wait(MS), 1),
        "object": Called(clock),
        "lambda": lambda: clock.wait(MS)(),
    }
    result = BenchmarkRunner(clock=clock, iterations=10, warmup=0).run(functions[kind])
    assert result.samples == pytest.approx([0.001] * 10, rel=0.01)
    assert clock.calls == 11


def test_a_plain_function_may_start_a_loop_of_its_own() -> None:
    clock = Clock()
    result = BenchmarkRunner(clock=clock, iterations=3).run(lambda: asyncio.run(clock.wait(MS)()))
    assert result.samples == pytest.approx([0.001] * 3, rel=0.01)


def test_setup_and_teardown_run_around_each_call_and_cost_no_time() -> None:
    clock, order = Clock(), list[str]()

    def setup() -> str:
        clock.now += 500 * MS
        order.append("setup")
        return "prepared"

    def function(prepared: str) -> None:
        order.append(prepared)
        clock.now += MS

    def teardown(prepared: str) -> None:
        order.append(f"teardown {prepared}")
        clock.now += 300 * MS

    runner = BenchmarkRunner(clock=clock, iterations=4, warmup=1, max_seconds=60)
    result = runner.run(function, setup=setup, teardown=teardown)
    assert order == ["setup", "prepared", "teardown prepared"] * 6
    assert result.samples == pytest.approx([0.001] * 4, rel=1e-3)


def test_the_time_limit_counts_the_setup_too() -> None:
    clock = Clock()
    runner = BenchmarkRunner(clock=clock, max_seconds=10)
    result = runner.run(lambda: clock.work(MS)(), setup=lambda: clock.work(1000 * MS)())
    assert 1 <= len(result.samples) <= 11


async def test_setup_and_teardown_may_be_coroutines() -> None:
    clock = Clock()

    async def setup() -> list[int]:
        await asyncio.sleep(0)
        return [3, 1]

    async def sort(numbers: list[int]) -> None:
        numbers.sort()
        clock.work(MS)()

    ended: list[list[int]] = []
    runner = BenchmarkRunner(clock=clock, iterations=2, warmup=0)
    await runner.arun(sort, setup=setup, teardown=ended.append)
    assert ended == [[1, 3]] * 3


def test_what_fails_is_cleaned_up_and_raised() -> None:
    ended: list[int] = []

    def fails(_number: int) -> None:
        raise KeyError("no")

    with pytest.raises(KeyError):
        BenchmarkRunner(iterations=1).run(fails, setup=lambda: 7, teardown=ended.append)
    assert ended == [7]
    assert gc.isenabled()


@pytest.mark.parametrize("wanted", [False, True])
def test_garbage_is_collected_within_the_time_only_where_it_is_wanted(wanted: bool) -> None:
    seen: list[bool] = []
    BenchmarkRunner(iterations=3, warmup=0, gc=wanted).run(lambda: seen.append(gc.isenabled()))
    assert seen == [wanted] * 4
    assert gc.isenabled()


@pytest.fixture
def without_collection() -> Iterator[None]:
    gc.disable()
    yield
    gc.enable()


def test_collection_is_left_as_it_was(without_collection: None) -> None:
    BenchmarkRunner(iterations=3, gc=True).run(lambda: None)
    assert not gc.isenabled()


def test_several_are_measured_in_turns_and_each_begins_as_often() -> None:
    clock, order = Clock(), list[str]()

    def named(name: str) -> Callable[[], None]:
        def function() -> None:
            order.append(name)
            clock.now += MS

        return function

    runner = BenchmarkRunner(clock=clock, iterations=6, warmup=0)
    results = runner.run_together({"a": named("a"), "b": named("b"), "c": named("c")})
    assert [result.name for result in results] == ["a", "b", "c"]
    assert "".join(order[3:]) == "abcbcacababcbcacab"
    assert len({result.together for result in results}) == 1
    assert results[0].together
    again = runner.run_together({"a": named("a"), "b": named("b")})
    assert again[0].together != results[0].together


def test_wrong_arguments_are_refused() -> None:
    for wrong in ({"iterations": 0}, {"warmup": -1}, {"max_seconds": 0}, {"max_iterations": 0}, {"min_sample_s": -1}):
        with pytest.raises(ValueError, match="must be"):
            BenchmarkRunner(**wrong)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="nothing to measure"):
        BenchmarkRunner().run_together([])
    with pytest.raises(ValueError, match="same name"):
        BenchmarkRunner().run_together([lambda: 1, lambda: 2])


def test_progress_is_told_from_the_first_block_to_the_last() -> None:
    heard: list[tuple[str, int, int]] = []
    clock = Clock()
    runner = BenchmarkRunner(clock=clock, iterations=4, progress=lambda *told: heard.append(told))
    runner.run(clock.work(MS), name="work")
    assert heard == [("work", 1, 4), ("work", 2, 4), ("work", 3, 4), ("work", 4, 4)]


def test_facts_name_the_machine_and_the_python() -> None:
    facts = BenchmarkRunner(iterations=1).run(lambda: None).facts
    assert {"python_version", "python_implementation", "platform", "cpu_count", "timer", "perftui_version"} <= set(
        facts
    )
    assert all(isinstance(value, (str, int, float)) and value != "" for value in facts.values())
