"""A memo of skeletons may never give a command another command's shape."""

import json
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from perftui.advice.shapes.shape import shape_of
from perftui.sources.mongodb.log_skeleton import command_skeleton

NAMES = ("a", "b", "a:5", "x,", "$q", "from", "key", "path", "pattern", "n1", "é", 'q"', "b\\", "")
TEXTS = ("", "x", "$a", "$b", "a:1", ",", ":", "[5,", 'q"uote', "\\", "^a", "é", "?", "-5")
NUMBERS = (0, 1, -1, 2, -2, 5, 0.0, -0.0, 0.5, 1e300, -3.25, 10)

scalars = st.one_of(
    st.sampled_from(TEXTS), st.sampled_from(NUMBERS), st.booleans(), st.none(), st.text(max_size=4), st.integers()
)
special = st.one_of(
    st.builds(lambda text: {"$oid": text}, st.sampled_from(("5" * 24, "6" * 24))),
    st.builds(lambda text: {"$date": text}, st.sampled_from(("2026-01-01T00:00:00Z", "2026-01-02T00:00:00Z"))),
    st.builds(
        lambda pattern, options: {"$regularExpression": {"pattern": pattern, "options": options}},
        st.sampled_from(("^abc", "^a|b", "abc", "^", "^a*", '^"', "\\Aa", "^:5", "^:7", "^\\.")),
        st.sampled_from(("", "i", "m", "im")),
    ),
    st.builds(
        lambda pattern, options: {"$regex": pattern, "$options": options},
        st.sampled_from(("^abc", "abc", "^ab?c")),
        st.sampled_from(("", "i", "m")),
    ),
)
operators = st.sampled_from(("$gt", "$lte", "$ne", "$eq", "$exists", "$type", "$not", "$size"))
values = st.recursive(
    scalars | special,
    lambda inner: st.one_of(
        st.lists(inner, max_size=4),
        st.dictionaries(st.sampled_from(NAMES), inner, max_size=3),
        st.dictionaries(operators, inner, min_size=1, max_size=2),
        st.builds(lambda items: {"$in": items}, st.lists(scalars, max_size=4)),
        st.builds(lambda one: {"$elemMatch": {"a": one}}, inner),
    ),
    max_leaves=8,
)
filters = st.dictionaries(st.sampled_from(NAMES), values, max_size=3) | st.builds(
    lambda branches: {"$or": branches},
    st.lists(st.dictionaries(st.sampled_from(NAMES), values, max_size=2), max_size=3),
)
sorts = st.dictionaries(st.sampled_from(NAMES), st.sampled_from((1, -1, 1.0, {"$meta": "textScore"})), max_size=2)
projections = st.dictionaries(st.sampled_from(NAMES), st.sampled_from((1, 0, True, False, "$a", "x", 7)), max_size=3)
stages = st.one_of(
    st.builds(lambda query: {"$match": query}, filters),
    st.builds(lambda order: {"$sort": order}, sorts),
    st.builds(lambda number: {"$limit": number}, st.integers(1, 50)),
    st.builds(lambda key: {"$group": {"_id": key, "n": {"$sum": 1}}}, st.sampled_from(("$a", "$b", "x", None, 5))),
    st.builds(
        lambda source, local, foreign: {
            "$lookup": {"from": source, "localField": local, "foreignField": foreign, "as": "j"}
        },
        st.sampled_from(("c", "d")),
        st.sampled_from(("a", "b")),
        st.sampled_from(("a", "b")),
    ),
    st.builds(lambda path: {"$unwind": path}, st.sampled_from(("$a", "$b"))),
    st.builds(lambda name: {"$unionWith": name}, st.sampled_from(("c", "d"))),
    st.builds(lambda fields: {"$project": fields}, projections),
)
commands = st.one_of(
    st.builds(
        lambda query, order, fields, limit, skip: {
            "find": "c", "filter": query, "sort": order, "projection": fields, "limit": limit, "skip": skip,
        },
        filters, sorts, projections, st.sampled_from((0, 1, 20)), st.sampled_from((0, 5)),
    ),
    st.builds(lambda pipeline: {"aggregate": "c", "pipeline": pipeline, "cursor": {}}, st.lists(stages, max_size=4)),
    st.builds(lambda query: {"count": "c", "query": query}, filters),
    st.builds(lambda key, query: {"distinct": "c", "key": key, "query": query}, st.sampled_from(("a", "b")), filters),
    st.builds(lambda query: {"q": query, "u": {"$set": {"a": 1}}, "multi": False}, filters),
    st.builds(lambda query: {"q": query, "limit": 1}, filters),
    st.builds(lambda query, order: {"findAndModify": "c", "query": query, "sort": order}, filters, sorts),
)  # fmt: skip
SEPARATORS = ((",", ":"), (", ", ": "), (" , ", " : "))


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(st.tuples(commands, st.sampled_from(SEPARATORS)), min_size=2, max_size=12))
def test_equal_skeletons_have_equal_shapes(written: list[tuple[dict[str, Any], tuple[str, str]]]) -> None:
    shapes: dict[object, str] = {}
    for command, separators in written:
        text = json.dumps(command, separators=separators, ensure_ascii=False).encode("utf-8", "replace")
        skeleton = command_skeleton(text)
        if skeleton is not None:
            identity = shape_of(msgspec.json.decode(text), "shop.c").id
            assert shapes.setdefault(skeleton, identity) == identity, text


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ({"find": "c", "filter": {"a": "x"}}, {"find": "c", "filter": {"a": "y, other: 5"}}),
        ({"find": "c", "filter": {"a": 5}, "limit": 20}, {"find": "c", "filter": {"a": 12345.75}, "limit": 7}),
        ({"find": "c", "filter": {"a": {"$in": ["x", "y"]}}}, {"find": "c", "filter": {"a": {"$in": ["v", "w"]}}}),
        (
            {"aggregate": "c", "pipeline": [{"$match": {"from": "x"}}]},
            {"aggregate": "c", "pipeline": [{"$match": {"from": "y"}}]},
        ),
        (
            {"find": "c", "filter": {"a": {"$regularExpression": {"pattern": "^abc", "options": "i"}}}},
            {"find": "c", "filter": {"a": {"$regularExpression": {"pattern": "^def", "options": "i"}}}},
        ),
    ],
)
def test_values_make_no_other_skeleton(one: dict[str, Any], other: dict[str, Any]) -> None:
    assert command_skeleton(msgspec.json.encode(one)) == command_skeleton(msgspec.json.encode(other)) is not None


def test_a_long_command_s_skeleton_is_short() -> None:
    command = msgspec.json.encode({"find": "c", "filter": {"a": {"$in": [f"value {n}" for n in range(5000)]}}})
    assert len(repr(command_skeleton(command))) < 500


def test_other_commands_have_none() -> None:
    assert command_skeleton(b'{"collStats":"c"}') is None
    assert command_skeleton(b"[]") is None
    with pytest.raises(msgspec.DecodeError):
        command_skeleton(b'{"find":"c","filter":')
