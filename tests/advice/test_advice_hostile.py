"""Whatever commands and documents hold, advice is given or declined in words, and always the same."""

import re
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from perftui.advice.choice.recommend import Advice, recommend
from perftui.advice.facts import CollectionFacts
from perftui.advice.filters.reading import read_filter
from perftui.advice.filters.tree import AnyOf, Reading, leaves
from perftui.advice.load import ShapeLoad
from perftui.advice.words.mongosh import index_name

NS = "shop.t"
NAMES = st.sampled_from(
    ["a", "b", "a.b", "a.0", "", "$x", "a..b", ".", "b.", "_id", "ä", "$or", "$and", "$nor", "$expr"]
)
OPERATORS = st.sampled_from(
    [
        "$eq", "$ne", "$gt", "$gte", "$lt", "$lte", "$in", "$nin", "$exists", "$not", "$elemMatch", "$all", "$regex",
        "$options", "$mod", "$size", "$type", "$near", "$geoWithin", "$text", "$where", "$unheard", "$bitsAllSet",
    ]
)  # fmt: skip
SCALARS = st.one_of(
    st.none(), st.booleans(), st.integers(-5, 5), st.floats(), st.text(max_size=5), st.datetimes(),
    st.binary(max_size=3),
    st.just(re.compile("^a")), st.just({"$date": "no date"}), st.just({"$oid": "xyz"}), st.just({"$numberLong": "7"}),
)  # fmt: skip
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.dictionaries(NAMES, inner, max_size=3),
        st.dictionaries(OPERATORS, inner, max_size=2),
    ),
    max_leaves=6,
)
FILTERS = st.dictionaries(NAMES, VALUES, max_size=4)
SORTS = st.one_of(
    st.none(), st.dictionaries(NAMES, st.sampled_from([1, -1, 0, "x", {"$meta": "textScore"}]), max_size=3)
)
STAGES = st.one_of(
    st.fixed_dictionaries({"$match": FILTERS}),
    st.fixed_dictionaries({"$sort": st.one_of(SORTS, VALUES)}),
    st.fixed_dictionaries({"$limit": VALUES}),
    st.fixed_dictionaries({"$group": st.one_of(VALUES, st.fixed_dictionaries({"_id": VALUES}))}),
    st.fixed_dictionaries({"$project": st.one_of(VALUES, FILTERS)}),
    st.fixed_dictionaries({"$unwind": VALUES}),
    st.fixed_dictionaries(
        {"$lookup": st.one_of(VALUES, st.just({"from": "t", "localField": "a", "foreignField": "b"}))}
    ),
    st.fixed_dictionaries({"$facet": VALUES}),
    st.fixed_dictionaries({"$unionWith": VALUES}),
    st.fixed_dictionaries({"$geoNear": VALUES}),
    VALUES,
)
COMMANDS = st.one_of(
    st.fixed_dictionaries(
        {"find": st.just("t"), "filter": st.one_of(FILTERS, VALUES)},
        optional={
            "sort": st.one_of(SORTS, VALUES),
            "limit": VALUES,
            "skip": VALUES,
            "projection": VALUES,
            "collation": VALUES,
        },
    ),
    st.fixed_dictionaries({"aggregate": st.just("t"), "pipeline": st.one_of(st.lists(STAGES, max_size=4), VALUES)}),
    st.fixed_dictionaries({"count": st.just("t"), "query": st.one_of(FILTERS, VALUES)}),
    st.fixed_dictionaries({"distinct": st.just("t"), "key": VALUES, "query": st.one_of(FILTERS, VALUES)}),
    st.fixed_dictionaries({"q": st.one_of(FILTERS, VALUES)}, optional={"u": VALUES, "multi": VALUES, "limit": VALUES}),
    st.dictionaries(NAMES, VALUES, max_size=3),
)
DOCUMENTS = [{"_id": at, "a": at % 7, "b": [at, str(at)], "c": {"b": None}} for at in range(400)]
ODD_DOCUMENTS: list[Any] = [{"_id": at, "a": [{"b": at}, 3, []], "b": {"$date": at}} for at in range(400)]


def load(*commands: Any) -> ShapeLoad:
    return ShapeLoad(id="1", ns=NS, op="find", shape="", executions=9, commands=commands, documents_examined=9e4)


def judge(*commands: Any, documents: list[Any] | None) -> Advice:
    facts = {} if documents is None else {NS: CollectionFacts(ns=NS, documents=90_000, sample=documents)}
    return recommend([load(*commands)], facts)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(COMMANDS, st.sampled_from(["known", "odd", "unknown"]))
def test_any_command_gets_advice_or_a_reason(command: Any, documents: str) -> None:
    known = {"known": DOCUMENTS, "odd": ODD_DOCUMENTS, "unknown": None}[documents]
    advice = judge(command, documents=known)
    assert advice.recommendations or advice.declined
    assert all(one.reason for one in advice.declined)
    assert all(one.reason and one.command and one.keys for one in advice.recommendations)
    assert judge(command, documents=known) == advice


@pytest.mark.parametrize("documents", [DOCUMENTS, None])
def test_a_filter_without_end_is_read_in_part(documents: list[Any] | None) -> None:
    deep: Any = {"a": 1}
    for _ in range(200):
        deep = {"$and": [deep, {"$or": [deep, {"b": 2}]}]} if len(str(deep)) < 20_000 else {"$and": [deep]}
    (declined,) = judge({"find": "t", "filter": deep}, documents=documents).declined
    assert declined.reason.startswith("No index bounds what it looks for"), "and not: it has no filter"
    wide = {"find": "t", "filter": {f"f{at}": at for at in range(5_000)}}
    advice = judge(wide, documents=documents)
    assert len(advice.recommendations) == 1
    assert any("larger than is read" in one.message for one in advice.suggestions)


def test_of_very_many_fields_no_more_are_judged_than_an_index_could_ever_hold() -> None:
    reading = Reading()
    node = read_filter({f"f{at}": at for at in range(5_000)}, reading)
    assert 32 <= len({leaf.path for leaf in leaves(node)} - {""}) <= 100
    many = read_filter({"$or": [{"a": at, "b": at} for at in range(500)]}, Reading())
    assert isinstance(many, AnyOf)
    assert len(many.parts) == 500


def test_long_names_stay_below_what_the_server_takes() -> None:
    keys = tuple((f"a_rather_long_name_of_a_field_{at}", 1) for at in range(8))
    name = index_name(keys)
    assert len(name.encode()) < 127
    assert name != index_name((*keys[:7], ("another", 1)))
