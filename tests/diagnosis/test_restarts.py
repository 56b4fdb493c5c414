"""What ends and starts anew again and again, and what is only deployed."""

import pytest
from helpers.incidents import APPLICATION, MONGODB, REDIS, START, Change, Story, Targets, set_figures, set_slot
from msgspec.structs import replace

from perftui.model.application import ApplicationProcess
from perftui.model.event import Event
from perftui.model.sample import Failure
from perftui.model.verdict import Verdict

REFUSED = Failure(kind="refused", message="Nothing listens there.", help="Check that it runs.")
TARGETS = {"application": APPLICATION, "mongodb": MONGODB, "redis": REDIS}


def codes(told: list[Verdict]) -> list[str]:
    return [one.problem.code if one.problem else one.status for one in told]


def living(uptime_s: float, targets: Targets, kind: str) -> None:
    if kind == "application":
        set_figures(targets, kind, kind, process=ApplicationProcess(uptime_s=uptime_s))
    else:
        set_figures(targets, kind, kind, uptime_s=uptime_s)


def crashing(kind: str, every_s: int = 8, down_s: int = 3) -> Change:
    """Down for some seconds, then up for some, again and again."""
    last: list[object] = [None]

    def change(targets: Targets, at: float, passed: int) -> None:
        second = passed % every_s
        living(max(second - down_s, 0) + 0.5, targets, kind)
        if second < down_s:
            failing = (replace(one, failure=REFUSED, failing_since=at - second) for one in targets[kind].sources)
            set_slot(targets, kind, sources=tuple(failing), **{kind: last[0]})
        else:
            last[:] = [getattr(targets[kind], kind)]

    return change


@pytest.mark.parametrize("kind", TARGETS)
def test_what_crashes_again_and_again_is_one_problem_also_while_it_is_up(kind: str) -> None:
    story = Story()
    story.play(40)
    told = story.play(120, crashing(kind))
    assert set(codes(told)[30:]) == {"restarts-again"}
    last = told[-1].problem
    assert last is not None
    assert (last.target_id, last.severity, last.since <= START + 53) == (TARGETS[kind].id, "critical", True)
    assert int(last.cost.split(" ")[0]) >= 14
    assert last.help.startswith("read its log")
    assert (last.command is None) == (kind == "application")


def test_who_comes_while_it_crashes_needs_no_more_than_three_starts() -> None:
    story = Story()
    told = story.play(30, crashing("application"))
    assert set(codes(told)[:19]) <= {"looking", "unreachable", "healthy"}
    assert set(codes(told)[19:]) == {"restarts-again"}


def test_it_is_over_once_it_stays_up() -> None:
    story = Story()
    story.play(40)
    story.play(64, crashing("application"))
    told = story.play(60, lambda targets, _at, passed: living(passed + 5.0, targets, "application"))
    assert codes(told)[0] == "restarts-again"
    assert set(codes(told)[45:]) == {"healthy"}


def test_what_changed_last_is_the_cause() -> None:
    story = Story()
    story.play(40)
    message = "web runs 1.3 now; it ran 1.2."
    story.events.append(
        Event(at=START + 44, target_id=APPLICATION.id, kind="version.changed", severity="info", message=message)
    )
    last = story.play(60, crashing("application"))[-1].problem
    assert last is not None
    assert (last.code, last.cause) == ("restarts-again", "web runs 1.3 now; it ran 1.2")
    assert "the version before" in last.help


def deployed_once(targets: Targets, _at: float, passed: int) -> None:
    living(passed + 0.5, targets, "application")


def deployed_just_before(targets: Targets, _at: float, passed: int) -> None:
    """And then twice more."""
    living((passed + 10) % 20 + 0.5 if passed < 40 else passed - 29.5, targets, "application")


def deployed_twice(targets: Targets, _at: float, passed: int) -> None:
    living(passed % 100 + 0.5, targets, "application")


def several_workers(targets: Targets, _at: float, passed: int) -> None:
    """Some are replaced after a number of requests; each answers in its turn."""
    uptimes = (9e5, passed % 20 + 0.2, passed % 30 + 0.2)
    living(uptimes[passed % 3], targets, "application")


@pytest.mark.parametrize("change", [deployed_once, deployed_twice, several_workers])
def test_deployments_and_workers_that_are_replaced_are_no_crashes(change: Change) -> None:
    story = Story()
    story.play(40)
    assert set(codes(story.play(150, change))) == {"healthy"}


def test_a_start_before_perftui_came_and_two_after_are_none() -> None:
    assert set(codes(Story().play(160, deployed_just_before))) == {"looking", "healthy"}


def test_a_day_of_releases_is_none() -> None:
    """Each brings another version."""
    story = Story()
    story.play(40)
    for release in range(5):
        at = START + story.second
        message = f"web runs 1.{release + 1} now; it ran 1.{release}."
        story.events.append(
            Event(at=at, target_id=APPLICATION.id, kind="version.changed", severity="info", message=message)
        )
        assert set(codes(story.play(45, deployed_once))) == {"healthy"}
