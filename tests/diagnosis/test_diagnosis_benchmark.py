"""The benchmark's own arithmetic: what it calls right, wrong, false and well again."""

import sys
from pathlib import Path

sys.path.append(str(Path(__file__).parents[1] / "benchmarks"))

from diagnosis.outcome import Outcome, Said, outcome
from diagnosis.table import table

BEGAN, ENDED = 100.0, 120.0


def story(*changes: tuple[float, str]) -> list[Said]:
    """A verdict a second from 60 to 139; each change is the time from which this code is told, empty for healthy."""
    heard, code = [], ""
    for second in range(60, 140):
        code = next((told for at, told in reversed(changes) if at <= second), code)
        since = BEGAN + 1 if code else None
        heard.append(Said(float(second), "problem" if code else "healthy", code, "s" if code else "", since))
    return heard


def judged(*changes: tuple[float, str]) -> Outcome:
    return outcome("drill", ("right",), story(*changes), BEGAN, ENDED)


def test_a_right_verdict_is_timed_from_the_cause() -> None:
    found = judged((104, "right"), (123, ""))
    assert (found.right_after_s, found.since_off_s, found.well_after_s) == (4.0, 1.0, 3.0)
    assert (found.wrong, found.false_before, found.right_share, found.in_time) == ((), (), 1.0, True)


def test_one_that_comes_after_ten_seconds_is_not_in_time() -> None:
    assert not judged((111, "right")).in_time


def test_another_problem_is_wrong_before_and_after_the_right_one() -> None:
    found = judged((102, "other"), (104, "right"), (112, "third"))
    assert found.first == "other"
    assert found.wrong == ("other (s)", "third (s)")
    assert found.right_share == 0.5


def test_a_problem_in_the_healthy_time_is_false_but_for_its_first_seconds() -> None:
    assert judged((62, "early"), (65, "")).false_before == ()
    assert judged((80, "right"), (85, "")).false_before == ("right (s)",)


def test_never_right_is_told() -> None:
    found = judged()
    assert (found.right_after_s, found.right_share, found.in_time, found.well_after_s) == (None, 0.0, False, 0.0)


def test_the_table_counts_only_incidents() -> None:
    healthy = outcome("healthy", (), story(), BEGAN, ENDED)
    text = table([judged((104, "right")), judged(), healthy])
    assert "| drill | 4.0 s | - | 100% | 1.0 s | - | no |" in text
    assert "| drill | never |" in text
    assert "| healthy | - | - | - | - | - | 0.0 s |" in text
    assert text.endswith("1 of 2 right within ten seconds; 0 with a verdict while all was well")
