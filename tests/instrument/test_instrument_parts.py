"""Series over time, budgets, caches, queries, and what the library may import."""

import random
import subprocess
import sys
import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pymongo import MongoClient
from redis.asyncio import Redis

from perftui.advice.shape import shape_of
from perftui.instrument import Budget, CacheMonitor, MongoMonitor, Registry, build_document, key_template
from perftui.instrument.budgets import Figures
from perftui.instrument.caches import TopKeys, efficiency
from perftui.instrument.series import Merged, Series
from perftui.servers import MongodProcess, RedisProcess


def test_windows_follow_the_minutes() -> None:
    series = Series()
    for minute in range(100):
        series.record(minute * 60 + 1, 0.001 * (minute + 1))
    assert Merged(series.slots(95)).count == 5
    assert Merged(series.slots(99)).max_us == pytest.approx(100_000)
    assert Merged(series.slots(0)).count == 61
    assert sum(series.totals()[0].values()) == 100
    series.clear(100 * 60)
    assert Merged(series.slots(0)).count == 0
    assert sum(series.totals()[0].values()) == 100


@pytest.mark.parametrize("name", ["lognormal", "pareto"])
def test_percentiles_within_one_percent_of_the_exact_ones(name: str) -> None:
    source = random.Random(7)
    if name == "lognormal":
        durations = sorted(source.lognormvariate(-4, 1) for _ in range(50_000))
    else:
        durations = sorted(source.paretovariate(1.5) / 100 for _ in range(50_000))
    series = Series()
    for duration in durations:
        series.record(1.0, duration)
    merged = Merged(series.slots(0))
    for q in (0.5, 0.9, 0.95, 0.99):
        exact = durations[int(q * len(durations))]
        assert merged.quantile_s(q) == pytest.approx(exact, rel=0.01)


def test_no_count_is_lost_between_threads() -> None:
    registry = Registry()
    monitor = CacheMonitor("pages", registry)

    def work() -> None:
        for number in range(2000):
            monitor.hit(f"page:{number}", 0.001)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    document = build_document(registry).cache
    assert document is not None
    assert document["pages"].hits == 8000
    assert document["pages"].get.count == 8000


@pytest.mark.parametrize("wrong", ["p95<500ms", "p(95)<500", "p(95)<5%", "error_rate<1ms", "", "p(95)=1s", "max<xs"])
def test_a_limit_that_cannot_be_read_is_refused_in_words(wrong: str) -> None:
    with pytest.raises(ValueError, match=r"limit|unit"):
        Budget("*", wrong)


def test_budget_values_and_violations() -> None:
    series = Series()
    for number in range(100):
        series.record(1.0, 0.9 if number < 10 else 0.1)
    budget = Budget("GET /a/*", "p(95)<500ms", "avg<=200ms", "max<1s", "error_rate<5%", "rate>2/s", window="30s")
    p95, average, maximum, errors, rate = budget.evaluate(Figures(Merged(series.slots(0)), 4, 60.0))
    assert (p95.ok, p95.violations) == (False, 10)
    assert average.value == pytest.approx(0.18)
    assert [average.ok, maximum.ok, errors.ok, rate.ok] == [True, True, True, False]
    assert budget.matches("GET", "/a/{id}")
    assert not budget.matches("POST", "/a/{id}")
    assert budget.evaluate(Figures(Merged(), 0, 60.0))[0].ok is None


@given(st.lists(st.integers(0, 400), max_size=3000))
def test_most_used_keys_are_never_counted_too_low(keys: list[int]) -> None:
    top, size = TopKeys(32), 32
    for key in keys:
        top.add(str(key))
    for text, count in top.top(size):
        assert count >= keys.count(int(text))
    often = {key for key in set(keys) if keys.count(key) > 2 * len(keys) / size + size}
    assert often <= {int(text) for text, _ in top.top(size)}


def test_keys_are_templates_unless_asked_for() -> None:
    assert key_template("user:4711:anna@example.com") == "user:*:*.*"
    assert key_template("4711") == "*"
    assert key_template("0f3c:x") == "*:*"
    registry = Registry()
    CacheMonitor("pages", registry).hit("session:SECRET", 0.001)
    CacheMonitor("shown", registry, show_keys=True).hit("session:known", 0.001)
    text = build_document(registry).to_json()
    assert b"SECRET" not in text
    assert b"session:known" in text


def test_efficiency_is_unknown_until_there_were_enough_gets() -> None:
    assert efficiency(0.9, 19, 1.0) is None
    assert efficiency(None, 100, 1.0) is None
    assert efficiency(0.8, 20, 10.0) == pytest.approx(85)
    assert efficiency(1.0, 20, 500.0) == pytest.approx(50)


async def test_a_redis_client_is_counted(redis_server: RedisProcess) -> None:
    registry = Registry()
    client = CacheMonitor("pages", registry).wrap(Redis.from_url(redis_server.uri))
    async with client:
        await client.set("instrument:1", "a")
        assert await client.get("instrument:1") == b"a"
        assert await client.get("instrument:2") is None
        assert await client.mget(["instrument:1", "instrument:2", "instrument:3"]) == [b"a", None, None]
        await client.delete("instrument:1")
        await client.ping()
    cache = (build_document(registry).cache or {})["pages"]
    assert (cache.hits, cache.misses, cache.sets, cache.deletes) == (2, 3, 1, 1)
    assert cache.get.count == 5
    assert [(key.key, key.count) for key in cache.top_keys] == [("instrument:*", 5)]


def test_queries_by_collection_operation_and_shape(mongod: MongodProcess) -> None:
    registry = Registry()
    with MongoClient[dict[str, object]](mongod.uri, event_listeners=[MongoMonitor(registry)]) as client:
        things = client["instrument_parts"]["things"]
        things.drop()
        things.insert_many({"n": number, "kind": "SECRET"} for number in range(250))
        assert len(list(things.find({"kind": "SECRET"}, batch_size=100))) == 250
        things.find_one({"kind": "other"})
        things.distinct("n")
        with pytest.raises(Exception, match="unknown top level operator"):
            things.find_one({"$nonsense": 1})
        client.drop_database("instrument_parts")
    document = build_document(registry)
    assert document.query is not None
    shapes = {(one.op, one.shape): one for one in document.query.shapes}
    expected = shape_of({"find": "things", "filter": {"kind": "x"}}, "instrument_parts.things")
    found = next(one for one in document.query.shapes if one.id == expected.id)
    assert (found.count, found.get_mores, found.returned) == (2, 2, 250)
    assert sum(one.errors for one in document.query.shapes) == 1
    assert {one.name for one in document.query.by_operation} == {"insert", "find", "distinct"}
    assert [one.name for one in document.query.by_collection] == ["instrument_parts.things"]
    assert len(shapes) == 4
    assert b"SECRET" not in document.to_json()


def test_importing_it_costs_no_client_and_no_screen() -> None:
    code = (
        "import sys; from perftui.instrument import ASGIMiddleware, CacheMonitor, Registry, metrics_app; Registry();"
        "print([m for m in ('textual','rich','httpx','pymongo','redis','starlette') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
