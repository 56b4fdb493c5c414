"""The model's costs against the server's own counters, over random questions and indexes."""

import math
import random
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from bson.codec_options import CodecOptions, DatetimeConversion
from pymongo.database import Database
from pymongo.errors import OperationFailure

from perftui.advice.choice.workload import read_workload
from perftui.advice.costs.ask import Collections
from perftui.advice.costs.spec import Spec
from perftui.advice.facts import CollectionFacts
from perftui.advice.load import ShapeLoad
from perftui.servers import MongodProcess

Document = dict[str, Any]
START = datetime(2026, 1, 1, tzinfo=UTC)
FIELDS = ["a", "b", "c", "d", "s", "f", "tags", "it.p", "o.x", "o.y", "opt"]
ARRAYS = {"tags", "it"}
FAR_DATES: CodecOptions[Any] = CodecOptions(datetime_conversion=DatetimeConversion.DATETIME_AUTO)
QUESTIONS, AGREEING = 120, 0.92
NS = "advice_model.t"


def made_up(number: int, source: random.Random) -> list[Document]:
    def one(at: int) -> Document:
        return {
            "_id": at,
            "a": int(source.random() ** 2 * 12),
            "b": source.randrange(300),
            "c": source.random(),
            "d": START + timedelta(seconds=source.randrange(10**7)),
            "s": f"{source.choice(['ab', 'ac', 'bd', 'xyz'])}{source.randrange(200):03d}",
            "f": source.random() < 0.8,
            "tags": source.sample(range(15), source.randrange(1, 4)),
            "it": [{"p": source.randrange(30), "q": source.randrange(8)} for _ in range(source.randrange(1, 3))],
            "o": {"x": source.randrange(20), "y": source.choice("rgb")},
            **({"opt": source.randrange(9)} if source.random() < 0.2 else {}),
        }

    return [one(at) for at in range(number)]


class Drawn:
    """Questions about made-up documents, and indexes that may serve them."""

    def __init__(self, seed: int) -> None:
        self.source = random.Random(seed)
        self.documents = made_up(2_000, self.source)

    def value(self, path: str) -> Any:
        found: Any = self.source.choice(self.documents)
        for name in path.split("."):
            found = self.source.choice(found) if isinstance(found, list) else found
            found = found.get(name, 3)
        return self.source.choice(found) if isinstance(found, list) else found

    def predicate(self, path: str) -> Any:
        kind = self.source.choice(["eq", "eq", "eq", "in", "gte", "lt", "between", "ne", "exists", "regex"])
        if kind == "in":
            return {"$in": [self.value(path) for _ in range(3)]}
        if kind in ("gte", "lt"):
            return {f"${kind}": self.value(path)}
        if kind == "between" and path.split(".")[0] not in ARRAYS:
            low, high = sorted((self.value(path), self.value(path)))
            return {"$gte": low, "$lte": high}
        if kind == "ne":
            return {"$ne": self.value(path)}
        if kind == "exists":
            return {"$exists": self.source.random() < 0.7}
        return (
            {"$regex": self.source.choice(["^ab", "^b.*9$", "1"])}
            if kind == "regex" and path == "s"
            else self.value(path)
        )

    def command(self) -> Document:
        paths = self.source.sample(FIELDS, self.source.choice([1, 2, 2, 3]))
        wanted: Document = {path: self.predicate(path) for path in paths}
        if self.source.random() < 0.1:
            left, right = self.source.sample(FIELDS, 2)
            wanted["$or"] = [{left: self.value(left)}, {right: self.value(right)}]
        kind = self.source.choice(["find", "find", "find", "count", "distinct"])
        if kind == "count":
            return {"count": "t", "query": wanted}
        if kind == "distinct":
            return {"distinct": "t", "key": self.source.choice(["a", "o.y"]), "query": wanted}
        command: Document = {"find": "t", "filter": wanted}
        if self.source.random() < 0.5:
            command["sort"] = {self.source.choice(["a", "b", "c", "d", "s"]): self.source.choice([1, -1])}
        if self.source.random() < 0.5:
            command["limit"] = self.source.choice([1, 5, 20, 100])
        if self.source.random() < 0.2:
            command["projection"] = {"a": 1, "b": 1, "_id": 0}
        return command

    def index(self, command: Document) -> list[tuple[str, int]]:
        wanted: Document = command.get("filter") or command.get("query") or {}
        sort: Document = command.get("sort", {})
        shown: Document = command.get("projection", {})
        paths: list[str] = [path for path in [*wanted, *sort, command.get("key", "a")] if path != "$or"]
        paths = list(dict.fromkeys([*paths, *shown]))
        self.source.shuffle(paths)
        chosen: list[tuple[str, int]] = []
        for path in paths[: self.source.choice([1, 2, 3, 4])]:
            if path != "_id" and not (
                path.split(".")[0] in ARRAYS and any(one.split(".")[0] in ARRAYS for one, _ in chosen)
            ):
                chosen.append((path, sort.get(path, 1)))
        return chosen


