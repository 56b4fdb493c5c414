"""Which indexes are recommended, and in which words they are or are not."""

import random
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from perftui.advice.choice.recommend import Advice, recommend
from perftui.advice.facts import CollectionFacts
from perftui.advice.load import ShapeLoad, WriteLoad
from perftui.advice.shapes.shape import shape_of
from perftui.model.index import Index, KeyPattern

NS = "shop.prompts"
START = datetime(2026, 1, 1, tzinfo=UTC)
SOURCE = random.Random(7)
DOCUMENTS: list[dict[str, Any]] = [
    {
        "_id": at,
        "slug": f"slug-{at}",
        "category": SOURCE.choice("abcdefghijkl"),
        "pattern": SOURCE.choice("uvwxyz"),
        "active": SOURCE.random() < 0.8,
        "favorites": int(SOURCE.paretovariate(1.0)),
        "createdAt": START + timedelta(minutes=SOURCE.randrange(500_000)),
        "tags": SOURCE.sample(["red", "green", "blue", "black", "white"], 2),
        "title": " ".join(SOURCE.choices(["plan", "review", "draft", "letter", "report", "note", "query"], k=4))
        + f" {at}",
        **({"promo": at} if at % 50 == 0 else {}),
    }
    for at in range(6_000)
]
FACTS = {NS: CollectionFacts(ns=NS, documents=len(DOCUMENTS), sample=DOCUMENTS, whole=True, indexes=())}


def load(*commands: dict[str, Any], executions: int = 100, **more: Any) -> ShapeLoad:
    shape = shape_of(commands[0], NS)
    return ShapeLoad(
        id=shape.id, ns=NS, op=shape.op, shape=shape.text, executions=executions, commands=commands, **more
    )


def find(filter: dict[str, Any], **options: Any) -> dict[str, Any]:
    return {"find": "prompts", "filter": filter, **options}


def keys(advice: Advice) -> list[KeyPattern]:
    return [one.keys for one in advice.recommendations]


def advise(*loads: ShapeLoad, indexes: Sequence[Index] | None = (), writes: WriteLoad | None = None) -> Advice:
    facts = CollectionFacts(
        ns=NS,
        documents=len(DOCUMENTS),
        sample=DOCUMENTS,
        whole=True,
        indexes=None if indexes is None else (Index(name="_id_", keys=(("_id", 1),)), *indexes),
    )
    return recommend(loads, {NS: facts}, {} if writes is None else {NS: writes})


def test_equality_comes_first_then_the_sort() -> None:
    advice = advise(load(find({"category": "a", "active": True}, sort={"createdAt": -1}, limit=20)))
    (one,) = advice.recommendations
    assert one.keys == (("active", 1), ("category", 1), ("createdAt", -1))
    assert one.name == "active_1_category_1_createdAt_-1"
    assert one.command == (
        'db.getSiblingDB("shop").getCollection("prompts").createIndex({ active: 1, category: 1, createdAt: -1 })'
    )
    assert one.reason == "Equality on active, category, then the sort by createdAt."
    assert (one.shapes[0].keys_after, one.shapes[0].docs_after, one.shapes[0].blocking_sort_after) == (20, 20, False)
    assert one.shapes[0].docs_before == len(DOCUMENTS)
    assert one.expected.improvement is not None
    assert one.expected.improvement > 100


def test_a_selective_range_without_a_limit_comes_before_the_sort() -> None:
    since = START + timedelta(minutes=498_000)
    narrow = load(find({"active": True, "createdAt": {"$gte": since}}, sort={"favorites": -1}))
    assert keys(advise(narrow)) == [(("active", 1), ("createdAt", 1))]
    wide = load(find({"active": True, "createdAt": {"$gte": START}}, sort={"favorites": -1}, limit=10))
    assert keys(advise(wide)) == [(("active", 1), ("favorites", -1), ("createdAt", 1))] or keys(advise(wide)) == [
        (("active", 1), ("favorites", -1))
    ]


def test_shapes_share_an_index_along_its_prefix_whatever_the_order_of_their_equalities() -> None:
    advice = advise(
        load(find({"pattern": "u", "category": "b"}, sort={"favorites": -1}, limit=10)),
        load(find({"category": "a", "pattern": "w"})),
        load({"count": "prompts", "query": {"category": "a"}}),
    )
    assert keys(advice) == [(("category", 1), ("pattern", 1), ("favorites", -1))]
    assert len(advice.recommendations[0].serves) == 3


def test_the_order_of_the_loads_makes_no_difference() -> None:
    loads = [
        load(find({"category": "a"}, sort={"createdAt": -1}, limit=5)),
        load(find({"pattern": "u", "category": "b"})),
        load(find({"slug": "slug-9"})),
        load({"distinct": "prompts", "key": "category", "query": {"pattern": "v"}}),
    ]
    assert advise(*loads) == advise(*reversed(loads))


