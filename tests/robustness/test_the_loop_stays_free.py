"""Work that takes long leaves the event loop."""

import threading
from collections.abc import Iterator

import pytest
from helpers.hostile import answering, served
from helpers.watching import is_well, watching

from perftui.model.application import ApplicationMetrics
from perftui.sources.application.prometheus import PrometheusReader

Read = tuple[ApplicationMetrics, tuple[str, ...]]


def exposition(endpoints: int) -> bytes:
    return "\n".join(_lines(endpoints)).encode() + b"\n"


def _lines(endpoints: int) -> Iterator[str]:
    for number in range(endpoints):
        labels = f'method="GET",route="/api/things/{number}",status="200"'
        for bound in ("0.005", "0.05", "0.5", "5", "+Inf"):
            yield f'http_request_duration_seconds_bucket{{{labels},le="{bound}"}} {number}'
        yield f"http_request_duration_seconds_count{{{labels}}} {number}"


@pytest.mark.parametrize(("endpoints", "on_the_loop"), [(5, True), (2_000, False)], ids=["small", "large"])
async def test_a_large_document_is_read_in_a_thread(
    endpoints: int, on_the_loop: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    threads: list[int] = []
    original = PrometheusReader.read

    def noted(reader: PrometheusReader, body: bytes) -> Read:
        threads.append(threading.get_ident())
        return original(reader, body)

    monkeypatch.setattr(PrometheusReader, "read", noted)
    async with (
        served(answering(exposition(endpoints), "text/plain")) as port,
        watching(f"http://127.0.0.1:{port}/metrics") as watch,
    ):
        snapshot = await watch.until(is_well("application.metrics"))
    metrics = next(state.application for state in snapshot.targets if state.application is not None)
    assert len(metrics.endpoints) == min(endpoints, 500)
    assert {thread == threading.get_ident() for thread in threads} == {on_the_loop}
