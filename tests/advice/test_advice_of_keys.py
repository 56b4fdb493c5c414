"""Keys that a scan examines without a match: between values that it skips, in arrays, where documents tie."""

import random
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest

from perftui.advice.choice.recommend import recommend
from perftui.advice.choice.workload import read_workload
from perftui.advice.costs.access import Access
from perftui.advice.costs.ask import Collections
from perftui.advice.costs.spec import Spec
from perftui.advice.facts import CollectionFacts
from perftui.advice.load import ShapeLoad
from perftui.model.index import Index

NS = "plant.parts"
Document = dict[str, Any]


def parts(number: int) -> list[Document]:
    source = random.Random(3)
    return [
        {
            "_id": at,
            "a": source.randrange(300),
            "b": source.randrange(1_000),
            "c": source.randrange(40),
            "state": "open" if source.random() < 0.3 else "shut",
            "at": at,
            "serial": source.randrange(10**6),
            "lines": [{"sku": source.randrange(300)} for _ in range(2)],
            "tags": [source.randrange(20) for _ in range(2)],
        }
        for at in range(number)
    ]


DOCUMENTS = parts(9_000)
WHOLE = CollectionFacts(ns=NS, documents=9_000, sample=DOCUMENTS, whole=True)
SAMPLED = CollectionFacts(ns=NS, documents=9_000, sample=random.Random(4).sample(DOCUMENTS, 400))


def load(command: Document, **seen: Any) -> ShapeLoad:
    return ShapeLoad(id="1", ns=NS, op="find", shape="1", executions=50, commands=(command,), **seen)


def cost(command: Document, keys: Sequence[tuple[str, int]], facts: CollectionFacts) -> Access:
    (demand,) = read_workload([load(command)], Collections({NS: facts}, 10_000), 32).demands
    return demand.with_indexes((Spec(keys=tuple(keys)),))


def distinct(**query: Any) -> Document:
    return {"distinct": "parts", "key": "c", "query": query}


RANGES = distinct(a={"$gte": 270}, b={"$gte": 980})


@pytest.mark.parametrize("facts", [WHOLE, SAMPLED], ids=["whole", "sampled"])
def test_a_distinct_examines_a_key_for_each_value_of_a_range_before_its_key(facts: CollectionFacts) -> None:
    """Thirty values of a, and the few documents in both ranges."""
    assert 30 <= cost(RANGES, [("a", 1), ("b", 1), ("c", 1)], facts).keys <= 75


@pytest.mark.parametrize("facts", [WHOLE, SAMPLED], ids=["whole", "sampled"])
def test_a_distinct_tries_each_value_whose_range_stands_behind_it(facts: CollectionFacts) -> None:
    """Of 900 documents with a of 270 and more nearly all have another pair of a and c."""
    assert 450 <= cost(RANGES, [("a", 1), ("c", 1), ("b", 1)], facts).keys <= 900


def test_a_range_that_ends_with_the_values_costs_one_seek_of_each_combination() -> None:
    """Behind b of 980 and more comes the next value of a."""
    command = {"find": "parts", "filter": {"a": {"$gte": 200}, "b": {"$gte": 980}}}
    closed = {"find": "parts", "filter": {"a": {"$gte": 200}, "b": {"$gte": 500, "$lt": 520}}}
    once, twice = (cost(one, [("a", 1), ("b", 1)], SAMPLED) for one in (command, closed))
    assert 60 <= once.keys - once.returned <= 110
    assert 160 <= twice.keys - twice.returned <= 210


def test_an_array_counts_with_the_other_fields_of_an_index() -> None:
    """One document in a thousand has the sku and the b: the sample shows none, and that is what is to be expected."""
    command = {"find": "parts", "filter": {"lines.sku": 7, "b": 11}}
    assert cost(command, [("lines.sku", 1), ("b", 1)], SAMPLED).cost < 5


def test_of_two_arrays_the_more_selective_stands_with_all_other_fields() -> None:
    """No index holds both."""
    command = {"find": "parts", "filter": {"lines.sku": 7, "tags": 3, "state": "open"}}
    (index,) = recommend([load(command)], {NS: WHOLE}).recommendations
    assert dict(index.keys) == {"lines.sku": 1, "state": 1}


def test_documents_that_tie_are_met_as_they_were_inserted_and_backwards_the_last_first() -> None:
    command = {"find": "parts", "filter": {"at": {"$gte": 8_000}}, "sort": {"state": 1}, "limit": 10}
    for facts in (WHOLE, SAMPLED):
        assert cost(command, [("state", 1)], facts).documents > 1_000
        assert cost(command, [("state", -1)], facts).documents < 50


def test_behind_a_sort_the_greatest_values_come_first_where_a_range_has_no_end() -> None:
    command = {"find": "parts", "filter": {"b": {"$gte": 950}}, "sort": {"state": 1}, "limit": 10}
    (index,) = recommend([load(command)], {NS: WHOLE}).recommendations
    assert index.keys == (("state", 1), ("b", -1))
    assert index.expected.docs_examined == 10


def test_what_the_sample_does_not_show_is_still_walked_to() -> None:
    """Two of the thirty documents with one value of a match: fifteen keys or so are passed over to the first."""
    command = {"find": "parts", "filter": {"a": 0, "b": {"$lt": 60}}, "sort": {"c": 1}, "limit": 1}
    assert cost(command, [("a", 1), ("c", 1), ("b", 1)], SAMPLED).keys > 5


def test_what_was_observed_of_an_index_in_use_decides_whether_it_is_enough() -> None:
    """It reads a twelfth of what the model expects, by luck or by a cache of plans that the model does not know."""
    indexes = (Index(name="_id_", keys=(("_id", 1),)), Index(name="state_1", keys=(("state", 1),)))
    facts = replace(WHOLE, indexes=indexes)
    command = {"find": "parts", "filter": {"state": "open", "a": 5}}
    index = "IXSCAN { state: 1 }"
    little = load(command, keys_examined=200.0, documents_examined=200.0, returned=9.0, plan_summary=index)
    much = load(command, keys_examined=2_700.0, documents_examined=2_700.0, returned=9.0, plan_summary=index)
    before = load(command, keys_examined=0.0, documents_examined=9_000.0, returned=9.0, plan_summary="COLLSCAN")
    assert recommend([little], {NS: facts}).recommendations == ()
    for one in (much, before):
        (found,) = recommend([one], {NS: facts}).recommendations
        assert dict(found.keys) == {"a": 1, "state": 1}
        assert found.shapes[0].docs_before == pytest.approx(2_700, rel=0.1)
