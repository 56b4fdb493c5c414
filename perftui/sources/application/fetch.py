"""GET over one kept connection, bounded in bytes and time, without following anyone elsewhere."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import SplitResult, unquote, urlsplit, urlunsplit

from perftui.model.target import Connection
from perftui.sources.application import answer
from perftui.sources.application.through import socket_through
from perftui.sources.application.unpack import unpacked

if TYPE_CHECKING:
    import ssl

    import httpx

_ACCEPT = "application/json, text/plain;version=0.0.4;q=0.9, */*;q=0.1"
_MOST_REDIRECTS = 3


class Page(NamedTuple):
    body: bytes
    content_type: str
    path: str
    """Where it was found in the end, with the query."""


class Fetcher:
    """One application's HTTP client. Proxies of the environment are not used: the URL is asked itself."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._url = urlsplit(connection.uri.reveal())
        self._client: httpx.AsyncClient | None = None
        self.limit_s = connection.timeout_s * 0.8
        self.place = _place(self._url)

    @property
    def path(self) -> str:
        """The URL's own path and query."""
        return self._url.path + ("?" + self._url.query if self._url.query else "")

    @property
    def _sends_login(self) -> bool:
        return self._url.username is not None or any(
            name.lower() == "authorization" for name in self._connection.headers
        )

    async def get(self, path: str) -> Page:
        """The answer's body. Raises `UnusableAnswer`, `httpx.HTTPError` or `OSError`."""
        received = bytearray()
        place = self.place + path.partition("?")[0]
        try:
            async with asyncio.timeout(self.limit_s):
                return await self._follow(path, place, received)
        except TimeoutError:
            if received:
                raise answer.endless(place, len(received), self.limit_s) from None
            raise

    async def close(self) -> None:
        if self._client is not None:
            client, self._client = self._client, None
            await client.aclose()

    async def _follow(self, path: str, place: str, received: bytearray) -> Page:
        for _ in range(_MOST_REDIRECTS):
            page = await self._ask(path, place, received)
            if isinstance(page, Page):
                return page
            path = page
        raise answer.redirected(302, place)

    async def _ask(self, path: str, place: str, received: bytearray) -> Page | str:
        """The page, or the path on the same host that it moved to."""
        async with self._open_client().stream("GET", path) as response:
            if response.is_redirect:
                return self._moved_to(response, place)
            if response.status_code != 200:
                raise answer.refused(response.status_code, place, with_login=self._sends_login)
            if int(response.headers.get("content-length") or 0) > answer.LARGEST_BYTES:
                raise answer.too_large(place)
            async for part in response.aiter_raw():
                received += part
                if len(received) > answer.LARGEST_BYTES:
                    raise answer.too_large(place)
            body = unpacked(bytes(received), response.headers.get("content-encoding", ""), place)
            return Page(body, response.headers.get("content-type", ""), path)

    def _moved_to(self, response: httpx.Response, place: str) -> str:
        target = response.url.join(response.headers.get("location", ""))
        if (target.scheme, target.host, target.port) != (
            response.url.scheme,
            response.url.host,
            response.url.port,
        ):
            raise answer.redirected(response.status_code, place)
        return target.raw_path.decode("ascii")

    def _open_client(self) -> httpx.AsyncClient:
        if self._client is None:
            import httpx

            headers = {"Accept": _ACCEPT, "Accept-Encoding": "identity", "User-Agent": "perftui"}
            headers |= {name: secret.reveal() for name, secret in self._connection.headers.items()}
            user = self._url.username
            self._client = httpx.AsyncClient(
                base_url=urlunsplit((self._url.scheme, self._url.netloc.rpartition("@")[2], "", "", "")),
                headers=headers,
                auth=None if user is None else (unquote(user), unquote(self._url.password or "")),
                transport=httpx.AsyncHTTPTransport(
                    verify=self._tls(),
                    limits=httpx.Limits(max_connections=2, keepalive_expiry=120),
                    trust_env=False,
                    uds=socket_through(self._connection),
                ),
                timeout=self.limit_s,
                trust_env=False,
            )
        return self._client

    def _tls(self) -> ssl.SSLContext | bool:
        """Plain HTTP gets none: to load the system's certificates takes 20 ms."""
        if self._url.scheme != "https" or not self._connection.verify_tls:
            return False
        import ssl

        return ssl.create_default_context(cafile=self._connection.ca_file)


def _place(url: SplitResult) -> str:
    return f"{url.scheme}://{url.netloc.rpartition('@')[2]}"
