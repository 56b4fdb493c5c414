"""Scans whose costs a rule of thumb misses: merged ones, ranges behind ranges, walks that end at a limit, and ties."""

import random
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from perftui.advice.choice.recommend import recommend
from perftui.advice.choice.workload import read_workload
from perftui.advice.costs.access import Access
from perftui.advice.costs.ask import Collections
from perftui.advice.costs.spec import Spec
from perftui.advice.facts import CollectionFacts
from perftui.advice.load import ShapeLoad

NS = "plant.readings"
START = datetime(2026, 1, 1, tzinfo=UTC)
Document = dict[str, Any]


def readings(number: int) -> list[Document]:
    source = random.Random(7)
    return [
        {
            "_id": at,
            "site": source.randrange(8),
            "battery": source.randrange(101),
            "at": START + timedelta(seconds=source.randrange(10**6)),
            "sensor": source.randrange(500),
            "state": "usual" if source.random() < 0.97 else "rare",
            "parts": [{"a": source.randrange(50)} for _ in range(2)],
        }
        for at in range(number)
    ]


DOCUMENTS = readings(20_000)
WHOLE = CollectionFacts(ns=NS, documents=9_000, sample=DOCUMENTS[:9_000], whole=True)
SAMPLED = CollectionFacts(ns=NS, documents=20_000, sample=random.Random(8).sample(DOCUMENTS, 800))


def load(command: Document, name: str = "1") -> ShapeLoad:
    return ShapeLoad(
        id=name, ns=NS, op="find", shape=name, executions=50, commands=(command,), documents_examined=20_000.0
    )


def cost(command: Document, keys: Sequence[tuple[str, int]], facts: CollectionFacts) -> Access:
    (demand,) = read_workload([load(command)], Collections({NS: facts}, 10_000), 32).demands
    return demand.with_indexes((Spec(keys=tuple(keys)),))


def test_each_merged_scan_costs_a_key_for_each_of_its_intervals() -> None:
    """Twenty sensors times two sites: forty keys are examined although hardly any document matches."""
    late = START + timedelta(seconds=10**6 - 500)
    command = {
        "find": "readings",
        "filter": {"sensor": {"$in": list(range(20))}, "site": {"$in": [2, 5]}, "at": {"$gte": late}},
        "sort": {"site": -1},
        "limit": 50,
    }
    assert cost(command, [("sensor", 1), ("site", -1), ("at", 1)], SAMPLED).keys >= 40
    assert cost(command, [("site", -1), ("at", 1), ("sensor", 1)], SAMPLED).keys < 20


def test_a_wide_range_before_a_narrow_one_is_passed_over_value_by_value() -> None:
    """Fifty values of battery at one site, two keys for each; the narrow range first examines its own keys only."""
    window = {"$gte": START + timedelta(seconds=5_000), "$lt": START + timedelta(seconds=12_000)}
    command = {"find": "readings", "filter": {"site": 1, "battery": {"$lt": 50}, "at": window}}
    wide, narrow = [("site", 1), ("battery", 1), ("at", 1)], [("site", 1), ("at", 1), ("battery", 1)]
    assert 70 <= cost(command, wide, SAMPLED).keys <= 130
    assert cost(command, narrow, SAMPLED).keys < 60
    (index,) = recommend([load(command)], {NS: SAMPLED}).recommendations
    assert index.keys == tuple(narrow)


def test_a_sample_shows_that_matches_lie_where_the_walk_begins() -> None:
    """Behind a sort in which all are alike the next field decides: `rare` comes before `usual`."""
    alike = [{**document, "gone": None} for document in SAMPLED.sample]
    facts = CollectionFacts(ns=NS, documents=20_000, sample=alike)
    command = {
        "find": "readings", "filter": {"state": {"$ne": "usual"}}, "sort": {"gone": 1}, "limit": 1,
    }  # fmt: skip
    near, far = (cost(command, keys, facts).cost for keys in ([("gone", 1), ("state", 1)], [("gone", 1)]))
    assert near < far / 2


def test_narrow_indexes_are_created_first_so_that_they_win_ties() -> None:
    page = {"find": "readings", "filter": {"site": 1, "parts.a": 3}, "sort": {"state": -1, "at": 1}, "limit": 10}
    group = {
        "aggregate": "readings",
        "pipeline": [{"$match": {"site": 2}}, {"$group": {"_id": "$battery", "n": {"$sum": 1}}}],
        "cursor": {},
    }
    lengths = [len(one.keys) for one in recommend([load(page, "1"), load(group, "2")], {NS: WHOLE}).recommendations]
    assert len(lengths) == 2
    assert lengths == sorted(lengths)
