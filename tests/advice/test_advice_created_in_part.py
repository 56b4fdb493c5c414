"""The whole set harms nobody; where a part of it would, each index says so."""

import random
from typing import Any

from perftui.actions.index_spec import IndexSpec
from perftui.advice.choice.recommend import recommend
from perftui.advice.facts import CollectionFacts
from perftui.advice.load import ShapeLoad

NS = "library.prompts"
TOGETHER = "Create it together with the others"


def facts() -> dict[str, CollectionFacts]:
    source = random.Random(1)
    sample = [
        {
            "_id": number,
            "active": source.random() < 0.8,
            "category": source.randrange(12),
            "favorites": source.randrange(1000),
            "createdAt": source.random(),
        }
        for number in range(5_000)
    ]
    return {NS: CollectionFacts(ns=NS, documents=5_000, average_bytes=200.0, sample=sample, whole=True, indexes=())}


def load(name: str, asked: dict[str, Any], sort: dict[str, int]) -> ShapeLoad:
    command = {"find": "prompts", "filter": asked, "sort": sort, "limit": 20}
    return ShapeLoad(id=name, ns=NS, op="find", shape=name, executions=10, commands=(command,))


def test_an_index_that_others_would_be_taken_by_is_to_be_created_with_the_others() -> None:
    popular = load("popular", {"active": True}, {"favorites": -1})
    newest = load("newest", {"active": True, "category": 3}, {"createdAt": -1})
    both = recommend([popular, newest], facts()).recommendations
    assert len(both) == 2
    assert all(one.warnings[0].startswith(TOGETHER) for one in both)
    assert TOGETHER in " ".join(IndexSpec.of(both[0]).warnings)
    (alone,) = recommend([popular], facts()).recommendations
    assert not any(TOGETHER in warning for warning in alone.warnings)
