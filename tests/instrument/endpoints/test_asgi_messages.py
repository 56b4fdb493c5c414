"""What passes through the ASGI middleware passes unchanged, whatever it is, and is counted where it can be."""

import asyncio
import socket
from collections.abc import Awaitable, Callable, MutableMapping
from contextlib import suppress
from typing import Any

import httpx
import pytest
from helpers.endpoints import NamelessError, assert_no_faults, endpoint_of, statuses_of
from helpers.serving import asgi_server
from helpers.waiting import wait_until_async
from starlette.applications import Starlette
from starlette.background import BackgroundTask
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from perftui.instrument import ASGIMiddleware, EndpointStatistics, Registry

START: dict[str, Any] = {"type": "http.response.start", "status": 200, "headers": [(b"a", b"b")]}
BODY: dict[str, Any] = {"type": "http.response.body", "body": b"12345"}
Application = Callable[[Any, Any, Any], Awaitable[None]]


class Server:
    """What a server is for an application: hands out messages, and keeps those that it gets."""

    def __init__(self, *messages: Any) -> None:
        self.messages = list(messages or ({"type": "http.request", "body": b"", "more_body": False},))
        self.sent: list[Any] = []

    async def receive(self) -> Any:
        return self.messages.pop(0)

    async def send(self, message: Any) -> None:
        self.sent.append(message)

    async def run(self, app: Application, **scope: Any) -> MutableMapping[str, Any]:
        whole = {"type": "http", "method": "GET", "path": "/x", "headers": [], **scope}
        await app(whole, self.receive, self.send)
        return whole


def sending(*messages: Any) -> Application:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        for message in messages:
            await send(message)

    return app


async def test_messages_are_the_very_objects_and_nothing_stays_in_the_scope() -> None:
    registry, server = Registry(), Server()
    parts = ({**BODY, "more_body": True}, BODY)
    scope = await server.run(ASGIMiddleware(sending(START, *parts), registry))
    assert [id(one) for one in server.sent] == [id(one) for one in (START, *parts)]
    assert set(scope) == {"type", "method", "path", "headers"}
    found = endpoint_of(registry, "GET (unmatched)")
    assert (found.response_bytes, found.streams, found.status) == (10, 1, {"200": 1})
    assert_no_faults(registry)


@pytest.mark.parametrize(
    "messages",
    [
        [{}], [None], [5], [{"type": None}], [{"type": "http.response.start"}], [START, {**BODY, "body": 5}],
        [START, {**BODY, "body": None}], [BODY], [START, START, BODY, BODY], [{"type": "what"}], [b"http.response"],
        [{**START, "status": "200"}, BODY], [{**START, "status": [1]}, BODY], [{**START, "status": -5}, BODY],
    ],
)  # fmt: skip
async def test_wrong_messages_pass_unchanged(messages: list[Any]) -> None:
    registry, server = Registry(), Server()
    await server.run(ASGIMiddleware(sending(*messages), registry))
    assert server.sent == messages
    assert EndpointStatistics(registry).overall().active == 0


@pytest.mark.parametrize("method", ["HEAD", "get", "", "GET\x1b[2J\n", "X" * 10_000, 5, None, [1]])
async def test_methods_that_nobody_knows_are_one(method: Any) -> None:
    registry = Registry()
    await Server().run(ASGIMiddleware(sending(START, BODY), registry), method=method)
    assert statuses_of(registry) == {f"{'HEAD' if method == 'HEAD' else '(other)'} (unmatched)": {"200": 1}}
    assert_no_faults(registry)


class Odd(BaseException):
    """Not even an `Exception`."""


@pytest.mark.parametrize("error", [ValueError("x"), Odd(), SystemExit(3), KeyboardInterrupt(), StopAsyncIteration()])
@pytest.mark.parametrize("sent", [(), (START,), (START, {**BODY, "more_body": True})])
async def test_what_is_raised_passes_unchanged(error: BaseException, sent: tuple[Any, ...]) -> None:
    registry = Registry()

    async def app(scope: Any, receive: Any, send: Any) -> None:
        await sending(*sent)(scope, receive, send)
        raise error

    with pytest.raises(type(error)) as caught:
        await Server().run(ASGIMiddleware(app, registry))
    assert caught.value is error
    found = endpoint_of(registry, "GET (unmatched)")
    assert (found.status, found.exceptions, found.errors) == ({"500": 1}, {type(error).__name__: 1}, 1)
    assert_no_faults(registry)


