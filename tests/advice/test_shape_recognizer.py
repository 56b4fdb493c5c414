"""What is asked often is recognized without its skeleton: only where it is the same, and in bounded memory."""

import datetime
import threading
from collections import OrderedDict
from collections.abc import Iterator
from random import Random
from typing import Any

import pytest
from bson import ObjectId

from perftui.advice.shapes import recognizer_source
from perftui.advice.shapes.memo import ShapeMemo
from perftui.advice.shapes.recognizer import learn
from perftui.advice.shapes.shape import Shape, shape_of
from perftui.advice.shapes.skeleton_command import COMMANDS

NOW = datetime.datetime(2026, 1, 1)
STAGES: list[Any] = [
    {"$match": {"a": "x", "b": {"$in": [1, 2]}}},
    {"$lookup": {"from": "c", "localField": "d", "foreignField": "e", "pipeline": [{"$match": {"f": 1}}], "as": "g"}},
    {"$group": {"_id": {"a": "$a", "b": ["$b", 1]}, "n": {"$sum": 1}, "m": {"$max": -0.5}}},
    {"$sort": {"n": -1, "_id": 1}},
    {"$limit": 5},
    {"$project": {"n": 1, "x": {"$cond": [{"$gt": ["$n", 5]}, "$$ROOT", None]}}},
]
ORDINARY: list[dict[str, Any]] = [
    {"find": "t", "filter": {}},
    {"find": "t", "filter": {"_id": ObjectId()}, "limit": 1, "singleBatch": True},
    {"find": "t", "filter": {"a": "x", "b": True, "c": {"$gte": 5, "$lt": 9}}, "sort": {"d": -1, "e": 1}, "skip": 3},
    {"find": "t", "filter": {"_id": {"$in": [ObjectId() for _ in range(50)]}}, "projection": {"a": 1, "_id": False}},
    {"find": "t", "filter": {"_id": {"$in": ["x"] * 300}}, "collation": {"locale": "fr"}, "sort": None, "limit": 0},
    {"find": "t", "filter": {"$or": [{"a": 7}, {"b": True, "c": {"$gt": NOW}}], "d": {"$exists": True}}},
    {"find": "t", "filter": {"a": {"$regex": "^x", "$options": "i"}, "b": {"$elemMatch": {"c": 1, "d": None}}}},
    {"find": "t", "filter": {"a": {"$in": [1]}, "$expr": {"$gt": ["$a", "$b"]}}, "sort": {"s": {"$meta": "textScore"}}},
    {"aggregate": "t", "pipeline": STAGES, "cursor": {}},
    {"aggregate": 1, "pipeline": [{"$currentOp": {}}]},
    {"aggregate": "t", "pipeline": [{"$facet": {"a": [{"$match": {"b": 1}}]}}, {"$unwind": "$a"}, {"$unset": "b"}]},
    {"count": "t", "query": {"a": 1}, "limit": 5},
    {"distinct": "t", "key": "a", "query": {"b": 1}},
    {"findAndModify": "t", "query": {"a": 1}, "sort": {"b": 1}, "remove": True},
    {"insert": "t", "documents": [{"a": 1}]},
    {"update": "t", "updates": [{"q": {"_id": ObjectId()}, "u": {"$set": {"a": 1}}, "collation": {"locale": "fr"}}]},
    {"delete": "t", "deletes": [{"q": {"_id": 1, "a": None}, "limit": 1}]},
]


def variants(value: Any) -> Iterator[Any]:
    """The same with one thing changed, each in turn: a value, a name, the order, a list's length, what is given."""
    if isinstance(value, dict):
        for name, inner in value.items():
            yield {one: given for one, given in value.items() if one != name}
            yield {(f"{one}z" if one == name else one): given for one, given in value.items()}
            yield from ({**value, name: changed} for changed in variants(inner))
        yield {**value, "extra": 1}
        yield dict(reversed(value.items()))
        yield OrderedDict(value)
    elif isinstance(value, list):
        yield from (value[:-1], [*value, None], [*value, *value], value * 90, tuple(value))
        for at in {0, len(value) - 1} if value else ():
            yield from ([*value[:at], changed, *value[at + 1 :]] for changed in variants(value[at]))
    else:
        yield from ("y", "$y", 0, 1, -1, 2.5, -2.5, True, False, None, NOW, {"$gt": 1}, {"y": 1}, [], [1], [1, None])


@pytest.mark.parametrize("command", ORDINARY, ids=range(len(ORDINARY)))
def test_only_the_same_skeleton_is_recognized(command: dict[str, Any]) -> None:
    name = next(iter(command))
    rest = {option: value for option, value in command.items() if option != name}
    expected, turned_down = shape_of(command, namespace(command)), 0
    for changed in variants(rest):
        other = {name: command[name], **changed}
        memo = ShapeMemo[Shape](lambda shape: shape, learn_after=1)
        assert memo.of(command, name, "shop") == expected
        assert memo.learned == 1
        found = memo.of(other, name, "shop")
        assert found == shape_of(other, namespace(other)), other
        turned_down += found != expected
    assert turned_down or name == "insert"


def namespace(command: dict[str, Any]) -> str:
    collection = next(iter(command.values()))
    return f"shop.{collection}" if isinstance(collection, str) else "shop.$cmd.aggregate"


