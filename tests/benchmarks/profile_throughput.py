"""How fast a server's profile is analysed, beside a bare PyMongo loop that reads the same entries.

    .venv/bin/python tests/benchmarks/profile_throughput.py [--entries 1000000] [--shapes 500] [--collections 20]

A private mongod gets a `system.profile` made of real entries. Each program is a process of its own, one after the
other in one run. Measured is the whole command, with its start, its facts, its advice and its output: wall time, its
CPU, the peak of its memory (VmHWM), and what the server did for it.
"""

import argparse
import contextlib
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import NamedTuple

import psutil
from profile_entries import fill_collections, place_profile, questions
from report import Report

from perftui.servers import MongodProcess, PrivateServers

_DATABASE = "shop"
_READS = (
    "import sys, pymongo\nfor entry in pymongo.MongoClient(sys.argv[1])['shop']['system.profile'].find():\n    pass\n"
)
_MOST_MB, _LOOK_EVERY_S = 200.0, 0.05


class Server(NamedTuple):
    """What the server had done at one moment."""

    cpu_s: float
    commands: int

    @classmethod
    def of(cls, mongod: MongodProcess) -> "Server":
        times = psutil.Process(mongod.pid).cpu_times()
        with mongod.client() as client:
            counters = client.admin.command("serverStatus")["opcounters"]
        return cls(times.user + times.system, sum(counters[name] for name in ("query", "getmore", "command")))


class Measured(NamedTuple):
    """One run of one program."""

    wall_s: float
    cpu_s: float
    resident_mb: float
    server_cpu_s: float
    commands: int
    """Those of the driver's own monitoring and of the measuring among them."""


def measure(command: list[str], output: Path, mongod: MongodProcess) -> Measured:
    before, start = Server.of(mongod), time.perf_counter()
    with output.open("wb") as stream:
        process = subprocess.Popen(command, stdout=stream)
    peak, ended = 0.0, 0
    while not ended:
        peak = _peak_mb(process.pid) or peak
        time.sleep(_LOOK_EVERY_S)
        ended, status, usage = os.wait4(process.pid, os.WNOHANG)
    if status:
        raise SystemExit(f"{command[0]} ended with {status}")
    wall, after = time.perf_counter() - start, Server.of(mongod)
    cpu = usage.ru_utime + usage.ru_stime
    return Measured(wall, cpu, peak, after.cpu_s - before.cpu_s, after.commands - before.commands)


def _peak_mb(pid: int) -> float | None:
    """The kernel's own figure, which only rises."""
    with contextlib.suppress(OSError):
        for line in Path(f"/proc/{pid}/status").read_text().splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) / 1024
    return None


def run(options: argparse.Namespace) -> Report:
    report = Report()
    with PrivateServers() as servers, tempfile.TemporaryDirectory() as folder:
        mongod = servers.start_mongod()
        asked = questions(options.shapes, options.collections)
        with mongod.client() as client:
            fill_collections(client[_DATABASE], options.collections)
            place_profile(client, _DATABASE, options.entries, asked)
        for _ in range(options.rounds):
            bare = measure([sys.executable, "-c", _READS, mongod.uri], Path(folder, "bare"), mongod)
            output = Path(folder, "ours.json")
            ours = measure([sys.executable, "-m", "perftui", "analyze", mongod.uri, "--json"], output, mongod)
            found = json.loads(output.read_bytes())
            assert (found["entries"], len(found["shapes"])) == (options.entries, options.shapes), found["notes"]
            add(report, options.entries, bare, ours)
    return report


def add(report: Report, entries: int, bare: Measured, ours: Measured) -> None:
    report.add("perftui analyze", entries / ours.wall_s, "entries/s")
    report.add("bare PyMongo loop", entries / bare.wall_s, "entries/s")
    report.add("wall of analyze / bare loop", ours.wall_s / bare.wall_s, "times")
    report.add("CPU of analyze / bare loop", ours.cpu_s / bare.cpu_s, "times")
    report.add("CPU of analyze", ours.cpu_s, "s")
    report.add("peak memory of analyze", ours.resident_mb, "MB", _MOST_MB)
    report.add("peak memory of bare loop", bare.resident_mb, "MB")
    report.add("commands of analyze", ours.commands, "commands")
    report.add("commands of bare loop", bare.commands, "commands")
    report.add("CPU of the server for analyze", ours.server_cpu_s, "s")
    report.add("CPU of the server for bare loop", bare.server_cpu_s, "s")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--entries", type=int, default=1_000_000)
    parser.add_argument("--shapes", type=int, default=500)
    parser.add_argument("--collections", type=int, default=20)
    parser.add_argument("--rounds", type=int, default=1)
    print(run(parser.parse_args()).text())
