"""The memo gives every command the shape that `shape_of` gives it, whatever was asked before, in bounded memory."""

import datetime
import re
import uuid
from collections import OrderedDict
from collections.abc import Callable, Iterator
from random import Random
from typing import Any

import pytest
from bson import SON, Binary, Code, DBRef, Decimal128, Int64, MaxKey, ObjectId, Regex, Timestamp
from hypothesis import given, settings
from hypothesis import strategies as st

from perftui.advice.shapes import skeleton_filter
from perftui.advice.shapes.memo import ShapeMemo
from perftui.advice.shapes.shape import Shape, shape_of

NAMES = ["a", "b", "a.b", "_id", "c d", "$x", "é", "n" * 201, ""]
FILTER_NAMES = [
    "$and", "$or", "$nor", "$expr", "$comment", "$text", "$where", "$eq", "$ne", "$gt", "$lte", "$in", "$nin",
    "$exists", "$not", "$elemMatch", "$all", "$regex", "$options", "$size", "$type", "$mod", "$near",
    "$geometry", "$maxDistance", "$geoWithin", "$box", "$regularExpression", "$undefined", "$oid",
    "coordinates",
]  # fmt: skip
STAGES = [
    "$match", "$sort", "$limit", "$skip", "$project", "$addFields", "$set", "$unset", "$group", "$lookup",
    "$graphLookup", "$unionWith", "$facet", "$geoNear", "$unwind", "$bucket", "$sortByCount",
    "$setWindowFields", "$replaceRoot", "$replaceWith", "$redact", "$count", "$out", "$merge", "$sample",
]  # fmt: skip
STAGE_NAMES = [
    "from", "localField", "foreignField", "pipeline", "let", "as", "coll", "connectFromField",
    "connectToField", "restrictSearchWithMatch", "query", "near", "key", "spherical", "path",
    "includeArrayIndex", "preserveNullAndEmptyArrays", "groupBy", "partitionBy", "sortBy", "output", "$first",
    "$last", "$sum", "$literal", "$gt", "$in", "$cond", "$meta", "$numberInt",
]  # fmt: skip
TEXTS = [
    "",
    "x",
    "y",
    "$a",
    "$b",
    "$$NOW",
    "$$v",
    "^x",
    "^x|y",
    "^",
    "x.*",
    "i",
    "m",
    "im",
    "textScore",
    "$" + "l" * 300,
]


class Word(str):
    """A text of an application's own type."""


class Flag(int):
    """A number of an application's own type."""


class Odd:
    """A type that only an application knows, with what a regular expression has."""

    flags = 0

    def __init__(self, pattern: str = "^odd") -> None:
        self.pattern = pattern


LEAVES: list[Callable[[Random], Any]] = [
    lambda random: random.choice(TEXTS),
    lambda random: random.choice(TEXTS),
    lambda random: random.choice([0, 1, -1, 7, 1000]),
    lambda random: random.choice([0.0, -0.0, 1.5, -2.0, float("nan"), float("inf")]),
    lambda random: random.choice([True, False]),
    lambda _: None,
    lambda random: random.choice([ObjectId(), datetime.datetime(2026, 1, 2), uuid.uuid4(), b"x", Binary(b"y", 5)]),
    lambda random: random.choice([Int64(0), Int64(-3), Decimal128("0"), Timestamp(1, 1), MaxKey(), Code("$a")]),
    lambda random: random.choice([re.compile("^a"), re.compile("^a", re.M | re.I), Regex("b", "i"), re.compile(b"^c")]),
    lambda random: random.choice([Word("$a"), Word("x"), Flag(0), Flag(2), Odd(), DBRef("c", 1)]),
]


