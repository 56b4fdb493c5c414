"""The texts for Prometheus, read back by its own client library, whatever the names are."""

import itertools
import re
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from prometheus_client.openmetrics.parser import text_string_to_metric_families as read_openmetrics
from prometheus_client.parser import text_string_to_metric_families as read_classic

from perftui.instrument import CacheMonitor, Registry, openmetrics, prometheus_text
from perftui.instrument.document.exposition import Family, classic_text, openmetrics_text
from perftui.instrument.endpoints.kinds import CALL, ENDPOINT, EXCEPTION, WEBSOCKET

HOSTILE = [
    'a"b', "a\\", "a\nb", "\\n", '\\"', '"} 1\nevil 2', "# EOF", "a\r\nb", "\x1b[2J", "\u202eabc", "日本語", "e\u0301",
    "👩\u200d💻", "\x00", "\ud800", "{}", ",le=\"1\"", "x" * 10_000, "", " ", "\u2028", "\x85", "\ufeff",
]  # fmt: skip
NAMES = st.one_of(st.sampled_from(HOSTILE), st.text(max_size=40), st.text('"\\\n{},=# é\x00', max_size=12))
CONTROL = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2028\u2029\ud800-\udfff]")


def families_of(text: str, *, classic: bool = False) -> dict[str, Any]:
    families = list(read_classic(text) if classic else read_openmetrics(text))  # type: ignore[no-untyped-call]
    found = {family.name: family for family in families}
    assert len(found) == len(families)
    return found


@given(st.lists(st.tuples(NAMES, NAMES, st.integers(1, 5)), max_size=8))
@settings(deadline=None)
def test_any_names_are_read_back_as_they_were_written(named: list[tuple[str, str, int]]) -> None:
    counts, durations = (
        Family("things", "counter", "Things."),
        Family("waits_seconds", "histogram", "Waits.", "seconds"),
    )
    for first, second, number in named:
        counts.add(number, first=first, second=second)
        durations.add_durations({200: number}, 5.0 * number, first=first, second=second)
    whole = sum(number for _, _, number in named)
    for text, classic in (
        (openmetrics_text([counts, durations], 1.0).decode(), False),
        (classic_text([counts, durations]).decode(), True),
    ):
        assert CONTROL.search(text) is None
        families = families_of(text, classic=classic)
        assert set(families) == ({"things", "waits_seconds"} if named else set())
        if named:
            totals = {tuple(one.labels.values()): one.value for one in samples(families["things"], "things_total")}
            assert sum(totals.values()) == whole
            assert set(totals) == {tuple(dict(labels).values()) for labels in counts.numbers}
            counted = samples(families["waits_seconds"], "waits_seconds_count")
            assert {tuple(one.labels.values()): one.value for one in counted} == totals


def samples(family: Any, name: str) -> list[Any]:
    return [sample for sample in family.samples if sample.name == name]


@pytest.mark.parametrize("name", [name for name in HOSTILE if not CONTROL.search(name) and len(name) < 300])
def test_a_name_that_moves_no_cursor_stays_what_it_is(name: str) -> None:
    registry = Registry()
    CacheMonitor(name, registry).hit()
    family = families_of(openmetrics(registry).decode())["perftui_cache_hits"]
    assert family.samples[0].labels["cache"] == name.replace("\ufeff", "\ufffd")


@given(st.dictionaries(st.integers(0, 364), st.integers(1, 10**12), max_size=60))
@settings(deadline=None)
def test_buckets_are_cumulative(counts: dict[int, int]) -> None:
    family = Family("waits_seconds", "histogram", "Waits.", "seconds")
    family.add_durations(counts, 1.5)
    for text, classic in ((openmetrics_text([family], 1.0), False), (classic_text([family]), True)):
        found = families_of(text.decode(), classic=classic)["waits_seconds"]
        buckets = [(float(one.labels["le"]), one.value) for one in samples(found, "waits_seconds_bucket")]
        assert buckets == sorted(buckets)
        assert all(low <= high for (_, low), (_, high) in itertools.pairwise(buckets))
        assert buckets[-1] == (float("inf"), sum(counts.values()))
        assert samples(found, "waits_seconds_count")[0].value == sum(counts.values())


