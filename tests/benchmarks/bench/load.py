"""The load on endpoints: is the rate kept, what does it cost, and does a stall show in the percentiles as it must?

    python -m tests.benchmarks.bench.load

A server in a process of its own answers at once, and once stands still for a second. Of a load of 100/s for 20 s a
twentieth is due in that second, and waits for what is left of it and for those that waited before: p99 must be 0.80
s, and a little more where the machine is slow to catch up, whatever the number of connections. Beside it, what a
closed loop sees: so many clients that each send when they were answered. Exits with 1 where p99 is another.
"""

import asyncio
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from statistics import median

import httpx

from perftui.bench.bootstrap import quantile
from perftui.load.figures import figures_of
from perftui.load.generator import generate
from perftui.load.plan import Plan
from perftui.load.records import LoadRun
from perftui.load.request import Request
from perftui.model.bench.load import EndpointLoad
from perftui.model.secret import Secret

_SERVER = """
import time, uvicorn
seen = 0
async def app(scope, receive, send):
    global seen
    if scope["path"] == "/stall":
        seen += 1
        if seen == STALLED:
            time.sleep(1)
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"2")]})
    await send({"type": "http.response.body", "body": b"ok"})
uvicorn.run(app, port=PORT, lifespan="off", log_config=None)
"""
_RATES = (50, 100, 200, 500)
_RATE, _SECONDS, _STALLED = 100, 20, 500
_LEAST_S, _MOST_S = 0.79, 0.90


@contextmanager
def server() -> Iterator[str]:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    code = _SERVER.replace("PORT", str(port)).replace("STALLED", str(_STALLED))
    process = subprocess.Popen([sys.executable, "-c", code])
    try:
        url = f"http://127.0.0.1:{port}"
        _wait_for(url)
        yield url
    finally:
        process.kill()
        process.wait()


def _wait_for(url: str) -> None:
    deadline = time.monotonic() + 30
    while True:
        try:
            httpx.get(url, trust_env=False)
        except httpx.TransportError:
            assert time.monotonic() < deadline, "the server did not start"
            time.sleep(0.05)
        else:
            return


def loaded(url: str, **plan: float) -> tuple[LoadRun, EndpointLoad]:
    run = generate([Request("it", Secret(url))], Plan(**{"warmup_s": 1.0, **plan}))  # type: ignore[arg-type]
    return run, figures_of(run)[0]


def rates() -> None:
    print("| asked | sent in time | cpu a request | behind p50 | behind p99 | service p50 | p99 |")
    print("|---|---|---|---|---|---|---|")
    for rate in _RATES:
        with server() as url:
            run, load = loaded(f"{url}/", rate_per_s=rate, duration_s=8)
        behind, service = sorted(run.behind_s), load.service
        assert service is not None
        in_time = (load.due - load.late - load.unsent) / load.due
        print(
            f"| {rate}/s | {in_time:.1%} | {run.cpu_s / load.sent * 1e3:.2f} ms "
            f"| {median(behind) * 1e3:.2f} ms | {quantile(behind, 0.99) * 1e3:.2f} ms "
            f"| {service.p50_s * 1e3:.2f} ms | {service.p99_s * 1e3:.2f} ms |"
        )


def beside_a_bare_socket() -> None:
    """The same answers, one after the other at the same low rate, read from a socket without any library."""
    with server() as url:
        taken = sorted(_bare(int(url.rpartition(":")[2])))
        _, load = loaded(f"{url}/", rate_per_s=50, duration_s=8, concurrency=1)
    assert load.service is not None
    print(f"\nservice p50 {load.service.p50_s * 1e3:.2f} ms; by a bare socket {quantile(taken, 0.5) * 1e3:.2f} ms")


def _bare(port: int) -> Iterator[float]:
    with socket.create_connection(("127.0.0.1", port)) as line:
        for _ in range(400):
            time.sleep(0.02)
            before = time.perf_counter()
            line.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
            received = b""
            while not received.endswith(b"\r\n\r\nok"):
                received += line.recv(65536)
            yield time.perf_counter() - before


def stalls() -> bool:
    """Whether p99 is what it must be."""
    right = True
    print("\n| connections | p99 | p99 of the service time | p99 of a closed loop |")
    print("|---|---|---|---|")
    for connections in (5, 50, 200):
        with server() as url:
            _, load = loaded(f"{url}/stall", rate_per_s=_RATE, duration_s=_SECONDS, concurrency=connections)
        with server() as url:
            closed = asyncio.run(_closed_loop(f"{url}/stall", connections))
        assert load.latency is not None
        assert load.service is not None
        right &= _LEAST_S <= load.latency.p99_s <= _MOST_S
        print(f"| {connections} | {load.latency.p99_s:.3f} s | {load.service.p99_s:.3f} s | {closed:.3f} s |")
    print(f"\np99 must be {_LEAST_S:.2f} to {_MOST_S:.2f} s: {'it is' if right else 'IT IS NOT'}")
    return right


async def _closed_loop(url: str, connections: int) -> float:
    taken: list[float] = []
    async with httpx.AsyncClient(trust_env=False) as client:

        async def visitor() -> None:
            for _ in range(_RATE * _SECONDS // connections):
                before = time.perf_counter()
                await client.get(url)
                taken.append(time.perf_counter() - before)
                await asyncio.sleep(max(connections / _RATE - (time.perf_counter() - before), 0))

        await asyncio.gather(*(visitor() for _ in range(connections)))
    return quantile(sorted(taken), 0.99)


if __name__ == "__main__":
    rates()
    beside_a_bare_socket()
    raise SystemExit(0 if stalls() else 1)
