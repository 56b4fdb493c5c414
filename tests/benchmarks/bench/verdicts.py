"""How often comparisons are right, on a synthetic clock: 200 runs each of A against A, and of a true slowdown.

`python -m tests.benchmarks.bench.verdicts [--runs N] [--real]`. In turns as `compare` measures functions, and one
run after the other as saved runs are. Exits 1 where A/A is told different in more than 5 % of the runs, or a true
slowdown of 5 % is found in fewer than 95 %. `--real` adds the machine's own clock with a slowdown of 10 %.
"""

import argparse
import sys
from collections import Counter
from collections.abc import Callable
from pathlib import Path

from perftui import BenchmarkResult, BenchmarkRunner, Comparison, compare

sys.path.append(str(Path(__file__).parents[2]))
from helpers.noisy_clock import NoisyClock

MOST_FALSE, LEAST_FOUND = 0.05, 0.95
CALL_S = 0.002
Judge = Callable[[int, float], Comparison]


def in_turns(seed: int, ratio: float, **noise: float) -> Comparison:
    """Both on one clock."""
    clock = NoisyClock(seed, **noise)
    runner = BenchmarkRunner(clock=clock, max_seconds=2)
    results = runner.run_together({"base": clock.function(CALL_S), "new": clock.function(CALL_S * ratio)})
    return compare(*results)[0]


def saved(seed: int, ratio: float, **noise: float) -> Comparison:
    """Each on a clock of its own, as if there were hours between."""
    results = []
    for number, seconds in enumerate((CALL_S, CALL_S * ratio)):
        clock = NoisyClock(2 * seed + number, **noise)
        results.append(BenchmarkRunner(clock=clock, max_seconds=2).run(clock.function(seconds), name="it"))
    return compare(*results)[0]


def passes(seed: int, ratio: float, number: int = 10, **noise: float) -> Comparison:
    """Both on one machine, in passes one after the other, as `bench run --append` measures two versions."""
    clock, runs = NoisyClock(seed, **noise), dict[str, BenchmarkResult]()
    runner = BenchmarkRunner(clock=clock, max_seconds=0.4)
    for _ in range(number):
        for name, seconds in (("base", CALL_S), ("new", CALL_S * ratio)):
            result = runner.run(clock.function(seconds), name="it")
            runs[name] = runs[name] + result if name in runs else result
    return compare(runs["base"], runs["new"])[0]


MACHINES: dict[str, Judge] = {
    "in turns, drift of 3 %": in_turns,
    "in turns, drift of 6 %": lambda seed, ratio: in_turns(seed, ratio, drift=0.06),
    "in turns, 5 % spikes": lambda seed, ratio: in_turns(seed, ratio, spikes=0.05),
    "in turns, sd of 4 %, 0.8 alike": lambda seed, ratio: in_turns(seed, ratio, sd=0.04, alike=0.8),
    "saved, no drift": lambda seed, ratio: saved(seed, ratio, drift=0.0),
    "saved, drift of 0.5 %": lambda seed, ratio: saved(seed, ratio, drift=0.005),
    "saved, 10 passes, drift of 1 %": lambda seed, ratio: passes(seed, ratio, drift=0.01),
    "saved, 15 passes, slow drift of 2 %": lambda seed, ratio: passes(seed, ratio, 15, drift=0.02, period=2000),
}
UNHELD: dict[str, Judge] = {
    "saved, drift of 1 %": lambda seed, ratio: saved(seed, ratio, drift=0.01),
    "saved, slow drift of 2 %": lambda seed, ratio: saved(seed, ratio, drift=0.02, period=2000),
}
"""What is only told: one run each cannot know what moves more slowly than it runs."""


def shares(judge: Judge, ratio: float, runs: int) -> Counter[str]:
    return Counter(judge(seed, ratio).verdict for seed in range(runs))


def line(name: str, judge: Judge, runs: int) -> tuple[float, float]:
    """Print how it went; the shares of false alarms and of slowdowns that were found."""
    alike, slower, much = (shares(judge, ratio, runs) for ratio in (1.0, 1.05, 1.10))
    false = (alike["slower"] + alike["faster"]) / runs
    print(
        f"{name:40} A/A different {false:6.1%}, too noisy {alike['too noisy'] / runs:6.1%};"
        f" 5 % found {slower['slower'] / runs:6.1%}, 10 % found {much['slower'] / runs:6.1%}",
        flush=True,
    )
    return false, slower["slower"] / runs


def real(seed: int, ratio: float) -> Comparison:
    """This machine's own clock and noise."""
    count = 2_000

    def base() -> int:
        return sum(range(count))

    def new() -> int:
        return sum(range(int(count * ratio)))

    return compare(base, new, runner=BenchmarkRunner(max_seconds=1.0))[0]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=200)
    parser.add_argument("--real", action="store_true")
    parser.add_argument("--only", default="", help="machines whose names hold this")
    arguments = parser.parse_args()
    held = True
    for name, judge in (one for one in MACHINES.items() if arguments.only in one[0]):
        false, found = line(name, judge, arguments.runs)
        held &= false <= MOST_FALSE and found >= LEAST_FOUND
    for name, judge in (one for one in UNHELD.items() if arguments.only in one[0]):
        line(f"({name})", judge, arguments.runs)
    if arguments.real:
        line("(this machine, in turns)", real, max(arguments.runs // 10, 5))
    print("held" if held else "NOT HELD")
    return 0 if held else 1


if __name__ == "__main__":
    sys.exit(main())
