"""The ASGI application that serves the metrics document, and clears the windows for who holds the token."""

import hmac
from collections.abc import Callable, Mapping
from ipaddress import ip_address
from typing import NamedTuple
from urllib.parse import parse_qsl

import msgspec

from perftui.instrument.asgi import OWN_MARK, ASGIApp, Receive, Scope, Send
from perftui.instrument.budgets import window_minutes
from perftui.instrument.document import build_document
from perftui.instrument.older import older_document
from perftui.instrument.openmetrics import CONTENT_TYPE, openmetrics
from perftui.instrument.registry import CLEAR_TYPES, Registry, default_registry
from perftui.instrument.series import SLOTS
from perftui.model.metrics import SECTIONS

DOCUMENT_PATH = "/perftui/v1/metrics"
CLEAR_PATH = "/perftui/v1/metrics:clear"
TEXT_PATH = "/perftui/metrics"
OLDER_PATH = "/api/performance/metrics"
_LARGEST_BODY = 4096
_FORWARDED = frozenset({"forwarded", "x-forwarded-for", "x-forwarded-host", "x-real-ip", "via", "x-client-ip"})


class Refused(Exception):  # noqa: N818  # an answer, not an error
    """A status and a sentence for the caller."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


class Answer(NamedTuple):
    body: bytes
    content_type: str = "application/json"
    status: int = 200


class Request(NamedTuple):
    path: str
    method: str
    headers: Mapping[str, str]
    query: str
    peer: str | None


def metrics_app(
    registry: Registry | None = None,
    token: str | None = None,
    *,
    older_paths: bool = False,
    loopback_only: bool = True,
) -> ASGIApp:
    """Mount it anywhere: `GET /perftui/v1/metrics`, `GET /perftui/metrics`, `POST /perftui/v1/metrics:clear`.

    GET answers this machine only, or whoever holds the token; POST needs the token. With `older_paths` the older
    system's two paths are served in its form.
    """
    counted = registry or default_registry()
    routes: dict[str, tuple[str, Callable[[Request], Answer]]] = {
        DOCUMENT_PATH: ("GET", lambda request: _document(counted, request)),
        TEXT_PATH: ("GET", lambda request: _text(counted, request)),
        CLEAR_PATH: ("POST", lambda request: _cleared(counted, request)),
    }
    if older_paths:
        routes[OLDER_PATH] = ("GET", lambda request: _older(counted, request))
        routes[OLDER_PATH + "/clear"] = ("POST", lambda request: _cleared(counted, request))

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        _leave_out(scope, counted)
        request = _request(scope)
        try:
            method, handle = _route(routes, request.path)
            _check_rights(request, method, token, loopback_only)
            if method == "POST":
                request = request._replace(query=await _body(receive))
            answer = handle(request)
        except Refused as refused:
            answer = Answer(msgspec.json.encode({"error": str(refused)}), status=refused.status)
        await _send(send, answer, head=request.method == "HEAD")

    return app


def _leave_out(scope: Scope, registry: Registry) -> None:
    mark = scope.get(OWN_MARK)
    if isinstance(mark, list) and mark and mark[0] is registry:
        mark.clear()
        with registry.lock:
            registry.endpoints.active -= 1


def _request(scope: Scope) -> Request:
    headers = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in scope["headers"]}
    root, path = scope.get("root_path", ""), scope["path"]
    client = scope.get("client")
    return Request(
        path=path if path.startswith(root) else root + path,
        method=scope["method"],
        headers=headers,
        query=scope.get("query_string", b"").decode("latin-1"),
        peer=client[0] if client else None,
    )


def _route(
    routes: Mapping[str, tuple[str, Callable[[Request], Answer]]], path: str
) -> tuple[str, Callable[[Request], Answer]]:
    for ending in sorted(routes, key=len, reverse=True):
        if path.rstrip("/").endswith(ending):
            return routes[ending]
    raise Refused(404, f"nothing is served here; the metrics are at {DOCUMENT_PATH}")


def _check_rights(request: Request, method: str, token: str | None, loopback_only: bool) -> None:
    if request.method not in (("GET", "HEAD") if method == "GET" else ("POST",)):
        raise Refused(405, f"use {method}")
    scheme, _, given = request.headers.get("authorization", "").partition(" ")
    bears = scheme.lower() == "bearer" and token is not None
    allowed = bears and hmac.compare_digest(given.strip().encode("latin-1"), (token or "").encode())
    if method == "POST":
        if token is None:
            raise Refused(403, "clearing is off: no token was set for it")
        if not allowed:
            raise Refused(401, "clearing needs the bearer token")
        if request.headers.get("content-type", "").partition(";")[0].strip().lower() != "application/json":
            raise Refused(415, "send application/json")
    elif loopback_only and not allowed and not _is_local(request):
        raise Refused(403, "only this machine, or who holds the token, may read the metrics")


def _is_local(request: Request) -> bool:
    if request.peer is None or _FORWARDED & request.headers.keys():
        return False
    try:
        address = ip_address(request.peer.partition("%")[0])
    except ValueError:
        return False
    mapped = getattr(address, "ipv4_mapped", None)
    return bool((mapped or address).is_loopback)


def _parameters(request: Request, known: frozenset[str]) -> dict[str, str]:
    found = dict(parse_qsl(request.query, keep_blank_values=True))
    unknown = sorted(set(found) - known)
    if unknown:
        raise Refused(400, f"unknown parameter {unknown[0][:40]!r}; known are {', '.join(sorted(known))}")
    return found


def _sections(text: str) -> tuple[str, ...]:
    sections = tuple(part.strip() for part in text.split(","))
    if sections == ("all",):
        return SECTIONS
    for section in sections:
        if section not in SECTIONS:
            raise Refused(400, f"unknown type {section[:40]!r}; known are {', '.join(SECTIONS)} and all")
    return sections


def _whole(text: str, name: str, largest: int) -> int:
    if not (text.isascii() and text.isdigit() and len(text) < 6 and 1 <= int(text) <= largest):
        raise Refused(400, f"{name} must be a whole number from 1 to {largest}, not {text[:40]!r}")
    return int(text)


def _document(registry: Registry, request: Request) -> Answer:
    accept = request.headers.get("accept", "")
    if "application/openmetrics-text" in accept and "application/json" not in accept:
        return Answer(openmetrics(registry), CONTENT_TYPE)
    given = _parameters(request, frozenset({"type", "window", "top"}))
    sections = _sections(given.get("type", "all"))
    try:
        minutes = window_minutes(given.get("window", "5m"))
    except ValueError as error:
        raise Refused(400, str(error)) from None
    top = _whole(given.get("top", "50"), "top", 1000)
    return Answer(build_document(registry, sections=sections, minutes=minutes, top=top).to_json())


def _text(registry: Registry, _request: Request) -> Answer:
    return Answer(openmetrics(registry), CONTENT_TYPE)


def _older(registry: Registry, request: Request) -> Answer:
    given = _parameters(request, frozenset({"type", "window"}))
    sections = _sections(given.get("type", "all"))
    minutes = _whole(given.get("window", "5"), "window (minutes)", SLOTS)
    document = build_document(registry, sections={*sections, "system"}, minutes=minutes, top=1000)
    return Answer(msgspec.json.encode(older_document(document, sections)))


def _cleared(registry: Registry, request: Request) -> Answer:
    try:
        wanted = msgspec.json.decode(request.query.encode("latin-1"), type=dict[str, object])
    except (msgspec.DecodeError, UnicodeError):
        raise Refused(400, 'send a JSON object such as {"type": "api"}') from None
    for what in CLEAR_TYPES:
        if wanted.get("type") == what:
            registry.clear(what)
            return Answer(msgspec.json.encode({"cleared": what}))
    raise Refused(400, f"type must be one of {', '.join(CLEAR_TYPES)}")


async def _body(receive: Receive) -> str:
    body = b""
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise Refused(400, "the request ended early")
        part: bytes = message.get("body", b"")
        body += part
        if len(body) > _LARGEST_BODY:
            raise Refused(413, "the body is too large")
        if not message.get("more_body", False):
            return body.decode("latin-1")


async def _send(send: Send, answer: Answer, *, head: bool) -> None:
    headers = [
        (b"content-type", answer.content_type.encode()),
        (b"content-length", str(len(answer.body)).encode()),
        (b"cache-control", b"no-store"),
        (b"x-content-type-options", b"nosniff"),
    ]
    await send({"type": "http.response.start", "status": answer.status, "headers": headers})
    await send({"type": "http.response.body", "body": b"" if head else answer.body})
