"""Clearing a real application that embeds perftui.instrument."""

import threading
import time
from collections.abc import Iterator

import httpx
import pytest
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Mount, Route

from perftui.actions.base import Outcome
from perftui.actions.clear_application_metrics import ClearApplicationMetrics
from perftui.actions.journal import default_journal
from perftui.actions.runner import perform
from perftui.instrument import ASGIMiddleware, Registry, metrics_app
from perftui.model.application import ApplicationMetrics
from perftui.model.secret import Secret
from perftui.targets import connect_to

METRICS = ApplicationMetrics(format="perftui", clear_types=("api", "query", "cache", "all"))
TOKEN = {"Authorization": Secret("Bearer clear-token")}


def serve(token: str | None) -> Iterator[str]:
    registry = Registry()

    async def hello(_request: Request) -> PlainTextResponse:
        return PlainTextResponse("hello")

    app = Starlette(routes=[Route("/hello", hello), Mount("/", metrics_app(registry, token, older_paths=True))])
    app.add_middleware(ASGIMiddleware, registry=registry)
    server = uvicorn.Server(uvicorn.Config(app, host="127.0.0.1", port=0, log_level="error", lifespan="off"))
    thread = threading.Thread(target=server.run)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    server.should_exit = True
    thread.join()


@pytest.fixture
def application() -> Iterator[str]:
    yield from serve("clear-token")


@pytest.fixture
def closed_application() -> Iterator[str]:
    yield from serve(None)


def use(url: str, times: int = 20) -> None:
    with httpx.Client(base_url=url) as client:
        for _ in range(times):
            client.get("/hello").raise_for_status()


def requests_counted(url: str) -> int:
    count = httpx.get(f"{url}/perftui/v1/metrics?type=api").json()["api"]["requests"]
    assert isinstance(count, int)
    return count


async def clear(action: ClearApplicationMetrics) -> Outcome:
    command = action.describe().command
    return await perform(action, confirmed_command=command, read_only=False, journal=default_journal())


@pytest.mark.parametrize("document", ["perftui", "older"])
async def test_both_documents_are_cleared(application: str, document: str) -> None:
    use(application)
    metrics = METRICS if document == "perftui" else ApplicationMetrics(format="older")
    outcome = await clear(ClearApplicationMetrics(connect_to(application, headers=TOKEN), metrics, "api"))
    assert outcome == Outcome(state="done", message="The metrics of endpoints start again: 20 before, 0 now.")
    assert requests_counted(application) == 0


async def test_the_exact_request_is_shown(application: str) -> None:
    action = ClearApplicationMetrics(connect_to(application + "/perftui/v1/metrics"), METRICS)
    assert action.describe().command == f'POST {application}/perftui/v1/metrics:clear {{"type": "all"}}'
    assert action.choose("cache").describe().command.endswith('{"type": "cache"}')


async def test_another_kind_is_left_alone(application: str) -> None:
    use(application)
    outcome = await clear(ClearApplicationMetrics(connect_to(application, headers=TOKEN), METRICS, "query"))
    assert outcome.state == "done"
    assert requests_counted(application) == 20


async def test_a_wrong_token_clears_nothing(application: str) -> None:
    use(application)
    wrong = {"Authorization": Secret("Bearer wrong-token")}
    outcome = await clear(ClearApplicationMetrics(connect_to(application, headers=wrong), METRICS))
    assert outcome.state == "failed"
    assert "(401)" in outcome.message
    assert requests_counted(application) == 20
    assert "wrong-token" not in default_journal().path.read_text("utf-8")


async def test_an_application_without_a_token_says_that_clearing_is_off(closed_application: str) -> None:
    outcome = await clear(ClearApplicationMetrics(connect_to(closed_application), METRICS))
    assert outcome.state == "failed"
    assert "clearing is off" in outcome.message
