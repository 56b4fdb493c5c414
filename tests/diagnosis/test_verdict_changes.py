"""When a verdict is told: after it has stood, and over only after it has stayed away."""

from helpers.snapshots import START
from msgspec.structs import replace

from perftui.diagnosis.verdict_changes import VerdictChange, VerdictChanges
from perftui.model.verdict import Evidence, Problem, Unseen, Verdict

SCAN = Problem(
    code="missing-index", severity="warning", target_id="mongodb://db", subject="shop.prompts", what="scans",
    since=START, evidence=Evidence(page="Queries"),
)  # fmt: skip
CPU = replace(SCAN, code="cpu-saturated", target_id="host", subject="", what="busy")
CLEAR_S = 30.0


class Story:
    """Verdicts second by second, and what was told of them."""

    def __init__(self) -> None:
        self.changes = VerdictChanges(CLEAR_S)
        self.told: list[tuple[float, str, str]] = []
        self.second = 0

    def goes_on(self, seconds: int, *problems: Problem | None, **more: object) -> None:
        """The problems in turn, a second each; `None`: well."""
        for place in range(seconds):
            self.take(problems[place % len(problems)], **more)

    def take(self, problem: Problem | None, **more: object) -> VerdictChange | None:
        self.second += 1
        now = START + self.second
        verdict = Verdict(status="problem" if problem else "healthy", at=now, since=now, problem=problem)
        change = self.changes.take(replace(verdict, **more))
        if change is not None:
            found = change.verdict.problem
            self.told.append((self.second, change.change, found.code if found else change.verdict.status))
        return change

    def words(self) -> list[tuple[str, str]]:
        return [(change, what) for _, change, what in self.told]


def test_an_incident_is_one_raise_and_one_recovery() -> None:
    story = Story()
    story.goes_on(20, None)
    story.goes_on(60, SCAN)
    story.goes_on(60, None)
    assert story.words() == [("first", "healthy"), ("raised", "missing-index"), ("recovered", "healthy")]
    raised, recovered = story.told[1][0], story.told[2][0]
    assert 21 <= raised <= 24
    assert recovered - 81 >= CLEAR_S


def test_what_is_away_for_a_moment_is_not_over() -> None:
    story = Story()
    story.goes_on(5, None)
    for _ in range(20):
        story.goes_on(10, SCAN)
        story.goes_on(20, None)
    assert story.words() == [("first", "healthy"), ("raised", "missing-index")]


def test_a_moment_s_problem_is_not_told() -> None:
    story = Story()
    story.goes_on(200, None, None, None, SCAN)
    assert story.words() == [("first", "healthy")]


def test_two_problems_that_take_turns_are_told_and_do_not_flap() -> None:
    story = Story()
    story.goes_on(5, None)
    story.goes_on(300, SCAN, CPU)
    assert [change for change, _ in story.words()] == ["first", "raised"]


def test_another_culprit_that_stays_is_told() -> None:
    story = Story()
    story.goes_on(20, SCAN)
    story.goes_on(20, CPU)
    assert story.words() == [("raised", "missing-index"), ("changed", "cpu-saturated")]


def test_worse_is_told_at_once_and_milder_only_if_it_lasts() -> None:
    story = Story()
    critical = replace(SCAN, severity="critical")
    story.goes_on(20, SCAN)
    story.goes_on(20, critical)
    assert len(story.told) == 2
    story.goes_on(200, SCAN, critical, SCAN)
    assert len(story.told) == 2
    story.goes_on(40, SCAN)
    assert story.words() == [("raised", "missing-index"), ("changed", "missing-index"), ("changed", "missing-index")]


def test_what_keeps_coming_back_must_stay_away_longer_each_time() -> None:
    story = Story()
    for _ in range(40):
        story.goes_on(20, SCAN)
        story.goes_on(45, None)
    recovered = [second for second, change, _ in story.told if change == "recovered"]
    assert len(recovered) == 1, story.told
    story.goes_on(700, None)
    story.goes_on(20, SCAN)
    story.goes_on(45, None)
    assert [change for change, _ in story.words()].count("recovered") == 3, "after a quiet time as patient as before"


def test_a_right_that_is_lost_is_told_and_a_look_that_is_too_short_is_not() -> None:
    story = Story()
    story.goes_on(20, None, status="looking")
    assert story.told == []
    story.goes_on(20, None)
    hidden = (Unseen(target_id="mongodb://db", what="what runs"),)
    story.goes_on(20, None, status="cannot tell", unseen=hidden)
    assert story.words() == [("first", "healthy")]
    story.goes_on(20, None, status="cannot tell", unseen=hidden)
    assert story.words() == [("first", "healthy"), ("changed", "cannot tell")]


def test_a_clock_that_is_set_back_neither_tells_nor_holds_back() -> None:
    story = Story()
    story.goes_on(20, None)
    story.goes_on(20, SCAN)
    story.second -= 3600
    story.goes_on(10, None)
    assert len(story.told) == 2
    story.goes_on(40, None)
    assert story.words()[-1] == ("recovered", "healthy")