class Writer:
    """Commands as anybody may write them: mostly sensible ones, and anything anywhere."""

    def __init__(self, random: Random) -> None:
        self.random = random
        self.wildness = 0.0

    def leaf(self) -> Any:
        wild = self.random.random() < self.wildness
        return self.random.choice(LEAVES if wild else LEAVES[:7])(self.random)

    def any(self, depth: int) -> Any:
        random = self.random
        if depth <= 0 or random.random() < 0.5:
            return self.leaf()
        if random.random() < 0.6:
            return self.document(depth, random.choice([NAMES, FILTER_NAMES, STAGE_NAMES]))
        return self.listed(lambda: self.any(depth - 1))

    def listed(self, item: Callable[[], Any]) -> Any:
        size = self.random.choice([0, 1, 1, 2, 3, 3, 60, 199, 201, 310]) if self.random.random() < 0.1 else 2
        items = [item() for _ in range(size)] if size < 50 else [item()] * size
        return tuple(items) if self.random.random() < 0.05 else items

    def document(self, depth: int, names: list[str]) -> Any:
        size = self.random.choice([0, 1, 1, 1, 2, 2, 3])
        made = {self.random.choice(names): self.any(depth - 1) for _ in range(size)}
        return self.random.choice([dict] * 30 + [SON, OrderedDict])(made)

    def filter(self, depth: int) -> Any:
        random, made = self.random, {}
        for _ in range(random.choice([0, 1, 1, 2, 3])):
            kind = random.random()
            if kind < 0.4:
                made[random.choice(NAMES)] = self.leaf()
            elif kind < 0.75:
                made[random.choice(NAMES)] = {random.choice(FILTER_NAMES): self.operand(depth) for _ in range(2)}
            elif kind < 0.9 and depth > 0:
                made[random.choice(["$and", "$or", "$nor"])] = self.listed(lambda: self.filter(depth - 1))
            else:
                made[random.choice(FILTER_NAMES)] = self.any(depth)
        return made

    def operand(self, depth: int) -> Any:
        kind = self.random.random()
        if kind < 0.4 or depth <= 0:
            return self.leaf()
        return self.listed(self.leaf) if kind < 0.7 else self.filter(depth - 1) if kind < 0.85 else self.any(depth - 1)

    def order(self) -> Any:
        random = self.random
        values = [1, -1, 1, -1, 1.0, -1.0, -0.0, True, Int64(-1), {"$meta": "textScore"}, {"$numberInt": "-1"}, "x"]
        return {random.choice(NAMES): random.choice(values) for _ in range(random.choice([0, 1, 1, 2, 3]))}

    def stage(self, depth: int) -> Any:
        random = self.random
        name = random.choice(STAGES)
        if random.random() < self.wildness:
            return random.choice([self.any(1), {name: self.any(depth), "$x": 1}, {name: self.any(depth)}, {}])
        if name == "$match":
            return {name: self.filter(depth)}
        if name == "$sort":
            return {name: self.order()}
        if name == "$facet":
            return {name: {"one": self.pipeline(depth - 1), "two": self.pipeline(depth - 1)}}
        body = {random.choice(STAGE_NAMES + NAMES): self.any(depth) for _ in range(3)}
        if random.random() < 0.3:
            body["pipeline"] = self.pipeline(depth - 1)
        if random.random() < 0.3:
            body["sortBy"] = self.order()
        return {
            name: random.choice([body, body, self.leaf(), [self.leaf(), "b"], {"a": 1, "b": 0}, {"a": 1, "_id": 0}])
        }

    def pipeline(self, depth: int) -> Any:
        if self.random.random() < self.wildness / 2:
            return self.any(0)
        if depth < 0:
            return []
        return [self.stage(depth) for _ in range(self.random.choice([0, 1, 2, 3, 4]))]

    def statement(self, name: str) -> Any:
        made = {"q": self.filter(1), name: {"$set": {"a": 1}}}
        if self.random.random() < 0.2:
            made["collation"] = self.collation()
        return made if self.random.random() > self.wildness else self.random.choice([self.leaf(), {}])

    def collation(self) -> Any:
        return self.random.choice([None, {"locale": "fr"}, {"locale": "fr", "strength": 2}, {"locale": "simple"}])

    def command(self) -> dict[str, Any]:
        random = self.random
        self.wildness = random.choice([0.0, 0.0, 0.02, 0.3])
        name = random.choice(["find", "find", "aggregate", "aggregate", "count", "distinct", "findAndModify", "update",
                              "delete", "insert"])  # fmt: skip
        made: dict[str, Any] = {
            name: random.choice(["things", "things", "others", 1]) if name == "aggregate" else "things"
        }
        if name == "aggregate":
            made["pipeline"] = self.pipeline(2)
        elif name in ("update", "delete"):
            many = [self.statement("u") for _ in range(random.choice([1, 1, 1, 2, 3]))]
            made[name + "s"] = random.choice([many] * 8 + [many * 30, many[:0]])
        else:
            made["filter" if name == "find" else "query"] = (
                self.filter(2) if random.random() > self.wildness else self.any(1)
            )
        if name == "distinct":
            made["key"] = random.choice([*NAMES, 5])
        extras: dict[str, Callable[[], Any]] = {
            "sort": self.order,
            "projection": lambda: {name: random.choice([0, 1, True, 0.0, "$a"]) for name in ("a", "_id")},
            "limit": self.leaf, "skip": self.leaf, "collation": self.collation, "remove": self.leaf,
            "comment": self.leaf, "lsid": lambda: {"id": uuid.uuid4()}, "$db": lambda: "shop",
        }  # fmt: skip
        made.update({extra: make() for extra, make in extras.items() if random.random() < 0.2})
        return made

    def changed(self, value: Any) -> Any:
        """The same in other words: some values are others of any type, some lists longer."""
        random = self.random
        if isinstance(value, dict):
            return type(value)({name: self.changed(item) for name, item in value.items()})
        if isinstance(value, list):
            return [self.changed(item) for item in value] + ([self.leaf()] if random.random() < 0.05 else [])
        like = [other for other in (self.leaf() for _ in range(10)) if type(other) is type(value)]
        return random.choice(like) if like and random.random() < 0.5 else value


