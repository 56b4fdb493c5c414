"""Advice by groups of collections: what joins what, how much at once, and what guesses say of themselves."""

from typing import Any

import pytest

from perftui.advice.load import ShapeLoad
from perftui.advice.shapes.shape import shape_of
from perftui.analysis import grouped_advice
from perftui.analysis.grouped_advice import GUESSED, advise, groups_of, merged


def load(command: dict[str, Any], ns: str, *, returned: float = 20.0, plan: str = "COLLSCAN") -> ShapeLoad:
    shape = shape_of(command, ns)
    return ShapeLoad(
        id=shape.id, ns=ns, op=shape.op, shape=shape.text, executions=10, commands=(command,), plan_summary=plan,
        documents_examined=20_000, keys_examined=0, returned=returned,
    )  # fmt: skip


def find(ns: str, **filter_: Any) -> ShapeLoad:
    return load({"find": ns.partition(".")[2], "filter": filter_}, ns)


def test_joined_collections_are_one_group_and_others_are_not() -> None:
    join = {
        "aggregate": "a",
        "pipeline": [{"$lookup": {"from": "b", "localField": "x", "foreignField": "y", "as": "z"}}],
    }
    groups = groups_of([find("s.c", k=1), load(join, "s.a"), find("s.b", k=1), find("s.c", m=1), find("s.d", k=1)])
    assert [group.namespaces for group in groups] == [("s.c",), ("s.a", "s.b"), ("s.d",)]
    assert [len(group.loads) for group in groups] == [2, 2, 1]


def test_guesses_find_the_index_and_say_that_they_are_guesses() -> None:
    loads = [find("s.c", category=number) for number in range(2)]
    (group,) = groups_of(loads[:1])
    advice = advise(group, {}, {}, {"s.c": 20_000}, shapes=1)
    (one,) = advice.recommendations
    assert one.keys == (("category", 1),)
    assert one.warnings[-1] == GUESSED


def test_an_index_that_was_seen_in_use_is_not_advised_again() -> None:
    used = load({"find": "c", "filter": {"a": 1}}, "s.c", plan="IXSCAN { a: 1 }")
    groups = groups_of([used, find("s.c", a=1, b=2)])
    advice = merged(advise(group, {}, {}, {"s.c": 20_000}, shapes=2) for group in groups)
    assert (("a", 1),) not in [one.keys for one in advice.recommendations]


def test_where_not_even_the_size_is_known_it_says_so_too() -> None:
    (group,) = groups_of([find("s.c", a=1)])
    advice = advise(group, {}, {}, {}, shapes=1)
    assert all(one.warnings[-1] == GUESSED for one in advice.recommendations)
    assert len(advice.recommendations) + len(advice.declined) == 1


def test_only_the_costliest_of_a_collection_are_advised_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(grouped_advice, "MOST_SHAPES", 5)
    loads = [find("s.c", **{f"f{number}": number}) for number in range(8)]
    (group,) = groups_of(loads)
    advice = advise(group, {}, {}, {"s.c": 20_000}, shapes=len(loads))
    left = {one.shape for one in advice.declined if "costliest" in one.reason}
    assert left == {each.id for each in loads[5:]}
