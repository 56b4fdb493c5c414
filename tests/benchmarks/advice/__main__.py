"""Judge the advice on a private mongod: `.venv/bin/python -m tests.benchmarks.advice`, from the checkout's root."""

import argparse
import json
import os
import sys
import time
from pathlib import Path

from perftui.servers import PrivateServers

from . import cases
from .bench import Bench
from .engines import ENGINES
from .generate import random_workloads
from .report import as_json, figures, summary, table
from .workload import Definition


def main() -> int:
    arguments = _arguments()
    os.nice(arguments.nice)
    chosen = _chosen(arguments)
    verdicts = []
    started = time.monotonic()
    with PrivateServers() as servers, Bench(servers, ENGINES[arguments.engine], arguments.seed) as bench:
        for name, definition in chosen.items():
            verdict = bench.judge(name, definition)
            verdicts.append(verdict)
            if arguments.verbose or not verdict.flawless:
                print(table(verdict), flush=True)
    print(f"\nengine {arguments.engine}, seed {arguments.seed}, {time.monotonic() - started:.0f} s\n", file=sys.stderr)
    print(summary(figures(verdicts)))
    if arguments.json:
        arguments.json.write_text(json.dumps(as_json(verdicts), indent=1), "utf-8")
    return 0


def _chosen(arguments: argparse.Namespace) -> dict[str, Definition]:
    found = random_workloads(arguments.random, arguments.seed) if arguments.random else dict(cases.WORKLOADS)
    if arguments.only:
        found = {name: one for name, one in found.items() if any(word in name for word in arguments.only)}
    if not found:
        raise SystemExit(f"No workload is named like {', '.join(arguments.only)}.")
    return found


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="tests.benchmarks.advice", description=__doc__)
    parser.add_argument("--engine", choices=ENGINES, default="direct")
    parser.add_argument("--only", nargs="+", default=(), metavar="NAME", help="workloads whose names hold this")
    parser.add_argument("--seed", type=int, default=1, help="other data, values, sizes and random workloads")
    parser.add_argument("--random", type=int, default=0, metavar="N", help="N made-up workloads instead of the named")
    parser.add_argument("--verbose", action="store_true", help="every workload, not only those that lose something")
    parser.add_argument("--json", type=Path, metavar="FILE")
    parser.add_argument("--nice", type=int, default=5)
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
