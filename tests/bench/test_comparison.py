"""Verdicts: threshold and significance, in turns and saved, on samples with a known difference."""

import random
from collections.abc import Sequence
from typing import Any

import pytest
from helpers.noisy_clock import NoisyClock
from scipy import stats  # type: ignore[import-untyped]

from perftui import BenchmarkResult, BenchmarkRunner, Comparison, acompare, compare
from perftui.bench.blocks import block_means
from perftui.bench.comparing import compare_runs
from perftui.bench.gate import judge
from perftui.model.bench.samples import Pass

CALL_S = 0.002


def result(ratio: float = 1.0, seed: int = 1, sd: float = 0.01, count: int = 50, **given: Any) -> BenchmarkResult:
    draw = random.Random(seed)
    blocks = tuple((0.01 * ratio * draw.lognormvariate(0, sd),) for _ in range(count))
    return BenchmarkResult(**({"name": "it", "blocks": blocks} | given))


@pytest.mark.parametrize(
    ("ratio", "verdict"),
    [
        (1.10, "slower"), (1.03, "slower"), (1.015, "no difference"), (1.0, "no difference"),
        (0.99, "no difference"), (0.97, "faster"), (0.5, "faster"),
    ],
)  # fmt: skip
def test_a_verdict_needs_the_threshold(ratio: float, verdict: str) -> None:
    (found,) = compare(result(), result(ratio, 2))
    assert found.verdict == verdict
    assert found.ratio == pytest.approx(ratio, rel=0.01)
    assert found.low <= found.ratio <= (found.high or 0)
    if ratio == 1.015:
        assert found.p < 0.01
        assert "is sure, but within the threshold" in found.why


def test_a_verdict_needs_significance() -> None:
    """A difference of 6 %, and samples that scatter by far more."""
    (found,) = compare(result(sd=0.3), result(1.06, 2, sd=0.3))
    assert found.p > 0.01
    assert (found.verdict, found.is_slower_by(0)) == ("too noisy", False)
    (strict,) = compare(result(), result(1.03, 2), threshold=0.05)
    assert strict.verdict == "no difference"
    (doubtful,) = compare(result(sd=0.05), result(1.025, 2, sd=0.05), alpha=1e-9)
    assert doubtful.verdict == "too noisy"


def test_p_is_scipy_s_over_the_block_means() -> None:
    base, new = result(), result(1.01, 2)
    expected = stats.mannwhitneyu(block_means(base.blocks), block_means(new.blocks)).pvalue
    assert compare(base, new)[0].p == pytest.approx(expected, rel=1e-9)


def test_few_samples_are_no_ground_for_a_verdict() -> None:
    (found,) = compare(result(count=3), result(2.0, 2, count=3))
    assert (found.verdict, found.low, found.high) == ("too noisy", 0.0, None)
    assert "more samples" in found.why
    assert compare(result(count=6), result(2.0, 2, count=6))[0].verdict == "slower"


def drifting(by: float, seed: int, ratio: float = 1.0) -> BenchmarkResult:
    draw = random.Random(seed)
    blocks = tuple((ratio * (1 + by * at / 50) * draw.lognormvariate(0, 0.002),) for at in range(50))
    return BenchmarkResult(name="it", blocks=blocks)


def test_drift_adds_to_the_threshold_and_is_told() -> None:
    steady = BenchmarkResult(name="it", blocks=tuple((one,) for one in [1.0, 1.001] * 25))
    (found,) = compare(steady, drifting(0.08, 2))
    assert found.drift > 0.03
    assert (found.verdict, "in turns" in found.why) == ("too noisy", True)
    assert compare(steady, drifting(0.08, 2, 1.5))[0].verdict == "slower"


def test_what_was_measured_in_turns_is_freed_of_what_moved_both() -> None:
    base, new = drifting(0.3, 1), drifting(0.3, 2, 1.04)
    assert compare(base, new)[0].verdict == "too noisy"
    together = [BenchmarkResult(name="it", blocks=one.blocks, together="t") for one in (base, new)]
    (found,) = compare(*together)
    assert (found.verdict, found.in_turns) == ("slower", True)
    assert found.ratio == pytest.approx(1.04, abs=0.005)
    other = BenchmarkResult(name="it", blocks=new.blocks, together="u")
    assert not compare(together[0], other)[0].in_turns


def test_a_pass_is_a_block_where_there_are_several() -> None:
    """Each process is off by a percent or two for itself: within one there is no sign of it."""
    draw = random.Random(6)

    def passes() -> BenchmarkResult:
        levels = [draw.gauss(0, 0.015) for _ in range(8)]
        blocks = tuple((1 + level + draw.gauss(0, 0.0005),) for level in levels for _ in range(20))
        return BenchmarkResult(name="it", blocks=blocks, passes=(Pass(blocks=20),) * 8)

    verdicts = [compare(passes(), passes())[0] for _ in range(40)]
    assert {found.blocks for found in verdicts} == {(8, 8)}
    assert sum(found.verdict in ("slower", "faster") for found in verdicts) <= 2


def in_passes(offset: float, levels: Sequence[float], seed: int, **given: Any) -> BenchmarkResult:
    """Ten blocks a pass, at times that begin with the offset."""
    draw = random.Random(seed)
    blocks = tuple((level * draw.lognormvariate(0, 0.004),) for level in levels for _ in range(10))
    passes = tuple(Pass(blocks=10, started_at=1e9 + 10 * at + offset) for at in range(len(levels)))
    return BenchmarkResult(**({"name": "it", "blocks": blocks, "passes": passes} | given))


