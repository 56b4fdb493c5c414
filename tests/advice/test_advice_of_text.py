"""`$text` is answered by a text index or not at all; patterns that no index bounds are told without their values."""

from datetime import UTC, datetime
from typing import Any

import pytest

from perftui.advice.choice.recommend import Advice, recommend
from perftui.advice.facts import CollectionFacts
from perftui.advice.load import ShapeLoad
from perftui.demo.documents import prompts
from perftui.model.index import Index

NS = "library.prompts"
WORDS = ("balgor", "junuritak", "corfex")
PAGE: dict[str, Any] = {"sort": {"favorites": -1}, "limit": 20}


@pytest.fixture(scope="module")
def facts() -> dict[str, CollectionFacts]:
    drawn = list(prompts(0, 2_500, seed=1, now=datetime(2026, 11, 25, tzinfo=UTC)))
    sample = [{"_id": number, **document} for number, document in enumerate(drawn)]
    index = Index(name="_id_", keys=(("_id", 1),))
    return {NS: CollectionFacts(ns=NS, documents=100_000, average_bytes=600.0, sample=sample, indexes=(index,))}


def pattern(word: str, fields: tuple[str, ...]) -> dict[str, Any]:
    return {"$or": [{field: {"$regex": word, "$options": "i"}} for field in fields], "active": True}


def searched(fields: tuple[str, ...]) -> ShapeLoad:
    commands = tuple({"find": "prompts", "filter": pattern(word, fields), **PAGE} for word in WORDS)
    return ShapeLoad(
        id="r", ns=NS, op="find", shape="regex", executions=15, commands=commands, documents_examined=100_000.0
    )


def refused() -> ShapeLoad:
    commands = tuple(
        {"find": "prompts", "filter": {"$text": {"$search": f'"{word}"'}, "active": True}, **PAGE} for word in WORDS
    )
    error = "text index required for $text query"
    return ShapeLoad(
        id="t", ns=NS, op="find", shape="text", executions=4, commands=commands, error=error, error_code=27
    )


def serving(advice: Advice, shape: str) -> list[tuple[tuple[str, int | str], ...]]:
    return [one.keys for one in advice.recommendations if shape in one.serves]


def test_a_refused_text_search_earns_the_index_over_what_is_searched(facts: dict[str, CollectionFacts]) -> None:
    advice = recommend([refused(), searched(("title", "description", "tags"))], facts)
    assert serving(advice, "t") == [(("title", "text"), ("description", "text"), ("tags", "text"))]
    (index,) = [one for one in advice.recommendations if "t" in one.serves]
    assert index.expected.docs_examined is not None
    assert index.expected.docs_examined < 2_000


def test_without_patterns_the_fields_of_sentences_are_taken(facts: dict[str, CollectionFacts]) -> None:
    (keys,) = serving(recommend([refused()], facts), "t")
    assert {kind for _, kind in keys} == {"text"}
    assert {"title", "description"} <= {field for field, _ in keys}
    assert "slug" not in {field for field, _ in keys}


def test_no_other_index_answers_a_text_search(facts: dict[str, CollectionFacts]) -> None:
    popular = {"find": "prompts", "filter": {"active": True}, **PAGE}
    load = ShapeLoad(
        id="p", ns=NS, op="find", shape="popular", executions=90, commands=(popular,), documents_examined=100_000.0
    )
    advice = recommend([refused(), load], facts)
    assert all(kind == "text" for keys in serving(advice, "t") for _, kind in keys)
    assert serving(advice, "p") == [(("active", 1), ("favorites", -1))]


def test_a_pattern_is_suggested_to_become_a_text_search_without_its_value(facts: dict[str, CollectionFacts]) -> None:
    (suggestion,) = recommend([searched(("title", "tags"))], facts).suggestions
    assert "the pattern on title and tags can begin anywhere" in suggestion.message
    assert "a change of the application" in suggestion.message.lower()
    assert not any(word in suggestion.message for word in WORDS)
