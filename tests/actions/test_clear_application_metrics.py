"""Clearing an application's metrics over real HTTP, as the older system serves them."""

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from perftui.actions.base import Outcome
from perftui.actions.clear_application_metrics import ClearApplicationMetrics
from perftui.actions.journal import default_journal
from perftui.actions.runner import perform
from perftui.model.application import ApplicationMetrics
from perftui.model.secret import Secret
from perftui.targets import connect_to

OLDER = ApplicationMetrics(format="older", service="shop")


class OlderApplication(ThreadingHTTPServer):
    """Serves the older document; `clear_path` is where its clear is."""

    def __init__(self, clear_path: str, token: str | None = None) -> None:
        super().__init__(("127.0.0.1", 0), OlderHandler)
        self.clear_path = clear_path
        self.token = token
        self.works = True
        self.counts = {"api": 500, "query": 70, "cache": 30}
        self.posts: list[tuple[str, Any]] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"


class OlderHandler(BaseHTTPRequestHandler):
    server: OlderApplication

    def do_GET(self) -> None:
        counts = self.server.counts
        if self.path.partition("?")[0] != "/api/performance/metrics":
            return self.answer(404, {})
        document = {
            "api": {"totalRequests": counts["api"]},
            "query": {"totalQueries": counts["query"]},
            "cache": {"hits": counts["cache"], "misses": 0},
        }
        return self.answer(200, document)

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.server.posts.append((self.path, body))
        if self.path != self.server.clear_path:
            return self.answer(404, {})
        if self.server.token is not None and self.headers["Authorization"] != f"Bearer {self.server.token}":
            return self.answer(401, {})
        if self.server.works:
            kinds = self.server.counts if body["type"] == "all" else (body["type"],)
            self.server.counts |= dict.fromkeys(kinds, 0)
        return self.answer(200, {})

    def answer(self, status: int, document: object) -> None:
        body = json.dumps(document).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_arguments: object) -> None: ...


@pytest.fixture(params=["/api/performance/metrics/clear", "/api/performance/metrics"])
def application(request: pytest.FixtureRequest) -> Iterator[OlderApplication]:
    server = OlderApplication(request.param)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


async def clear(action: ClearApplicationMetrics) -> Outcome:
    command = action.describe().command
    return await perform(action, confirmed_command=command, read_only=False, journal=default_journal())


@pytest.mark.parametrize("path", ["", "/", "/api/performance/metrics"])
async def test_one_type_is_cleared_wherever_its_clear_is(application: OlderApplication, path: str) -> None:
    action = ClearApplicationMetrics(connect_to(application.url + path), OLDER, "query")
    assert action.describe().command == f'POST {application.url}/api/performance/metrics/clear {{"type": "query"}}'
    assert (await clear(action)).state == "done"
    assert application.counts == {"api": 500, "query": 0, "cache": 30}
    assert application.posts[-1] == (application.clear_path, {"type": "query"})


async def test_all_is_cleared_with_the_bearer_token(application: OlderApplication) -> None:
    application.token = "the-token"
    headers = {"Authorization": Secret("Bearer the-token")}
    outcome = await clear(ClearApplicationMetrics(connect_to(application.url, headers=headers), OLDER))
    assert (outcome.state, sum(application.counts.values())) == ("done", 0)
    assert outcome.message == "All metrics start again: 600 before, 0 now."
    assert "the-token" not in default_journal().path.read_text("utf-8")


async def test_without_the_token_it_says_what_is_missing(application: OlderApplication) -> None:
    application.token = "the-token"
    outcome = await clear(ClearApplicationMetrics(connect_to(application.url), OLDER))
    assert outcome.state == "failed"
    assert "token_env" in outcome.message
    assert application.counts["api"] == 500


async def test_an_answer_without_an_effect_is_not_called_done(application: OlderApplication) -> None:
    application.works = False
    outcome = await clear(ClearApplicationMetrics(connect_to(application.url), OLDER, "api"))
    assert outcome == Outcome(state="unverified", message="The application accepted it, but still counts 500.")


async def test_where_nothing_clears_it_is_told(application: OlderApplication) -> None:
    application.clear_path = "/nowhere"
    outcome = await clear(ClearApplicationMetrics(connect_to(application.url), OLDER))
    assert (outcome.state, len(application.posts)) == ("failed", 2)
    assert "does not offer clearing (404)" in outcome.message


async def test_prometheus_is_never_cleared() -> None:
    action = ClearApplicationMetrics(connect_to("http://127.0.0.1:1"), ApplicationMetrics(format="openmetrics"))
    outcome = await clear(action)
    assert outcome.state == "refused"
    assert "only grow" in outcome.message


async def test_a_dead_application_is_told() -> None:
    outcome = await clear(ClearApplicationMetrics(connect_to("http://127.0.0.1:1"), OLDER))
    assert outcome.state == "refused"
    assert "Nothing listens on 127.0.0.1:1" in outcome.message
