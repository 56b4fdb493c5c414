"""Findings on indexes: over all members, never on what has another meaning, and never by a field's spelling."""

from typing import Any

import pytest

from perftui.advice.findings import codes
from perftui.advice.findings.indexes import index_findings
from perftui.advice.load import ShapeLoad
from perftui.model.finding import Finding
from perftui.model.index import CollectionState, Index

NOW = 1_700_000_000.0
DAY = 86400.0
NS = "shop.prompts"
ID = Index(name="_id_", keys=(("_id", 1),), uses=0, used_since=NOW - 30 * DAY)


def index(name: str, *fields: str, uses: int | None = 5, age_days: float = 30, **options: Any) -> Index:
    """`a`, `-a` for descending, `a:text` for a special kind."""
    keys = tuple(_key(field) for field in fields)
    return Index(name=name, keys=keys, uses=uses, used_since=NOW - age_days * DAY, **options)


def _key(field: str) -> tuple[str, int | str]:
    name, _, kind = field.partition(":")
    return (name, kind) if kind else (name.removeprefix("-"), -1 if name[0] == "-" else 1)


def state(*indexes: Index, **options: Any) -> CollectionState:
    return CollectionState(ns=NS, indexes=(ID, *indexes), **options)


def found(*members: CollectionState, loads: tuple[ShapeLoad, ...] = (), **options: Any) -> dict[str, set[str]]:
    findings = index_findings(members, loads, NOW, **options)
    return {name: {one.code for one in ones} for name, ones in findings.indexes.items()}


def test_an_index_that_no_member_uses() -> None:
    findings = index_findings([state(index("a", "a", uses=0, size_bytes=3_000_000))] * 3, now=NOW).indexes["a"]
    assert findings == (
        Finding(
            code=codes.UNUSED_INDEX,
            severity="warning",
            message="Nothing used it on any of 3 members in the 30 days that the counters go back; it takes 3.0 MB.",
            advice=findings[0].advice,
        ),
    )


@pytest.mark.parametrize(
    "other",
    [
        index("a", "a", uses=1),
        index("a", "a", uses=None),
        index("a", "a", uses=0, age_days=0.5),
        index("b", "b", uses=3),
    ],
    ids=["used there", "unknown there", "too young there", "missing there"],
)
def test_one_member_is_enough_to_keep_it(other: Index) -> None:
    assert "a" not in found(state(index("a", "a", uses=0)), state(other))
    assert found(state(index("a", "a", uses=0)))["a"] == {codes.UNUSED_INDEX}


def test_the_youngest_counter_decides_how_sure_it_is() -> None:
    members = [state(index("a", "a", uses=0)), state(index("a", "a", uses=0, age_days=3))]
    (finding,) = index_findings(members, now=NOW).indexes["a"]
    assert (finding.severity, "3 days" in finding.message) == ("info", True)


MEANINGFUL = [
    {"unique": True},
    {"ttl_s": 60.0},
    {"building": True},
    {"options": {"clustered": True}},
    {"options": {"prepareUnique": True}},
]


@pytest.mark.parametrize("options", MEANINGFUL)
def test_what_has_another_meaning_is_never_called_unused_or_redundant(options: dict[str, Any]) -> None:
    members = state(index("a", "a", uses=0, **options), index("ab", "a", "b"))
    assert found(members) == {}


def test_the_shard_key_is_never_called_unused() -> None:
    sharded = state(index("region", "region", uses=0), index("b", "b", uses=0), sharded=True)
    assert found(sharded) == {}, "its key is not known"
    assert found(sharded, shard_key=("region",)) == {"b": {codes.UNUSED_INDEX}}


def test_nothing_is_unused_before_every_member_was_read() -> None:
    assert found(state(index("a", "a", uses=0)), complete=False) == {}


REDUNDANT: list[tuple[Index, Index, bool]] = [
    (index("a", "a"), index("ab", "a", "b"), True),
    (index("a", "-a"), index("ab", "a", "b"), True),
    (index("ab", "a", "-b"), index("abc", "-a", "b", "c"), True),
    (index("user", "user"), index("userId", "userId", "b"), False),
    (index("user", "user"), index("user.name", "user.name", "b"), False),
    (index("ab", "a", "b"), index("abc", "a", "-b", "c"), False),
    (index("ba", "b", "a"), index("abc", "a", "b", "c"), False),
    (index("a", "a"), index("ab", "a", "b", sparse=True), False),
    (index("a", "a"), index("ab", "a", "b", hidden=True, age_days=0.1), False),
    (index("a", "a"), index("ab", "a", "b", building=True), False),
    (index("a", "a"), index("ab", "a", "b", partial_filter='{"c":1}'), False),
    (index("a", "a"), index("ab", "a", "b", collation='{"locale":"fr"}'), False),
    (
        index("a", "a", collation='{"locale":"fr","strength":3}'),
        index("ab", "a", "b", collation='{"locale":"fr"}'),
        True,
    ),
    (index("a", "a", sparse=True), index("ab", "a", "b"), False),
    (index("a", "a", partial_filter='{"c":1}'), index("ab", "a", "b"), False),
    (index("a", "a:text"), index("ab", "a:text", "b"), False),
    (index("a", "a:hashed"), index("ab", "a", "b"), False),
    (index("a", "a"), index("ab", "a", "b", unique=True), True),
]