def full_registry() -> Registry:
    registry = Registry('sh"op', "1.0\n")
    now = registry.started
    for status, number in (("200", 5), ("404", 2), ("500", 1)):
        for at in range(number):
            registry.block(ENDPOINT, "GET", "/a/{id}", status).record(now, 0.001 * (at + 1))
    registry.block(ENDPOINT, "GET", "/a/{id}", "200").add(1, 4096)
    registry.block(CALL, "nightly").record(now, 2.0)
    registry.block(EXCEPTION, "GET", "/a/{id}", "KeyError").add(0)
    socket = registry.block(WEBSOCKET, "/ws")
    socket.record(now, 60.0)
    socket.add(1, 7)
    cache = CacheMonitor("pages", registry)
    cache.hit("a", 0.002)
    cache.miss("b", 0.004)
    return registry


def test_every_family_has_its_form_in_both_texts() -> None:
    registry = full_registry()
    new = families_of(openmetrics(registry).decode())
    old = families_of(prometheus_text(registry).decode(), classic=True)
    requests = new["http_server_request_duration_seconds"]
    assert (requests.type, requests.unit) == ("histogram", "seconds")
    by_status = {
        one.labels["http_response_status_code"]: one.value for one in requests.samples if one.name.endswith("_count")
    }
    assert by_status == {"200": 5, "404": 2, "500": 1}
    assert {one.labels["http_route"] for one in requests.samples} == {"/a/{id}"}
    assert samples(new["perftui_http_response_bytes"], "perftui_http_response_bytes_total")[0].value == 4096
    assert new["perftui_exceptions"].samples[0].labels["error_type"] == "KeyError"
    assert samples(new["perftui_call_duration_seconds"], "perftui_call_duration_seconds_sum")[0].value == 2
    assert new["target"].samples[0].labels == {"service_name": 'sh"op', "service_version": "1.0\n"}
    assert old["target_info"].type == "gauge"
    assert {family.type for name, family in old.items() if name in new} <= {"counter", "gauge", "histogram"}
    missing = set(new) - set(old) - {"target"}
    assert missing == set()
    assert b"_created" not in prometheus_text(registry)
    assert b"# UNIT" not in prometheus_text(registry)


def test_created_is_when_the_oldest_worker_began() -> None:
    registry = full_registry()
    for family in families_of(openmetrics(registry).decode()).values():
        for sample in family.samples:
            if sample.name.endswith("_created"):
                assert sample.value == pytest.approx(registry.started_at, abs=5)


def test_counters_do_not_fall_with_a_clear() -> None:
    registry = full_registry()

    def counters() -> dict[Any, float]:
        return {
            (sample.name, *sorted(sample.labels.items())): sample.value
            for family in families_of(openmetrics(registry).decode()).values()
            for sample in family.samples
            if family.type in ("counter", "histogram") and not sample.name.endswith("_created")
        }

    before = counters()
    registry.clear("all")
    after = counters()
    assert len(before) > 50
    assert all(after[key] >= value for key, value in before.items())


def test_only_the_sections_that_are_asked_for() -> None:
    names = set(families_of(openmetrics(full_registry(), ("cache",)).decode()))
    assert names >= {"target", "perftui_cache_hits"}
    assert not any(name.startswith(("http", "process")) for name in names)


def test_many_series_are_written_in_a_bounded_text() -> None:
    registry = Registry()
    for number in range(3_000):
        CacheMonitor(f"cache {number}", registry).hit()
    names = {one.labels["cache"] for one in families_of(openmetrics(registry).decode())["perftui_cache_hits"].samples}
    assert len(names) <= 101