def test_every_branch_of_an_or_gets_an_index() -> None:
    advice = advise(load(find({"$or": [{"slug": "slug-3"}, {"favorites": 977}]})))
    assert sorted(keys(advice)) == [(("favorites", 1),), (("slug", 1),)]


def test_a_projection_is_covered() -> None:
    advice = advise(load(find({"category": "c"}, projection={"slug": 1, "_id": 0})))
    assert keys(advice) == [(("category", 1), ("slug", 1))]
    assert "no document needs to be fetched" in advice.recommendations[0].reason


def test_a_field_that_few_documents_have_gets_a_sparse_index() -> None:
    (one,) = advise(load(find({"promo": {"$exists": True}}))).recommendations
    assert (one.keys, one.options) == ((("promo", 1),), {"sparse": True})
    assert ", { sparse: true }" in one.command


def test_beside_other_conditions_it_gets_a_partial_one() -> None:
    wanted = find({"promo": {"$exists": True}, "active": True}, sort={"createdAt": -1})
    (one,) = advise(load(wanted)).recommendations
    assert one.options["partialFilterExpression"] == {"promo": {"$exists": True}}


def test_a_failed_text_search_earns_a_text_index() -> None:
    failing = load(find({"$text": {"$search": "plan"}}), error="text index required for $text query", error_code=27)
    (one,) = advise(failing).recommendations
    assert one.keys == (("tags", "text"), ("title", "text"))
    assert one.shapes[0].docs_before is None
    assert one.expected.improvement is None


def test_an_unanchored_pattern_earns_a_suggestion() -> None:
    advice = advise(load(find({"title": {"$regex": "plan", "$options": "i"}})))
    assert advice.recommendations == ()
    (suggestion,) = advice.suggestions
    assert suggestion.message.startswith("A change of the application: ")
    assert "$text" in suggestion.message


def test_a_collation_is_kept() -> None:
    (one,) = advise(load(find({"slug": "SLUG-7"}, collation={"locale": "en", "strength": 2}))).recommendations
    assert one.options == {"collation": {"locale": "en", "strength": 2}}


def test_an_index_that_serves_is_never_doubled() -> None:
    there = Index(name="by_slug", keys=(("slug", 1),), unique=True)
    advice = advise(load(find({"slug": "slug-9"})), indexes=[there])
    assert advice.recommendations == ()
    assert "too little for an index to save" in advice.declined[0].reason


def test_an_index_that_becomes_a_prefix_is_superseded() -> None:
    there = Index(name="old", keys=(("category", 1),))
    wanted = load(find({"category": "a", "active": True}, sort={"createdAt": -1}, limit=20))
    (one,) = advise(wanted, indexes=[there]).recommendations
    assert one.keys == (("category", 1), ("active", 1), ("createdAt", -1))
    assert one.supersedes == ("old",)


@pytest.mark.parametrize("more", [{"unique": True}, {"ttl_s": 60.0}, {"sparse": True}])
def test_an_index_with_another_meaning_is_not_superseded(more: dict[str, Any]) -> None:
    there = Index(name="old", keys=(("category", 1),), **more)
    wanted = load(find({"category": "a", "active": True}, sort={"createdAt": -1}, limit=20))
    (one,) = advise(wanted, indexes=[there]).recommendations
    assert one.supersedes == ()


def test_a_hidden_index_is_to_be_shown_again() -> None:
    there = Index(name="by_slug", keys=(("slug", 1),), hidden=True)
    advice = advise(load(find({"slug": "slug-9"})), indexes=[there])
    assert advice.recommendations == ()
    assert "by_slug" in advice.declined[0].reason
    assert "hidden" in advice.declined[0].reason


def test_writes_that_cost_more_than_reads_save_speak_against_an_index() -> None:
    wanted = load(find({"slug": "slug-9"}), executions=1)
    assert len(advise(wanted, writes=WriteLoad(ns=NS, inserted=100)).recommendations) == 1
    advice = advise(wanted, writes=WriteLoad(ns=NS, inserted=100_000))
    assert advice.recommendations == ()
    assert "writes" in advice.declined[0].reason


NO_ADVICE: list[tuple[dict[str, Any], str]] = [
    (find({}), "no filter and no sort"),
    (find({"active": True}), "%"),
    (find({"$where": "this.a == 1"}), "checked on each document"),
    (find({"slug": "slug-3"}, hint="other"), "hint"),
    ({"find": "prompts", "sort": {"$natural": -1}}, "natural"),
    ({"$truncated": '{ find: "prompts", filter: { slug: "x'}, "cut"),
    ({"update": "prompts", "ordered": True}, "not what it looked for"),
    ({"aggregate": "prompts", "pipeline": [{"$indexStats": {}}], "cursor": {}}, "$indexStats"),
    ({"ping": 1}, "no index"),
]


