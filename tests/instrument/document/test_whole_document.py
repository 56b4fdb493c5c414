"""Real documents of applications that use everything: they fit the schema, keep secrets, and add up workers."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import jsonschema
import pytest
from helpers.waiting import wait_until
from prometheus_client.openmetrics.parser import text_string_to_metric_families
from pymongo import MongoClient
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Mount, Route

from perftui.instrument import (
    ASGIMiddleware,
    Budget,
    CacheMonitor,
    MongoMonitor,
    Registry,
    build_document,
    metrics_app,
    openmetrics,
    prometheus_text,
    report,
)
from perftui.instrument.endpoints.kinds import ENDPOINT
from perftui.model.schemas import published, schema
from perftui.servers import MongodProcess

TOKEN = "TOKEN-SECRET"
SECRETS = ("VALUE-SECRET", "KEY-SECRET", "TOKEN-SECRET", "PATH-SECRET", "QUERY-SECRET", "COOKIE-SECRET", "203.0.113.77",
           "2001:db8", "MESSAGE-SECRET")  # fmt: skip


class Used:
    """An application that was used, and its own view of itself."""

    def __init__(self, registry: Registry, served: dict[str, Any], schema_served: dict[str, Any]) -> None:
        self.registry, self.served, self.schema_served = registry, served, schema_served


@pytest.fixture
async def used(mongod: MongodProcess) -> Used:
    budgets = [
        Budget("GET /items/*", "p(95)<5s", "error_rate<1%"),
        Budget("*", "p(95)<5s", on="query"),
        Budget("*", "hit_rate>10%", on="cache"),
    ]
    registry = Registry("shop", "1.0", "web-1", budgets=budgets, slow_ms=0.0)
    cache = CacheMonitor("pages", registry, show_keys=True)

    async def item(request: Request) -> Response:
        if request.path_params["id"] == "crash":
            raise RuntimeError("MESSAGE-SECRET")
        cache.miss(f"user:KEY-SECRET{request.path_params['id']}:x", 0.001)
        cache.set(0.001)
        return PlainTextResponse("x")

    routes = [Route("/items/{id}", item), Mount("/internal", metrics_app(registry, TOKEN))]
    app = ASGIMiddleware(Starlette(routes=routes), registry, slow_ms=0.0)
    with MongoClient[dict[str, Any]](mongod.uri, event_listeners=[MongoMonitor(registry)]) as client:
        things = client["whole_document"]["things"]
        things.insert_many({"kind": "VALUE-SECRET", "n": number} for number in range(200))
        list(things.find({"kind": "VALUE-SECRET", "n": {"$in": [1, 2]}}, batch_size=50))
        list(things.aggregate([{"$match": {"kind": "VALUE-SECRET"}}, {"$group": {"_id": "$kind"}}]))
        client.drop_database("whole_document")
    transport = httpx.ASGITransport(app, raise_app_exceptions=False, client=("203.0.113.77", 1))
    async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as visitor:
        headers = {"Cookie": "id=COOKIE-SECRET", "X-Forwarded-For": "2001:db8::7", "User-Agent": "QUERY-SECRET"}
        for path in ("/items/PATH-SECRET?q=QUERY-SECRET", "/items/crash", "/PATH-SECRET"):
            await visitor.get(path, headers=headers)
        bears = {"Authorization": f"Bearer {TOKEN}"}
        served = (await visitor.get("/internal/perftui/v1/metrics", headers=bears)).json()
        schema_served = (await visitor.get("/internal/perftui/v1/metrics/schema", headers=bears)).json()
    return Used(registry, served, schema_served)


async def test_what_is_served_fits_the_schema_that_is_served(used: Used) -> None:
    assert used.schema_served == json.loads(published("metrics-1")) == schema("metrics-1")
    jsonschema.Draft202012Validator.check_schema(used.schema_served)
    jsonschema.validate(used.served, used.schema_served)
    assert used.served["service"] == {"name": "shop", "version": "1.0", "instance": "web-1"}
    assert [worker["pid"] for worker in used.served["workers"]] == [os.getpid()]
    assert used.served["api"]["requests"] == 3
    assert used.served["api"]["exceptions"] == {"RuntimeError": 1}
    assert used.served["query"]["count"] >= 3
    assert used.served["cache"]["pages"]["misses"] == 1
    assert used.served["system"]["rss_bytes"] > 1e6
    held = [one["budgets"] for one in used.served["api"]["endpoints"] if one["route"] == "/items/{id}"]
    assert [[budget["expr"] for budget in budgets] for budgets in held] == [["p(95)<5s", "error_rate<1%"]]
    assert used.served["cache"]["pages"]["budgets"][0]["expr"] == "hit_rate>10%"


async def test_no_secret_leaves_in_any_form(used: Used) -> None:
    forms = [
        json.dumps(used.served),
        build_document(used.registry).to_json().decode(),
        openmetrics(used.registry).decode(),
        prometheus_text(used.registry).decode(),
        report("text", used.registry, width=400),
        report("md", used.registry),
        report("json", used.registry),
    ]
    for form in forms:
        assert "pages" in form
        assert [secret for secret in SECRETS if secret in form] == []


WORKER = """
import sys, time
from perftui import CacheMonitor, Registry
from perftui.instrument.endpoints.kinds import ENDPOINT
registry = Registry("shop", shared=sys.argv[1])
for _ in range(100):
    registry.block(ENDPOINT, "GET", "/items", "200").record(time.monotonic(), 0.01)
