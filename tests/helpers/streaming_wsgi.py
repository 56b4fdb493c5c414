"""A Flask application with files and an endless stream, measured: `gunicorn helpers.streaming_wsgi:app`."""

from collections.abc import Iterator
from pathlib import Path

from flask import Flask, Response, request, send_file
from werkzeug.wsgi import wrap_file

from perftui.instrument import Registry, WSGIMiddleware

SERVICE = "streaming"
FILE = Path(__file__)
PART = b"x" * 65_536
registry = Registry(SERVICE)
flask = Flask(__name__)


@flask.get("/items/<int:number>")
def item(number: int) -> str:
    return str(number)


@flask.get("/file")
def file() -> Response:
    return send_file(FILE)


@flask.get("/wrapped")
def wrapped() -> Response:
    """What the server hands to the kernel."""
    body = wrap_file(request.environ, FILE.open("rb"))
    return Response(body, direct_passthrough=True, headers={"Content-Length": str(FILE.stat().st_size)})


@flask.get("/endless")
def endless() -> Iterator[bytes]:
    while True:
        yield PART


@flask.get("/breaks")
def breaks() -> Iterator[bytes]:
    yield PART
    raise LookupError("as asked")


app = WSGIMiddleware(flask, registry)
