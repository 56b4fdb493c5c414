"""Route templates of Flask and Django over real HTTP, and what their answers weigh and take."""

import io
import threading
from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from pathlib import Path
from typing import Any
from wsgiref.util import FileWrapper

import httpx
import pytest
from flask import Blueprint, Flask, Response, abort, request
from helpers import django_site
from helpers.endpoints import assert_no_faults, endpoint_of, statuses_of
from helpers.serving import wsgi_server
from werkzeug.middleware.dispatcher import DispatcherMiddleware
from werkzeug.middleware.proxy_fix import ProxyFix

from perftui.instrument import Registry, WSGIMiddleware


def flask_app() -> Flask:
    app, part = Flask(__name__), Blueprint("part", __name__, url_prefix="/part/<tenant>")

    @app.route("/items/<int:number>", methods=["GET", "POST"])
    def one(number: int) -> str:
        if number == 13:
            raise LookupError("as asked")
        if number == 0:
            abort(404)
        return str(number)

    @part.get("/users/<name>")
    def two(tenant: str, name: str) -> str:
        return name

    @app.get("/stream")
    def stream() -> Response:
        return Response(iter([b"one", b"two", b"three"]))

    @app.post("/echo")
    def echo() -> bytes:
        return request.get_data()

    app.register_blueprint(part)
    return app


def ask(url: str, *asked: str) -> list[int]:
    with httpx.Client(base_url=url, trust_env=False) as client:
        return [client.request(*one.split(" ", 1)).status_code for one in asked]


FLASK = {
    "GET /items/<int:number>": {"200": 2, "404": 1, "500": 1},
    "POST /items/<int:number>": {"200": 1},
    "GET /part/<tenant>/users/<name>": {"200": 2},
    "GET /static/<path:filename>": {"404": 1},
    "GET (unmatched)": {"404": 2},
    "(other) (unmatched)": {"405": 1},
}


def set_inside(app: Flask, registry: Registry) -> Any:
    app.wsgi_app = WSGIMiddleware(app.wsgi_app, registry)  # type: ignore[method-assign]
    return app


@pytest.mark.parametrize(
    "wrap",
    [
        set_inside,
        WSGIMiddleware,
        lambda app, registry: WSGIMiddleware(ProxyFix(app), registry),
        lambda app, registry: WSGIMiddleware(lambda *given: app(*given), registry),
    ],
    ids=["inside", "around", "around another", "around a function"],
)
def test_flask(wrap: Callable[[Flask, Registry], Any]) -> None:
    registry = Registry()
    with wsgi_server(wrap(flask_app(), registry)) as url:
        ask(url, "GET /items/1", "GET /items/2", "GET /items/0", "GET /items/13", "POST /items/1", "BREW /items/1")
        ask(url, "GET /part/1/users/a", "GET /part/2/users/b", "GET /nowhere", "GET /items/x", "GET /static/none")
    assert statuses_of(registry) == FLASK
    assert_no_faults(registry)


def test_flask_tells_what_it_caught_and_what_it_passes_on() -> None:
    registry, app = Registry(), flask_app()
    with wsgi_server(WSGIMiddleware(app, registry)) as url:
        ask(url, "GET /items/13")
    app.config["PROPAGATE_EXCEPTIONS"] = True
    with pytest.raises(LookupError):
        list(WSGIMiddleware(app, registry)(environ("/items/13"), lambda *_: None))
    found = endpoint_of(registry, "GET /items/<int:number>")
    assert (found.status, found.errors, found.exceptions) == ({"500": 2}, 2, {"LookupError": 2})
    assert_no_faults(registry)


def environ(path: str, **more: Any) -> dict[str, Any]:
    """Of a GET, as a server would make it."""
    return {
        "REQUEST_METHOD": "GET", "PATH_INFO": path, "SCRIPT_NAME": "", "SERVER_NAME": "x", "SERVER_PORT": "80",
        "SERVER_PROTOCOL": "HTTP/1.1", "QUERY_STRING": "", "wsgi.url_scheme": "http", "wsgi.input": io.BytesIO(),
        "wsgi.errors": io.StringIO(), "wsgi.version": (1, 0), "wsgi.multithread": True, "wsgi.multiprocess": False,
        "wsgi.run_once": False, **more,
    }  # fmt: skip