CacheMonitor("pages", registry).hit("a")
registry.process.sample()
print("ready", flush=True)
sys.stdin.read()
"""


@pytest.fixture
def others(tmp_path: Path) -> Iterator[list[subprocess.Popen[str]]]:
    command = [sys.executable, "-c", WORKER, str(tmp_path / "shared")]
    workers = [subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) for _ in range(2)]
    try:
        for worker in workers:
            assert worker.stdout is not None
            assert worker.stdout.readline() == "ready\n"
        yield workers
    finally:
        for worker in workers:
            worker.kill()
            worker.communicate()


def counters(registry: Registry) -> dict[Any, float]:
    families = text_string_to_metric_families(openmetrics(registry).decode())  # type: ignore[no-untyped-call]
    return {
        (sample.name, *sorted(sample.labels.items())): sample.value
        for family in families
        for sample in family.samples
        if family.type in ("counter", "histogram") and not sample.name.endswith("_created")
    }


def test_workers_add_up_and_no_counter_falls_when_one_dies(tmp_path: Path, others: list[subprocess.Popen[str]]) -> None:
    registry = Registry("shop", shared=tmp_path / "shared")
    registry.block(ENDPOINT, "GET", "/items", "200").record(registry.started, 0.01)
    document = build_document(registry)
    assert document.complete is True
    assert {worker.pid for worker in document.workers} == {os.getpid(), *(worker.pid for worker in others)}
    assert document.api is not None
    assert document.api.requests == 201
    assert document.cache is not None
    assert document.cache["pages"].hits == 2
    alone = build_document(Registry("shop")).system
    assert document.system is not None
    assert alone is not None
    assert (document.system.rss_bytes or 0) > (alone.rss_bytes or 0)
    assert (document.system.threads or 0) > (alone.threads or 0)
    before = counters(registry)
    others[0].send_signal(signal.SIGKILL)
    others[0].wait()
    wait_until(lambda: len(build_document(registry).workers) == 2)
    after = counters(registry)
    assert len(before) > 20
    assert [key for key, value in before.items() if after.get(key, -1) < value] == []
    assert "2 workers" in report(registry=registry)


def test_a_process_that_is_not_alone_says_so() -> None:
    registry = Registry("shop", only_process=False)
    assert build_document(registry).complete is False
    assert "1 worker, others are missing" in report(registry=registry)
