"""What is said of an incident stays true for as long as it lasts, also once no reading of before it is kept."""

from helpers.application_incidents import slow_items
from helpers.incidents import Story, Targets, set_figures
from helpers.mongodb_incidents import mass_update

from perftui.model.verdict import Verdict


def both(targets: Targets, _at: float, _passed: int) -> None:
    """An endpoint is slow, and Redis has far more to do, from the same second on."""
    slow_items(targets, 900.0)
    set_figures(targets, "redis", "redis", commands_per_s=8_000.0)


def elsewhere(verdicts: list[Verdict]) -> set[str]:
    """What else is said to have changed, where a slow endpoint is told."""
    problems = [one.problem for one in verdicts if one.problem is not None and one.problem.code == "slow-endpoint"]
    assert len(problems) > 0.9 * len(verdicts)
    return {one.elsewhere.split(" from ")[0] for one in problems}


def test_what_changed_with_it_is_told_for_as_long_as_it_lasts() -> None:
    story = Story()
    story.play(60)
    early = story.play(40, both)[20:]
    late = story.play(1500, both)
    assert elsewhere(early) == elsewhere(late) == {"Redis: operations rose"}


def test_who_came_into_the_middle_of_it_says_nothing_of_before() -> None:
    told = {one.problem.elsewhere for one in Story().play(400, both) if one.problem is not None}
    assert told == {""}


def test_an_operation_of_an_hour_is_still_told_with_whom_it_harms() -> None:
    story = Story()
    story.play(60)
    told = {one.problem.code if one.problem is not None else "" for one in story.play(3000, mass_update)[30:]}
    assert told == {"mass-write"}
