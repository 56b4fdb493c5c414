"""The same shape exactly when an index is asked the same question."""

import re
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from perftui.advice.shapes.shape import Shape, shape_of

NS = "shop.prompts"
FIELDS = st.sampled_from(["category", "active", "createdAt", "tags", "owner.name", "a"])
SCALARS = st.one_of(
    st.integers(), st.floats(), st.text(max_size=20), st.booleans(), st.datetimes(), st.binary(max_size=9)
)
COMPARISONS = st.sampled_from(["$gt", "$gte", "$lt", "$lte", "$ne", "$mod", "$size"])
SORTS = st.lists(st.tuples(FIELDS, st.sampled_from([1, -1])), max_size=3, unique_by=lambda pair: pair[0]).map(dict)


def find(filter: object, **options: object) -> Shape:
    return shape_of({"find": "prompts", "filter": filter, **options}, NS)


@st.composite
def two_of_one_shape(draw: st.DrawFn) -> tuple[dict[str, Any], dict[str, Any]]:
    """A filter twice, with other values and another order of its fields."""
    one: dict[str, Any] = {}
    other: dict[str, Any] = {}
    for field in draw(st.lists(FIELDS, max_size=4, unique=True)):
        kind = draw(st.sampled_from(["equal", "compare", "in", "null", "exists"]))
        if kind == "equal":
            one[field], other[field] = draw(SCALARS), draw(SCALARS)
        elif kind == "compare":
            operator = draw(COMPARISONS)
            one[field], other[field] = {operator: draw(SCALARS)}, {operator: draw(SCALARS)}
        elif kind == "in":
            lists = st.lists(st.integers(), min_size=2, max_size=9)
            one[field], other[field] = {"$in": draw(lists)}, {"$in": draw(lists)}
        elif kind == "null":
            one[field] = other[field] = None
        else:
            one[field] = other[field] = {"$exists": draw(st.booleans())}
    items = draw(st.permutations(list(other.items())))
    return one, dict(items)


@given(two_of_one_shape(), SORTS)
def test_neither_values_nor_field_order_change_the_shape(
    filters: tuple[dict[str, Any], dict[str, Any]], sort: dict[str, int]
) -> None:
    one, other = find(filters[0], sort=sort, skip=3), find(filters[1], sort=sort)
    assert one.id == other.id
    assert find({"$and": [filters[0]]}, sort=sort).id == one.id


@given(FIELDS, SCALARS, st.lists(COMPARISONS, min_size=2, max_size=2, unique=True))
def test_operators_change_the_shape(field: str, value: object, operators: list[str]) -> None:
    ids = {find({field: {operator: value}}).id for operator in operators} | {find({field: value}).id}
    assert len(ids) == 3


NESTED = st.recursive(
    st.dictionaries(FIELDS, st.sampled_from([{"$gt": 1}, {"$in": [1, 2]}, 5, None, {"$exists": True}]), min_size=1),
    lambda inner: st.fixed_dictionaries({"$or": st.lists(inner, min_size=2, max_size=4)}),
    max_leaves=8,
)


def shuffled(value: Any, data: st.DataObject) -> Any:
    """The same filter with its keys and the branches of each `$or` in another order, and other values."""
    if isinstance(value, dict):
        items = data.draw(st.permutations(list(value.items())))
        return {key: item if key in ("$in", "$exists") else shuffled(item, data) for key, item in items}
    if isinstance(value, list):
        return [shuffled(item, data) for item in data.draw(st.permutations(value))]
    return None if value is None else value + 7


@settings(suppress_health_check=[HealthCheck.too_slow])
@given(NESTED, st.data())
def test_the_order_of_keys_and_branches_never_matters(query: dict[str, Any], data: st.DataObject) -> None:
    other = shuffled(query, data)
    assert find(query).id == find(other).id
    assert aggregate({"$match": query}).id == aggregate({"$match": other}).id


