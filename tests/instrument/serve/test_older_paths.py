"""The two paths of the older system: its form, and none of its mistakes."""

import json
from typing import Any

import pytest

from perftui.instrument import Budget, CacheMonitor, Registry
from perftui.instrument.endpoints.kinds import ENDPOINT
from perftui.instrument.serve.exchange import Answer, Peer, Request
from perftui.instrument.serve.rights import Rights
from perftui.instrument.serve.service import OLDER_CLEAR_PATH, OLDER_PATH, MetricsService
from perftui.instrument.store.reading import Reading
from perftui.sources.application.older import OlderReader

TOKEN = "correct horse"
BEARS = {"authorization": f"Bearer {TOKEN}", "content-type": "application/json"}


@pytest.fixture
def registry() -> Registry:
    registry = Registry("shop", budgets=[Budget("GET /items/*", "p(95)<50ms", "error_rate<1%")])
    now = registry.started
    for status, number, seconds in (("200", 90, 0.01), ("404", 6, 0.02), ("500", 4, 0.2)):
        for _ in range(number):
            registry.block(ENDPOINT, "GET", "/items/{id}", status).record(now, seconds)
    registry.block(ENDPOINT, "POST", "/items", "201").record(now, 2.0)
    return registry


def service_of(registry: Registry) -> MetricsService:
    return MetricsService(registry, Rights(TOKEN), older_paths=True)


def get(service: MetricsService, query: str = "", path: str = OLDER_PATH) -> Answer:
    answer = service.begin(Request("GET", path, query, {"host": "localhost"}, Peer("127.0.0.1")))
    assert answer is not None
    return answer


def read(service: MetricsService, query: str = "") -> dict[str, Any]:
    answer = get(service, query)
    assert answer.status == 200, answer.body
    return dict(json.loads(answer.body))


def test_its_form(registry: Registry) -> None:
    cache = CacheMonitor("pages", registry)
    for number in range(40):
        (cache.miss if number % 4 == 0 else cache.hit)(f"page:{number}", 0.001)
    document = read(service_of(registry))
    api = document["api"]
    assert (api["totalRequests"], api["totalErrors"]) == (101, 10)
    assert api["errorRate"] == pytest.approx(10 / 101)
    assert [one["path"] for one in api["slowestEndpoints"]] == ["POST /items", "GET /items/{id}"]
    assert api["slowestEndpoints"][0]["avgDuration"] == pytest.approx(2000, rel=0.01)
    items = next(one for one in api["endpoints"] if one["path"] == "GET /items/{id}")
    assert (items["requestCount"], items["errorCount"]) == (100, 10)
    assert items["minDuration"] == pytest.approx(10, rel=0.07)
    assert items["maxDuration"] == pytest.approx(200, rel=0.07)
    assert items["p99Duration"] == pytest.approx(200, rel=0.07)
    assert items["budgetViolations"] > 0
    assert items["lastRequest"] > 1e12
    assert document["query"]["totalQueries"] == 0
    assert (document["cache"]["hits"], document["cache"]["hitRate"], document["cache"]["missRate"]) == (30, 0.75, 0.25)
    assert document["cache"]["mostAccessed"] == [{"key": "page:*", "count": 40}]
    assert document["cache"]["efficiencyScore"] == pytest.approx(87, abs=0.5)
    assert document["system"]["memory"]["rss"] > 1e6
    assert document["system"]["timestamp"] > 1e12


def test_what_was_not_asked_for_is_absent(registry: Registry) -> None:
    service = service_of(registry)
    assert set(read(service, "type=api")) == {"api", "system"}
    assert set(read(service, "type=query,cache&window=15")) == {"query", "cache", "system"}
    assert set(read(service, "type=all&window=60")) == {"api", "query", "cache", "system"}


@pytest.mark.parametrize(
    "query",
    ["window=0", "window=61", "window=soon", "window=", "window=5m", "window=1.5", "window=-5", "window=NaN",
     "window=%35%35%35", "type=apis", "type=", "top=5", "window=5&window=6"],
)  # fmt: skip
def test_a_broken_window_is_refused_in_words_and_gives_no_zeros(registry: Registry, query: str) -> None:
    answer = get(service_of(registry), query)
    assert (answer.status, "api" in json.loads(answer.body)) == (400, False)
    assert len(json.loads(answer.body)["error"]) > 15


def test_the_window_is_honoured(monkeypatch: pytest.MonkeyPatch) -> None:
    registry = Registry()
    block, now, read_now = registry.block(ENDPOINT, "GET", "/", "200"), registry.started, registry.read
    for minutes in (0, 27, 30):
        block.record(now + minutes * 60, 0.001)

    def read_half_an_hour_later() -> Reading:
        reading = read_now()
        reading.now += 30 * 60
        return reading

    monkeypatch.setattr(registry, "read", read_half_an_hour_later)
    service = service_of(registry)
    counts = {minutes: read(service, f"window={minutes}")["api"]["totalRequests"] for minutes in (1, 5, 15, 60)}
    assert counts == {1: 1, 5: 2, 15: 2, 60: 3}


def test_an_unused_cache_has_no_score() -> None:
    registry = Registry()
    CacheMonitor("pages", registry).set()
    cache = read(service_of(registry))["cache"]
    assert (cache["efficiencyScore"], cache["hitRate"], cache["missRate"], cache["averageGetTime"]) == (None,) * 4


def test_without_a_request_nothing_is_claimed() -> None:
    api = read(service_of(Registry()))["api"]
    assert (api["totalRequests"], api["errorRate"], api["averageDuration"], api["p95Duration"]) == (0, None, None, None)


def test_it_is_cleared_with_the_token_only(registry: Registry) -> None:
    service = service_of(registry)
    request = Request("POST", OLDER_CLEAR_PATH, "", BEARS | {"host": "a"}, Peer("10.1.1.1"))
    assert service.begin(request) is None
    assert json.loads(service.finish(b'{"type": "api"}').body) == {"cleared": "api"}
    assert read(service)["api"]["totalRequests"] == 0
    refused = service.begin(request._replace(headers={"content-type": "application/json"}))
    assert refused is not None
    assert refused.status == 401
    other = service.begin(request._replace(path=OLDER_PATH))
    assert other is not None
    assert other.status == 405


def test_the_monitor_reads_it(registry: Registry) -> None:
    metrics, _ = OlderReader("http://app", 300.0).read(get(service_of(registry), "window=5").body)
    assert metrics.requests == 101
    assert {one.route: one.requests for one in metrics.endpoints} == {"/items/{id}": 100, "/items": 1}