async def test_what_a_server_raises_passes_unchanged() -> None:
    registry, error = Registry(), OSError("gone")

    async def send(message: Any) -> None:
        raise error

    with pytest.raises(OSError, match="gone") as caught:
        await ASGIMiddleware(sending(START, BODY), registry)({"type": "http", "method": "GET"}, Server().receive, send)
    assert caught.value is error
    assert_no_faults(registry)


async def test_a_request_without_an_answer_is_an_error() -> None:
    registry = Registry()
    await Server().run(ASGIMiddleware(sending(), registry))
    assert statuses_of(registry) == {"GET (unmatched)": {"500": 1}}


async def test_a_cancelled_request_counts_as_left() -> None:
    registry, entered = Registry(), asyncio.Event()

    async def app(scope: Any, receive: Any, send: Any) -> None:
        await send(START)
        entered.set()
        await asyncio.sleep(60)

    task = asyncio.create_task(Server().run(ASGIMiddleware(app, registry)))
    await entered.wait()
    assert endpoint_of(registry, "GET (unmatched)").active == 1
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    found = endpoint_of(registry, "GET (unmatched)")
    assert (found.status, found.exceptions, found.disconnects) == ({"499": 1}, {}, 1)
    assert_no_faults(registry)


async def test_trailers_and_files_of_the_server_end_a_request() -> None:
    registry, ended = Registry(), list[int]()

    async def app(scope: Any, receive: Any, send: Any) -> None:
        for message in ({**START, "trailers": True}, BODY, {"type": "http.response.trailers", "headers": []}):
            await send(message)
            ended.append(EndpointStatistics(registry).overall().requests)
        await sending(START, {"type": "http.response.pathsend", "path": "/etc/hostname"})(scope, receive, send)

    await Server().run(ASGIMiddleware(app, registry))
    assert ended == [0, 0, 1]
    await Server().run(ASGIMiddleware(sending(START, {"type": "http.response.pathsend", "path": "/x"}), registry))
    assert statuses_of(registry) == {"GET (unmatched)": {"200": 2}}


async def test_the_lifespan_passes_untouched() -> None:
    registry, seen = Registry(), list[Any]()

    async def app(scope: Any, receive: Any, send: Any) -> None:
        seen.append((scope, receive, send))

    given = ({"type": "lifespan"}, Server().receive, Server().send)
    await ASGIMiddleware(app, registry)(*given)
    assert seen == [given]


async def test_sizes_are_those_of_the_bodies() -> None:
    async def echo(request: Request) -> Response:
        return Response(await request.body())

    registry = Registry()
    with asgi_server(ASGIMiddleware(Starlette(routes=[Route("/echo", echo, methods=["POST"])]), registry)) as url:
        async with httpx.AsyncClient(base_url=url, trust_env=False) as client:
            for size in (0, 10, 1_000_000):
                assert len((await client.post("/echo", content=b"x" * size)).content) == size
    found = endpoint_of(registry, "POST /echo")
    assert (found.request_bytes, found.response_bytes, found.streams) == (1_000_010, 1_000_010, 0)
    assert_no_faults(registry)


async def test_work_after_the_answer_is_not_part_of_it() -> None:
    registry, seen = Registry(), list[Any]()

    def after() -> None:
        seen.append(EndpointStatistics(registry).overall())
        raise LookupError("later")

    async def work(_request: Request) -> Response:
        return PlainTextResponse("done", background=BackgroundTask(after))

    with asgi_server(ASGIMiddleware(Starlette(routes=[Route("/work", work)]), registry)) as url:
        async with httpx.AsyncClient(base_url=url, trust_env=False) as client:
            assert (await client.get("/work")).status_code == 200
        await wait_until_async(lambda: endpoint_of(registry, "GET /work").exceptions)
    assert [(one.requests, one.active) for one in seen] == [(1, 0)]
    found = endpoint_of(registry, "GET /work")
    assert (found.status, found.exceptions) == ({"200": 1}, {"LookupError": 1})
    assert_no_faults(registry)