@settings(suppress_health_check=[HealthCheck.too_slow])
@given(NESTED, st.data())
def test_another_field_is_another_question(query: dict[str, Any], data: st.DataObject) -> None:
    def renamed(value: Any) -> Any:
        if isinstance(value, dict):
            return {key if key[0] == "$" else f"{key}_": renamed(item) for key, item in value.items()}
        return [renamed(item) for item in value] if isinstance(value, list) else value

    assert find(query).id != find(renamed(query)).id
    operator = data.draw(COMPARISONS)
    assert find({"$and": [query, {"another": {operator: 1}}]}).id != find(query).id


@given(SORTS.filter(bool), st.data())
def test_direction_and_order_of_a_sort_change_the_shape(sort: dict[str, int], data: st.DataObject) -> None:
    flipped = data.draw(st.sampled_from(sorted(sort)))
    assert find({}, sort=sort).id != find({}, sort={**sort, flipped: -sort[flipped]}).id
    if len(sort) > 1:
        assert find({}, sort=sort).id != find({}, sort=dict(reversed(sort.items()))).id


DIFFERENT = [
    {"a": 1},
    {"a": None},
    {"a": {"$ne": 1}},
    {"a": {"$ne": None}},
    {"a": {"$exists": True}},
    {"a": {"$exists": False}},
    {"a": {"$in": [1, 2]}},
    {"a": {"$in": list(range(201))}},
    {"a": {"$in": [1, None]}},
    {"a": {"$in": []}},
    {"a": {"$nin": [1, 2]}},
    {"a": re.compile("^abc")},
    {"a": re.compile("abc")},
    {"a": re.compile("abc", re.IGNORECASE)},
    {"a": {"$gt": 1}},
    {"a": {"$gt": 1, "$lt": 2}},
    {"a": {"$not": {"$gt": 1}}},
    {"a": {"$elemMatch": {"b": 1}}},
    {"a": {"$elemMatch": {"$gt": 1}}},
    {"a": {"$all": [1, 2]}},
    {"a": {"$near": {"$geometry": {"type": "Point", "coordinates": [1, 2]}}}},
    {"a": {"$near": [1, 2]}},
    {"a": {"$geoWithin": {"$centerSphere": [[1, 2], 3]}}},
    {"a": {"$geoWithin": {"$box": [[1, 2], [3, 4]]}}},
    {"b": 1},
    {"a": 1, "b": 1},
    {"$or": [{"a": 1}, {"b": 1}]},
    {"$nor": [{"a": 1}, {"b": 1}]},
    {"$text": {"$search": "x"}},
    {"$where": "this.a == 1"},
    {"$expr": {"$gt": ["$a", "$b"]}},
    {"$expr": {"$gt": ["$b", "$a"]}},
    {"$expr": {"$gt": ["$a", 5]}},
]


def test_every_kind_of_predicate_is_told_apart() -> None:
    shapes = {find(each).id: each for each in DIFFERENT}
    assert len(shapes) == len(DIFFERENT)


