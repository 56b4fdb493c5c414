"""Figures of workers that are gone stay bounded, and no sum over all of them ever falls."""

import os
import time
from pathlib import Path

import pytest
from helpers.ticking import no_ticks_but_ours as no_ticks_but_ours

from perftui.instrument import Registry, build_document
from perftui.instrument.endpoints.kinds import ENDPOINT, EXCEPTION
from perftui.instrument.queries.kinds import QUERY
from perftui.instrument.store.reading import Reading

WORKERS, ROUTES, BOUND = 6, 40, 50
LABELS = ("id", "shop.items", "find", "text")


@pytest.fixture
def registry(tmp_path: Path) -> Registry:
    made = Registry("shop", shared=tmp_path / "metrics", max_series=BOUND, max_shapes=10)
    made.endpoints.record("GET", "/", 200, time.monotonic(), 0.1)
    return made


def work(registry: Registry, worker: int) -> None:
    for number in range(ROUTES):
        status = 500 if number % 4 == 0 else 200
        registry.endpoints.record("GET", f"/{worker}/{number}", status, time.monotonic(), 0.01)
        registry.endpoints.raised("GET", f"/{worker}/{number}", KeyError)
    registry.block(QUERY, f"{worker}", *LABELS[1:]).add(0)


def come_and_go(registry: Registry, worker: int) -> None:
    child = os.fork()
    if child == 0:
        work(registry, worker)
        os._exit(0)
    assert os.waitpid(child, 0)[1] == 0
    registry.workers.fold()


def requests(reading: Reading) -> int:
    return sum(series.total.count for series in reading.series(ENDPOINT.name))


def test_however_many_there_were_their_series_are_bounded_and_their_sums_whole(registry: Registry) -> None:
    sizes = []
    for worker in range(WORKERS):
        come_and_go(registry, worker)
        reading = registry.read()
        assert requests(reading) == 1 + ROUTES * (worker + 1)
        sizes.append(len(reading.series(ENDPOINT.name)))
    assert max(sizes) <= 1 + BOUND + 2
    assert sum(one.total.counter("raised") for one in reading.series(EXCEPTION.name)) == WORKERS * ROUTES
    api = build_document(registry, top=1000).api
    assert api is not None
    assert (api.requests, api.errors_5xx) == (1 + WORKERS * ROUTES, WORKERS * ROUTES // 4)


def test_those_that_came_last_keep_their_names(registry: Registry) -> None:
    for worker in range(WORKERS):
        come_and_go(registry, worker)
    reading = registry.read()
    routes = {series.labels[1] for series in reading.series(ENDPOINT.name)}
    assert {f"/{WORKERS - 1}/{number}" for number in range(ROUTES)} < routes
    assert "/0/0" not in routes


def test_shapes_beyond_the_bound_are_those_of_a_worker_beyond_it(registry: Registry) -> None:
    for worker in range(14):
        child = os.fork()
        if child == 0:
            registry.block(QUERY, str(worker), *LABELS[1:]).record(time.monotonic(), 0.1)
            os._exit(0)
        os.waitpid(child, 0)
    registry.workers.fold()
    found = {series.labels[0]: series.labels[3] for series in registry.read().series(QUERY.name)}
    assert len(found) == 11
    assert found["(other)"] == "all shapes beyond the bound"


def test_a_clear_holds_for_what_is_put_together_afterwards(registry: Registry) -> None:
    come_and_go(registry, 0)
    registry.clear("api")
    for worker in range(1, WORKERS):
        come_and_go(registry, worker)
    api = build_document(registry, top=1000).api
    assert api is not None
    assert api.requests == (WORKERS - 1) * ROUTES


def test_minutes_that_no_window_reaches_are_forgotten_in_series_that_nobody_counts(
    registry: Registry, monkeypatch: pytest.MonkeyPatch
) -> None:
    come_and_go(registry, 0)
    assert registry.workers.folder is not None
    later = time.monotonic() + 2 * 3600
    monkeypatch.setattr("perftui.instrument.store.workers.time.monotonic", lambda: later)
    registry.workers.fold()
    state = registry.workers.folder.state()
    assert state.exited.series
    assert not any(series.minutes for series in state.exited.series.values())
