"""Flask with prometheus-flask-exporter, in one process or, with `PROMETHEUS_MULTIPROC_DIR`, in many.

`GROUP_BY=path` has it name paths, `LATENCY_AS_SUMMARY=1` leave out the buckets.
"""

import os
import time

from flask import Flask, abort
from prometheus_flask_exporter import PrometheusMetrics
from prometheus_flask_exporter.multiprocess import GunicornInternalPrometheusMetrics

from helpers.foreign import ITEM_S, ODD, ORDER_S

app = Flask("shop")
group_by, histogram = os.environ.get("GROUP_BY", "url_rule"), "LATENCY_AS_SUMMARY" not in os.environ
if "PROMETHEUS_MULTIPROC_DIR" in os.environ:
    GunicornInternalPrometheusMetrics(app, group_by=group_by)
else:
    PrometheusMetrics(app, group_by=group_by, default_latency_as_histogram=histogram)


@app.get("/items/<item>")
def read_item(item: str) -> str:
    time.sleep(ITEM_S)
    if item == "gone":
        abort(404)
    if item == "bad":
        raise RuntimeError(item)
    return item


@app.post("/orders")
def create_order() -> tuple[str, int]:
    time.sleep(ORDER_S)
    return "created", 201


@app.get(f"/{ODD}/<name>")
def read_odd(name: str) -> str:
    return name
