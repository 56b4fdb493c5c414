"""Servers that misbehave: they drop, hang, stream for ever, send too much or something else."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable

Serve = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]

CHUNK = b"x" * 65_536


@contextlib.asynccontextmanager
async def served(serve: Serve, port: int = 0) -> AsyncIterator[int]:
    """The port on which every connection is given to `serve`; all of them end at the end."""
    tasks: dict[asyncio.Task[None], asyncio.StreamWriter] = {}

    async def take(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        tasks[task] = writer
        with contextlib.suppress(ConnectionError, asyncio.CancelledError):
            await serve(reader, writer)
        writer.close()

    server = await asyncio.start_server(take, "127.0.0.1", port)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        for writer in tasks.values():
            writer.transport.abort()  # what nobody read any more would hold it open
        await asyncio.sleep(0)


async def black_hole(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Takes everything and never answers."""
    while await reader.read(65_536):
        pass


async def half_open(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Takes the first bytes and closes at once."""
    await reader.read(1)
    writer.transport.abort()


def http(body: bytes, content_type: str = "application/json") -> bytes:
    head = f"HTTP/1.1 200 OK\r\nContent-Type: {content_type}\r\nContent-Length: {len(body)}\r\n\r\n"
    return head.encode() + body


def answering(body: bytes, content_type: str) -> Serve:
    """An HTTP server whose every answer is the same."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while await reader.readuntil(b"\r\n\r\n"):
            writer.write(http(body, content_type))
            await writer.drain()

    return _until_gone(serve)


def streaming(total_bytes: int | None) -> Serve:
    """An HTTP server that sends so many bytes of text, or sends for ever."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nConnection: close\r\n\r\n")
        sent = 0
        while total_bytes is None or sent < total_bytes:
            writer.write(CHUNK)
            await writer.drain()
            sent += len(CHUNK)
            if total_bytes is None:
                await asyncio.sleep(0.05)

    return _until_gone(serve)


def _until_gone(serve: Serve) -> Serve:
    async def guarded(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
            await serve(reader, writer)

    return guarded


class Proxy:
    """A TCP proxy that can be made to drop what passes, as a firewall would, or to delay it."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.dropping = False
        self.delay_s = 0.0

    async def __call__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self.dropping:
            await black_hole(reader, writer)
            return
        server_reader, server_writer = await asyncio.open_connection("127.0.0.1", self.port)
        try:
            await asyncio.gather(self._pump(reader, server_writer), self._pump(server_reader, writer))
        finally:
            server_writer.close()

    async def _pump(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while data := await reader.read(65_536):
            await asyncio.sleep(self.delay_s)
            if not self.dropping:
                writer.write(data)
                await writer.drain()
        writer.close()
