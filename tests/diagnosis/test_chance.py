"""What chance alone does in hours: no verdict may come of it."""

import random

import pytest
from helpers.incidents import Story, Targets, endpoint, set_figures

HOUR_S = 3600


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_failures_of_few_requests_come_in_clusters(seed: int) -> None:
    chance = random.Random(seed)

    def sometimes(targets: Targets, _at: float, _passed: int) -> None:
        failed = sum(chance.random() < 0.08 for _ in range(2))
        rare = endpoint("/rare", requests=2, errors=failed)
        set_figures(targets, "application", "application", endpoints=(endpoint(), rare))

    told = {verdict.message for verdict in Story(seed).play(HOUR_S, sometimes) if verdict.problem is not None}
    assert told == set()


def test_failures_of_few_requests_that_are_no_chance_are_told() -> None:
    def half(targets: Targets, _at: float, passed: int) -> None:
        rare = endpoint("/rare", requests=2, errors=1 if passed % 12 else 2)
        set_figures(targets, "application", "application", endpoints=(endpoint(), rare))

    def usual(targets: Targets, _at: float, passed: int) -> None:
        rare = endpoint("/rare", requests=2, errors=int(passed % 12 == 0))
        set_figures(targets, "application", "application", endpoints=(endpoint(), rare))

    story = Story()
    assert all(verdict.problem is None for verdict in story.play(60, usual))
    last = story.play(15, half)[-1]
    assert last.problem is not None
    assert (last.problem.code, last.problem.subject) == ("failing-requests", "GET /rare")
