"""Lines of verdicts and budgets: one incident from raised to recovered."""

from collections.abc import Iterator

from helpers.snapshots import START
from msgspec.structs import replace

from perftui.model.application import ApplicationMetrics, EndpointStats
from perftui.model.metrics import BudgetDocument
from perftui.model.snapshot import Snapshot, TargetState
from perftui.model.target import Target
from perftui.model.verdict import Evidence, Problem, Verdict
from perftui.model.watch import WatchLine
from perftui.watching.alerts import Alerts

WEB = Target(id="http://web", kind="application", name="web", address="http://web")
LIMIT = BudgetDocument(expr="p(95)<500ms", value=0.2, limit=0.5, state="ok", budget="GET /a")
OVER = replace(LIMIT, value=0.9, state="over")


def at_second(second: int, *limits: BudgetDocument, verdict: Verdict | None = None) -> Snapshot:
    endpoint = EndpointStats(method="GET", route="/a", limits=limits)
    metrics = ApplicationMetrics(format="perftui", endpoints=(endpoint,) if limits else ())
    state = TargetState(target=WEB, application=metrics)
    now = START + second
    seen = replace(verdict, at=now) if verdict is not None else None
    return Snapshot(sequence=second, taken_at=now, interval_s=1.0, window_s=300.0, targets=(state,), verdict=seen)


def told(alerts: Alerts, snapshots: Iterator[Snapshot]) -> list[WatchLine]:
    return [line for snapshot in snapshots for line in alerts.take(snapshot)]


def test_a_budget_is_told_over_once_and_within_once_it_lasts() -> None:
    alerts = Alerts(30.0)
    assert told(alerts, (at_second(one, LIMIT) for one in range(10))) == []
    (raised,) = told(alerts, (at_second(one, OVER) for one in range(10, 60)))
    assert (raised.kind, raised.change, raised.severity) == ("budget", "raised", "critical")
    assert "web: GET /a is over its budget: p(95)<500ms: 900 ms, over" in raised.message
    assert raised.budget is not None
    assert raised.budget.standing.value == 0.9
    assert told(alerts, (at_second(one, OVER if one % 20 == 0 else LIMIT) for one in range(60, 200))) == []
    (recovered,) = told(alerts, (at_second(one, LIMIT) for one in range(200, 260)))
    assert (recovered.change, recovered.severity) == ("recovered", "recovered")
    assert recovered.incident == raised.incident
    (again,) = told(alerts, (at_second(one, OVER) for one in range(260, 270)))
    assert again.incident != raised.incident


def test_an_endpoint_that_is_gone_is_not_over_for_ever() -> None:
    alerts = Alerts(30.0)
    (raised,) = told(alerts, (at_second(one, OVER) for one in range(10)))
    assert told(alerts, (at_second(one) for one in range(10, 800))) == []
    (gone,) = told(alerts, (at_second(one) for one in range(800, 1200)))
    assert gone.incident == raised.incident
    assert "not seen any more" in gone.message


def test_a_limit_that_nothing_can_be_said_of_stays_as_it_is() -> None:
    alerts = Alerts(30.0)
    told(alerts, (at_second(one, OVER) for one in range(10)))
    unknown = replace(LIMIT, value=None, state="unknown")
    assert told(alerts, (at_second(one, unknown) for one in range(10, 2000))) == []


def test_a_verdict_s_lines_share_an_incident_and_say_how_long_it_was() -> None:
    alerts = Alerts(30.0)
    problem = Problem(code="missing-index", severity="critical", target_id="mongodb://db", what="scans",
                      since=START + 10, evidence=Evidence(page="Queries"))  # fmt: skip
    well = Verdict(status="healthy", at=0.0, since=0.0, message="healthy: looked at MongoDB.")
    ill = Verdict(status="problem", at=0.0, since=0.0, problem=problem, message="critical: scans.")
    lines = told(alerts, (at_second(one, verdict=ill if 10 <= one < 100 else well) for one in range(150)))
    first, raised, recovered = lines
    assert (first.change, first.incident, first.severity) == ("first", None, "info")
    assert (raised.severity, raised.message) == ("critical", "critical: scans.")
    assert recovered.incident == raised.incident
    assert recovered.message == "recovered: scans: over after 2 min. Now healthy: looked at MongoDB."
    assert len({line.id for line in lines}) == 3
