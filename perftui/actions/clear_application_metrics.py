"""Clears an application's own metrics: perftui's document, or the older system's."""

import asyncio
import json
import ssl
from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import msgspec

from perftui.actions.base import Description, Outcome, Problem
from perftui.model.application import ApplicationMetrics
from perftui.model.target import Connection, Target
from perftui.sources.application.through import socket_through

if TYPE_CHECKING:
    import httpx

_DOCUMENTS = {"perftui": "/perftui/v1/metrics", "older": "/api/performance/metrics"}
_CLEAR = {"perftui": ":clear", "older": "/clear"}
_TYPES = {"perftui": "api,query,cache", "older": "all"}
_WORDS = {"api": "endpoints", "query": "queries", "cache": "caches"}
_COUNTS: dict[str, tuple[tuple[str, ...], ...]] = {
    "api": (("api", "requests"), ("api", "totalRequests")),
    "query": (("query", "count"), ("query", "totalQueries")),
}
_NOT_SERVED = (404, 405)
_LONGEST_BYTES = 8 * 1024 * 1024
_OWN_REQUESTS = 2
"""Our own reads may be counted between the clearing and the next look."""


class ClearApplicationMetrics:
    """`choice` is one of the types that the document accepts: api, query, cache, all."""

    name = "clear application metrics"

    def __init__(self, connection: Connection, metrics: ApplicationMetrics, choice: str = "all") -> None:
        self.choices = metrics.clear_types or ("api", "query", "cache", "all")
        if choice not in self.choices:
            raise ValueError(f"choose one of {', '.join(self.choices)}")
        self.connection = connection
        self.target: Target = connection.target
        self.metrics = metrics
        self.choice = choice

    def _what(self) -> str:
        return "All metrics" if self.choice == "all" else f"The metrics of {_WORDS[self.choice]}"

    def choose(self, choice: str) -> "ClearApplicationMetrics":
        return ClearApplicationMetrics(self.connection, self.metrics, choice)

    def describe(self) -> Description:
        shown = self._document_url(self.target.address.partition("?")[0])
        body = json.dumps({"type": self.choice})
        kinds = _WORDS.values() if self.choice == "all" else [_WORDS[self.choice]]
        consequences = [f"The figures of {', '.join(kinds)} start again at 0, for every reader of this document."]
        if self.metrics.format == "older":
            consequences.append(f"Where that is not served (404 or 405), the same is sent to {shown}.")
        return Description(
            title=f"Clear the metrics of {self.metrics.service or self.target.name}",
            command=f"POST {shown}{_CLEAR.get(self.metrics.format, '')} {body}",
            host=self.target.name,
            consequences=tuple(consequences),
            choices=self.choices,
        )

    async def check(self) -> tuple[Problem, ...]:
        if self.metrics.format not in _DOCUMENTS:
            message = "Prometheus counters only grow: this document cannot be cleared."
            return (Problem(blocking=True, message=message, help="Restart the application to start them again."),)
        async with self._client() as client:
            await self._read_count(client)
        return ()

    async def run(self) -> Outcome:
        async with self._client() as client:
            before = await self._read_count(client)
            url = self._document_url(_base(self.connection))
            status = await self._post(client, url + _CLEAR[self.metrics.format])
            if status in _NOT_SERVED and self.metrics.format == "older":
                status = await self._post(client, url)
            if not 200 <= status < 300:
                return Outcome(state="failed", message=self._complaint(status))
            after = await self._read_count(client)
        if before is None or after is None:
            return Outcome(state="unverified", message="The application accepted it, but shows no counts to tell by.")
        if after < before or after <= _OWN_REQUESTS:
            return Outcome(state="done", message=f"{self._what()} start again: {before:,} before, {after:,} now.")
        return Outcome(state="unverified", message=f"The application accepted it, but still counts {after:,}.")

    async def _post(self, client: "httpx.AsyncClient", url: str) -> int:
        response = await client.post(url, json={"type": self.choice})
        return response.status_code

    async def _read_count(self, client: "httpx.AsyncClient") -> int | None:
        """What the cleared counters add up to. Raises what the client raises, `ValueError` for no JSON."""
        parameters = {"type": _TYPES[self.metrics.format]}
        async with asyncio.timeout(self.connection.timeout_s):
            async with client.stream("GET", self._document_url(_base(self.connection)), params=parameters) as response:
                response.raise_for_status()
                document = await _read_json(response)
        kinds = _WORDS if self.choice == "all" else (self.choice,)
        counts = [count for kind in kinds for count in _counts(document, kind)]
        return sum(counts) if counts else None

    def _complaint(self, status: int) -> str:
        if status == 401:
            return (
                "The application refused (401): clearing needs its bearer token, from token_env in the settings or "
                "PERFTUI_APP_TOKEN."
            )
        if status == 403:
            return "The application refused (403): clearing is off there until the application sets a token for it."
        if status in _NOT_SERVED:
            return f"The application does not offer clearing ({status})."
        return f"The application answered {status} and cleared nothing that is known of."

    def explain(self, error: BaseException) -> str:
        import httpx

        from perftui.sources.network_failure import network_failure

        if isinstance(error, httpx.HTTPStatusError):
            return f"The metrics document answered {error.response.status_code}."
        failure = network_failure(error, self.target.name)
        if failure is not None:
            return f"{failure.message} {failure.help}"
        if isinstance(error, httpx.TimeoutException | TimeoutError):
            return f"{self.target.name} did not answer in time."
        return f"The answer of {self.target.name} could not be read ({type(error).__name__})."

    def _document_url(self, base: str) -> str:
        """The document's own address, whether the target names it or only the application."""
        has_path = "/" in base.rstrip("/").partition("://")[2]
        return base if has_path else base.rstrip("/") + _DOCUMENTS.get(self.metrics.format, "")

    @asynccontextmanager
    async def _client(self) -> AsyncIterator["httpx.AsyncClient"]:
        import httpx

        verify: ssl.SSLContext | bool = False
        if self.connection.verify_tls and self.target.address.startswith("https"):
            verify = ssl.create_default_context(cafile=self.connection.ca_file)
        headers = {name: value.reveal() for name, value in self.connection.headers.items()}
        async with httpx.AsyncClient(
            headers={"User-Agent": "perftui", "Accept": "application/json"} | headers,
            transport=httpx.AsyncHTTPTransport(verify=verify, trust_env=False, uds=socket_through(self.connection)),
            timeout=self.connection.timeout_s,
            follow_redirects=False,
            trust_env=False,
        ) as client:
            yield client


def _base(connection: Connection) -> str:
    return connection.uri.reveal().partition("?")[0].partition("#")[0]


async def _read_json(response: "httpx.Response") -> Any:
    """Bounded: an application that streams for ever must not fill the memory."""
    parts, size = [], 0
    async for part in response.aiter_bytes():
        parts.append(part)
        size += len(part)
        if size > _LONGEST_BYTES:
            raise ValueError("the document is longer than 8 MB")
    return msgspec.json.decode(b"".join(parts))


def _counts(document: Any, kind: str) -> Iterable[int]:
    if kind == "cache":
        section = _at(document, ("cache",))
        caches = section.values() if isinstance(section, Mapping) and "hits" not in section else [section]
        for cache in caches:
            if isinstance(cache, Mapping):
                yield int(cache.get("hits") or 0) + int(cache.get("misses") or 0)
        return
    for path in _COUNTS[kind]:
        value = _at(document, path)
        if isinstance(value, int | float):
            yield int(value)


def _at(document: Any, path: Iterable[str]) -> Any:
    for key in path:
        document = document.get(key) if isinstance(document, Mapping) else None
    return document