@pytest.mark.parametrize(("one", "other", "redundant"), REDUNDANT)
def test_only_a_true_prefix_with_the_same_options_is_redundant(one: Index, other: Index, redundant: bool) -> None:
    expected = {one.name: {codes.REDUNDANT_INDEX}} if redundant else {}
    for pair in ((one, other), (other, one)):
        assert found(state(*pair)) == expected


def test_of_two_that_read_the_same_from_either_end_one_stays() -> None:
    assert found(state(index("up", "a"), index("down", "-a"))) == {"up": {codes.REDUNDANT_INDEX}}


def test_a_hidden_index_is_told_after_a_while() -> None:
    assert found(state(index("a", "a", uses=0, hidden=True, age_days=12))) == {"a": {codes.HIDDEN_INDEX}}
    assert found(state(index("a", "a", uses=0, hidden=True, age_days=0.1))) == {}


@pytest.mark.parametrize(
    ("indexes", "writes", "severity"), [(9, 5.0, None), (10, 5.0, "info"), (10, 0.0, None), (20, 5.0, "warning")]
)
def test_too_many_only_where_writes_are_known(indexes: int, writes: float, severity: str | None) -> None:
    many = state(*[index(f"f{number}", f"f{number}") for number in range(indexes)], writes_per_s=writes)
    findings = index_findings([many], now=NOW).collection
    assert [one.severity for one in findings] == ([] if severity is None else [severity])


def test_the_server_s_limit_is_told_on_a_quiet_collection_too() -> None:
    (finding,) = index_findings([state(*[index(f"f{n}", f"f{n}") for n in range(60)])], now=NOW).collection
    assert (finding.code, "allows 64" in finding.message) == (codes.TOO_MANY_INDEXES, True)


def load(filter: dict[str, Any], plan: str, *, executions: int = 10, **options: Any) -> ShapeLoad:
    command = {"find": "prompts", "filter": filter, **options.pop("command", {})}
    figures = {"keys_examined": 9_846.0, "returned": 20.0, **options}
    return ShapeLoad(
        id=str(filter), ns=NS, op="find", shape="", executions=executions, commands=(command,), plan_summary=plan,
        **figures,
    )  # fmt: skip


RANGE_FIRST = index("createdAt_category", "-createdAt", "category")
USED = "IXSCAN { createdAt: -1, category: 1 }"
WANTED = {"createdAt": {"$gt": 5}, "category": "x"}


def test_a_range_before_an_equality_defeats_the_shape_that_uses_it() -> None:
    (finding,) = index_findings([state(RANGE_FIRST)], [load(WANTED, USED)], NOW).indexes["createdAt_category"]
    assert finding.code == codes.FIELD_ORDER
    assert "createdAt, asked for as a range, stands before category" in finding.message
    assert "9,846 keys for 20 returned" in finding.message
    assert "{category: 1, createdAt: -1}" in finding.advice


def test_a_range_before_the_sort_of_the_first_few() -> None:
    by_price = index("price_createdAt", "price", "-createdAt")
    plan = "IXSCAN { price: 1, createdAt: -1 }"
    limited = {"sort": {"createdAt": -1}, "limit": 20}
    sorting = load({"price": {"$lt": 5}}, plan, blocking_sort_share=1.0, command=limited)
    assert found(state(by_price), loads=(sorting,)) == {"price_createdAt": {codes.FIELD_ORDER}}
    unlimited = load({"price": {"$lt": 5}}, plan, blocking_sort_share=1.0, command={"sort": {"createdAt": -1}})
    assert found(state(by_price), loads=(unlimited,)) == {}, "a range first is right where all of it is returned"


@pytest.mark.parametrize(
    "loads",
    [
        (),
        (load(WANTED, "IXSCAN { category: 1 }"),),
        (load(WANTED, USED, keys_examined=21.0),),
        (load(WANTED, USED, keys_examined=None),),
        (load({"createdAt": {"$gt": 5}}, USED),),
        (load(WANTED, USED), load({"createdAt": {"$gt": 5}}, USED, executions=11)),
    ],
    ids=["nothing known", "another is used", "reads little", "unknown", "no equality", "serves others well"],
)
def test_no_order_is_wrong_by_its_looks(loads: tuple[ShapeLoad, ...]) -> None:
    assert found(state(RANGE_FIRST), loads=loads) == {}


def test_views_and_nothing_have_no_findings() -> None:
    assert index_findings([]).indexes == {}
    assert index_findings([CollectionState(ns=NS, kind="view")], now=NOW).indexes == {}


def test_a_hostile_name_is_safe_to_draw() -> None:
    long, short = "\x1b[31m\u202e" + "x" * 5_000, index("a", "a")
    other = Index(name=long, keys=(("a", 1), (long, 1)), uses=1, used_since=NOW)
    (finding,) = index_findings([state(short, other)], now=NOW).indexes["a"]
    assert len(finding.message) <= 600
    assert finding.message.isprintable()
