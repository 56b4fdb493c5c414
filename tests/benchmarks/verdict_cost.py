"""What a verdict costs: CPU time of one Snapshot's diagnosis, healthy and ill, small and large.

`python -m tests.benchmarks.verdict_cost` prints a table. The aim is at most 2 ms a second, at one Snapshot a second.
"""

import sys
import time
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))

from helpers.incidents import Change, Story, Targets, digest, endpoint, set_figures, set_slot, shape
from msgspec.structs import replace

from perftui.model.application import EndpointStats
from perftui.model.operation import Operation, OperationList
from perftui.model.snapshot import Snapshot

SECONDS = 700
"""More than the past that is kept, so that no step is cheap for being young."""
_ILL_FROM = 300


class _Collected:
    """Stands in for the diagnosis while the Snapshots are made."""

    def __init__(self) -> None:
        self.snapshots: list[Snapshot] = []

    def take(self, snapshot: Snapshot) -> Any:
        self.snapshots.append(snapshot)


def sized(endpoints: int, shapes: int, operations: int, *, ill: bool) -> Change:
    """So much of everything; ill: every endpoint takes 60 times as long from the middle on.

    Applications and slow queries are read every second second, as their sources do.
    """
    rows = digest(*(shape(f"s{one}", f"shop.c{one % 20}") for one in range(shapes)))
    running = tuple(
        Operation(opid=one, op="query", ns="shop.a", running_s=0.01, shape_id=f"s{one % 50}", command='{"find":"a"}')
        for one in range(operations)
    )

    read: Targets = {}

    def change(targets: Targets, _at: float, passed: int) -> None:
        if passed % 2 and read:
            targets["application"] = read["application"]
            set_slot(targets, "mongodb", queries=rows, operations=OperationList(operations=running))
            return
        average_ms = 800.0 if ill and passed > _ILL_FROM else 12.0 + passed % 3
        set_slot(targets, "mongodb", queries=rows, operations=OperationList(operations=running))
        found = tuple(asking(endpoint(f"/route/{one}", average_ms)) for one in range(endpoints))
        set_figures(targets, "application", "application", endpoints=found)
        read["application"] = targets["application"]

    return change


def locked(locks: int, operations: int) -> Change:
    """So many collections at once that are locked, each with somebody who waits for it, among so many operations."""

    def one(opid: int) -> Operation:
        waits = opid < locks
        modes = {"Global": "r", "Database": "r", "Collection": "R" if waits else "w"}
        listed = Operation(opid=opid, op="command", ns=f"shop.c{opid % locks}", running_s=8.0, locks=modes)
        return replace(listed, waiting_for="lock", lock_wait_ms=5000.0) if waits else listed

    running = OperationList(operations=tuple(one(opid) for opid in range(operations)))
    return lambda targets, _at, _passed: set_slot(targets, "mongodb", operations=running)


def crowded(operations: int) -> Change:
    """So many operations at once of 28 shapes, all of which have run for long, and two thirds of which scan."""

    def one(opid: int) -> Operation:
        op, ns = ("query", "update", "getmore", "command")[opid % 4], f"shop.c{opid % 7}"
        command = f'{{"find": "c{opid % 7}", "filter": {{"customer": {opid}, "state": "open"}}}}'
        listed = Operation(opid=opid, op=op, ns=ns, running_s=opid % 100 + 0.5, command=command)
        return replace(listed, plan_summary="COLLSCAN" if opid % 3 else "IXSCAN { customer: 1 }")

    running = OperationList(operations=tuple(one(opid) for opid in range(operations)))
    return lambda targets, _at, _passed: set_slot(targets, "mongodb", operations=running)


def asking(one: EndpointStats) -> EndpointStats:
    """Of an application that tells what its requests asked."""
    assert one.recent is not None
    recent = replace(one.recent, queries=120, query_ms=240.0, cache_ms=20.0)
    return replace(one, recent=recent, server_error_rate=0.0, client_error_rate=0.0)


def milliseconds(change: Change) -> float:
    """CPU of one Snapshot, the mean of the last hundred."""
    story, collected = Story(), _Collected()
    diagnosis, story.diagnosis = story.diagnosis, collected  # type: ignore[assignment]
    story.play(SECONDS, change)
    started = 0.0
    for index, snapshot in enumerate(collected.snapshots):
        if index == SECONDS - 100:
            started = time.process_time()
        diagnosis.take(snapshot)
    return (time.process_time() - started) * 10


def main() -> None:
    for endpoints, shapes, operations in ((2, 1, 0), (20, 60, 20), (100, 500, 500)):
        for ill in (False, True):
            spent = milliseconds(sized(endpoints, shapes, operations, ill=ill))
            state = "ill" if ill else "healthy"
            print(f"{endpoints:4} endpoints {shapes:4} shapes {operations:4} operations  {state:8} {spent:.2f} ms")
    print(f" 100 locks that are waited for, 500 operations         {milliseconds(locked(100, 500)):.2f} ms")
    for operations in (500, 5000):
        spent = milliseconds(crowded(operations))
        print(f"{operations:5} operations that run for long, of 28 shapes         {spent:.2f} ms")


if __name__ == "__main__":
    main()
