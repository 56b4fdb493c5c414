"""From a request for metrics to its answer. Pure but for the registry: the servers around it only carry bytes."""

from collections.abc import Callable, Collection
from typing import NamedTuple

import msgspec

from perftui.instrument.document.build import build_document
from perftui.instrument.document.exposition import OPENMETRICS_TYPE, PROMETHEUS_TYPE
from perftui.instrument.document.older import older_document
from perftui.instrument.document.openmetrics import openmetrics, prometheus_text
from perftui.instrument.registry import CLEAR_TYPES, Registry
from perftui.instrument.serve.accept import Form, wanted_form
from perftui.instrument.serve.exchange import JSON, Answer, Refused, Request
from perftui.instrument.serve.parameters import asked_document, asked_older, asked_text
from perftui.instrument.serve.rights import Rights
from perftui.model.schemas import published

DOCUMENT_PATH = "/perftui/v1/metrics"
SCHEMA_PATH = DOCUMENT_PATH + "/schema"
CLEAR_PATH = DOCUMENT_PATH + ":clear"
TEXT_PATH = "/perftui/metrics"
OLDER_PATH = "/api/performance/metrics"
OLDER_CLEAR_PATH = OLDER_PATH + "/clear"
LARGEST_BODY = 4096

Read = Callable[[Request], Answer]


class Route(NamedTuple):
    """What is served at a path: `read` for GET and HEAD; without it the path takes the POST that clears."""

    read: Read | None = None

    @property
    def methods(self) -> tuple[str, ...]:
        return ("POST", "OPTIONS") if self.read is None else ("GET", "HEAD", "OPTIONS")


class MetricsService:
    """`begin` answers what needs no body; where it returns `None`, `finish` takes the body and answers."""

    def __init__(self, registry: Registry, rights: Rights, *, older_paths: bool = False) -> None:
        self.registry, self._rights = registry, rights
        self._routes = {
            DOCUMENT_PATH: Route(self._document),
            SCHEMA_PATH: Route(self._schema),
            TEXT_PATH: Route(self._text),
            CLEAR_PATH: Route(),
        }
        if older_paths:
            self._routes |= {OLDER_PATH: Route(self._older), OLDER_CLEAR_PATH: Route()}

    def begin(self, request: Request) -> Answer | None:
        """Never raises: what goes wrong here is an answer too."""
        try:
            return self._begin(request)
        except Refused as refused:
            return refused.answer()
        except Exception as error:  # the application must not fail because its metrics cannot be read
            return self._fault(error)

    def finish(self, body: bytes) -> Answer:
        """After `begin` returned `None`. Never raises."""
        try:
            return self._clear(body)
        except Refused as refused:
            return refused.answer()
        except Exception as error:  # as above
            return self._fault(error)

    def _begin(self, request: Request) -> Answer | None:
        route = self._route(request.path)
        if request.method not in route.methods:
            allowed = ", ".join(route.methods)
            raise Refused(405, f"this path takes {allowed}", ("allow", allowed))
        if request.method == "OPTIONS":
            return Answer(b"", status=204, more_headers=(("allow", ", ".join(route.methods)),))
        if route.read is not None:
            self._rights.check_read(request)
            return route.read(request)
        self._rights.check_clear(request)
        _check_body(request)
        return None

    def _route(self, path: str) -> Route:
        path = path.rstrip("/")
        for ending, route in self._routes.items():
            if path.endswith(ending):
                return route
        raise Refused(404, f"nothing is served here; the metrics are at {DOCUMENT_PATH}")

    def _document(self, request: Request) -> Answer:
        form = wanted_form(request.headers.get("accept", ""), "json")
        asked = asked_document(request.query)
        if form != "json":
            return self._exposed(form, asked.sections)
        if asked.raw_keys:
            self._rights.check_raw_keys(request)
        document = build_document(
            self.registry,
            sections=asked.sections,
            minutes=asked.minutes,
            top=asked.top,
            show_keys=asked.raw_keys,
        )
        return Answer(document.to_json())

    def _text(self, request: Request) -> Answer:
        form = wanted_form(request.headers.get("accept", ""), "openmetrics")
        return self._exposed("openmetrics" if form == "json" else form, asked_text(request.query))

    def _exposed(self, form: Form, sections: Collection[str]) -> Answer:
        if form == "prometheus":
            return Answer(prometheus_text(self.registry, sections), PROMETHEUS_TYPE)
        return Answer(openmetrics(self.registry, sections), OPENMETRICS_TYPE)

    def _schema(self, _request: Request) -> Answer:
        return Answer(published("metrics-1"), "application/schema+json")

    def _older(self, request: Request) -> Answer:
        asked = asked_older(request.query)
        sections = {*asked.sections, "system"}
        document = build_document(self.registry, sections=sections, minutes=asked.minutes, top=asked.top)
        return Answer(msgspec.json.encode(older_document(document, asked.sections)))

    def _clear(self, body: bytes) -> Answer:
        if len(body) > LARGEST_BODY:
            raise _too_large()
        try:
            wanted = msgspec.json.decode(body, type=dict[str, object])
        except (msgspec.DecodeError, UnicodeError, RecursionError):
            raise Refused(400, 'send a JSON object such as {"type": "api"}') from None
        for what in CLEAR_TYPES:
            if wanted.get("type") == what:
                self.registry.clear(what)
                return Answer(msgspec.json.encode({"cleared": what}))
        raise Refused(400, f"type must be one of {', '.join(CLEAR_TYPES)}")

    def _fault(self, error: Exception) -> Answer:
        self.registry.faults["serve"] += 1
        words = f"the metrics could not be read ({type(error).__name__}); this is a fault of perftui"
        return Refused(500, words).answer()


def _check_body(request: Request) -> None:
    content_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if content_type != JSON:
        raise Refused(415, f"send {JSON}")
    length = request.headers.get("content-length", "0").strip()
    if not (length.isascii() and length.isdigit()):
        raise Refused(400, "Content-Length must be a whole number")
    if len(length) > 9 or int(length) > LARGEST_BODY:
        raise _too_large()


def _too_large() -> Refused:
    return Refused(413, f"the body is larger than {LARGEST_BODY} bytes")