def test_applications_below_a_dispatcher_are_told_apart() -> None:
    registry = Registry()
    app = WSGIMiddleware(DispatcherMiddleware(flask_app(), {"/a": flask_app(), "/b": flask_app()}), registry)
    with wsgi_server(app) as url:
        ask(url, "GET /items/1", "GET /a/items/1", "GET /a/items/2", "GET /b/items/1", "GET /b/nowhere")
    assert statuses_of(registry) == {
        "GET /items/<int:number>": {"200": 1},
        "GET /a/items/<int:number>": {"200": 2},
        "GET /b/items/<int:number>": {"200": 1},
        "GET (unmatched)": {"404": 1},
    }


@pytest.mark.parametrize("way", ["around", "hidden"])
def test_django(way: str) -> None:
    django_site.set_up()
    from django.core.wsgi import get_wsgi_application

    handler, registry = get_wsgi_application(), Registry()
    inner = handler if way == "around" else lambda *given: handler(*given)
    with wsgi_server(WSGIMiddleware(inner, registry)) as url:
        ask(url, "GET /items/1/", "GET /items/0/", "GET /items/13/", "GET /shop/items/5", "GET /later/a-b")
        ask(url, "GET /shop/years/1999/", "GET /nowhere", "BREW /items/1/", "GET /stream", "GET /file")
        size = len(httpx.get(url + "/file", trust_env=False).content)
    assert statuses_of(registry) == {
        "GET /items/<int:pk>/": {"200": 1, "404": 1, "500": 1},
        "GET /shop/items/<int:pk>": {"200": 1},
        "GET /later/<slug:slug>": {"200": 1},
        "GET /shop/years/(?P<year>[0-9]{4})/": {"200": 1},
        "GET /stream": {"200": 1},
        "GET /file": {"200": 2},
        "(other) /items/<int:pk>/": {"200": 1},
        "GET (unmatched)": {"404": 1},
    }
    assert endpoint_of(registry, "GET /items/<int:pk>/").exceptions == {"LookupError": 1}
    stream, file = endpoint_of(registry, "GET /stream"), endpoint_of(registry, "GET /file")
    assert (stream.streams, stream.response_bytes) == (1, 11)
    assert size == len(Path(django_site.FILE).read_bytes())
    assert file.response_bytes == 2 * size
    assert_no_faults(registry)


def test_sizes_and_streams_of_flask() -> None:
    registry = Registry()
    with wsgi_server(WSGIMiddleware(flask_app(), registry)) as url:
        assert httpx.post(url + "/echo", content=b"x" * 5000, trust_env=False).content == b"x" * 5000
        assert httpx.get(url + "/stream", trust_env=False).content == b"onetwothree"
    echo, stream = endpoint_of(registry, "POST /echo"), endpoint_of(registry, "GET /stream")
    assert (echo.request_bytes, echo.response_bytes, echo.streams) == (5000, 5000, 0)
    assert (stream.request_bytes, stream.response_bytes, stream.streams) == (0, 11, 1)
    assert stream.first_byte is not None
    assert stream.first_byte.count == 1