SAME: list[tuple[dict[str, Any], dict[str, Any]]] = [
    ({"a": {"$in": list(range(2))}}, {"a": {"$in": list(range(200))}}),
    ({"a": {"$in": list(range(201))}}, {"a": {"$in": list(range(5000))}}),
    ({"a": {"$in": [7]}}, {"a": 1}),
    ({"a": {"$eq": 7}}, {"a": 1}),
    ({"a": {"b": {"c": 1}}}, {"a": 1}),
    ({"a": [1, 2]}, {"a": 1}),
    ({"a": {"$date": "2024-01-01T00:00:00Z"}}, {"a": datetime(2024, 1, 1, tzinfo=UTC)}),
    ({"a": {"$oid": "0" * 24}}, {"a": "x"}),
    ({"a": {"$regularExpression": {"pattern": "^ab", "options": ""}}}, {"a": re.compile("^xyz")}),
    ({"a": {"$regex": "^ab"}}, {"a": re.compile("^xyz")}),
    ({"a": {"$regex": "ab", "$options": "i"}}, {"a": re.compile("x", re.I)}),
    ({"$or": [{"a": 1}, {"b": 1}]}, {"$or": [{"b": 5}, {"a": 6}, {"a": 7}]}),
    ({"$or": [{"a": 1}]}, {"a": 1}),
    ({"$and": [{"a": {"$gt": 1}}, {"a": {"$lt": 9}}]}, {"a": {"$lt": 1, "$gt": 0}}),
    ({"$and": [{"$and": [{"a": 1}]}, {"b": 2}]}, {"b": 1, "a": 1}),
    ({"a": 1, "$comment": "from GET /x"}, {"a": 1}),
    ({"$expr": {"$gt": ["$a", 5]}}, {"$expr": {"$gt": ["$a", 6]}}),
    ({"$text": {"$search": "x"}}, {"$text": {"$search": "other words"}}),
    ({"$or": [{"a": 1}, {"$or": [{"b": 1}, {"c": 1}]}]}, {"$or": [{"c": 1}, {"b": 1}, {"a": 1}]}),
    ({"$or": [{"a": 1}, {"a": 2}]}, {"a": {"$in": [1, 2, 3]}}),
    ({"$or": [{"$or": [{"a": 1}]}, {"$or": []}]}, {"a": 1}),
    ({"a": {"$not": {"$eq": 1}}}, {"a": {"$ne": 2}}),
    ({"a": {"$not": {"$eq": None}}}, {"a": {"$ne": None}}),
]


def test_a_collation_s_defaults_are_no_difference() -> None:
    def collated(**options: object) -> str:
        return find({"a": 1}, collation=options).id

    assert collated(locale="en") == collated(locale="en", strength=3, caseLevel=False)
    assert len({collated(locale="en"), collated(locale="en", strength=2), collated(locale="simple")}) == 3
    assert collated(locale="simple") == find({"a": 1}).id


@pytest.mark.parametrize(("one", "other"), SAME)
def test_the_same_question_in_other_words(one: dict[str, Any], other: dict[str, Any]) -> None:
    assert find(one) == find(other)


@pytest.mark.parametrize(
    ("pattern", "shown"),
    [
        ("^abc", "/^?/"),
        ("^abc$", "/^?/"),
        ("^\\.com", "/^?/"),
        ("\\Aabc", "/^?/"),
        ("^a+", "/^?/"),
        ("abc", "/?/"),
        ("^", "/?/"),
        ("^.*abc", "/?/"),
        ("^a*", "/?/"),
        ("^(abc|abd)", "/?/"),
        ("^abc|def", "/?/"),
        ("^\\d+", "/?/"),
    ],
)
def test_a_regular_expression_is_a_range_only_with_a_sure_prefix(pattern: str, shown: str) -> None:
    assert find({"a": re.compile(pattern)}).text == "find {a: " + shown + "}"
    assert find({"a": {"$regex": pattern, "$options": "i"}}).text.endswith("/i}")


