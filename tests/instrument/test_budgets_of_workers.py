"""A budget over four real processes: judged once, on the figures of all, and on by another where one is killed."""

import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from helpers.waiting import wait_until

from perftui.instrument import Budget, Registry
from perftui.instrument.budgets.evaluation import SIDE

WORKER = """
import sys, time
from perftui.instrument import Budget, Registry
from perftui.instrument.endpoints.kinds import ENDPOINT

def tell(change):
    print(change.kind, change.standing.samples, flush=True)

budget = Budget("GET /a", "p(95)<500ms", samples=120, evaluations=1, on_violation=tell)
registry = Registry("shop", budgets=[budget], shared=sys.argv[1])
block = registry.block(ENDPOINT, "GET", "/a", "200")
for _ in range(30):
    block.record(time.monotonic(), 0.9)
print("ready", registry.elected, flush=True)
if not registry.elected:
    watch = next(job.function.__self__ for job in registry._jobs if job.function.__qualname__ == "BudgetWatch.run")
    while not any(standing.over for _, standing in watch._evaluated.standings):  # there may be one from before
        time.sleep(0.1)
    print("knows what was told", flush=True)
time.sleep(300)
"""


def start(folder: Path) -> "subprocess.Popen[str]":
    return subprocess.Popen([sys.executable, "-c", WORKER, str(folder)], stdout=subprocess.PIPE, text=True)


def published(registry: Registry) -> list[Any]:
    return [(worker.pid, value) for worker, value in registry.read().side(SIDE) if value]


@pytest.fixture
def workers(tmp_path: Path) -> Any:
    started: list[subprocess.Popen[str]] = []

    def one_more() -> "subprocess.Popen[str]":
        started.append(start(tmp_path))
        return started[-1]

    yield one_more
    for process in started:
        process.kill()
        process.wait(60)
        if process.stdout is not None:
            process.stdout.close()


def test_four_workers_judge_once_and_a_killed_one_is_followed_by_another(tmp_path: Path, workers: Any) -> None:
    processes = [workers() for _ in range(4)]
    elected = [process.stdout.readline().split()[1] == "True" for process in processes]
    assert elected.count(True) == 1
    first = processes[elected.index(True)]
    assert first.stdout.readline() == "violation 120\n"
    reader = Registry("shop", budgets=[Budget("GET /a", "p(95)<500ms")], shared=tmp_path)
    reader.read()
    ((pid, _),) = wait_until(lambda: published(reader))
    assert pid == first.pid
    others = [process for process in processes if process is not first]
    assert [process.stdout.readline() for process in others] == ["knows what was told\n"] * 3
    os.kill(first.pid, signal.SIGKILL)
    first.wait(60)

    def another() -> int | None:
        return next((found for found, _ in published(reader) if found != first.pid), None)

    assert wait_until(another) in {os.getpid(), *(process.pid for process in others)}
    for process in others:
        process.terminate()
        assert process.stdout.read() == "", "what was told once is not told again"