def answering(body: Iterable[bytes], *headers: tuple[str, str]) -> Any:
    def app(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        start_response("200 OK", list(headers))
        return body

    return app


class Closing:
    """An answer that knows whether it was closed."""

    def __init__(self, *parts: bytes) -> None:
        self.parts, self.closed = iter(parts), 0

    def __iter__(self) -> Iterator[bytes]:
        return self.parts

    def close(self) -> None:
        self.closed += 1


def run(app: Any, taken: int | None = None, **more: Any) -> list[bytes]:
    """As a server does: take parts, all or some, and close."""
    body = app(environ("/x", **more), lambda *_: None)
    try:
        return list(islice(body, taken))
    finally:
        body.close()


@pytest.mark.parametrize(
    ("headers", "method", "status"),
    [
        ((), "GET", 499),
        ((("Content-Length", "3"),), "GET", 200),
        ((("Content-Length", "6"),), "GET", 499),
        ((), "HEAD", 200),
    ],
)
def test_a_client_that_leaves(headers: Any, method: str, status: int) -> None:
    """A server closes before the end when the client is gone; or when all was sent that was announced."""
    registry, body = Registry(), Closing(b"one", b"two")
    run(WSGIMiddleware(answering(body, *headers), registry), 1, REQUEST_METHOD=method)
    assert body.closed == 1
    assert statuses_of(registry) == {f"{method} (unmatched)": {str(status): 1}}
    assert_no_faults(registry)


def test_a_list_stays_sized_and_anything_else_does_not() -> None:
    registry = Registry()
    assert len(WSGIMiddleware(answering([b"one"]), registry)(environ("/"), lambda *_: None)) == 1  # type: ignore[arg-type]
    unsized = WSGIMiddleware(answering(iter([b"one"])), registry)(environ("/"), lambda *_: None)
    assert not hasattr(unsized, "__len__")
    assert unsized


def test_a_file_stays_what_the_server_knows() -> None:
    registry, file = Registry(), io.BytesIO(b"content")
    app = WSGIMiddleware(answering(FileWrapper(file), ("Content-Length", "7")), registry)
    body = app(environ("/", **{"wsgi.file_wrapper": FileWrapper}), lambda *_: None)
    assert isinstance(body, FileWrapper)
    assert list(body) == [b"content"]
    body.close()
    assert file.closed
    assert statuses_of(registry) == {"GET (unmatched)": {"200": 1}}
    assert endpoint_of(registry, "GET (unmatched)").response_bytes == 7
    assert_no_faults(registry)


class Odd(BaseException):
    """Not even an `Exception`."""


def raising_late() -> Iterator[bytes]:
    yield b"one"
    raise Odd


@pytest.mark.parametrize("when", ["at once", "after the start", "in the body", "while closing"])
def test_what_is_raised_passes_unchanged(when: str) -> None:
    registry, raised = Registry(), Odd("the very object")

    def app(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        if when == "at once":
            raise raised
        start_response("200 OK", [])
        if when == "after the start":
            raise raised
        body = Closing(b"one")
        if when == "in the body":
            body.parts = (fail() for _ in range(1))
        else:
            body.close = fail  # type: ignore[assignment]
        return body

    def fail() -> bytes:
        raise raised

    with pytest.raises(Odd) as caught:
        run(WSGIMiddleware(app, registry))
    assert caught.value is raised
    found = endpoint_of(registry, "GET (unmatched)")
    assert (found.status, found.exceptions) == ({"500": 1}, {"Odd": 1})
    assert_no_faults(registry)


@pytest.mark.parametrize("status", ["", "200", "what", 200, None, "9999 X"])
def test_wrong_answers_pass_unchanged(status: Any) -> None:
    registry, seen = Registry(), list[Any]()

    def app(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        start_response(status, None)
        return ["text"]  # type: ignore[list-item]

    body: Any = WSGIMiddleware(app, registry)(environ("/"), lambda *given: seen.append(given))
    assert list(body) == ["text"]
    body.close()
    assert seen == [(status, None)]
    assert len(statuses_of(registry)) == 1


def test_no_request_is_lost_between_threads() -> None:
    registry, gate = Registry(), threading.Barrier(8)
    app = WSGIMiddleware(flask_app(), registry)

    def client(first: int) -> None:
        gate.wait()
        for number in range(first, first + 250):
            body: Any = app(environ(f"/items/{number % 20}", HTTP_HOST="x"), lambda *_: None)
            for _ in body:
                pass
            body.close()

    threads = [threading.Thread(target=client, args=(at,)) for at in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    asked = [number % 20 for first in range(8) for number in range(first, first + 250)]
    expected = {"200": sum(one not in (0, 13) for one in asked), "404": asked.count(0), "500": asked.count(13)}
    assert statuses_of(registry) == {"GET /items/<int:number>": expected}
    assert endpoint_of(registry, "GET /items/<int:number>").exceptions == {"LookupError": expected["500"]}
    assert_no_faults(registry)


def test_an_answer_that_nobody_closes_ends_with_its_object() -> None:
    registry = Registry()
    for _ in range(3):
        WSGIMiddleware(answering(iter([b"one"])), registry)(environ("/"), lambda *_: None)
    assert statuses_of(registry) == {"GET (unmatched)": {"499": 3}}
    assert_no_faults(registry)


def test_an_error_s_own_start_is_passed_on_with_its_cause() -> None:
    registry, seen = Registry(), list[Any]()

    def app(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        start_response("200 OK", [])
        start_response("503 Sorry", [("A", "b")], ("type", "value", "traceback"))
        return []

    list(WSGIMiddleware(app, registry)(environ("/"), lambda *given: seen.append(given)))
    assert seen == [("200 OK", []), ("503 Sorry", [("A", "b")], ("type", "value", "traceback"))]
    assert statuses_of(registry) == {"GET (unmatched)": {"503": 1}}
