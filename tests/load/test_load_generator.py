"""The load on a real server. What is asserted are counts, and bounds that no slow machine can break."""

import signal
import threading

import pytest
from helpers.loaded_site import STALLED, Site
from helpers.serving import asgi_server

from perftui.load.comparing import compare_endpoints, results_of
from perftui.load.figures import figures_of
from perftui.load.generator import generate
from perftui.load.plan import Plan
from perftui.load.records import LoadRun
from perftui.load.request import Request
from perftui.model.secret import Secret


def loaded(*urls: str, watch: object = None, **plan: float) -> LoadRun:
    requests = [Request(f"GET {url}", Secret(url), base=0 if number else None) for number, url in enumerate(urls)]
    return generate(requests, Plan(**{"warmup_s": 0, "timeout_s": 60, **plan}), watch)  # type: ignore[arg-type]


def test_every_request_of_the_schedule_is_sent_and_never_before_it_is_due() -> None:
    site = Site()
    with asgi_server(site.app) as url:
        run = loaded(f"{url}/plain", rate_per_s=100, duration_s=1, warmup_s=0.5)
    assert site.count("/plain") == 150
    assert sorted(one.due.at_s for one in run.records) == [number / 100 for number in range(50, 150)]
    assert all(one.sent_s >= one.due.at_s - 1e-6 for one in run.records)
    (load,) = figures_of(run)
    assert (load.due, load.sent, load.good, load.failed, load.statuses) == (100, 100, 100, 0, {"200": 100})
    assert load.sizes is not None
    assert (load.sizes.min_bytes, load.sizes.total_bytes) == (100, 10_000)
    assert sum(part.failed for part in load.timeline) == 0
    assert len(load.timeline) == 4


@pytest.mark.parametrize("concurrency", [3, 100])
def test_a_stall_is_in_the_latency_of_all_that_were_due_in_it(concurrency: int) -> None:
    """The server holds still for a second in which fifty requests are due: half of them wait for half of it or longer.

    A tool that waits for answers before it sends would have seen it in as many requests as it has connections.
    """
    with asgi_server(Site(stall_s=1.0).app) as url:
        run = loaded(f"{url}/stall", rate_per_s=50, duration_s=2, concurrency=concurrency)
    slow = [one for one in run.records if one.latency_s >= 0.5]
    assert len(slow) >= 24
    (load,) = figures_of(run)
    assert load.due == load.good == 100 > STALLED
    assert load.latency is not None
    assert load.latency.p75_s >= 0.5 if len(slow) >= 26 else load.latency.p90_s >= 0.5
    assert load.latency.p99_s >= 0.94
    if concurrency == 3:
        assert load.late >= 24
        assert len([one for one in run.records if one.service_s >= 0.5]) < len(slow) / 2


def test_what_could_not_be_sent_is_counted_with_the_time_it_waited() -> None:
    with asgi_server((site := Site()).app) as url:
        run = loaded(f"{url}/slow", rate_per_s=10, duration_s=2, concurrency=2, timeout_s=1.2)
    (load,) = figures_of(run)
    assert load.due == 20 == load.failures["timeout"] + load.unsent
    assert load.unsent >= 10
    assert site.count("/slow") == load.sent  # a line is of use again after a request on it was given up
    assert load.good == 0
    assert load.latency is not None
    assert (load.latency.n, load.failed, load.sizes) == (20, 20, None)
    assert load.latency.min_s >= 1.2
    assert load.latency.max_s > load.service.max_s if load.service else False


def test_failed_answers_flatter_no_figure() -> None:
    with asgi_server(Site().app) as url:
        run = loaded(f"{url}/every-third", rate_per_s=60, duration_s=1)
    (load,) = figures_of(run)
    assert load.statuses == {"200": 40, "503": 20}
    assert (load.good, load.failed) == (40, 20)
    assert load.latency is not None
    assert load.latency.n == 40
    assert sum(part.failed for part in load.timeline) == 20


def test_endpoints_in_turns_are_compared() -> None:
    with asgi_server(Site().app) as url:
        # So much slower that no noise of a busy machine comes near it.
        run = loaded(f"{url}/cached?fresh=0.5", f"{url}/cached", rate_per_s=40, duration_s=4)
    base, new = results_of(run)
    assert base.together == new.together is not None
    assert [len(base.blocks), len(new.blocks), len(base.samples)] == [16, 16, 160]
    assert min(base.samples) >= 0.5
    (found,) = compare_endpoints(run)
    assert found.latency is not None
    assert found.p95 is not None
    assert (found.latency.verdict, found.latency.in_turns) == ("faster", True)
    assert found.latency.high is not None
    assert found.latency.high < 1


def test_the_first_interrupt_ends_it_with_what_was_measured() -> None:
    told: list[float] = []

    def watch(run: LoadRun, now_s: float) -> None:
        if len(run.records) >= 20 and not told:
            told.append(now_s)
            signal.raise_signal(signal.SIGINT)

    with asgi_server(Site().app) as url:
        run = loaded(f"{url}/plain", f"{url}/slow", watch=watch, rate_per_s=40, duration_s=60)
    loads = figures_of(run)
    assert run.stopped
    assert run.ended_s < 60
    assert loads[0].good == loads[0].due - loads[0].unfinished >= 10
    assert loads[1].unfinished >= 1
    assert loads[1].due == loads[1].unfinished
    assert loads[1].latency is None
    assert [one.name for one in results_of(run)] == [run.requests[0].name]
    assert compare_endpoints(run)[0].why_not


def test_it_runs_in_another_thread_too() -> None:
    runs: list[LoadRun] = []
    with asgi_server(Site().app) as url:
        thread = threading.Thread(target=lambda: runs.append(loaded(f"{url}/plain", rate_per_s=50, duration_s=0.5)))
        thread.start()
        thread.join(60)
    assert len(runs[0].records) == 25


def test_few_connections_are_open_where_few_are_needed() -> None:
    site = Site()
    with asgi_server(site.app) as url:
        loaded(f"{url}/plain", rate_per_s=4, duration_s=5, concurrency=50)
    assert len(site.clients) < 20
