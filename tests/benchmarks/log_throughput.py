"""How fast a log is analysed, beside a bare `json.loads` loop and mtools' `mloginfo --queries`.

    .venv/bin/python tests/benchmarks/log_throughput.py [--lines 1000000] [--shapes 500] [--mloginfo PATH]

The same executions are written as a structured log (4.4 and later) and as a 4.2 text log, which is what mloginfo reads
(`pip install mtools python-dateutil` into an environment of its own). mloginfo is given fewer lines: it takes too long.
All is measured one after the other in one run, in wall time and in CPU time of the process; what is measured is the
whole command, with its start, its advice and its output.
"""

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import NamedTuple

from report import Report
from slow_log_lines import lines

_LOADS = "import json, sys\nfor line in open(sys.argv[1], 'rb'):\n    json.loads(line)\n"
_MOST_MB, _LEAST_OF_JSON, _LEAST_OF_MTOOLS = 200.0, 0.5, 10.0


class Measured(NamedTuple):
    """One run of one program over so many lines."""

    lines: int
    wall_s: float
    cpu_s: float
    resident_mb: float

    @property
    def per_s(self) -> float:
        return self.lines / self.wall_s

    @property
    def per_cpu_s(self) -> float:
        return self.lines / self.cpu_s


def measure(command: list[str], number: int, output: Path) -> Measured:
    """Run it to its end; its peak of memory is the kernel's own figure."""
    start = time.perf_counter()
    with output.open("wb") as stream:
        process = subprocess.Popen(command, stdout=stream, stdin=_terminal())
        _, status, usage = os.wait4(process.pid, 0)
    if status:
        raise SystemExit(f"{command[0]} ended with {status}")
    return Measured(number, time.perf_counter() - start, usage.ru_utime + usage.ru_stime, _megabytes(usage))


def _terminal() -> int:
    """mloginfo reads its file only where standard input is a terminal."""
    _, slave = os.openpty()
    return slave


def _megabytes(usage: resource.struct_rusage) -> float:
    return usage.ru_maxrss / 1024


def write_logs(folder: Path, number: int, shapes: int, text_lines: int) -> tuple[Path, Path]:
    structured, text = folder / "structured.log", folder / "text.log"
    with structured.open("w") as one, text.open("w") as other:
        for position, line in enumerate(lines(number, shapes)):
            one.write(line.structured + "\n")
            if position < text_lines:
                other.write(line.text + "\n")
    return structured, text


def run(options: argparse.Namespace) -> Report:
    report = Report()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        text_lines = min(options.lines, options.text_lines)
        structured, text = write_logs(folder, options.lines, options.shapes, text_lines)
        for _ in range(options.rounds):
            bare = measure([sys.executable, "-c", _LOADS, str(structured)], options.lines, folder / "bare")
            command = [sys.executable, "-m", "perftui", "analyze", str(structured), "--json"]
            ours = measure(command, options.lines, folder / "ours.json")
            found = json.loads((folder / "ours.json").read_bytes())
            assert (found["entries"], len(found["shapes"])) == (options.lines, options.shapes)
            add(report, bare, ours)
            if options.mloginfo:
                theirs = measure(
                    [options.mloginfo, "--queries", "--no-progressbar", str(text)], text_lines, folder / "theirs"
                )
                report.add("mloginfo --queries", theirs.per_s, "lines/s")
                report.add("ours / mloginfo (at least 10)", ours.per_s / theirs.per_s, "times")
                report.add("mloginfo / ours", theirs.per_s / ours.per_s, "share", 1 / _LEAST_OF_MTOOLS)
    return report


def add(report: Report, bare: Measured, ours: Measured) -> None:
    report.add("perftui analyze", ours.per_s, "lines/s")
    report.add("bare json.loads", bare.per_s, "lines/s")
    report.add("wall of analyze / json.loads", bare.per_s / ours.per_s, "times", 1 / _LEAST_OF_JSON)
    report.add("CPU of analyze / json.loads", bare.per_cpu_s / ours.per_cpu_s, "times", 1 / _LEAST_OF_JSON)
    report.add("resident memory of analyze", ours.resident_mb, "MB", _MOST_MB)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--lines", type=int, default=1_000_000)
    parser.add_argument("--shapes", type=int, default=500)
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--mloginfo", help="path of mtools' mloginfo")
    parser.add_argument("--text-lines", type=int, default=20_000, help="lines that mloginfo is given")
    print(run(parser.parse_args()).text())
