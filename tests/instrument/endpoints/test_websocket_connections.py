"""Websockets of real frameworks behind a real uvicorn: connections, messages and how they end, beside the requests."""

from typing import Any

import pytest
from fastapi import FastAPI
from helpers.endpoints import assert_no_faults
from helpers.serving import asgi_server
from helpers.waiting import wait_until_async
from litestar import Litestar, websocket
from litestar import WebSocket as LitestarSocket
from starlette.applications import Starlette
from starlette.routing import Mount, WebSocketRoute
from starlette.websockets import WebSocket, WebSocketDisconnect
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from perftui.instrument import ASGIMiddleware, EndpointStatistics, Registry
from perftui.instrument.endpoints.websockets import code_name
from perftui.model.metrics import WebSocketDocument


async def chat(socket: WebSocket) -> None:
    """Answers each text twice; what it is told to do by `close` and `crash`, it does."""
    if socket.path_params.get("room") == "forbidden":
        await socket.close(4403)
        return
    await socket.accept()
    async for text in socket.iter_text():
        if text == "close":
            await socket.close(4001, "as asked")
            return
        if text == "crash":
            raise LookupError("as asked")
        await socket.send_text(text)
        await socket.send_bytes(text.encode())


def starlette_app() -> Any:
    route = WebSocketRoute("/chat/{room}", chat)
    return Starlette(routes=[route, Mount("/part/{tenant}", routes=[WebSocketRoute("/chat/{room}", chat)])])


def fastapi_app() -> Any:
    app, part = FastAPI(), FastAPI()
    app.add_api_websocket_route("/chat/{room}", chat)
    part.add_api_websocket_route("/chat/{room}", chat)
    app.mount("/part/{tenant}", part)
    return app


def litestar_app() -> Any:
    async def handle(socket: LitestarSocket[Any, Any, Any]) -> None:
        await chat(WebSocket(socket.scope, socket.receive, socket.send))  # type: ignore[arg-type]

    return Litestar([websocket("/chat/{room:str}")(handle), websocket("/part/{tenant:str}/chat/{room:str}")(handle)])


def found_in(registry: Registry, route: str = "/chat/{room}") -> WebSocketDocument:
    found = [one for one in EndpointStatistics(registry).overall().websockets if one.route == route]
    return found[0] if found else WebSocketDocument(route=route)


async def ended(registry: Registry, number: int) -> WebSocketDocument:
    """What is known once so many connections have ended."""
    await wait_until_async(lambda: found_in(registry).connections == number)
    return found_in(registry)


@pytest.mark.parametrize("make", [starlette_app, fastapi_app, litestar_app])
async def test_messages_and_ends(make: Any) -> None:
    registry = Registry()
    with asgi_server(ASGIMiddleware(make(), registry)) as url:
        url = url.replace("http", "ws")
        async with connect(url + "/chat/a") as one, connect(url + "/chat/b") as two:
            for text in ("hello", "wörld"):
                await one.send(text)
                assert (await one.recv(), await one.recv()) == (text, text.encode())
            running = found_in(registry)
            assert (running.active, running.connections, running.received, running.sent) == (2, 0, 2, 4)
            assert running.oldest_s is not None
            await two.send("close")
            with pytest.raises(ConnectionClosed) as closed:
                await two.recv()
            assert closed.value.rcvd is not None
            assert (closed.value.rcvd.code, closed.value.rcvd.reason) == (4001, "as asked")
            assert (await ended(registry, 1)).close_codes == {"4001": 1}
        async with connect(url + "/part/7/chat/a") as three:
            await three.send("x")
            await three.recv()
        await wait_until_async(lambda: found_in(registry, "/part/{tenant}/chat/{room}").connections == 1)
        done = await ended(registry, 2)
    assert (done.active, done.received_bytes, done.sent_bytes) == (0, 5 + 6 + 5, 2 * (5 + 6))
    assert done.close_codes == {"1000": 1, "4001": 1}
    assert (done.duration.count, done.rejected, done.exceptions) == (2, 0, {})
    whole = EndpointStatistics(registry).overall()
    assert (whole.requests, whole.endpoints, whole.active) == (0, (), 0)
    assert_no_faults(registry)


@pytest.mark.parametrize("make", [starlette_app, fastapi_app])
async def test_what_was_refused_and_what_failed(make: Any) -> None:
    registry = Registry()
    with asgi_server(ASGIMiddleware(make(), registry)) as url:
        url = url.replace("http", "ws")
        with pytest.raises(InvalidStatus):
            async with connect(url + "/chat/forbidden"):
                pass
        refused = await ended(registry, 1)
        assert (refused.rejected, refused.close_codes) == (1, {})
        async with connect(url + "/chat/a") as one:
            await one.send("crash")
            with pytest.raises(ConnectionClosed):
                await one.recv()
        failed = await ended(registry, 2)
        async with connect(url + "/chat/a") as two:
            await two.close(3999, "hostile")
        left = await ended(registry, 3)
        with pytest.raises(InvalidStatus):
            async with connect(url + "/nowhere/at/all"):
                pass
        await wait_until_async(lambda: found_in(registry, "(unmatched)").rejected == 1)
    assert (failed.exceptions, failed.close_codes) == ({"LookupError": 1}, {"1011": 1})
    assert left.close_codes == {"1011": 1, "3xxx": 1}
    assert EndpointStatistics(registry).overall().exceptions == {}
    assert_no_faults(registry)


async def test_wrong_messages_and_errors_pass_unchanged() -> None:
    registry, sent, error = Registry(), list[Any](), WebSocketDisconnect(1001)
    messages: list[Any] = [None, {}, {"type": "websocket.send"}, {"type": "websocket.close", "code": "x"}]
    received: list[Any] = [{"type": "websocket.receive", "text": "\ud800"}, 7]

    async def app(scope: Any, receive: Any, send: Any) -> None:
        for message in messages:
            await send(message)
        assert [await receive(), await receive()] == [{"type": "websocket.receive", "text": "\ud800"}, 7]
        raise error

    async def receive() -> Any:
        return received.pop(0)

    async def send(message: Any) -> None:
        sent.append(message)

    with pytest.raises(WebSocketDisconnect) as caught:
        await ASGIMiddleware(app, registry)({"type": "websocket", "path": "/x"}, receive, send)
    assert caught.value is error
    assert sent == messages
    assert found_in(registry, "(unmatched)").received_bytes == 3


def test_a_client_cannot_invent_codes() -> None:
    by_client = {code_name(code, by_client=True) for code in [*range(-5, 20_000), None, "x", 2**70, 1.5]}
    assert by_client == {*(str(code) for code in range(1000, 1016)), "3xxx", "4xxx", "(other)"}
    assert code_name(4001, by_client=False) == "4001"