def stages(value: Any) -> Iterator[Mapping[str, Any]]:
    if isinstance(value, Mapping):
        yield value
        for inner in value.values():
            yield from stages(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from stages(inner)


def measured(database: Database[Document], command: Document) -> float:
    reply = database.command("explain", command, verbosity="executionStats", codec_options=FAR_DATES)
    executed = reply["executionStats"]
    cost = float(executed["totalKeysExamined"] + 2 * executed["totalDocsExamined"])
    for stage in stages(executed["executionStages"]):
        if stage.get("stage") == "SORT":
            number = stage["inputStage"]["nReturned"]
            kept = stage.get("limitAmount") or number
            cost += number * math.log2(max(2, min(number, kept))) if number > 1 else 0
    return cost


@pytest.mark.parametrize("seed", [1, 2])
@pytest.mark.long
def test_the_model_counts_as_the_server_does(mongod: MongodProcess, seed: int) -> None:
    drawn = Drawn(seed)
    facts = CollectionFacts(ns=NS, documents=len(drawn.documents), sample=drawn.documents, whole=True)
    collections = Collections({NS: facts}, 10_000)
    wrong: list[str] = []
    with mongod.client() as client:
        collection = client["advice_model"]["t"]
        collection.drop()
        collection.insert_many(drawn.documents)
        for _ in range(QUESTIONS):
            command, specs = drawn.command(), list[Spec]()
            collection.drop_indexes()
            for _ in range(drawn.source.choice([1, 1, 2])):
                keys = drawn.index(command)
                if keys and Spec(keys=tuple(keys)) not in specs:
                    collection.create_index(keys)
                    specs.append(Spec(keys=tuple(keys)))
            try:
                real = measured(client["advice_model"], command)
            except OperationFailure:
                continue
            load = ShapeLoad(id="1", ns=NS, op="", shape="", executions=1, commands=(command,))
            (demand,) = read_workload([load], collections, 32).demands
            model = demand.with_indexes(tuple(specs)).cost
            if abs(model - real) > 0.05 * real + 5:
                wrong.append(f"{command} {[spec.keys for spec in specs]}: {model:.0f}, the server {real:.0f}")
        client.drop_database("advice_model")
    assert len(wrong) <= (1 - AGREEING) * QUESTIONS, "\n".join(wrong)


def test_a_sample_tells_the_costs_of_the_whole(mongod: MongodProcess) -> None:
    """On a twentieth of the documents the costs of selective questions are right within a factor of two and a half."""
    source = random.Random(3)
    documents = made_up(20_000, source)
    sample = source.sample(documents, 900)
    facts = {NS: CollectionFacts(ns=NS, documents=len(documents), sample=sample)}
    collections = Collections(facts, 10_000)
    questions: list[tuple[Document, list[tuple[str, int]]]] = [
        ({"find": "t", "filter": {"a": 1, "b": {"$gte": 250}}}, [("a", 1), ("b", 1)]),
        ({"find": "t", "filter": {"a": 0}, "sort": {"d": -1}, "limit": 20}, [("a", 1), ("d", -1)]),
        ({"find": "t", "filter": {"f": False}, "sort": {"d": -1}, "limit": 20}, [("d", -1)]),
        ({"find": "t", "filter": {"a": 2, "c": {"$lt": 0.1}}, "sort": {"d": 1}}, [("a", 1), ("d", 1), ("c", 1)]),
        ({"find": "t", "filter": {"tags": 3}}, [("tags", 1)]),
        ({"count": "t", "query": {"o.x": {"$gt": 10}}}, [("o.x", 1)]),
        ({"distinct": "t", "key": "a", "query": {}}, [("a", 1)]),
    ]
    with mongod.client() as client:
        database = client["advice_sampled"]
        database["t"].drop()
        database["t"].insert_many(documents)
        for command, keys in questions:
            database["t"].drop_indexes()
            database["t"].create_index(keys)
            real = measured(database, command)
            load = ShapeLoad(id="1", ns=NS, op="", shape="", executions=1, commands=(command,))
            (demand,) = read_workload([load], collections, 32).demands
            model = demand.with_indexes((Spec(keys=tuple(keys)),)).cost
            assert real / 2.5 - 10 <= model <= real * 2.5 + 10, (command, model, real)
        # How often one value stands in a sample is luck; over several the estimate must hold.
        values = tuple({"find": "t", "filter": {"b": value}} for value in range(10, 30))
        database["t"].create_index("b")
        real = sum(measured(database, command) for command in values) / len(values)
        load = ShapeLoad(id="1", ns=NS, op="", shape="", executions=20, commands=values)
        (demand,) = read_workload([load], collections, 32).demands
        assert real / 2 <= demand.with_indexes((Spec(keys=(("b", 1),)),)).cost <= real * 2
        client.drop_database("advice_sampled")