COMMANDS: list[tuple[dict[str, Any], str, str]] = [
    (
        {"find": "p", "filter": {"category": "x", "active": True}, "sort": {"createdAt": -1}, "limit": 20},
        "find",
        "find {active: ?, category: ?} sort {createdAt: -1} limit ?",
    ),
    ({"find": "p", "limit": 1, "skip": 9}, "find", "find {} limit ? skip ?"),
    ({"find": "p", "projection": {"a": 1, "_id": 0}}, "find", "find {} project {a}"),
    (
        {"find": "p", "collation": {"locale": "fr", "strength": 2}},
        "find",
        "find {} collation {locale: fr, strength: 2}",
    ),
    ({"count": "p", "query": {"a": 1}}, "count", "count {a: ?}"),
    ({"distinct": "p", "key": "tags", "query": {"a": 1}}, "distinct", "distinct tags {a: ?}"),
    ({"q": {"a": 1}, "u": {"$set": {"b": 1}}, "multi": True, "upsert": False}, "update", "update {a: ?}"),
    ({"q": {"a": {"$lt": 1}}, "limit": 0}, "delete", "delete {a: {$lt: ?}}"),
    ({"update": "p", "updates": [{"q": {"a": 1}}, {"q": {"b": 1}}]}, "update", "update {a: ?} or {b: ?}"),
    ({"delete": "p", "deletes": [{"q": {"a": 1}}, {"q": {"a": 9}}]}, "delete", "delete {a: ?}"),
    ({"findAndModify": "p", "query": {"a": 1}, "sort": {"b": 1}}, "findandmodify", "findAndModify {a: ?} sort {b: 1}"),
    ({"update": "p", "ordered": True, "$db": "shop"}, "command", "update (whole batch)"),
    ({"insert": "p", "documents": [{"a": 1}]}, "insert", "insert"),
    ({"getMore": 5, "collection": "p"}, "getmore", "getMore"),
    ({"getMore": 5, "originatingCommand": {"find": "p", "filter": {"a": 1}}}, "find", "find {a: ?}"),
    ({"getMore": 5, "cursor": {"originatingCommand": {"find": "p", "filter": {"a": 1}}}}, "find", "find {a: ?}"),
    ({"explain": {"find": "p", "filter": {"a": 1}}}, "command", "explain find {a: ?}"),
    ({"createIndexes": "p", "indexes": []}, "command", "createIndexes"),
    ({"$truncated": '{ find: "p", filter: { a: "xxx'}, "find", "find (cut by the server)"),
    ({}, "unknown", "unknown"),
]


@pytest.mark.parametrize(("command", "op", "text"), COMMANDS)
def test_every_command_has_a_shape_in_words(command: dict[str, Any], op: str, text: str) -> None:
    shape = shape_of(command, NS)
    assert (shape.op, shape.text, shape.ns) == (op, text, NS)
    assert re.fullmatch("1[0-9a-f]{16}", shape.id)


def test_ids_are_stable_across_versions() -> None:
    """An id that changes by accident breaks reviewed files and budgets: then VERSION must change too."""
    assert find({"category": "x", "active": True}, sort={"createdAt": -1}, limit=20).id == "134402a6e0370a0d8"


def aggregate(*stages: dict[str, Any]) -> Shape:
    return shape_of({"aggregate": "p", "pipeline": list(stages), "cursor": {}}, NS)


LOOKUP = {"from": "users", "localField": "u", "foreignField": "_id", "as": "x"}
OTHER = {**LOOKUP, "as": "other"}


def test_a_pipeline_is_its_stages_that_matter() -> None:
    shape = aggregate(
        {"$match": {"a": 1}},
        {"$match": {"b": {"$gt": 2}}},
        {"$sort": {"c": -1}},
        {"$limit": 9},
        {"$lookup": LOOKUP},
        {"$unwind": {"path": "$x"}},
        {"$group": {"_id": {"y": {"$year": "$d"}}, "n": {"$sum": 1}}},
        {"$project": {"n": 1}},
    )
    assert shape.text == (
        "aggregate $match {a: ?, b: {$gt: ?}} | $sort {c: -1} | $limit ? | "
        "$lookup {from: users, localField: u, foreignField: _id} | $unwind $joined-users | "
        "$group {_id: {y: {$year: $d}}}"
    )


EITHER = {"$or": [{"a": 1}, {"b": 1}]}
EXPRESSION = {"$expr": {"$gt": ["$a", 1]}}