def agrees(memo: ShapeMemo[Shape], command: dict[str, Any]) -> None:
    name = next(iter(command))
    expected = shape_of(command, "shop.$cmd.aggregate" if command[name] == 1 else f"shop.{command[name]}")
    assert memo.of(command, name, "shop") == expected, command


def likes(command: dict[str, Any], random: Random) -> Iterator[dict[str, Any]]:
    first = next(iter(command))
    rest = {name: value for name, value in command.items() if name != first}
    for _ in range(5):
        yield {first: command[first], **Writer(random).changed(rest)}


@given(st.integers(0, 2**64), st.integers(0, 2**64))
@settings(max_examples=120, deadline=None)
def test_a_command_and_its_like_get_their_own_shapes(seed: int, other: int) -> None:
    memo = ShapeMemo[Shape](lambda shape: shape, learn_after=1)
    command = Writer(Random(seed)).command()
    for like in (command, *likes(command, Random(other)), command):
        agrees(memo, like)
    for like in (command, *likes(command, Random(other)), *likes(command, Random(other + 1))):
        agrees(memo, like)  # by what was learned, now


@pytest.mark.parametrize("seed", range(2))
def test_many_commands_after_one_another(seed: int) -> None:
    random, memo = Random(seed), ShapeMemo[Shape](lambda shape: shape, learn_after=2)
    for _ in range(400):
        command = Writer(random).command()
        for like in (command, *likes(command, random), command, *likes(command, random)):
            agrees(memo, like)
    assert memo.learned


def _any(*values: Any) -> list[Any]:
    return list(values)


MATTERS: list[list[dict[str, Any]]] = [
    [{"filter": {"a": {"$exists": value}}} for value in (True, False, 1, 0, "", "x", None, 0.0, 1.5)],
    [
        {"filter": {"a": {"$regex": value}}}
        for value in ("^a", "a", "^a|b", "^", re.compile("^a"), re.compile("^a", re.I))
    ],
    [{"filter": {"a": {"$regex": "^a", "$options": value}}} for value in ("", "i", "m", "x", "im", "is")],
    [{"filter": {"a": {"$regex": value, "$options": "m"}}} for value in ("^a", "\\Aa", "a")],
    [
        {"filter": {"a": value}}
        for value in (re.compile("^a"), re.compile("a"), re.compile("^a", re.M), re.compile("(?i)a"))
    ],
    [{"filter": {"a": value}} for value in (Regex("^a"), Regex("^a", "i"), Regex("a", "m"), Odd(), Word("x"), None)],
    *[
        [{"filter": {"a": {operator: [value] * size}}} for size in (0, 1, 2, 200, 201) for value in (1, "x", None)]
        for operator in ("$in", "$nin", "$all", "$and", "$or", "$eq")
    ],
    [
        {"filter": {"a": {"$in": [1, value]}}}
        for value in (2, "b", None, re.compile("a"), ObjectId(), Odd(), {"$undefined": 1})
    ],
    [{"filter": {"a": {"$not": value}}} for value in (1, re.compile("^a"), re.compile("a"), {"$eq": 1}, {"$eq": None})],
    [
        {"filter": {"$expr": {"$gt": ["$a", value]}}}
        for value in (1, "x", "$b", "$$NOW", "$$x", None, [1], [1, 2], [1, "$c"])
    ],
    [{"sort": {"a": value}} for value in (1, -1, 1.0, -1.0, -0.0, True, Int64(-1), 0, "x", {"$meta": "textScore"})],
    [{"limit": value} for value in (0, 1, None, 0.0)],
    [{"limit": value, "sort": {"a": 1}} for value in (0, 1, None, 0.0)],
    [{"projection": {"a": value, "_id": id_}} for value in (0, 1, True, False, 0.0, 1.0, "$a", None) for id_ in (0, 1)],
    [{"collation": value} for value in ({"locale": "fr"}, {"locale": "de"}, {"locale": "fr", "strength": 1}, None)],
    [{"pipeline": [{"$project": {"a": value, "_id": 0}}]} for value in (0, 1, 0.0, 1.0, True, False, "$a", None)],
    [
        {"pipeline": [{"$project": {"a": value}}, {"$match": {"a": 1}}]}
        for value in (0, 1, 0.0, 1.0, "$b", {"$add": [1]})
    ],
    [{"pipeline": [{"$group": {"_id": value}}]} for value in ("$a", "$b", None, "x", {"x": "$a"}, {"x": "$b"}, ["$a"])],
    [{"pipeline": [{"$unwind": value}]} for value in ("$a", "$b", {"path": "$a"}, {"path": "$b"}, 5)],
    [{"pipeline": [{"$unset": value}, {"$match": {"b": 1}}]} for value in ("a", "b", ["a"], ["b"], ["a", "b"], 5)],
    [{"pipeline": [{"$lookup": {"from": name, "as": made}}, {"$match": {"c": 1}}]} for name in "ab" for made in "bc"],
    [
        {"pipeline": [{"$lookup": {"from": value}}]}
        for value in ("a", {"db": "x", "coll": "y"}, {"db": "x", "coll": "z"}, 5)
    ],
    [{"pipeline": [{"$unionWith": value}]} for value in _any("a", "b", {"coll": "a"}, {"pipeline": []})],
    [
        {"pipeline": [{"$geoNear": {"near": value, "spherical": way}}]}
        for value in _any([1, 2], {"type": 1})
        for way in (0, 1, "")
    ],
    [
        {"pipeline": [{"$setWindowFields": {"sortBy": {"a": value}}}]}
        for value in (1, -1, {"$meta": "x"}, {"$meta": "y"})
    ],
    [
        {"pipeline": [{"$facet": {"a": [{"$match": {"x": value}}]}}]}
        for value in (1, None, {"$exists": 0}, {"$exists": 1})
    ],
    [{"pipeline": [{"$match": {"a": 1}}, {"$out": value}]} for value in ("a", {"db": "x", "coll": "y"})],
    [
        {"pipeline": value}
        for value in _any([], [{}], {}, None, ({"$match": {}},), [{"$match": 5}], [{"$out": 1, "$a": {}}])
    ],
    [{"filter": {"a": value}} for value in (Odd("^a"), Odd("a"), Odd("^a|b"))],
    [{"filter": {"a": {"$regularExpression": {"pattern": value, "options": ""}}}} for value in ("^a", "a")],
]