@pytest.mark.parametrize(("command", "word"), NO_ADVICE)
def test_what_no_index_helps_is_declined_in_words(command: dict[str, Any], word: str) -> None:
    advice = advise(load(command))
    assert advice.recommendations == ()
    assert word in advice.declined[0].reason


@pytest.mark.parametrize(
    ("facts", "word"),
    [
        (CollectionFacts(ns=NS, kind="view"), "view"),
        (CollectionFacts(ns=NS, kind="timeseries"), "time-series"),
        (CollectionFacts(ns=NS, exists=False), "not exist"),
        (CollectionFacts(ns=NS, documents=99, sample=DOCUMENTS[:99], whole=True), "99 documents"),
    ],
)
def test_collections_that_take_no_index(facts: CollectionFacts, word: str) -> None:
    advice = recommend([load(find({"slug": "slug-9"}))], {NS: facts})
    assert advice.recommendations == ()
    assert word in advice.declined[0].reason


def test_a_long_sort_of_few_documents_earns_its_index() -> None:
    """262 documents sorted in full cost 2 n + n log2 n, which is over a thousand."""
    few = CollectionFacts(ns=NS, documents=262, sample=DOCUMENTS[:262], whole=True)
    page = load(find({"active": True}, sort={"createdAt": -1}, limit=200))
    assert [one.keys for one in recommend([page], {NS: few}).recommendations] == [(("active", 1), ("createdAt", -1))]
    cheap = recommend([load(find({"active": True}, sort={"createdAt": -1}, limit=1))], {NS: few})
    assert "too little" in cheap.declined[0].reason


def test_a_shape_without_a_whole_command_is_declined() -> None:
    one = ShapeLoad(id="x", ns=NS, op="find", shape="find {}", executions=3)
    assert "whole" in recommend([one], FACTS).declined[0].reason


def test_a_full_collection_of_indexes_takes_no_more() -> None:
    there = [Index(name=f"i{at}", keys=((f"x{at}", 1),)) for at in range(63)]
    advice = advise(load(find({"slug": "slug-9"})), indexes=there)
    assert advice.recommendations == ()
    assert "64" in advice.declined[0].reason


def test_the_joined_side_of_a_lookup_is_advised() -> None:
    users = [{"_id": at, "code": f"u{at}", "active": at % 2 == 0} for at in range(3_000)]
    other = CollectionFacts(ns="shop.users", documents=3_000, sample=users, whole=True, indexes=())
    stages: list[dict[str, Any]] = [
        {"$match": {"slug": "slug-8"}},
        {"$lookup": {"from": "users", "localField": "pattern", "foreignField": "code", "as": "u"}},
    ]
    wanted = load({"aggregate": "prompts", "pipeline": stages, "cursor": {}})
    advice = recommend([wanted], {**FACTS, "shop.users": other})
    assert {(one.ns, one.keys) for one in advice.recommendations} == {
        (NS, (("slug", 1),)),
        ("shop.users", (("code", 1),)),
    }


def test_without_facts_the_rule_and_the_counts_decide() -> None:
    seen: dict[str, Any] = {"documents_examined": 50_000.0, "keys_examined": 0.0, "plan_summary": "COLLSCAN"}
    page = find({"category": "a", "active": True}, sort={"createdAt": -1}, limit=20)
    advice = recommend([load(page, returned=20.0, blocking_sort_share=1.0, **seen)], {})
    (one,) = advice.recommendations
    assert one.keys == (("active", 1), ("category", 1), ("createdAt", -1))
    assert any("No document" in warning for warning in one.warnings)
    cheap = load(page, documents_examined=20.0, keys_examined=20.0, returned=20.0)
    assert recommend([cheap], {}).recommendations == ()


def test_a_neighbour_is_not_harmed() -> None:
    """Sorting by an index would make a rare match read the whole collection through it."""
    there = Index(name="by_slug", keys=(("slug", 1),))
    advice = advise(
        load(find({}, sort={"createdAt": -1}, limit=10)),
        load(find({"title": {"$regex": "nowhere"}}, sort={"createdAt": -1}, limit=10)),
        indexes=[there],
    )
    after = {shape.id: shape for one in advice.recommendations for shape in one.shapes}
    for shape in after.values():
        assert shape.cost_before is not None
        assert shape.cost_after is not None
        assert shape.cost_after <= 1.05 * shape.cost_before + 1000