def joined(name: str, value: object) -> dict[str, Any]:
    match = {"$match": {"$expr": {"$eq": ["$b", value]}}}
    return {"$lookup": {"from": "users", "let": {name: "$a"}, "pipeline": [match], "as": "z"}}


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ([{"$match": {"a": 1}}], [{"$match": {"a": 2}}, {"$project": {"b": {"$add": ["$a", 1]}}}], True),
        ([{"$group": {"_id": "$a", "n": {"$sum": 1}}}], [{"$group": {"_id": "$a", "m": {"$max": "$z"}}}], True),
        ([{"$group": {"_id": "$a"}}], [{"$group": {"_id": "$b"}}], False),
        ([{"$group": {"_id": "$a", "n": {"$first": "$x"}}}], [{"$group": {"_id": "$a", "n": {"$sum": 1}}}], False),
        ([{"$lookup": LOOKUP}], [{"$lookup": {**LOOKUP, "as": "other"}}], True),
        ([{"$lookup": LOOKUP}], [{"$lookup": {**LOOKUP, "foreignField": "email"}}], False),
        ([{"$lookup": LOOKUP}], [{"$lookup": {**LOOKUP, "from": "orders"}}], False),
        ([{"$sort": {"a": 1}}, {"$match": {"b": 1}}], [{"$match": {"b": 1}}, {"$sort": {"a": 1}}], True),
        (
            [{"$sort": {"a": 1}}, {"$limit": 5}, {"$match": {"b": 1}}],
            [{"$match": {"b": 1}}, {"$sort": {"a": 1}}, {"$limit": 5}],
            False,
        ),
        ([{"$project": {"a": 1}}, {"$match": {"a": 1}}], [{"$match": {"a": 1}}, {"$project": {"a": 1}}], True),
        ([{"$project": {"b": 1}}, {"$match": {"a": 1}}], [{"$match": {"a": 1}}, {"$project": {"b": 1}}], False),
        ([{"$project": {"b": 0}}, {"$match": {"a": 1}}], [{"$match": {"a": 1}}], True),
        ([{"$project": {"a": 0}}, {"$match": {"a": 1}}], [{"$project": {"a": 1}}, {"$match": {"a": 1}}], False),
        ([{"$unset": "b"}, {"$match": {"a": 1}}], [{"$match": {"a": 1}}], True),
        ([{"$unset": ["a", "b"]}, {"$match": {"a": 1}}], [{"$unset": "b"}, {"$match": {"a": 1}}], False),
        ([{"$addFields": {"x": 1}}, {"$match": {"x": 1}}], [{"$match": {"x": 1}}], False),
        (
            [{"$addFields": {"x": 1}}, {"$match": {"x": 1, "a": 2}}],
            [{"$match": {"a": 2}}, {"$set": {"x": {"$add": ["$a", 1]}}}, {"$match": {"x": 7}}],
            False,
        ),
        (
            [{"$set": {"x": 1}}, {"$match": {"x": 1, "a": 2}}],
            [{"$match": {"a": 2}}, {"$set": {"x": {"$add": ["$a", 1]}}}, {"$match": {"x": 7}}],
            True,
        ),
        ([{"$unwind": "$t"}, {"$match": {"t": 1}}], [{"$match": {"t": 1}}, {"$unwind": "$t"}], False),
        ([{"$unwind": "$t"}, {"$match": {"a": 1}}], [{"$match": {"a": 1}}, {"$unwind": {"path": "$t"}}], True),
        ([{"$lookup": LOOKUP}, {"$match": {"a": 1}}], [{"$match": {"a": 1}}, {"$lookup": LOOKUP}], True),
        ([{"$lookup": LOOKUP}, {"$unwind": "$x"}], [{"$lookup": OTHER}, {"$unwind": {"path": "$other"}}], True),
        ([{"$lookup": LOOKUP}, {"$unwind": "$x"}], [{"$lookup": LOOKUP}, {"$unwind": "$t"}], False),
        ([{"$lookup": LOOKUP}, {"$match": {"x.a": 1}}], [{"$lookup": OTHER}, {"$match": {"other.a": 2}}], True),
        ([{"$lookup": LOOKUP}, {"$match": {"x.a": 1}}], [{"$lookup": OTHER}, {"$match": {"x.a": 1}}], False),
        ([{"$lookup": LOOKUP}, {"$match": {"x.a": 1}}], [{"$lookup": LOOKUP}, {"$match": {"x.b": 1}}], False),
        ([{"$lookup": LOOKUP}, {"$match": {"xa": 1}}], [{"$lookup": OTHER}, {"$match": {"xa": 1}}], True),
        (
            [{"$lookup": LOOKUP}, {"$match": {"$or": [{"x.a": 1}, {"$expr": {"$eq": ["$x.b", 1]}}]}}],
            [{"$lookup": OTHER}, {"$match": {"$or": [{"other.a": 1}, {"$expr": {"$eq": ["$other.b", 1]}}]}}],
            True,
        ),
        ([{"$lookup": LOOKUP}, {"$sort": {"x.n": 1}}], [{"$lookup": OTHER}, {"$sort": {"other.n": 1}}], True),
        (
            [{"$lookup": LOOKUP}, {"$group": {"_id": "$x.n"}}],
            [{"$lookup": OTHER}, {"$group": {"_id": "$other.n"}}],
            True,
        ),
        (
            [{"$lookup": LOOKUP}, {"$group": {"_id": "$x.n", "x": {"$sum": 1}}}, {"$sort": {"x": -1}}],
            [{"$lookup": OTHER}, {"$group": {"_id": "$other.n", "x": {"$sum": 1}}}, {"$sort": {"x": -1}}],
            True,
        ),
        (
            [
                {"$lookup": LOOKUP},
                {"$lookup": {**LOOKUP, "localField": "x.b", "as": "boss"}},
                {"$sort": {"boss": 1}},
            ],
            [{"$lookup": OTHER}, {"$lookup": {**LOOKUP, "localField": "other.b", "as": "b"}}, {"$sort": {"b": 1}}],
            True,
        ),
        (
            [{"$lookup": LOOKUP}, {"$lookup": OTHER}, {"$sort": {"x.n": 1}}],
            [{"$lookup": LOOKUP}, {"$lookup": OTHER}, {"$sort": {"other.n": 1}}],
            False,
        ),
        (
            [{"$lookup": LOOKUP}, {"$lookup": {"from": "b", "pipeline": [{"$match": {"x": 1}}], "as": "y"}}],
            [{"$lookup": OTHER}, {"$lookup": {"from": "b", "pipeline": [{"$match": {"other": 1}}], "as": "y"}}],
            False,
        ),
        ([{"$lookup": LOOKUP}, {"$match": {"x.a": 1}}], [{"$match": {"x.a": 1}}, {"$lookup": LOOKUP}], False),
        (
            [{"$unset": "b"}, {"$match": {"$or": [{"a": 1}, {"$and": [{"c": 1}]}]}}],
            [{"$match": {"$or": [{"c": 1}, {"a": 1}]}}],
            True,
        ),
        (
            [{"$unset": "b"}, {"$match": {"$or": [{"a": 1}, {"b": 1}]}}],
            [{"$match": {"$or": [{"b": 1}, {"a": 1}]}}],
            False,
        ),
        (
            [{"$unset": "b"}, {"$match": EXPRESSION}],
            [{"$match": {"$expr": {"$gt": ["$a", 1]}}}],
            False,
        ),
        ([{"$match": {"a": 1}}, {"$out": "x"}], [{"$match": {"a": 1}}, {"$merge": {"into": "y"}}], True),
        ([{"$match": {"a": 1}}, {"$set": {"x": 1}}, {"$limit": 5}], [{"$match": {"a": 1}}, {"$limit": 6}], True),
        ([{"$project": {"a": 1}}, {"$limit": 5}], [{"$limit": 5}, {"$project": {"a": 1}}], True),
        ([{"$group": {"_id": None}}], [{"$group": {"_id": 1}}], True),
        (
            [{"$geoNear": {"near": {"type": "Point", "coordinates": [1, 2]}, "key": "l", "distanceField": "d"}}],
            [{"$geoNear": {"near": [1, 2], "key": "l", "distanceField": "d"}}],
            False,
        ),
        ([joined("x", "$$x")], [joined("y", "$$y")], True),
        ([joined("x", "$$x")], [joined("x", "$$NOW")], False),
        ([joined("x", "$$x")], [joined("x", 5)], False),
        ([{"$limit": 5}, {"$match": {"a": 1}}], [{"$limit": 6}, {"$match": {"a": 2}}], True),
        (
            [{"$facet": {"x": [{"$match": {"a": 1}}], "y": []}}],
            [{"$facet": {"b": [], "a": [{"$match": {"a": 7}}]}}],
            True,
        ),
    ],
)
def test_pipelines_compare(one: list[dict[str, Any]], other: list[dict[str, Any]], same: bool) -> None:
    assert (aggregate(*one).id == aggregate(*other).id) is same