@pytest.mark.parametrize("group", MATTERS, ids=range(len(MATTERS)))
def test_values_that_a_shape_depends_on(group: list[dict[str, Any]]) -> None:
    memo = ShapeMemo[Shape](lambda shape: shape, learn_after=1)
    for command in (*group, *reversed(group), *group):
        given: dict[str, Any] = {} if "pipeline" in command else {"filter": {}}
        agrees(memo, {"aggregate" if "pipeline" in command else "find": "things", **given, **command})


def test_what_only_differs_in_values_is_worked_out_once() -> None:
    made: list[str] = []

    def make(shape: Shape) -> Shape:
        made.append(shape.id)
        return shape

    memo = ShapeMemo(make)
    for number in range(100):
        memo.of({"find": "a", "filter": {"x": str(number), "y": {"$gt": number}}, "sort": {"z": -1}}, "find", "shop")
        memo.of({"find": "a", "filter": {"$or": [{"x": number}, {"z": {"$in": [number] * 9}}]}}, "find", "shop")
        memo.of(
            {"update": "a", "updates": [{"q": {"_id": ObjectId()}, "u": {"$set": {f"f{number}": 1}}}]}, "update", "s"
        )
        memo.of({"insert": "a", "documents": [{f"f{number}": 1}]}, "insert", "shop")
        stages: list[Any] = [{"$match": {"x": str(number)}}, {"$group": {"_id": "$y", "n": {"$sum": 1}}}]
        lookup = {
            "from": "b",
            "localField": "x",
            "foreignField": "y",
            "pipeline": [{"$match": {"q": number}}],
            "as": "z",
        }
        memo.of({"aggregate": "a", "pipeline": [*stages, {"$lookup": lookup}]}, "aggregate", "shop")
        memo.of({"find": "a", "filter": {"x": {"$regex": f"^{number}x", "$options": "i"}}}, "find", "shop")
    assert len(made) == len(set(made)) == 6


def test_hostile_commands_leave_no_more_than_a_bound() -> None:
    memo = ShapeMemo[Shape](lambda shape: shape)
    for number in range(20_000):
        memo.of({"find": "a", "filter": {f"field{number}": 1, "x" * (number % 300): 2}}, "find", "shop")
    assert 0 < len(memo) <= 2_000
    assert sum(map(len, skeleton_filter.filters.found)) <= 40_000
    deep: Any = {"a": 1}
    for _ in range(3_000):
        deep = {"$and": [deep]}
    agrees(memo, {"find": "a", "filter": deep})
    agrees(memo, {"find": "a", "filter": {f"f{at}": at for at in range(5_000)}})
    agrees(memo, {"delete": "a", "deletes": [{"q": {f"f{at}": 1}, "limit": 1} for at in range(1_500)]})
