"""A Flask application that several workers serve, measured by the library: `gunicorn helpers.counted_wsgi:app`."""

import time

from flask import Flask
from werkzeug.middleware.dispatcher import DispatcherMiddleware

from perftui.instrument import Registry, WSGIMiddleware, metrics_wsgi_app

TOKEN = "a token of the tests"
registry = Registry("counted")
flask = Flask(__name__)


@flask.get("/items/<int:number>")
def item(number: int) -> tuple[dict[str, int], int]:
    time.sleep(0.002)
    return {"number": number}, 404 if number % 10 == 0 else 200


measured = WSGIMiddleware(flask, registry)
app = DispatcherMiddleware(measured, {"/internal": metrics_wsgi_app(registry, token=TOKEN)})
