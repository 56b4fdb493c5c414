"""All benchmarks of the monitor, side by side with bare and minimal Textual applications in the same run.

    .venv/bin/python tests/benchmarks/run.py [--rounds 3] [--only start keys ...] [--json]

Times on a shared machine are noisy: every aim is a ratio to a reference measured minutes apart, or a counter.
"""

import argparse
import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from report import Report
from terminal import BARE, MINIMAL, measure

HERE = Path(__file__).parent
OPERATIONS_PAGE: list[dict[str, object]] = [{"send": "2", "wait": "shop"}]
AWAY_FROM_THE_ENDS: list[dict[str, object]] = [
    *OPERATIONS_PAGE,
    {"send": "<lt>", "wait": "OPIDv"},
    {"send": "<Down>" * 15, "sleep": 0.5},
]
"""Sorted by opid, so that the row under the cursor stays where it is, far from both ends of the screen."""


def injected(operations: int) -> list[str]:
    return [sys.executable, str(HERE / "injected.py"), "--operations", str(operations)]


def start(report: Report) -> None:
    """First content: the Overview with the machine's numbers, against a bare Textual application."""
    bare = measure(BARE, first=r"floor")["start"]["first_paint_s"]
    ours = measure([sys.executable, "-m", "perftui", "--config", "/dev/null"], first=r"Mem[^\n]*\d")
    report.add("start: bare Textual, first content", bare * 1000, "ms")
    report.add("start: perftui, first content", ours["start"]["first_paint_s"] * 1000, "ms")
    report.add("start: perftui / bare", ours["start"]["first_paint_s"] / bare, "ratio", 1.15)


def injected_operations(report: Report) -> None:
    """CPU and bytes at 1 Hz with operations from an injected source, on the Operations screen."""
    minimal = measure(MINIMAL, window_s=10)["window"]
    report.add("cpu: minimal application", minimal["cpu_ms_per_s"], "ms/s")
    cpu = {}
    for operations in (50, 500, 5000):
        window = measure(injected(operations), steps=OPERATIONS_PAGE, window_s=10)["window"]
        cpu[operations] = window["cpu_ms_per_s"]
        report.add(f"cpu: {operations} operations", cpu[operations], "ms/s")
        report.add(f"bytes: {operations} operations", window["bytes_per_s"] / 1024, "KB a refresh", 6)
    report.add("cpu: 50 operations / minimal", cpu[50] / minimal["cpu_ms_per_s"], "ratio", 0.25)
    report.add("cpu: 5000 / 50 operations", cpu[5000] / cpu[50], "ratio", 2)


def keys(report: Report) -> None:
    """Key to frame with 5,000 operations on the screen."""
    result = measure(injected(5000), steps=AWAY_FROM_THE_ENDS, keys=("<Down>", "<Up>"), repeat=200)["keys"][0]
    report.add("keys: 5000 operations, median", result["median_ms"], "ms")
    report.add("keys: 5000 operations, p95", result["p95_ms"], "ms", 10)
    report.add("keys: missed", result["missed"], "presses of 200")


def demo(report: Report) -> None:
    """CPU, bytes and memory on the demo's servers under its load, against the minimal application."""
    from demo_load import demo_targets

    with demo_targets() as targets:
        minimal = measure(MINIMAL, window_s=10)["window"]
        window = measure([sys.executable, "-m", "perftui", *targets], warmup_s=8, window_s=20)["window"]
        base = measure([sys.executable, str(HERE / "bare_clients.py"), *targets], warmup_s=4, window_s=3)["window"]
    report.add("demo: minimal application, CPU", minimal["cpu_ms_per_s"], "ms/s")
    report.add("demo: perftui, CPU", window["cpu_ms_per_s"], "ms/s")
    report.add("demo: perftui / minimal", window["cpu_ms_per_s"] / minimal["cpu_ms_per_s"], "ratio", 0.25)
    report.add("demo: bytes", window["bytes_per_s"] / 1024, "KB a refresh", 6)
    report.add("demo: bare Textual with the same clients, memory", base["uss_mb_end"], "MB USS")
    report.add("demo: perftui, memory", window["uss_mb_end"], "MB USS")
    report.add("demo: memory over bare with clients", window["uss_mb_end"] - base["uss_mb_end"], "MB USS", 20)


def parked(report: Report) -> None:
    """CPU with 2,000 parked operations on a real mongod."""
    from parked import parked_mongod

    with parked_mongod(2000) as uri:
        minimal = measure(MINIMAL, window_s=10)["window"]
        window = measure([sys.executable, "-m", "perftui", uri], steps=OPERATIONS_PAGE[:0], warmup_s=6, window_s=15)
    report.add("parked: perftui, 2000 operations on mongod", window["window"]["cpu_ms_per_s"], "ms/s")
    report.add("parked: perftui / minimal", window["window"]["cpu_ms_per_s"] / minimal["cpu_ms_per_s"], "ratio", 0.5)


def memory(report: Report) -> None:
    """Memory over an hour's worth of ticks."""
    for operations in (50, 500):
        done = subprocess.run(
            [sys.executable, str(HERE / "memory.py"), "--operations", str(operations)],
            check=True,
            capture_output=True,
            text=True,
        )
        sizes = json.loads(done.stdout)
        grown = (sizes["after_an_hour"] - sizes["after_a_minute"]) / 2**20
        report.add(f"memory: {operations} operations, first minute to the hour", grown, "MB", 10)
        report.add(f"memory: {operations} operations, frames kept", sizes["frames_kept"], "frames")


def server(report: Report) -> None:
    """What polling costs a quiet mongod and Redis: their CPU with the monitor less their CPU without it."""
    from server_cost import cost_of_polling

    for name, cost in cost_of_polling().items():
        report.add(f"server: {name}", cost, "ms/s", 3 if name == "all servers" else None)


BENCHMARKS: dict[str, Callable[[Report], None]] = {
    "start": start,
    "injected": injected_operations,
    "keys": keys,
    "demo": demo,
    "parked": parked,
    "memory": memory,
    "server": server,
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--only", nargs="+", choices=BENCHMARKS, default=list(BENCHMARKS))
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    report = Report()
    for round_number in range(arguments.rounds):
        for name in arguments.only:
            print(f"round {round_number + 1}: {name}", file=sys.stderr)
            BENCHMARKS[name](report)
    print(json.dumps(report.as_json(), indent=1) if arguments.json else report.text())


if __name__ == "__main__":
    main()
