"""Stale values are loaded anew by a few, however many there are, and never at the cost of those who read."""

import asyncio
import subprocess
import sys
import threading
from collections.abc import Awaitable, Callable
from contextvars import ContextVar

import pytest
from helpers.cache_cases import Clock
from helpers.waiting import wait_until, wait_until_async

from perftui import AsyncReadThrough, MemoryStore, ReadThrough

MANY = 2_000


def refreshing() -> int:
    return sum(thread.name == "perftui-refresh" for thread in threading.enumerate())


def test_many_stale_keys_take_a_few_threads() -> None:
    clock, go = Clock(), threading.Event()
    pages = ReadThrough(MemoryStore(clock=clock), 60, 600)
    keys = [f"k{number}" for number in range(MANY)]
    assert {pages.get(key, lambda: "old") for key in keys} == {"old"}
    clock.now += 61

    def load() -> str:
        assert go.wait(20)
        return "new"

    assert {pages.get(key, load) for key in keys} == {"old"}
    assert 1 <= refreshing() <= 4
    go.set()
    wait_until(lambda: not refreshing())
    wait_until(lambda: {pages.get(key, load) for key in keys} == {"new"})


async def test_many_stale_keys_take_a_few_tasks() -> None:
    clock, go = Clock(), asyncio.Event()
    pages = AsyncReadThrough(MemoryStore(clock=clock), 60, 600)
    keys = [f"k{number}" for number in range(MANY)]
    value, loading, most = ["old"], [0], [0]

    async def load() -> str:
        loading[0] += 1
        most[0] = max(most[0], loading[0])
        if value[0] == "new":
            await go.wait()
        loading[0] -= 1
        return value[0]

    async def read() -> set[str]:
        return {await pages.get(key, load) for key in keys}

    assert await read() == {"old"}
    clock.now += 61
    value[0], most[0] = "new", 0
    assert await read() == {"old"}
    await asyncio.sleep(0)
    assert 1 <= len(asyncio.all_tasks()) <= 17
    go.set()

    async def all_new() -> bool:
        return await read() == {"new"}

    await wait_until_async(all_new)
    assert 1 <= most[0] <= 16


def test_a_loop_that_ends_with_refreshes_under_way_leaves_none_behind() -> None:
    clock = Clock()
    pages = AsyncReadThrough(MemoryStore(clock=clock), 60, 600)

    async def at_once() -> str:
        return "at once"

    async def never() -> str:
        await asyncio.Event().wait()
        return "never"

    async def read(load: Callable[[], Awaitable[str]]) -> str:
        found = [await pages.get(f"k{number}", load) for number in range(40)]
        await asyncio.sleep(0)
        return found[0]

    asyncio.run(read(at_once))
    clock.now += 61
    asyncio.run(read(never))
    assert "k0" not in pages._refreshing
    assert "k39" not in pages._refreshing

    async def new() -> str:
        return "new"

    async def until_new() -> None:
        await wait_until_async(lambda: read_one())

    async def read_one() -> bool:
        return await pages.get("k39", new) == "new"

    asyncio.run(until_new())


def test_where_no_thread_can_be_had_the_stale_value_is_given_and_the_next_one_tries(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    clock = Clock()
    pages = ReadThrough(MemoryStore(clock=clock), 60, 600)
    assert pages.get("a", lambda: "old") == "old"
    clock.now += 61

    def cannot(_thread: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    with monkeypatch.context() as patched:
        patched.setattr(threading.Thread, "start", cannot)
        assert [pages.get("a", lambda: "new") for _ in range(3)] == ["old"] * 3
    assert "a" not in pages._refreshing
    wait_until(lambda: pages.get("a", lambda: "new") == "new")


def test_a_loader_that_ends_its_thread_stops_no_other_refresh() -> None:
    clock = Clock()
    pages = ReadThrough(MemoryStore(clock=clock), 60, 600)
    for number in range(20):
        pages.get(f"k{number}", lambda: "old")
    clock.now += 61
    for number in range(20):
        pages.get(f"k{number}", sys.exit)
    wait_until(lambda: not refreshing())
    wait_until(lambda: pages.get("k7", lambda: "new") == "new")


AT_THE_END = """
import sys
from perftui import MemoryStore, ReadThrough
now = [1000.0]
pages = ReadThrough(MemoryStore(clock=lambda: now[0]), 60, 600)
pages.get("a", lambda: "old")
now[0] += 61
class ReadsLast:
    def __init__(self, pages, write):
        self.pages, self.write = pages, write
    def __del__(self):
        self.write(f"{sys.is_finalizing()} {self.pages.get('a', lambda: 'new')}")
sys.modules["last"] = ReadsLast(pages, sys.stdout.write)
"""


def test_while_the_interpreter_ends_no_thread_is_begun() -> None:
    """It would never run, and who began it would wait for it."""
    run = subprocess.run([sys.executable, "-c", AT_THE_END], capture_output=True, text=True, timeout=30, check=True)
    assert (run.stdout, run.stderr) == ("True old", "")


async def test_each_key_is_loaded_in_the_context_of_who_asked_for_it() -> None:
    clock, who = Clock(), ContextVar("who", default="nobody")
    pages, loaded = AsyncReadThrough(MemoryStore(clock=clock), 60, 600), dict[str, str]()

    async def read(key: str) -> None:
        who.set(key)

        async def load() -> str:
            await asyncio.sleep(0)
            loaded[key] = who.get()
            return "new"

        await pages.get(key, load)

    async def read_all() -> None:
        await asyncio.gather(*(read(f"k{number}") for number in range(40)))

    await read_all()
    loaded.clear()
    clock.now += 61
    await read_all()
    await wait_until_async(lambda: len(loaded) == 40)
    assert all(key == asked for key, asked in loaded.items())
