"""How the server plans an `$or`: branch by branch where it can, merged where each gives the order, else as a whole."""

import random
from collections.abc import Sequence
from typing import Any

from perftui.advice.choice.recommend import recommend
from perftui.advice.choice.workload import read_workload
from perftui.advice.costs.access import Access
from perftui.advice.costs.ask import Collections
from perftui.advice.costs.spec import Spec
from perftui.advice.facts import CollectionFacts
from perftui.advice.load import ShapeLoad
from perftui.model.index import KeyPattern

NS = "shop.items"
Document = dict[str, Any]


def items(number: int) -> list[Document]:
    source = random.Random(3)
    return [
        {
            "_id": at,
            "a": source.randrange(50),
            "b": source.randrange(50),
            "s": source.randrange(1_000),
            "flag": source.random() < 0.1,
            "tags": [source.randrange(200) for _ in range(2)],
        }
        for at in range(number)
    ]


WHOLE = CollectionFacts(ns=NS, documents=5_000, sample=items(5_000), whole=True)


def find(wanted: Document, **options: Any) -> Document:
    return {"find": "items", "filter": wanted, **options}


def load(command: Document, name: str = "1") -> ShapeLoad:
    return ShapeLoad(id=name, ns=NS, op="find", shape=name, executions=50, commands=(command,))


def planned(command: Document, *indexes: Sequence[tuple[str, int]]) -> Access:
    (demand,) = read_workload([load(command)], Collections({NS: WHOLE}, 10_000), 32).demands
    return demand.with_indexes([Spec(keys=tuple(keys)) for keys in indexes])


def advised(*commands: Document) -> list[KeyPattern]:
    loads = [load(command, str(at)) for at, command in enumerate(commands)]
    return [one.keys for one in recommend(loads, {NS: WHOLE}).recommendations]


EITHER = {"$or": [{"a": 1}, {"b": 2}]}
A, B, S = [("a", 1)], [("b", 1)], [("s", 1)]


def test_branches_with_indexes_keep_the_server_from_an_order() -> None:
    """By the order alone it would read fewer keys, but only where a branch has no index it is tried."""
    command = find(EITHER, sort={"s": 1}, limit=1)
    assert planned(command, A, B, S).blocking
    assert not planned(command, A, S).blocking


def test_a_condition_beside_the_or_lets_the_server_try_the_order_too() -> None:
    command = find({"flag": {"$in": [True, False]}, **EITHER}, sort={"s": 1}, limit=1)
    assert not planned(command, A, B, S).blocking


def test_a_branch_that_does_best_by_the_order_has_the_whole_planned() -> None:
    """Half of the collection in one branch: reading it in the order ends the trial first."""
    command = find({"$or": [{"a": {"$lt": 25}}, {"s": {"$in": list(range(20))}}]}, sort={"s": 1})
    assert not planned(command, A, S).blocking


def test_branches_are_merged_where_each_gives_the_order_by_one_scan_or_each_by_several() -> None:
    order = {"sort": {"s": 1}, "limit": 10}
    two = [("a", 1), ("s", 1)], [("b", 1), ("s", 1)]
    assert not planned(find(EITHER, **order), *two).blocking
    assert not planned(find({"$or": [{"a": {"$in": [1, 2]}}, {"b": 2}]}, **order), *two).blocking
    assert not planned(find({"$or": [{"a": 1}, {"s": {"$gt": 900}}]}, **order), two[0], S).blocking
    assert planned(find({"$or": [{"a": {"$in": [1, 2]}}, {"s": {"$gt": 900}}]}, **order), two[0], S).blocking
    many = {"$or": [{"a": {"$in": list(range(150))}}, {"b": {"$in": list(range(100))}}]}
    assert planned(find(many, **order), *two).blocking


def test_an_index_for_each_branch_must_save_what_an_index_must_save() -> None:
    """One for the order reads some 25 documents to find the first: another index would save less than 1,000."""
    assert advised(find(EITHER, sort={"s": 1}, limit=1)) == [(("s", 1),)]
    assert len(advised(find(EITHER))) == 2


def test_no_index_is_ordered_so_that_it_leads_the_planner_astray() -> None:
    """{a, tags, flag} would give the other shape's branch an index, and so take its order from it."""
    pair = find({"a": 3, "tags": 7, "flag": True})
    page = find({"$or": [{"a": 1}, {"s": {"$gt": 900}}]}, sort={"s": -1, "b": 1}, limit=1)
    found = advised(pair, page)
    specs = [Spec(keys=keys) for keys in found]
    (demand,) = read_workload([load(page)], Collections({NS: WHOLE}, 10_000), 32).demands
    assert demand.with_indexes(specs).cost < 200


def test_a_branch_is_fetched_although_its_index_covers_it_where_another_is_not_covered() -> None:
    command = find(EITHER, projection={"_id": 0, "s": 1})
    both = sum(one["a"] == 1 or one["b"] == 2 for one in WHOLE.sample)
    assert planned(command, [("a", 1), ("s", 1)], [("b", 1), ("s", 1)]).documents == 0
    assert round(planned(command, [("a", 1), ("s", 1)], B).documents) == both


def test_an_order_that_another_shape_keeps_the_server_from_is_merged_from_the_branches() -> None:
    """With an index for the tags both branches of the first shape have one, and are sorted but for its order."""
    page = find({"$or": [{"s": {"$gte": 300, "$lt": 900}}, {"tags": 7}]}, sort={"s": -1}, limit=1)
    others = find({"tags": 7}, sort={"b": 1}, projection={"a": 1, "_id": 0})
    specs = [Spec(keys=keys) for keys in advised(page, others)]
    for command, most in ((page, 100), (others, 200)):
        (demand,) = read_workload([load(command)], Collections({NS: WHOLE}, 10_000), 32).demands
        assert demand.with_indexes(specs).cost < most


def test_where_each_branch_holds_what_is_sorted_by_only_what_is_returned_is_fetched() -> None:
    """A range gives no order; with s in both indexes the keys are sorted and forty documents fetched."""
    page = find({"$or": [{"a": {"$gte": 48}}, {"b": {"$gte": 48}}]}, sort={"s": 1}, limit=40)
    holding = [("a", 1), ("s", 1)], [("b", 1), ("s", 1)]
    assert planned(page, *holding).documents == 40
    assert planned(page, holding[0], B).documents > 300