def test_namespace_and_kind_are_part_of_the_shape() -> None:
    command = {"find": "p", "filter": {"a": 1}}
    assert shape_of(command, "a.p").id != shape_of(command, "b.p").id
    assert shape_of(command, "a.p").id != shape_of({"count": "p", "query": {"a": 1}}, "a.p").id
    assert shape_of({"find": "p", "$db": "a", "filter": {"a": 1}}, "").id == shape_of(command, "a.p").id


def nested(levels: int, operator: str) -> dict[str, Any]:
    inner: dict[str, Any] = {"a": 1}
    for _ in range(levels):
        inner = {operator: [inner]} if operator[0] == "$" and operator != "$not" else {"a": {operator: inner}}
    return inner


HOSTILE: list[dict[str, Any]] = [
    {"find": "p", "filter": nested(1000, "$and")},
    {"find": "p", "filter": nested(1000, "$nor")},
    {"find": "p", "filter": nested(1000, "$not")},
    {"find": "p", "filter": nested(1000, "$elemMatch")},
    {"find": "p", "filter": {"$expr": nested(1000, "$add")}},
    {"find": "p", "filter": {f"f{number}": number for number in range(50_000)}},
    {"find": "p", "filter": {"$or": [{f"f{number}": 1} for number in range(50_000)]}},
    {"find": "p", "filter": {"a\x1b[31m\x00\u202e\ud800": 1, "x" * 50_000: 1}},
    {"find": "p", "filter": {"$or": 7, "$and": {"a": 1}, "$expr": None, "": 1, "$": 2}},
    {"find": "p", "filter": "text", "sort": "text", "collation": 3, "projection": []},
    {"find": ["p"], "filter": [1]},
    {"aggregate": 1, "pipeline": "x"},
    {"aggregate": "p", "pipeline": [1, {}, {"$match": 3}, {"$lookup": 3}, {"$group": None}, {"$facet": [1]}]},
    {"aggregate": "p", "pipeline": [{"$facet": {"a": [{"$unionWith": {"coll": "x", "pipeline": [{"$match": []}]}}]}}]},
    {"update": "p", "updates": [1, {"q": 3}, {}]},
    {"q": None, "u": None},
    {"$truncated": None},
    {"getMore": 1, "cursor": 3, "originatingCommand": "text"},
    {"explain": {"explain": {"explain": 1}}},
]


@pytest.mark.parametrize("command", HOSTILE, ids=range(len(HOSTILE)))
def test_hostile_commands_have_a_bounded_printable_shape(command: dict[str, Any]) -> None:
    shape = shape_of(command, NS)
    assert len(shape.text) <= 2000
    assert shape.text.encode()
    assert not re.search("[\x00-\x1f\x7f-\x9f\u202e]", shape.text)
