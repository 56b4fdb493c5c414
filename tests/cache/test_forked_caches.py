"""A child of a fork uses the caches of its parent, whatever threads of the parent did with them just then.

Each runs in a process of its own, since a child of a fork would take pytest's threads for its own; `alarm` ends one
that hangs.
"""

import subprocess
import sys

import pytest

FORK = """
import asyncio, os, signal, sys, threading, time
from perftui import AsyncReadThrough, DependencyGraph, Invalidator, MemoryStore, ReadThrough

def in_child(work):
    child = os.fork()
    if child == 0:
        signal.alarm(10)
        try:
            print(work(), flush=True)
        finally:
            os._exit(0)
    _, status = os.waitpid(child, 0)
    if status:
        print("hung" if os.WIFSIGNALED(status) else "failed", flush=True)

def beside(work):
    threading.Thread(target=work, daemon=True).start()

begun, go = threading.Event(), threading.Event()
def slow():
    begun.set()
    go.wait()
    return "slow"
now = [1000.0]
store = MemoryStore(clock=lambda: now[0])
pages = ReadThrough(store, 60, 600)
"""
CASES = {
    "a key that the parent loads": (
        """
beside(lambda: pages.get("a", slow))
begun.wait()
in_child(lambda: pages.get("a", lambda: "of the child"))
""",
        ["of the child"],
    ),
    "a stale key that the parent loads anew": (
        """
pages.get("a", lambda: "old")
now[0] += 61
pages.get("a", slow)
begun.wait()
def until_new():
    while (found := pages.get("a", lambda: "new")) == "old":
        time.sleep(0.01)
    return found
in_child(until_new)
""",
        ["new"],
    ),
    "a store that the parent writes to": (
        """
with_bytes = MemoryStore(50, 1_000_000, size_of=len)
def write():
    number = 0
    while True:
        with_bytes.direct.set(f"k{number % 70}", "x" * (number % 90), tags=["t"])
        number += 1
beside(write)
def use():
    with_bytes.direct.set("mine", "x")
    return with_bytes._bytes == sum(entry.size for entry in with_bytes._entries.values())
for _ in range(20):
    time.sleep(0.003)
    in_child(use)
""",
        ["True"] * 20,
    ),
    "a lock of a store that the parent has": (
        """
def hold():
    with store._lock:
        begun.set()
        go.wait()
beside(hold)
begun.wait()
in_child(lambda: [store.direct.set("a", 1), pages.get("b", lambda: "made"), Invalidator(store).direct.keys("a").keys])
""",
        ["[None, 'made', 1]"],
    ),
    "a graph that the parent changes": (
        """
graph = DependencyGraph()
def hold():
    with graph._lock:
        begun.set()
        go.wait()
beside(hold)
begun.wait()
in_child(lambda: [graph.add("a", "b"), graph.dependents("b")])
""",
        ["[None, {'a'}]"],
    ),
    "tasks of the parent's event loop": (
        """
apages = AsyncReadThrough(store, 60, 600)
async def load():
    await asyncio.sleep(60)
async def made():
    return "of the child"
async def fork_meanwhile():
    loading = asyncio.ensure_future(apages.get("a", load))
    await asyncio.sleep(0.01)
    work = lambda: pages.get("b", lambda: run_alone())
    def run_alone():
        asyncio.events._set_running_loop(None)
        return asyncio.run(apages.get("a", made))
    in_child(work)
    loading.cancel()
    await asyncio.wait([loading])
asyncio.run(fork_meanwhile())
""",
        ["of the child"],
    ),
    "the very thread that loads": (
        """
def load():
    in_child(lambda: pages.get("b", lambda: "b of the child"))
    return "a"
print(pages.get("a", load))
def in_both():
    child = os.fork()
    if child:
        os.waitpid(child, 0)
    return "both"
print(pages.get("c", in_both), flush=True)
""",
        ["b of the child", "a", "both", "both"],
    ),
}


@pytest.mark.parametrize(("program", "said"), CASES.values(), ids=CASES)
def test_a_child_goes_on_with(program: str, said: list[str]) -> None:
    command = [sys.executable, "-W", "ignore", "-c", FORK + program]
    found = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert (found.stdout.splitlines(), found.stderr) == (said, "")
