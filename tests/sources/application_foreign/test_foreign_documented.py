"""Exporters that cannot run here, by pages written from their documentation: unverified against running ones."""

from pathlib import Path

import pytest

from perftui.model.application import ApplicationMetrics, EndpointStats
from perftui.sources.application.prometheus import PrometheusReader

PAGES = Path(__file__).parent / "pages"
ROUTES = {
    "aspnet_core": "items/{id?}",
    "micrometer": "/items/{id}",
    "express_prom_bundle": "/items/#val",
    "go_promhttp": "items",
}


def read(text: str) -> tuple[ApplicationMetrics, tuple[str, ...]]:
    return PrometheusReader(300.0, "http://shop").read(text.encode())


def page(name: str) -> str:
    return (PAGES / f"{name}.txt").read_text("utf-8")


def endpoint(metrics: ApplicationMetrics, route: str) -> EndpointStats:
    (found,) = [one for one in metrics.endpoints if (one.method, one.route) == ("GET", route)]
    return found


@pytest.mark.parametrize("name", ROUTES)
def test_counts_errors_units_and_routes(name: str) -> None:
    metrics, _ = read(page(name))
    items = endpoint(metrics, ROUTES[name])
    assert items.requests == 100
    assert items.latency_ms.average == pytest.approx(50)
    assert (items.server_error_rate, items.client_error_rate) == (0.1, 0)
    assert len(metrics.endpoints) <= 2
    if name in ("aspnet_core", "micrometer"):
        lost = endpoint(metrics, "(unmatched)")
        assert (lost.requests, lost.client_error_rate) == (20, 1)
        assert metrics.requests == 120
    else:
        assert metrics.requests == 100


@pytest.mark.parametrize("name", set(ROUTES) - {"micrometer"})
def test_percentiles_with_their_buckets(name: str) -> None:
    metrics, notes = read(page(name))
    items = endpoint(metrics, ROUTES[name])
    assert items.latency_ms.p50 == pytest.approx(50)
    assert items.latency_ms.p95 == pytest.approx(95)
    assert items.p95_bounds is not None
    assert (items.p95_bounds.low, items.p95_bounds.high) == (50, 100)
    assert notes == ()


def test_without_buckets_there_are_averages_only_and_that_is_said() -> None:
    metrics, notes = read(page("micrometer"))
    assert endpoint(metrics, "/items/{id}").latency_ms.p95 is None
    assert metrics.latency_ms.p95 is None
    assert any("no buckets" in note for note in notes)
    assert (metrics.process.uptime_s, metrics.process.cpu_share) == (120.5, 0.25)


def test_scrapes_of_the_metrics_are_no_requests_of_the_application() -> None:
    text = "".join(line + "\n" for line in page("go_promhttp").splitlines() if line.startswith("promhttp_"))
    metrics, notes = read(text)
    assert metrics.endpoints == ()
    assert not metrics.requests
    assert metrics.active is None
    assert any("no request durations" in note for note in notes)


def test_what_dotnet_says_of_itself() -> None:
    metrics, _ = read(page("aspnet_core"))
    assert (metrics.service, metrics.active) == ("shop", 2)


def test_milliseconds_are_told_by_the_name_and_counters_may_know_more_routes_than_durations() -> None:
    metrics, _ = read(
        'http_server_requests_duration_ms_bucket{path="/a",le="5"} 1\n'
        'http_server_requests_duration_ms_bucket{path="/a",le="+Inf"} 1\n'
        'http_server_requests_duration_ms_sum{path="/a"} 4\n'
        'http_server_requests_duration_ms_count{path="/a"} 1\n'
    )
    assert metrics.endpoints[0].latency_ms.average == 4
    metrics, _ = read(
        "http_request_duration_seconds_sum 8\nhttp_request_duration_seconds_count 4\n"
        'http_requests_total{route="/a",method="get",code="200"} 3\n'
        'http_requests_total{route="/b",method="get",code="503"} 1\n'
    )
    assert {one.route: (one.requests, one.server_error_rate) for one in metrics.endpoints} == {
        "/a": (3, 0),
        "/b": (1, 1),
    }
    assert metrics.latency_ms.average == 2000
    assert metrics.server_error_rate == 0.25


def test_counters_without_routes_make_no_endpoint_beside_durations_that_have_them() -> None:
    metrics, _ = read(
        'flask_http_request_duration_seconds_count{method="GET",status="200",url_rule="/a"} 3\n'
        'flask_http_request_duration_seconds_sum{method="GET",status="200",url_rule="/a"} 3\n'
        'flask_http_request_duration_seconds_count{method="GET",status="404",url_rule="None"} 2\n'
        'flask_http_request_duration_seconds_sum{method="GET",status="404",url_rule="None"} 2\n'
        'flask_http_request_total{method="GET",status="200"} 3\n'
        'flask_http_request_total{method="GET",status="404"} 2\n'
        'flask_http_request_total{method="POST",status="405"} 7\n'
    )
    assert {(one.method, one.route, one.requests) for one in metrics.endpoints} == {
        ("GET", "/a", 3),
        ("GET", "(unmatched)", 2),
    }
    assert metrics.requests == 5


def test_a_status_in_words_is_unknown_and_a_missing_one_among_others_is_an_error() -> None:
    metrics, _ = read(
        'grpc_request_duration_seconds_count{method="Get",code="OK"} 3\n'
        'grpc_request_duration_seconds_count{method="Get",code="UNAVAILABLE"} 1\n'
    )
    assert (metrics.requests, metrics.server_error_rate) == (4, None)
    metrics, _ = read(
        'http_server_request_duration_seconds_count{http_route="/a",http_response_status_code="200"} 3\n'
        'http_server_request_duration_seconds_count{http_route="/a",http_response_status_code=""} 1\n'
    )
    assert metrics.server_error_rate == 0.25


def test_clients_that_left_were_not_refused() -> None:
    """499 is a share of the 4xx, and no refusal."""
    reader = PrometheusReader(300.0, "http://shop")
    labels = 'method="GET",route="/a"'
    text = "".join(f'http_requests_total{{{labels},status="{status}"}} %d\n' for status in ("200", "404", "499"))
    reader.read((text % (10, 0, 0)).encode())
    metrics, _ = reader.read((text % (50, 20, 40)).encode())
    (found,) = metrics.endpoints
    assert found.recent is not None
    assert (found.recent.requests, found.recent.client_errors) == (100, 20)
    assert found.client_error_rate == pytest.approx(0.6)


def test_raw_paths_are_named_as_such() -> None:
    lines = [f'http_requests_total{{path="/items/{number}",status="200"}} 1\n' for number in range(30)]
    _, notes = read("".join(lines))
    assert any("paths, not routes" in note for note in notes)
    _, notes = read("".join(lines[:5]))
    assert not any("paths, not routes" in note for note in notes)


def test_caches_of_django_and_cashews() -> None:
    metrics, _ = read(
        'django_cache_get_total{backend="default"} 10\n'
        'django_cache_get_hits_total{backend="default"} 8\n'
        'django_cache_get_misses_total{backend="default"} 2\n'
        'cashews_get_operation_total{result="hit",backend_class="Memory",tag=""} 3\n'
        'cashews_get_operation_total{result="miss",backend_class="Memory",tag=""} 1\n'
    )
    assert {one.name: (one.hits, one.misses, one.hit_rate) for one in metrics.caches} == {
        "default": (8, 2, 0.8),
        "Memory": (3, 1, 0.75),
    }
