"""What was refused is asked again by itself: rarely, so that no log is filled and no account is locked."""

import itertools

import pytest
from helpers.scripted import Answer, ScriptedSource, Watch, build, host_source, target, watch
from helpers.virtual_time import run_virtual

from perftui.model.application import ApplicationMetrics
from perftui.model.mongodb import MongoServer
from perftui.model.sample import FailureKind

HOUR_S = 3600.0
SERVER = MongoServer(version="6.0.5", role="PRIMARY")
METRICS = ApplicationMetrics(format="openmetrics")


def run(seconds: float, *sources: ScriptedSource) -> Watch:
    return run_virtual(watch(build([host_source(), *sources], interval_s=2.0), seconds, keep=False))


def pauses(source: ScriptedSource, since: float) -> list[float]:
    moments = [at for at in source.started if at >= since]
    return [later - earlier for earlier, later in itertools.pairwise(moments)]


@pytest.mark.parametrize("kind", ["rights", "unsupported"])
def test_what_worked_is_asked_again_at_first_soon_then_each_minute(kind: FailureKind) -> None:
    source = ScriptedSource(
        target("application", "shop"),
        "application.metrics",
        lambda now: Answer(failure=kind) if now > 9 else Answer(METRICS),
    )
    run(600, source)
    waited = pauses(source, since=9.5)
    assert waited[0] <= 7
    assert [round(one, -1) for one in waited[:4]] == [10, 10, 20, 40]
    assert waited[-1] == pytest.approx(60, abs=2.1)
    assert source.reconnects == len(waited)


@pytest.mark.parametrize("kind", ["rights", "unsupported"])
def test_an_application_that_was_refused_for_a_moment_is_read_again(kind: FailureKind) -> None:
    source = ScriptedSource(
        target("application", "shop"),
        "application.metrics",
        lambda now: Answer(failure=kind) if 9 < now < 11 else Answer(METRICS),
    )
    seen = run(40, source)
    assert seen.last.targets[1].sources[0].failure is None
    assert max(pauses(source, since=17)) < 2.5


@pytest.mark.parametrize("kind", ["rights", "unsupported"])
def test_what_never_worked_is_asked_again_each_few_minutes(kind: FailureKind) -> None:
    granted_at = 1000.0
    source = ScriptedSource(
        target(), "mongodb.operations", lambda now: Answer(failure=kind) if now < granted_at else Answer(SERVER)
    )
    seen = run(1400, ScriptedSource(target(), "mongodb.server", lambda now: Answer(SERVER)), source)
    refused = [at for at in source.started if at < granted_at]
    assert 3 <= len(refused) <= 6
    assert seen.last.targets[1].sources[1].failure is None


def test_a_wrong_password_is_sent_rarely() -> None:
    sources = [
        ScriptedSource(target(), f"mongodb.{name}", lambda now: Answer(failure="login"))
        for name in ("server", "operations", "queries")
    ]
    run(HOUR_S, *sources)
    sent = [at for source in sources for at in source.started if at > 1]
    assert len(sent) <= HOUR_S / 60 + 5
    assert max(pauses(sources[0], since=0)) <= 62


def test_the_key_sends_a_password_at_once_and_a_right_one_ends_the_waiting() -> None:
    source = ScriptedSource(
        target(), "mongodb.server", lambda now: Answer(failure="login") if now < 500 else Answer(SERVER)
    )
    watched = build([host_source(), source])
    run_virtual(watch(watched, 540, {505.2: watched.monitor.refresh}))
    assert any(at == pytest.approx(505.2, abs=0.1) for at in source.started)
    assert max(pauses(source, since=506)) < 1.5
