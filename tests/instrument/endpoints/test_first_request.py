"""A worker is seen from its first request on, also when that never ends."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from helpers.waiting import wait_until

from perftui.instrument import EndpointStatistics, Registry, WSGIMiddleware


def endless(_environ: dict[str, Any], start_response: Any) -> Iterator[bytes]:
    start_response("200 OK", [])
    while True:
        yield b"part"


def test_a_first_request_that_never_ends_is_seen_by_other_workers(tmp_path: Path) -> None:
    worker, reader = Registry("shop", shared=tmp_path), Registry("shop", shared=tmp_path)
    body = iter(WSGIMiddleware(endless, worker)({"REQUEST_METHOD": "GET", "PATH_INFO": "/"}, lambda *_told: None))
    assert next(body) == b"part"
    wait_until(lambda: EndpointStatistics(reader).overall().active == 1)
    body.close()  # type: ignore[attr-defined]  # PEP 3333: what has it is closed by the server
    wait_until(lambda: EndpointStatistics(reader).overall().active == 0)
    assert EndpointStatistics(reader).overall().requests == 1