def test_passes_that_alternate_are_freed_of_what_moved_both() -> None:
    levels = [1 + at / 100 + 0.02 * (at % 2) for at in range(12)]
    base, new = in_passes(0, levels, 1), in_passes(5, [1.05 * level for level in levels], 2)
    (found,) = compare(base, new)
    assert (found.in_turns, found.verdict, found.blocks) == (True, "slower", (12, 12))
    assert found.ratio == pytest.approx(1.05, abs=0.01)
    assert compare(base, in_passes(5, levels, 2))[0].verdict != "slower"
    for apart in (
        in_passes(500, levels, 2),
        in_passes(5, levels[:-1], 2),
        in_passes(5, levels, 2, facts={"hostname": "other"}),
        in_passes(5, levels, 2, passes=(Pass(blocks=10),) * 12),
    ):
        assert not compare(base, apart)[0].in_turns


def verdicts(clocks: Sequence[NoisyClock], ratio: float) -> list[Comparison]:
    found = []
    for clock in clocks:
        runner = BenchmarkRunner(clock=clock, max_seconds=1)
        functions = {"base": clock.function(CALL_S), "new": clock.function(CALL_S * ratio)}
        found += compare(*runner.run_together(functions))
    return found


def test_on_a_noisy_machine_alike_is_alike_and_five_percent_is_found() -> None:
    """A small part of `tests/benchmarks/bench/verdicts.py`."""
    alike = verdicts([NoisyClock(seed) for seed in range(8)], 1.0)
    assert sum(found.verdict in ("slower", "faster") for found in alike) == 0
    slower = verdicts([NoisyClock(seed) for seed in range(8)], 1.05)
    assert sum(found.verdict == "slower" for found in slower) == 8
    assert all(found.in_turns for found in slower)


def test_functions_are_measured_in_turns_and_compared_with_the_first() -> None:
    clock = NoisyClock(1)
    runner = BenchmarkRunner(clock=clock, max_seconds=2)

    def base() -> None:
        clock.function(CALL_S)()

    def half() -> None:
        clock.function(CALL_S / 2)()

    def twice() -> None:
        clock.function(CALL_S * 2)()

    found = compare(base, half, twice, runner=runner)
    assert [(one.base, one.name, one.verdict) for one in found] == [
        ("base", "half", "faster"),
        ("base", "twice", "slower"),
    ]


async def test_coroutines_are_compared_in_a_running_loop() -> None:
    clock = NoisyClock(1)

    async def base() -> None:
        clock.function(CALL_S)()

    async def twice() -> None:
        clock.function(CALL_S * 2)()

    (found,) = await acompare(base, twice, runner=BenchmarkRunner(clock=clock, max_seconds=2))
    assert found.verdict == "slower"
    with pytest.raises(ValueError, match="two or more"):
        await acompare(base)


def test_wrong_subjects_are_refused() -> None:
    with pytest.raises(ValueError, match="two or more"):
        compare(result())
    with pytest.raises(ValueError, match="functions with functions"):
        compare(result(), len)
    for wrong in ({"threshold": -1}, {"alpha": 0}, {"alpha": 1}, {"threshold": float("nan")}):
        with pytest.raises(ValueError, match="threshold must be"):
            compare(result(), result(), **wrong)
    with pytest.raises(ValueError, match="no samples"):
        compare(result(), result(blocks=()))
    with pytest.raises(ValueError, match="not above 0 s"):
        compare(result(), result(blocks=((1.0, 0.0),)))


def test_runs_are_compared_name_by_name() -> None:
    base = [
        result(), result(name="gone"), result(name="empty"),
        result(name="moved", facts={"hostname": "a", "cpu_count": 2}),
    ]  # fmt: skip
    new = [
        result(1.1, 2), result(name="added"), result(name="empty", blocks=()),
        result(name="moved", facts={"hostname": "b", "cpu_count": 2}),
    ]  # fmt: skip
    compared = compare_runs(base, new)
    assert [(one.name, one.verdict) for one in compared.comparisons] == [("it", "slower"), ("moved", "no difference")]
    assert compared.skipped == {
        "gone": "it is only in the base",
        "added": "it is not in the base",
        "empty": "it has no samples",
    }
    assert compared.remarks == ["hostname: a and b"]


@pytest.mark.parametrize("limit", [0.01, 0.02, 0.05, 0.10, 0.25])
def test_a_gate_fails_at_twice_its_limit_and_not_at_half(limit: float) -> None:
    for seed in range(10):
        base = [result(seed=seed, sd=0.01)]
        twice = judge(base, [result(1 + 2 * limit, seed + 100)], min(0.02, limit), 0.01, limit)
        assert list(twice.failed) == ["it"]
        half = judge(base, [result(1 + limit / 2, seed + 100)], min(0.02, limit), 0.01, limit)
        assert half.failed == {}
        assert judge(base, [result(1 / (1 + 2 * limit), seed + 100)], 0.02, 0.01, limit).failed == {}


def test_a_gate_may_fail_on_noise_and_on_what_is_missing() -> None:
    base, new = [result(sd=0.3), result(name="gone")], [result(1.06, 2, sd=0.3), result(name="added")]
    assert judge(base, new, 0.02, 0.01, 0.05).failures == []
    failed = judge(base, new, 0.02, 0.01, 0.05, noise=True).failed
    assert set(failed) == {"it", "gone"}
    assert failed["it"].startswith("too noisy: ")
    assert failed["gone"] == "not compared: it is only in the base"
    assert judge([result()], [result(2, 2)], 0.02, 0.01, None).failed == {}
