"""Pipelines with joins: what moves in front of them, how much is joined, and what a join costs without an index."""

import random
from typing import Any

from perftui.advice.choice.recommend import recommend
from perftui.advice.choice.workload import read_workload
from perftui.advice.costs.access import Access
from perftui.advice.costs.ask import Collections
from perftui.advice.facts import CollectionFacts
from perftui.advice.load import ShapeLoad
from perftui.advice.questions.command import questions_of
from perftui.advice.questions.question import Question

ORDERS, USERS = "shop.orders", "shop.users"
Document = dict[str, Any]
SOURCE = random.Random(5)
LOOKUP = {"$lookup": {"from": "users", "localField": "user", "foreignField": "number", "as": "who"}}
UNWIND = {"$unwind": "$who"}
BY_USER = {"$group": {"_id": "$user", "n": {"$sum": 1}}}
FACTS = {
    ORDERS: CollectionFacts(
        ns=ORDERS,
        documents=5_000,
        sample=[{"_id": at, "user": at % 300, "total": SOURCE.random(), "state": at % 3} for at in range(5_000)],
        whole=True,
    ),
    USERS: CollectionFacts(
        ns=USERS, documents=2_000, sample=[{"_id": at, "number": at % 1_000} for at in range(2_000)], whole=True
    ),
}
LARGE = {**FACTS, USERS: CollectionFacts(ns=USERS, documents=200_000, sample=FACTS[USERS].sample)}


def command(*stages: Document) -> Document:
    return {"aggregate": "orders", "pipeline": list(stages), "cursor": {}}


def main(*stages: Document) -> Question:
    return questions_of(command(*stages), ORDERS).asked["main"]


def joined(*stages: Document, facts: dict[str, CollectionFacts] = FACTS) -> Access:
    """What the foreign side costs without an index."""
    load = ShapeLoad(id="1", ns=ORDERS, op="aggregate", shape="1", executions=9, commands=(command(*stages),))
    demands = read_workload([load], Collections(facts, 10_000), 32).demands
    (demand,) = [demand for demand in demands if demand.ns == USERS]
    return demand.with_indexes(())


def test_a_limit_moves_in_front_of_what_gives_one_document_for_each() -> None:
    for stage in (LOOKUP, {"$addFields": {"x": 1}}, {"$project": {"user": 1}}, {"$replaceRoot": {"newRoot": "$who"}}):
        assert main(stage, {"$skip": 3}, {"$limit": 5}).stop == 8
    assert main(LOOKUP, UNWIND, {"$limit": 5}).stop is None
    assert main({"$unwind": "$lines"}, {"$limit": 5}).stop is None


def test_a_sort_moves_in_front_of_a_join_but_not_of_a_projection() -> None:
    assert main(LOOKUP, {"$sort": {"total": -1}}, {"$limit": 5}).sort == (("total", -1),)
    assert main({"$addFields": {"x": 1}}, {"$sort": {"total": -1}}).sort == ()
    assert main(LOOKUP, UNWIND, {"$sort": {"total": -1}}).sort == ()
    assert main(LOOKUP, {"$sort": {"who.name": 1}}).sort == ()


def test_only_what_a_limit_needs_is_joined() -> None:
    assert joined(LOOKUP, UNWIND, {"$limit": 5}).documents == 5 * 2_000
    assert joined(LOOKUP, UNWIND, {"$sort": {"total": 1}}, {"$limit": 5}).documents == 5_000 * 2_000
    assert joined(LOOKUP, UNWIND, {"$match": {"who.name": "x"}}, {"$limit": 5}).documents == 5_000 * 2_000


def test_groups_are_joined_once_each() -> None:
    behind = {"$lookup": {**LOOKUP["$lookup"], "localField": "_id"}}
    asked = questions_of(command(BY_USER, {"$sort": {"n": -1}}, {"$limit": 10}, behind), ORDERS).asked
    assert list(asked) == ["main", "$lookup users.number"]
    assert joined(BY_USER, behind, facts=LARGE).documents == 300 * 200_000
    assert joined(BY_USER, {"$limit": 10}, behind, facts=LARGE).documents == 10 * 200_000


def test_a_small_foreign_collection_is_read_once_into_a_hash_table() -> None:
    assert joined(LOOKUP).documents == 2_000
    assert joined(LOOKUP, facts=LARGE).documents == 5_000 * 200_000
    for stages in ((LOOKUP, UNWIND), ({"$addFields": {"x": 1}}, LOOKUP), ({"$unwind": "$lines"}, LOOKUP)):
        assert joined(*stages).documents == 5_000 * 2_000


def test_no_index_where_hashing_costs_less_than_looking_up_one_by_one() -> None:
    load = ShapeLoad(id="1", ns=ORDERS, op="aggregate", shape="1", executions=9, commands=(command(LOOKUP),))
    assert recommend([load], FACTS).recommendations == ()
    (index,) = recommend([load], LARGE).recommendations
    assert (index.ns, index.keys) == (USERS, (("number", 1),))


def test_an_improvement_counts_an_execution_as_a_key_and_a_document_at_least() -> None:
    """Nobody of that number: the index has nothing to read."""
    find = {"find": "users", "filter": {"number": -1}}
    load = ShapeLoad(id="1", ns=USERS, op="find", shape="1", executions=9, commands=(find,))
    (index,) = recommend([load], FACTS).recommendations
    assert index.expected.improvement == round(4_000 / 3, 1)
