"""What counting a cache hit costs, beside an empty call and the hits of the caches themselves, in one run.

`.venv/bin/python -m tests.benchmarks.instrument.cache_hits`. CPU time of this process, the best of several rounds.
"""

import asyncio
import time
from collections.abc import Callable, Iterable
from typing import Any

from cachetools import LRUCache
from cashews import Cache
from dogpile.cache import make_region

from perftui.instrument import CacheMonitor, Registry

HITS, ROUNDS, MOST_US = 100_000, 15, 0.5
HOT = [f"user:{number % 50}:profile" for number in range(HITS)]
DISTINCT = [f"user:{number}:profile" for number in range(HITS)]


def main() -> None:
    """Print microseconds a hit."""
    registry = Registry()
    monitor = CacheMonitor("counted", registry)
    empty = per_call(nothing, HOT)
    rows = {
        "an empty call": empty,
        "hit(), no key": per_call(without_key(monitor), HOT),
        "hit(key), 50 keys": per_call(monitor.hit, HOT),
        "hit(key), 100,000 distinct keys": per_call(monitor.hit, DISTINCT),
        "hit(key, seconds)": per_call(timed(monitor), HOT),
        **cachetools_rows(registry),
        **dogpile_rows(registry),
        **asyncio.run(cashews_rows(registry)),
    }
    for name, us in rows.items():
        print(f"{name:42} {us:7.3f} µs {us / empty:8.1f} x an empty call")
    worst = max(us for name, us in rows.items() if name.startswith("hit(") and "seconds" not in name)
    print(f"a counted hit: {worst:.3f} µs, at most {MOST_US} µs wanted: {'held' if worst <= MOST_US else 'NOT HELD'}")


def nothing(_key: str) -> None:
    """What every function costs."""


def without_key(monitor: CacheMonitor) -> Callable[[str], None]:
    hit = monitor.hit

    def count(_key: str) -> None:
        hit()

    return count


def timed(monitor: CacheMonitor) -> Callable[[str], None]:
    hit = monitor.hit

    def count(key: str) -> None:
        hit(key, 0.000_01)

    return count


def per_call(function: Callable[[str], Any], keys: Iterable[str]) -> float:
    """Microseconds."""
    return best(lambda: run(function, keys))


def run(function: Callable[[str], Any], keys: Iterable[str]) -> None:
    for key in keys:
        function(key)


def best(work: Callable[[], None]) -> float:
    found = []
    for _ in range(ROUNDS):
        started = time.process_time()
        work()
        found.append(time.process_time() - started)
    return min(found) / HITS * 1e6


def cachetools_rows(registry: Registry) -> dict[str, float]:
    plain: LRUCache[str, int] = LRUCache(100)
    counted = CacheMonitor("cachetools", registry).wrap(LRUCache[str, int](100))
    for key in set(HOT):
        plain[key] = counted[key] = 1
    return {
        "cachetools' own hit": per_call(plain.__getitem__, HOT),
        "cachetools' hit, counted": per_call(counted.__getitem__, HOT),
    }


def dogpile_rows(registry: Registry) -> dict[str, float]:
    plain = make_region().configure("dogpile.cache.memory")
    counted = make_region().configure("dogpile.cache.memory", wrap=[CacheMonitor("dogpile", registry).dogpile()])
    for key in set(HOT):
        plain.set(key, 1)
        counted.set(key, 1)
    return {
        "dogpile.cache's own hit": per_call(plain.get, HOT),
        "dogpile.cache's hit, counted and timed": per_call(counted.get, HOT),
    }


async def cashews_rows(registry: Registry) -> dict[str, float]:
    plain, counted = Cache(), Cache()
    plain.setup("mem://", check_interval=0)
    counted.setup("mem://", check_interval=0, middlewares=(CacheMonitor("cashews", registry).cashews(),))
    for key in set(HOT):
        await plain.set(key, 1)
        await counted.set(key, 1)
    return {
        "cashews' own hit": await per_await(plain),
        "cashews' hit, counted and timed": await per_await(counted),
    }


async def per_await(cache: Cache) -> float:
    found = []
    for _ in range(ROUNDS // 3):
        started = time.process_time()
        for key in HOT:
            await cache.get(key)
        found.append(time.process_time() - started)
    return min(found) / HITS * 1e6


if __name__ == "__main__":
    main()
