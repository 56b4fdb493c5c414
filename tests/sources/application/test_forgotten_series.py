"""Series that are gone after a deploy: memory, the endpoints that are shown, and what becomes of what was counted."""

import asyncio
import itertools
import threading

import pytest
from helpers.applications import source_of
from helpers.bare_http import metrics_of, served
from hypothesis import given
from hypothesis import strategies as st

from perftui.sources.application.counting import Growth
from perftui.sources.application.prometheus import PrometheusReader
from perftui.sources.application.text import TextReader

WINDOW_S = 300.0
EACH = 2_000


def deployed(number: int, requests: int = 3, series: int = EACH) -> bytes:
    """A page of the deploy of this number: its paths and its pod are its own."""
    lines = [f"process_start_time_seconds {1.7e9 + number * 3600}"]
    lines += [
        f'http_requests_total{{method="GET",path="/of/{number}/{one}x",status="200",pod="web-{number}"}} {requests}'
        for one in range(series)
    ]
    return ("\n".join(lines) + "\n").encode()


class Clock:
    """The time that a reader sees."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def reader_and_clock() -> tuple[PrometheusReader, Clock]:
    clock = Clock()
    return PrometheusReader(WINDOW_S, "http://shop", clock), clock


def test_deploy_after_deploy_takes_no_more_memory_and_the_running_one_is_shown() -> None:
    reader = PrometheusReader(WINDOW_S, "http://shop")
    for number in range(12):
        reader.read(deployed(number))
        metrics, _ = reader.read(deployed(number, 5))
        assert reader.series <= 4 * EACH
        assert {one.route.split("/")[2] for one in metrics.endpoints} == {str(number)}
    assert len(metrics.endpoints) == 500


def test_what_the_window_does_not_need_is_dropped() -> None:
    reader, clock = reader_and_clock()
    for number in (1, 2):
        for _ in range(int(4 * WINDOW_S / 10)):
            metrics, _ = reader.read(deployed(number, series=5))
            clock.now += 10
    assert reader.series == 6
    assert {one.route.split("/")[2] for one in metrics.endpoints} == {"2"}


def test_the_busiest_lately_come_first_and_not_those_of_a_long_life() -> None:
    reader, clock = reader_and_clock()
    for reading in range(2):
        lines = [f'http_requests_total{{method="GET",path="/old/{n}x",status="200"}} 1000000' for n in range(600)]
        lines.append(f'http_requests_total{{method="GET",path="/new",status="200"}} {reading * 7}')
        metrics, _ = reader.read(("\n".join(lines) + "\n").encode())
        clock.now += 10
    assert metrics.endpoints[0].route == "/new"


def test_series_that_come_back_are_counted_in_all_but_did_not_grow() -> None:
    """Such as those of a pod that a collector could not reach for a while."""
    reader, clock = reader_and_clock()
    here = 'http_requests_total{method="GET",path="/a",status="200",pod="web-1"} 10\n'
    away = 'http_requests_total{method="GET",path="/a",status="200",pod="web-2"} 5000\n'
    for page in [here + away, *[here] * 100]:
        reader.read(page.encode())
        clock.now += 10
    assert reader.series == 1
    metrics, _ = reader.read((here + away).encode())
    assert (metrics.requests, metrics.per_s, metrics.endpoints[0].per_s) == (5010, 0, 0)


def test_a_time_without_any_reading_makes_nothing_old() -> None:
    reader, clock = reader_and_clock()
    for requests in (100, 130):
        metrics, _ = reader.read(deployed(1, requests, series=1))
        clock.now += 100 * WINDOW_S
    assert metrics.requests == 130
    assert metrics.per_s == pytest.approx(30 / (100 * WINDOW_S))


def test_a_page_without_any_series_after_all_were_dropped() -> None:
    reader, clock = reader_and_clock()
    reader.read(deployed(1, series=3))
    for _ in range(100):
        metrics, _ = reader.read(b"# nothing yet\n")
        clock.now += 10
    assert (reader.series, metrics.requests) == (0, 0)


@given(st.lists(st.tuples(st.sets(st.integers(0, 5)), st.floats(1, 400)), max_size=30))
def test_what_stays_is_counted_as_if_nothing_had_been_dropped(pages: list[tuple[set[int], float]]) -> None:
    """One series is on every page; the others come and go."""
    reader, growth, plain = TextReader(lambda name: True), Growth(WINDOW_S), Growth(WINDOW_S)
    now, value = 1000.0, 0.0
    for present, seconds in pages:
        now, value = now + seconds, value + 3
        kept = growth.forget(len(reader.series))
        if kept is not None:
            reader.keep(kept)
        lines = [f'other_total{{of="{one}"}} {value}' for one in present]
        values = reader.read("\n".join([*lines, f"always_total {value}", ""]))
        growth.update(now, values, restarted=False, returned=reader.returned)
        plain.update(now, [value], restarted=False)
        (place,) = [number for number, one in enumerate(reader.series) if one.name == "always_total"]
        assert growth.total(place) == plain.total(0)
        assert growth.step(place) == plain.step(0)
        assert growth.in_window(place) == plain.in_window(0)
        assert growth.covered_s == plain.covered_s


async def test_many_series_are_read_in_a_thread_however_small_the_page(monkeypatch: pytest.MonkeyPatch) -> None:
    """Those of the deploys before are still kept for the window."""
    threads: list[int] = []
    original = PrometheusReader.read

    def noted(reader: PrometheusReader, body: bytes) -> object:
        threads.append(threading.get_ident())
        return original(reader, body)

    monkeypatch.setattr(PrometheusReader, "read", noted)
    deploys = itertools.count()

    async def handle(_request: str, writer: asyncio.StreamWriter) -> None:
        body = deployed(next(deploys), series=200)
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body))

    async with served(handle) as (url, _):
        source = source_of(url + "/metrics")
        for _ in range(3):
            metrics_of(await source.poll())
        await source.close()
    assert [one == threading.get_ident() for one in threads] == [True, True, False]