@pytest.mark.parametrize("command", ORDINARY, ids=range(len(ORDINARY)))
def test_ordinary_commands_are_recognized_without_their_skeletons(
    command: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    name, read = next(iter(command)), 0
    memo = ShapeMemo[Shape](lambda shape: shape)

    def counted(*arguments: Any) -> None:
        nonlocal read
        read += 1
        original(*arguments)

    original = COMMANDS[name]
    monkeypatch.setitem(COMMANDS, name, counted)
    for _ in range(100):
        memo.of(command, name, "shop")
    assert read == 8
    assert memo.of(command, name, "elsewhere").ns.startswith("elsewhere.")


def test_nothing_of_a_command_is_code() -> None:
    """Names and texts that would be syntax are compared, never run."""
    evil = "x'] or __import__('os')._exit(1) or c0['\n"
    command = {"find": evil, "filter": {evil: {"$gt": evil}, "$expr": {"$eq": ["$" + evil, evil]}}, "sort": {evil: 1}}
    kept = object()
    recognize = learn(command, "find", kept)
    assert recognize is not None
    assert recognize(command) is kept
    assert recognize({**command, "sort": {"y": 1}}) is None


def test_commands_that_differ_in_names_only_share_their_source() -> None:
    recognizer_source._maker.cache_clear()
    for at in range(20):
        assert learn({"find": "t", "filter": {f"field{at}": at}, "sort": {f"other{at}": 1}}, "find", at) is not None
    assert recognizer_source._maker.cache_info().currsize == 1


def test_what_is_asked_seldom_is_not_learned_and_what_is_learned_is_bounded() -> None:
    memo = ShapeMemo[Shape](lambda shape: shape)
    for number in range(5_000):
        memo.of({"find": "t", "filter": {f"seldom{number % 1_000}": 1}}, "find", "shop")
    assert memo.learned == 0
    for number in range(1_500):
        for _ in range(9):
            memo.of({"find": "t", "filter": {f"often{number % 700}": 1}}, "find", "shop")
    assert 0 < memo.learned <= 500
    assert learn({"find": "t", "filter": {f"f{at}" * 50: 1 for at in range(50)}}, "find", 1) is None
    assert learn({"aggregate": "t", "pipeline": [{"$match": {"a": 1}}] * 59}, "aggregate", 1) is None


def test_orders_of_one_filter_are_told_apart() -> None:
    memo = ShapeMemo[Shape](lambda shape: shape, learn_after=1)
    commands: list[dict[str, Any]] = [{"find": "t", "filter": {"a": 1}, "sort": {f"field{at}": 1}} for at in range(10)]
    for command in commands * 3:
        assert memo.of(command, "find", "shop") == shape_of(command, "shop.t")
    assert memo.learned == 8
    memo.clear()
    assert (memo.learned, len(memo)) == (0, 0)


@pytest.mark.parametrize("names", [1, 3])
@pytest.mark.parametrize("size", [1, 2, 50, 51, 400, 1_500])
def test_a_batch_of_like_writes_has_the_shape_of_one(size: int, names: int) -> None:
    """However many there are: the server profiles each by itself, and its entries have the shape of one."""
    memo = ShapeMemo[Shape](lambda shape: shape, learn_after=2)
    one = {"q": {f"field{at}": at for at in range(names)}, "u": {"$set": {"a": 1}}}
    command: dict[str, Any] = {"update": "t", "updates": [one] * size}
    for _ in range(4):
        assert memo.of(command, "update", "shop") == shape_of({"update": "t", "updates": [one]}, "shop.t")
    assert (memo.learned, len(memo)) == (1, 1)
    other = {"q": {"other": 1}, "u": {"$set": {"a": 1}}}
    for at in {0, size // 2, size - 1, size}:
        mixed: dict[str, Any] = {"update": "t", "updates": [*[one] * at, other, *[one] * (size - at)]}
        for _ in range(3):
            assert memo.of(mixed, "update", "shop") == shape_of(mixed, "shop.t")


def test_a_batch_without_statements_has_a_shape() -> None:
    memo = ShapeMemo[Shape](lambda shape: shape, learn_after=1)
    batches: tuple[Any, ...] = ([], None, (), [5], [{}], [{"q": 5}])
    for updates in batches:
        command: dict[str, Any] = {"update": "t", "updates": updates}
        for _ in range(3):
            assert memo.of(command, "update", "shop") == shape_of(command, "shop.t")


def test_threads_that_learn_at_once_never_mix_shapes_up() -> None:
    """Some ask what others forget meanwhile."""
    memo = ShapeMemo[Shape](lambda shape: shape, learn_after=2)
    expected = [(command, shape_of(command, namespace(command))) for command in ORDINARY]
    gate, wrong = threading.Barrier(6), list[Any]()

    def ask(seed: int) -> None:
        random = Random(seed)
        gate.wait()
        for number in range(2_000):
            command, shape = random.choice(expected)
            if memo.of(command, next(iter(command)), "shop") != shape:
                wrong.append(command)
            if number % 400 == seed:
                memo.clear()

    threads = [threading.Thread(target=ask, args=(seed,)) for seed in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong
    assert memo.learned