@pytest.mark.parametrize("way", ["around", "added"])
async def test_a_client_that_leaves_is_499(way: str) -> None:
    registry = Registry()

    async def wait(request: Request) -> Response:
        while (await request.receive())["type"] != "http.disconnect":
            pass
        return PlainTextResponse("nobody reads this")

    routes, own = [Route("/wait/{id}", wait)], Middleware(ASGIMiddleware, registry=registry)
    app: Any = Starlette(routes=routes, middleware=[own] if way == "added" else [])
    with asgi_server(app if way == "added" else ASGIMiddleware(app, registry)) as url:
        with socket.create_connection(("127.0.0.1", int(url.rpartition(":")[2]))) as client:
            client.sendall(b"GET /wait/1 HTTP/1.1\r\nHost: x\r\n\r\n")
            await wait_until_async(lambda: statuses_of(registry) == {"GET /wait/{id}": {}})
        await wait_until_async(lambda: statuses_of(registry) == {"GET /wait/{id}": {"499": 1}})
    found = EndpointStatistics(registry).overall()
    assert (found.disconnects, found.errors_5xx, found.errors_4xx, found.exceptions) == (1, 0, 1, {})
    assert_no_faults(registry)


async def test_a_hundred_thousand_paths_and_hostile_headers_are_one_endpoint() -> None:
    registry = Registry(max_series=50)
    app = ASGIMiddleware(Starlette(routes=[Route("/items/{id}", item)]), registry, user_agent=True, slow_ms=0)
    headers = [(b"user-agent", b"\x1b[2J\r\n\x00" + b"\xff" * 100_000), (b"content-length", b"-5")]
    for number in range(2000):
        path = f"/items/{number}" if number % 2 else f"/nowhere/{number}/" + "x" * (100_000 if number < 20 else 5)
        await Server().run(app, path=path, headers=headers, client=("::ffff:1.2.3.4\n", 5))
    assert statuses_of(registry) == {"GET /items/{id}": {"200": 1000}, "GET (unmatched)": {"404": 1000}}
    assert len(app.known) == 1
    slow = EndpointStatistics(registry).overall().slow_requests
    assert {one.user_agent for one in slow} == {"?[2J???" + "ÿ" * 193}
    assert {one.client for one in slow} == {None}
    assert_no_faults(registry)


async def item(request: Request) -> Response:
    return PlainTextResponse("x")


async def test_an_application_that_invents_routes_stays_bounded() -> None:
    """A hundred thousand templates, statuses and exceptions: the store holds what it was told to."""
    registry = Registry(max_series=100)

    async def app(scope: Any, receive: Any, send: Any) -> None:
        number = scope["number"]
        scope["perftui.route"] = f"/{number}/" + "x" * 1000
        if number % 10 == 0:
            raise type(f"Error{number}", (Exception,), {})
        await sending({**START, "status": number}, BODY)(scope, receive, send)

    middleware = ASGIMiddleware(app, registry)
    for number in range(100_000):
        with suppress(Exception):
            await Server().run(middleware, number=number)
    whole = EndpointStatistics(registry).overall(60)
    assert whole.requests == 100_000
    assert sum(whole.exceptions.values()) == 10_000
    assert len(whole.exceptions) <= 501
    assert len(registry.endpoints.handles) == 100
    assert len(EndpointStatistics(registry).endpoints(60)) <= 101
    assert_no_faults(registry)


async def test_no_request_is_lost_between_tasks() -> None:
    async def slow(scope: Any, receive: Any, send: Any) -> None:
        for message in (START, {**BODY, "more_body": True}, BODY):
            await asyncio.sleep(0)
            await send(message)
            if scope["number"] % 10 == 3:
                raise LookupError

    registry = Registry()
    app = ASGIMiddleware(slow, registry)
    tasks = [asyncio.create_task(Server().run(app, number=number)) for number in range(1000)]
    for task in tasks[5::10]:
        task.cancel()
    ended = await asyncio.gather(*tasks, return_exceptions=True)
    assert sum(isinstance(one, asyncio.CancelledError) for one in ended) == 100
    found = statuses_of(registry)["GET (unmatched)"]
    assert (found["200"], found["500"]) == (800, 100)
    assert sum(found.values()) in range(900, 1001)  # what was cancelled before it began was no request
    assert_no_faults(registry)


@pytest.mark.parametrize("kind", ["http", "websocket"])
@pytest.mark.parametrize("answered", [True, False])
async def test_an_error_that_cannot_be_counted_passes_unchanged(kind: str, answered: bool) -> None:
    async def fail(scope: Any, receive: Any, send: Any) -> None:
        if answered and kind == "http":
            await send(START)
            await send(BODY)
        raise NamelessError

    registry = Registry("shop")
    try:
        await Server().run(ASGIMiddleware(fail, registry), type=kind)
    except Exception as error:  # `pytest.raises` cannot tell of one without a name
        raised = type(error)
    assert raised is NamelessError
    assert registry.faults.total() == 1
