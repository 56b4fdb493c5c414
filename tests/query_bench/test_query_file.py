"""Files of queries: which forms are read, what they are called, and what is refused with which words."""

import pytest
from bson import encode

from perftui.query_bench.query_file import QueriesUnreadable, question_in, questions_in, text_of

NAMED = """
// JSON, extended JSON or mongosh's notation
{
  newest: {find: 'orders', filter: {customer: 7}, sort: {at: -1}, limit: 20},
  "by state": {query: [{$group: {_id: "$state", n: {$sum: 1}}}], ns: "shop.states"},
  open: {count: "orders", query: {open: true}, $db: "other"},
}
"""
STRATEGIES = """
{customers: {strategies: {
  distinct: {distinct: "orders", key: "customer"},
  group: {ns: "shop.orders", query: [{$group: {_id: "$customer"}}]},
}}}
"""


def commands(text: str, **options: str) -> list[tuple[str, str, str]]:
    found = questions_in(text, **{"database": "shop", **options})
    return [(query.name, query.ns, query.runs.op) for question in found for query in question.queries]


def test_names_and_commands() -> None:
    assert commands(NAMED) == [
        ("newest", "shop.orders", "find"), ("by state", "shop.states", "aggregate"), ("open", "other.orders", "count"),
    ]  # fmt: skip


def test_strategies_are_one_question() -> None:
    (question,) = questions_in(STRATEGIES, database="shop")
    assert [query.name for query in question.queries] == ["customers: distinct", "customers: group"]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("{find: 'orders', filter: {a: 1}}", [("shop.orders find {a: ?}", "shop.orders", "find")]),
        (
            "[{count: 'a'}, {distinct: 'b', key: 'c'}]",
            [("shop.a count {}", "shop.a", "count"), ("shop.b distinct c {}", "shop.b", "distinct")],
        ),
        ("[{$match: {a: 1}}]", [("shop.x aggregate $match {a: ?}", "shop.x", "aggregate")]),
        ("{$or: [{a: 1}, {b: 1}]}", [("shop.x find {$or: [{a: ?}, {b: ?}]}", "shop.x", "find")]),
        ('{"only": {"a": 5}}', [("only", "shop.x", "find")]),
        ('{ns: "shop.y", query: {a: 5}}', [("shop.y find {a: ?}", "shop.y", "find")]),
    ],
)
def test_other_forms(text: str, found: list[tuple[str, str, str]]) -> None:
    assert commands(text, ns="shop.x") == found


def test_queries_of_a_list_that_differ_in_values_are_told_apart() -> None:
    found = commands("[{find: 'x', filter: {a: 1}}, {find: 'x', filter: {a: 2}}]")
    assert [name for name, _, _ in found] == ["shop.x find {a: ?}", "shop.x find {a: ?} (2)"]


def test_what_one_query_may_be() -> None:
    assert question_in("{a: 1}", "shop.x").queries[0].runs.command == {"find": "x", "filter": {"a": 1}}
    assert question_in("{find: 'y'}", "shop.x").queries[0].ns == "shop.y"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("{a: {find: 'b'", "It cannot be read: a comma or } is expected at its end."),
        ("{}", "It holds no query."),
        ("{a: {delete: 'b', deletes: [{q: {}, limit: 0}]}}", "'a': It writes (delete), and here only reads are run"),
        ("{a: {update: 'b', updates: [{q: {}, u: {}}]}}", "'a': It writes (update)"),
        ("{a: {findAndModify: 'b', query: {}, remove: true}}", "'a': It writes (findandmodify)"),
        ("{insert: 'b', documents: []}", "An insert reads nothing"),
        ("{a: {aggregate: 'b', pipeline: [{$out: 'c'}]}}", "'a': It writes its result ($out, $merge)"),
        ("{a: {aggregate: 'b', pipeline: [{$merge: {into: 'c'}}]}}", "'a': It writes its result"),
        ("{a: {aggregate: 'b', pipeline: [{$changeStream: {}}]}}", "'a': It waits for changes"),
        ("{a: {find: 'b', filter: {$where: 'sleep(9)'}}}", "'a': It holds JavaScript, which perftui never runs."),
        ("{a: {find: 'b', filter: {x: 1, $expr: {$function: {body: 'f'}}}}}", "'a': It holds JavaScript"),
        ("{a: {aggregate: 'b', pipeline: [{$project: {x: {$accumulator: {}}}}]}}", "'a': It holds JavaScript"),
        ("{a: {strategies: {only: {find: 'b'}}}}", "'a': strategies are two or more names"),
        ("{a: {strategies: {x: {find: 'b'}, y: 5}}}", "'a: y': it must be a command, a filter or a pipeline"),
        ("{'a: b': {find: 'x'}, a: {strategies: {b: {find: 'x'}, c: {find: 'x'}}}}", "Two queries are called 'a: b'"),
        ("{a: {eval: 1}}", "'a': a filter or a pipeline does not name its collection"),
    ],
)  # fmt: skip
def test_what_is_refused_is_told_with_its_name(text: str, words: str) -> None:
    with pytest.raises(QueriesUnreadable) as refused:
        questions_in(text, database="shop")
    assert words in str(refused.value)


@pytest.mark.parametrize("text", [NAMED, STRATEGIES, "{a: {find: 'x', filter: {at: ISODate('2026-01-02'), b: /x/i}}}"])
def test_what_is_written_is_read_alike(text: str) -> None:
    questions = questions_in(text, database="shop")
    again = questions_in(text_of(questions))
    assert [question.name for question in again] == [question.name for question in questions]
    written, read = ([query for one in found for query in one.queries] for found in (questions, again))
    assert [(one.name, one.ns, one.shape) for one in read] == [(one.name, one.ns, one.shape) for one in written]
    assert [encode(one.runs.command) for one in read] == [encode(one.runs.command) for one in written]


def test_a_file_has_a_bound() -> None:
    many = ", ".join(f"q{number}: {{find: 'x'}}" for number in range(201))
    with pytest.raises(QueriesUnreadable, match="201 queries; at most 200"):
        questions_in(f"{{{many}}}", database="shop")
