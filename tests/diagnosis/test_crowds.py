"""Thousands of operations at once: what is told stays short, and who waits or works for long by nature is no pile."""

import pytest
from helpers.incidents import after, set_slot

from perftui.model.operation import Operation, OperationList
from perftui.model.verdict import Verdict


def operation(opid: int, kind: int, running_s: float, command: str = '{"find":"c","filter":{"a":1}}') -> Operation:
    ns, shape = f"shop.c{kind}", f"shape-{kind}"
    return Operation(opid=opid, op="query", ns=ns, running_s=running_s, shape_id=shape, command=command)


def judged(*operations: Operation) -> Verdict:
    running = OperationList(operations=operations)
    return after(12, lambda targets, _at, _passed: set_slot(targets, "mongodb", operations=running))


def piles(verdict: Verdict) -> list[str]:
    problems = (verdict.problem, *verdict.effects, *verdict.others)
    return [one.subject for one in problems if one is not None and one.code == "piled-up-operations"]


def test_of_very_many_piles_the_largest_are_told() -> None:
    many = [(kind, number) for kind in range(30) for number in range(20 + kind)]
    verdict = judged(*(operation(opid, kind, 9.0) for opid, (kind, _) in enumerate(many)))
    assert verdict.problem is not None
    assert (verdict.problem.code, verdict.problem.figures["operations"]) == ("piled-up-operations", 49.0)
    assert sorted(piles(verdict)) == [f"shape-{kind}" for kind in range(25, 30)]


@pytest.mark.parametrize("longer", [14, 15])
def test_half_of_a_pile_has_run_for_a_second(longer: int) -> None:
    assert bool(piles(judged(*(operation(one, 1, 3.0 if one < longer else 0.2) for one in range(30))))) == (
        longer == 15
    )


@pytest.mark.parametrize("word", ['"$changeStream"', '"tailable":true', '"awaitData":true', '"createIndexes"'])
def test_what_waits_by_nature_is_no_pile_and_hides_none(word: str) -> None:
    waiting = [operation(one, 1, 900.0, command=f"{{{word}}}") for one in range(40)]
    assert piles(judged(*waiting)) == []
    beside = [operation(100 + one, 1, 5.0) for one in range(16)]
    verdict = judged(*waiting, *beside)
    assert verdict.problem is not None
    assert verdict.problem.figures["operations"] == 16.0
