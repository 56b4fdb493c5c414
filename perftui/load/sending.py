"""Sends one request over kept connections, and says what became of it."""

from __future__ import annotations

import asyncio
import ssl
from base64 import b64encode
from collections.abc import Sequence
from itertools import count
from secrets import token_hex
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import unquote, urlsplit, urlunsplit

from perftui.load.request import READING_METHODS, Request
from perftui.sources.network_failure import network_failure

if TYPE_CHECKING:
    import httpx

_MOST_REDIRECTS = 5
_CLASSES = {
    "name": "name does not resolve",
    "refused": "connection refused",
    "unreachable": "connection closed",
    "tls": "TLS failed",
    "timeout": "timeout",
}
_PROTOCOL = {"RemoteProtocolError": "answer cut short or no HTTP", "LocalProtocolError": "request is no valid HTTP"}
TIMEOUT, ELSEWHERE, REDIRECTS = "timeout", "redirect to another scheme, host or port", "too many redirects"
_Line = dict[tuple[str, str, bool, str | None], "httpx.AsyncHTTPTransport"]
_DEFAULT_HEADERS = {"Accept": "*/*", "Accept-Encoding": "gzip, deflate", "User-Agent": "perftui"}


class Answer(NamedTuple):
    """What became of one request."""

    status: int | None = None
    """`None`: there was no whole answer, and `failure` says why."""
    failure: str | None = None
    body_bytes: int = 0
    """As they came over the line, packed or not."""
    redirects: int = 0
    """Followed, on the same host."""


class Sender:
    """Holds the connections of a run. Proxies and certificates of the environment are not used.

    Each request under way has a line of its own, with one connection to each host; the line used last is taken first,
    so that no more are open than are needed. One pool for all looks through all its connections for each request,
    which takes the longer the more a slow server keeps busy.
    """

    def __init__(self, requests: Sequence[Request], timeout_s: float) -> None:
        self._timeout_s, self._numbers = timeout_s, count(1)
        self._run = token_hex(4)
        self._requests, self._prepared = requests, [_prepared(one) for one in requests]
        self._places, self._contexts = [_place(one) for one in requests], [_tls(one) for one in requests]
        self._free: list[_Line] = []

    async def send(self, number: int) -> Answer:
        """Send the request of this number, and read the whole answer. Raises nothing but `CancelledError`."""
        request, prepared = self._requests[number], self._prepared[number]
        if request.unique_parameter:
            prepared = _prepared(request, f"{self._run}-{next(self._numbers)}")
        line = self._free.pop() if self._free else {}
        try:
            async with asyncio.timeout(self._timeout_s):
                return await _follow(self._transport(line, number), prepared)
        except TimeoutError:
            return Answer(failure=TIMEOUT)
        except Exception as error:  # a client's library has many
            return Answer(failure=failure_class(error))
        finally:
            self._free.append(line)

    async def close(self) -> None:
        """Close every connection."""
        for line in self._free:
            for transport in line.values():
                await transport.aclose()

    def _transport(self, line: _Line, number: int) -> httpx.AsyncHTTPTransport:
        import httpx

        place = self._places[number]
        if place not in line:
            one = httpx.Limits(max_connections=1, max_keepalive_connections=1)
            line[place] = httpx.AsyncHTTPTransport(verify=self._contexts[number], limits=one, trust_env=False)
        return line[place]


def origins(requests: Sequence[Request]) -> int:
    """How many connections a line has."""
    return len({_place(one) for one in requests})


def failure_class(error: BaseException) -> str:
    """A few words that tell kinds of failures apart, and hold nothing of the error's own text."""
    known = network_failure(error, "")
    if known is not None:
        return _CLASSES.get(known.kind, "connection failed")
    return _PROTOCOL.get(type(error).__name__, type(error).__name__)


async def _follow(transport: httpx.AsyncHTTPTransport, request: httpx.Request) -> Answer:
    size = 0
    for redirects in range(_MOST_REDIRECTS + 1):
        response = await transport.handle_async_request(request)
        try:
            async for part in response.aiter_raw():
                size += len(part)
        finally:
            await response.aclose()
        location = response.headers.get("location") if 300 <= response.status_code < 400 else None
        if not location or request.method not in READING_METHODS:
            return Answer(response.status_code, None, size, redirects)
        target = request.url.join(location)
        if (target.scheme, target.host, target.port) != (request.url.scheme, request.url.host, request.url.port):
            return Answer(None, ELSEWHERE, size, redirects)
        request = type(request)(request.method, target, headers=request.headers)
    return Answer(None, REDIRECTS, size, redirects)


def _prepared(request: Request, unique: str | None = None) -> httpx.Request:
    import httpx

    parts = urlsplit(request.url.reveal())
    query = parts.query
    if request.unique_parameter and unique:
        query = "&".join(part for part in (query, f"{request.unique_parameter}={unique}") if part)
    url = urlunsplit((parts.scheme, parts.netloc.rpartition("@")[2], parts.path or "/", query, ""))
    headers = httpx.Headers(_DEFAULT_HEADERS)
    if parts.username is not None:
        login = f"{unquote(parts.username)}:{unquote(parts.password or '')}"
        headers["Authorization"] = f"Basic {b64encode(login.encode()).decode()}"
    own = [(name, value.reveal()) for name, value in request.headers]
    replaced = {name.lower() for name, _ in own}
    kept = [(name, value) for name, value in headers.items() if name.lower() not in replaced]
    return httpx.Request(request.method, url, headers=[*kept, *own], content=request.body)


def _place(request: Request) -> tuple[str, str, bool, str | None]:
    """What two requests share that can share a connection."""
    parts = urlsplit(request.url.reveal())
    return parts.scheme, parts.netloc.rpartition("@")[2], request.verify_tls, request.ca_file


def _tls(request: Request) -> ssl.SSLContext | bool:
    """Plain HTTP gets none: to load the system's certificates takes 20 ms."""
    if not request.url.reveal().lower().startswith("https:") or not request.verify_tls:
        return False
    return ssl.create_default_context(cafile=request.ca_file)
