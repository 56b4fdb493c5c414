"""The source of an application's metrics: finds where they are and which document they are, then reads it."""

import asyncio
from threading import Lock
from typing import ClassVar

import msgspec

from perftui.model.application import ApplicationMetrics
from perftui.model.metrics import MetricsDocument
from perftui.model.sample import Capability, Failure
from perftui.model.target import Connection
from perftui.sources.application import answer
from perftui.sources.application.fetch import Fetcher, Page
from perftui.sources.application.older import OlderReader
from perftui.sources.application.paths import WELL_KNOWN, Paths
from perftui.sources.application.perftui_document import DocumentReader
from perftui.sources.application.prometheus import PrometheusReader
from perftui.sources.application.through import place_of
from perftui.sources.base import Reading, Source
from perftui.sources.network_failure import network_failure, seen_from_here

Reader = DocumentReader | OlderReader | PrometheusReader

_BIG_BYTES = 1 << 18
_BIG_INTERVAL_S = 5.0
_LONG_BYTES, _MANY_SERIES = 1 << 15, 300
"""A page of so many bytes that is new, or a reader that keeps so many series, takes about 10 ms."""


class ApplicationSource(Source):
    name: ClassVar[str] = "application.metrics"
    interval_s: ClassVar[float] = 2.0

    def __init__(self, connection: Connection, window_s: float = 300.0) -> None:
        super().__init__(connection.target)
        self.timeout_s = connection.timeout_s
        self._window_s = window_s
        self._connection = connection
        self._fetcher = Fetcher(connection)
        self._paths = Paths(self._fetcher.path)
        self._reader: Reader | None = None
        self._first: Page | None = None
        self._parsing = Lock()  # a poll that ran out of time leaves its thread at work

    async def connect(self) -> None:
        refusals: list[answer.UnusableAnswer] = []
        for candidate in self._paths.candidates():
            try:
                page = await self._fetcher.get(self._with_query(candidate))
                self._reader = self._reader_of(page, candidate)
            except answer.UnusableAnswer as refusal:
                refusals.append(refusal)
                if self._paths.ends_search(candidate, refusal.failure.kind):
                    break
                continue
            self._paths.found, self._first = self._where(page, candidate), page
            self.capabilities = (_capability(self._reader),)
            return
        self._paths.failed({refusal.failure.kind for refusal in refusals})
        raise self._worst(refusals)

    async def read(self) -> Reading:
        path = self._paths.found
        if self._reader is None or path is None:
            raise RuntimeError("read before connect")
        page, self._first = self._first, None
        if page is None:
            page = await self._fetcher.get(self._with_query(path))
        size = len(page.body)
        if size > _BIG_BYTES:
            self.interval_s = _BIG_INTERVAL_S  # type: ignore[misc]  # of this source alone
        if size > _LONG_BYTES or (isinstance(self._reader, PrometheusReader) and self._reader.series > _MANY_SERIES):
            metrics, notes = await asyncio.to_thread(self._read_page, page, self._reader)
        else:
            metrics, notes = self._read_page(page, self._reader)
        return Reading(metrics, received_bytes=size, sent_commands=1, notes=notes)

    async def document(self, minutes: int) -> MetricsDocument | None:
        """perftui's document over a window of its own; `None` where, after a poll, another format is served.

        May raise; `explain` tells why in words.
        """
        path = self._paths.found
        if not isinstance(self._reader, DocumentReader) or path is None:
            return None
        self._window_s = minutes * 60.0
        page = await self._fetcher.get(self._with_query(path))
        return self._reader.document(page.body)

    def explain(self, error: BaseException) -> Failure:
        if isinstance(error, answer.UnusableAnswer):
            self._connected = False  # another document, or another path, may be what the next poll finds
            return error.failure
        return seen_from_here(self._explain(error), self._connection, place_of(self._connection))

    def _explain(self, error: BaseException) -> Failure:
        place = self._fetcher.place
        failure = network_failure(error, place.partition("://")[2])
        if failure is not None:
            return failure
        if type(error).__module__.startswith(("httpx", "httpcore", "h11")):
            if "Timeout" in type(error).__name__:
                return network_failure(TimeoutError(), place) or answer.cut_short(place).failure
            return answer.cut_short(place).failure
        message = f"The metrics of {place} could not be read: {type(error).__name__}."
        return Failure(kind="internal", message=message, help="This is a fault of perftui; please report it.")

    def expect_every(self, seconds: float) -> None:
        if isinstance(self._reader, DocumentReader):
            self._reader.expect_every(seconds)

    def reconnect(self) -> None:
        super().reconnect()
        self._paths.start_over()

    async def close(self) -> None:
        await self._fetcher.close()

    def _where(self, page: Page, asked: str) -> str:
        """The path to ask from now on: without the detour of a redirect, which costs a request a poll."""
        return asked if page.path == self._with_query(asked) else page.path

    def _with_query(self, path: str) -> str:
        if "?" in path:
            return path
        given = self._fetcher.path.partition("?")[2]  # such as a key, beside what we ask for
        query = "&".join(part for part in (self._asked(path), given) if part)
        return f"{path}?{query}" if query else path

    def _asked(self, path: str) -> str:
        minutes = min(max(round(self._window_s / 60), 1), 60)
        if path.endswith("/perftui/v1/metrics") or isinstance(self._reader, DocumentReader):
            return f"type=api,query,cache,system&window={minutes}m&top=200"
        if path.endswith("/api/performance/metrics") or isinstance(self._reader, OlderReader):
            return f"type=all&window={minutes}"
        return ""

    def _reader_of(self, page: Page, path: str) -> Reader:
        """Which document it is, from its first character and its keys. Raises `UnusableAnswer`."""
        place = self._fetcher.place + path.partition("?")[0]
        head = page.body[:512].lstrip()
        if head.startswith(b"<") or page.content_type.startswith("text/html"):
            raise answer.html(place)
        if not head.startswith((b"{", b"[")):
            return self._kept(PrometheusReader) or PrometheusReader(self._window_s, place)
        try:
            keys = msgspec.json.decode(page.body, type=dict[str, msgspec.Raw])
        except msgspec.DecodeError as error:
            raise answer.unreadable(place, f"its JSON is broken ({error})") from None
        if "schema" in keys and bytes(keys["schema"]).startswith(b'"perftui.metrics/'):
            return self._kept(DocumentReader) or DocumentReader(place)
        if keys.keys() & {"api", "query", "cache"}:
            return self._kept(OlderReader) or OlderReader(place, self._window_s)
        raise answer.unreadable(place, "its JSON has none of api, query and cache")

    def _kept(self, kind: type[Reader]) -> Reader | None:
        return self._reader if isinstance(self._reader, kind) else None

    def _read_page(self, page: Page, reader: Reader) -> tuple[ApplicationMetrics, tuple[str, ...]]:
        head = page.body[:64].lstrip()
        wrong = head.startswith(b"<") or head.startswith(b"{") == isinstance(reader, PrometheusReader)
        if wrong:
            self._reader = reader = self._reader_of(page, self._paths.found or "")
        with self._parsing:
            return reader.read(page.body)

    def _worst(self, refusals: list[answer.UnusableAnswer]) -> answer.UnusableAnswer:
        telling = [refusal for refusal in refusals if refusal.failure.kind != "unsupported"]
        telling.sort(key=lambda refusal: refusal.failure.kind not in ("login", "rights"))
        if telling:
            return telling[0]
        if not self._paths.guessed:
            return refusals[0]
        return answer.unusable(
            "unsupported",
            f"{self._fetcher.place} serves metrics at none of {', '.join(WELL_KNOWN)}.",
            "Give the whole URL of its metrics, or mount perftui.instrument.metrics_app.",
        )


def _capability(reader: Reader) -> Capability:
    return Capability(name="metrics", state="granted", shows=f"{reader.what}: {reader.shows}")
