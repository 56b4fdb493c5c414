"""Changes of the verdict among the events: each once, damped, and not what an event has said before."""

import re

import pytest
from helpers.scripted import Answer, ScriptedSource, build, host_source, target, watch
from helpers.snapshots import START
from helpers.virtual_time import run_virtual
from msgspec.structs import replace

from perftui.model.event import Event
from perftui.model.redis import RedisPersistence, RedisServer
from perftui.model.settings import Thresholds
from perftui.model.snapshot import TargetState
from perftui.model.target import Target
from perftui.model.verdict import Evidence, Problem, Unseen, Verdict, VerdictStatus
from perftui.monitor.events import KEPT_EVENTS, Notices

DB = "mongodb://db"
TARGETS = (TargetState(target=Target(id=DB, kind="mongodb", name="db", address=DB)),)
SCAN = Problem(
    code="missing-index", severity="warning", target_id=DB, subject="shop.prompts", what="scans of shop.prompts",
    since=START, cost="80 % of a core", cause="no index on category", evidence=Evidence(page="Queries"),
)  # fmt: skip
CPU = replace(SCAN, code="cpu-saturated", target_id="host", subject="", what="the CPU is busy", cost="", cause="")


class Story:
    """Verdicts second by second; what they add to the events."""

    def __init__(self, *before: Event) -> None:
        self.notices, self.second = Notices(Thresholds()), 0
        for event in before:
            self.notices.tell(event)
        self.told = len(before)
        self.events: tuple[Event, ...] = ()
        self.since: dict[str, float] = {}

    def goes_on(self, seconds: int, *problems: Problem | None, **more: object) -> None:
        for place in range(seconds):
            self.second += 1
            now, problem = START + self.second, problems[place % len(problems)]
            status: VerdictStatus = "problem" if problem else "healthy"
            self.since = {status: self.since.get(status, now)}
            verdict = Verdict(status=status, at=now, since=self.since[status], problem=problem)
            self.events = self.notices.take_verdict(replace(verdict, **more), TARGETS)

    def words(self) -> list[tuple[str, str, str]]:
        return [(event.kind, event.severity, event.message) for event in self.events[self.told :]]


def test_a_problem_comes_and_goes() -> None:
    story = Story()
    story.goes_on(10, None)
    assert story.words() == []
    story.goes_on(20, SCAN)
    (raised,) = story.events
    assert (raised.target_id, raised.subject) == (DB, "missing-index")
    assert START + 11 <= raised.at <= START + 15
    story.goes_on(60, None)
    assert story.words() == [
        ("verdict.problem", "warning", "db: verdict: scans of shop.prompts; 80 % of a core; no index on category."),
        ("verdict.recovered", "recovered", "db: verdict: over after 31 s: scans of shop.prompts."),
    ]
    assert story.events[1].at >= START + 60


def test_another_takes_over_and_grows_worse() -> None:
    story = Story()
    story.goes_on(10, SCAN)
    story.goes_on(20, CPU)
    story.goes_on(20, replace(CPU, severity="critical"))
    assert story.words()[1:] == [
        ("verdict.changed", "warning", "host: verdict: now the CPU is busy; before it was scans of shop.prompts."),
        ("verdict.changed", "critical", "host: verdict: now critical: the CPU is busy."),
    ]


def test_what_flaps_is_told_once() -> None:
    story = Story()
    story.goes_on(5, None)
    story.goes_on(300, SCAN, SCAN, SCAN, SCAN, None, None)
    assert [kind for kind, _, _ in story.words()] == ["verdict.problem"]


def test_what_may_not_be_seen_is_told_by_its_rights_alone() -> None:
    story = Story()
    story.goes_on(60, None)
    story.goes_on(60, None, status="cannot tell", unseen=(Unseen(target_id=DB, what="slow queries"),))
    assert story.events == ()


@pytest.mark.parametrize(
    ("code", "kind", "subject"),
    [
        ("unreachable", "source.lost", "mongodb.server"),
        ("restarted", "server.restarted", None),
        ("disk-full", "threshold.crossed", "disk_share /"),
    ],
)
def test_what_an_event_said_is_not_said_again(code: str, kind: str, subject: str | None) -> None:
    problem = replace(SCAN, code=code)
    said = Event(at=START + 9, target_id=DB, kind=kind, severity="critical", message="db: so.", subject=subject)
    story = Story(said)
    story.goes_on(10, None)
    story.goes_on(20, replace(problem, since=START + 11))
    story.goes_on(60, None)
    assert story.words() == []
    others = (replace(said, target_id="host"), replace(said, at=START - 60), replace(said, kind="role.changed"))
    other = Story(*others)
    other.goes_on(20, replace(problem, since=START + 1))
    other.goes_on(60, None)
    assert [words[0] for words in other.words()] == ["verdict.problem", "verdict.recovered"]


def test_after_what_was_said_already_the_next_problem_is_told_to_its_end() -> None:
    story = Story(Event(at=START, target_id=DB, kind="source.lost", severity="critical", message="db: gone."))
    story.goes_on(20, replace(SCAN, code="unreachable"))
    story.goes_on(30, CPU)
    story.goes_on(60, None)
    assert [words[0] for words in story.words()] == ["verdict.changed", "verdict.recovered"]


def test_the_monitor_tells_it_beside_the_verdict() -> None:
    def info(now: float) -> Answer:
        return Answer(RedisServer(persistence=RedisPersistence(last_save_ok=not 20 < now < 60)))

    source = ScriptedSource(target("redis", "cache"), "redis.info", info)
    watched = build([host_source(), source])
    run_virtual(watch(watched, 120))
    raised, over = watched.last.events
    assert (raised.kind, raised.severity, over.kind, over.severity) == (
        "verdict.problem", "critical", "verdict.recovered", "recovered",
    )  # fmt: skip
    assert raised.message.startswith("cache: verdict: Redis cannot write to its disk; it refuses writes until a save")
    assert re.fullmatch(r"cache: verdict: over after [45]\d s: Redis cannot write to its disk\.", over.message)
    first = next(shot for _, shot in watched.shown if shot.events)
    assert first.verdict is not None
    assert first.verdict.problem is not None
    assert first.events[0].subject == first.verdict.problem.code == "redis-save-failed"


def test_the_events_stay_bounded_and_the_same_while_nothing_changes() -> None:
    story = Story(*(Event(at=START, target_id=DB, kind="x", severity="info", message=".") for _ in range(KEPT_EVENTS)))
    story.goes_on(10, SCAN)
    assert len(story.events) == KEPT_EVENTS
    assert story.events[-1].kind == "verdict.problem"
    before = story.events
    story.goes_on(10, SCAN)
    assert story.events is before
