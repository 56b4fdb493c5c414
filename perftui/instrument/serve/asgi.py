"""The metrics as an ASGI application, to be mounted in any other."""

import asyncio
from collections.abc import Awaitable, Callable, Collection, MutableMapping
from typing import Any, TypeVar

from perftui.instrument.registry import Registry, default_registry
from perftui.instrument.serve.exchange import Answer, Peer, Request
from perftui.instrument.serve.own import leave_out
from perftui.instrument.serve.rights import Rights
from perftui.instrument.serve.service import LARGEST_BODY, MetricsService

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
ASGIApp = Callable[[Scope, Receive, Send], Awaitable[None]]
Asked = TypeVar("Asked")
Given = TypeVar("Given")


def metrics_app(
    registry: Registry | None = None,
    token: str | None = None,
    *,
    older_paths: bool = False,
    loopback_only: bool = True,
    token_only: bool = False,
    hosts: Collection[str] = (),
) -> ASGIApp:
    """Mount it anywhere: `GET /perftui/v1/metrics`, `GET /perftui/metrics`, `POST /perftui/v1/metrics:clear`.

    GET answers this machine only, or whoever holds the token; POST needs the token. With `older_paths` the older
    system's two paths are served in its form. Raises `ValueError` for an empty token.

    >>> from perftui import Registry, metrics_app
    >>> from starlette.applications import Starlette
    >>> app = Starlette()
    >>> app.mount("/internal", metrics_app(Registry("shop"), token="a long secret"))
    """
    counted = registry or default_registry()
    rights = Rights(token, loopback_only=loopback_only, token_only=token_only, hosts=hosts)
    service = MetricsService(counted, rights, older_paths=older_paths)

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await _live(receive, send)
        elif scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 1000})
        else:
            leave_out(scope, counted)
            answer = await _answer(service, _request(scope), receive)
            if answer is not None:
                await _send(send, answer, head=scope["method"] == "HEAD")

    return app


async def _answer(service: MetricsService, request: Request, receive: Receive) -> Answer | None:
    """`None` where the client left."""
    answer = await _off_the_loop(service.begin, request)
    if answer is not None:
        return answer
    body = await _body(receive)
    return None if body is None else await _off_the_loop(service.finish, body)


async def _off_the_loop(work: Callable[[Asked], Given], asked: Asked) -> Given:
    """A document of many series takes milliseconds, and a clear waits for other workers: requests must not."""
    try:
        asyncio.get_running_loop()
    except RuntimeError:  # another loop than asyncio's runs us
        return work(asked)
    return await asyncio.to_thread(work, asked)


def _request(scope: Scope) -> Request:
    headers: dict[str, str] = {}
    for raw_name, raw_value in scope["headers"]:
        name, value = raw_name.decode("latin-1").lower(), raw_value.decode("latin-1")
        headers[name] = f"{headers[name]}, {value}" if name in headers else value
    root, path = scope.get("root_path", ""), scope["path"]
    return Request(
        method=scope["method"],
        path=path if path.startswith(root) else root + path,
        query=scope.get("query_string", b"").decode("latin-1"),
        headers=headers,
        peer=_peer(scope),
    )


def _peer(scope: Scope) -> Peer:
    client, server = scope.get("client"), scope.get("server")
    if client:
        return Peer(str(client[0]))
    return Peer(None, unix_socket=server is not None and server[1] is None)


async def _body(receive: Receive) -> bytes | None:
    """At most one byte more than is allowed; `None` where the client left."""
    body = b""
    while len(body) <= LARGEST_BODY:
        message = await receive()
        if message["type"] == "http.disconnect":
            return None
        body += message.get("body", b"")[: LARGEST_BODY + 1]
        if not message.get("more_body", False):
            break
    return body


async def _send(send: Send, answer: Answer, *, head: bool) -> None:
    headers = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in answer.headers]
    await send({"type": "http.response.start", "status": answer.status, "headers": headers})
    await send({"type": "http.response.body", "body": b"" if head else answer.body})


async def _live(receive: Receive, send: Send) -> None:
    """For a server that runs this application alone."""
    while True:
        kind = (await receive())["type"]
        await send({"type": f"{kind}.complete"})
        if kind == "lifespan.shutdown":
            return
