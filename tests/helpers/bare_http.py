"""A bare HTTP server that answers as a test wants, and one poll of what it says."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

from helpers.applications import source_of
from perftui.model.application import ApplicationMetrics
from perftui.model.sample import Sample

Handler = Callable[[str, asyncio.StreamWriter], Awaitable[None]]
"""Takes a request's head and writes the answer."""


@asynccontextmanager
async def served(handler: Handler) -> AsyncIterator[tuple[str, list[str]]]:
    """Yields the server's URL and the heads of the requests that it got."""
    asked: list[str] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while head := await reader.readuntil(b"\r\n\r\n"):
                asked.append(head.decode("latin-1"))
                await handler(asked[-1], writer)
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError, asyncio.CancelledError):
            pass
        finally:
            writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    try:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}", asked
    finally:
        server.close()


def path_of(head: str) -> str:
    """What a request asks for."""
    return head.split(" ")[1]


async def poll_once(url: str, timeout_s: float = 10.0) -> Sample:
    source = source_of(url, timeout_s)
    try:
        return await source.poll()
    finally:
        await source.close()


def metrics_of(sample: Sample) -> ApplicationMetrics:
    assert sample.failure is None, sample.failure
    assert isinstance(sample.payload, ApplicationMetrics)
    return sample.payload
