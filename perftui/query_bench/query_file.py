"""A file of queries: named commands in JSON or mongosh's notation, with strategies where one question has several."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from perftui.analysis.asked_query import QueryUnreadable, asked_value, is_command, read_query
from perftui.query_bench.question import Query, QueryRefused, Question, query_of, question_of

_MOST = 200
_STRATEGIES, _QUERY = "strategies", "query"


class QueriesUnreadable(ValueError):  # noqa: N818 - an answer, not a fault
    """What is wrong with the file, and with which query of it, as a sentence."""


def questions_in(text: str, ns: str | None = None, database: str | None = None) -> tuple[Question, ...]:
    """The questions of a file: one command, a list of them, or a document of names and commands.

    `ns` is asked by what names no collection, `database` is where a command without one belongs. Raises
    `QueriesUnreadable`, for what is refused too.

    >>> text = "{newest: {find: 'orders', sort: {at: -1}, limit: 20}, open: {count: 'orders', query: {open: true}}}"
    >>> [(one.name, one.queries[0].ns) for one in questions_in(text, database="shop")]
    [('newest', 'shop.orders'), ('open', 'shop.orders')]
    """
    value = _read(text)
    found = list(_Reader(ns, database).questions(value))
    if not found:
        raise QueriesUnreadable("It holds no query.")
    if len(found) > _MOST:
        raise QueriesUnreadable(f"It holds {len(found):,} queries; at most {_MOST} are taken at once.")
    names = [query.name for question in found for query in question.queries]
    double = next((name for name in names if names.count(name) > 1), None)
    if double is not None:
        raise QueriesUnreadable(f"Two queries are called '{double}': give each a name of its own.")
    return tuple(found)


def question_in(text: str, ns: str | None = None, database: str | None = None) -> Question:
    """One query: a command, or what `ns` is asked: a filter, a pipeline, or `{filter, sort, ...}`."""
    return _Reader(ns, database).question(_read(text), "", "")


def _read(text: str) -> Any:
    try:
        return read_query(text)
    except QueryUnreadable as reason:
        raise QueriesUnreadable(_capital(str(reason))) from None


def text_of(questions: Sequence[Question]) -> str:
    """Questions as such a file: extended JSON, with the users' values."""
    from bson.json_util import RELAXED_JSON_OPTIONS, dumps

    named = {
        one.name: _command(one.queries[0])
        if len(one.queries) == 1
        else {_STRATEGIES: {query.name.removeprefix(f"{one.name}: "): _command(query) for query in one.queries}}
        for one in questions
    }
    return dumps(named, json_options=RELAXED_JSON_OPTIONS, indent=2) + "\n"


def _command(query: Query) -> dict[str, Any]:
    return {**query.runs.command, "$db": query.runs.database}


class _Reader:
    def __init__(self, ns: str | None, database: str | None) -> None:
        self.ns, self.database = ns, database

    def questions(self, value: Any) -> Iterator[Question]:
        if isinstance(value, list) and not _is_pipeline(value):
            yield from _told_apart(self.question(entry, "", f"query {place}") for place, entry in enumerate(value, 1))
        elif isinstance(value, dict) and not _is_query(value):
            for name, entry in value.items():
                yield self.question(entry, name, f"'{name}'")
        else:
            yield self.question(value, "", "")

    def question(self, entry: Any, name: str, where: str) -> Question:
        if not isinstance(entry, dict) or _STRATEGIES not in entry:
            return question_of(self.query(entry, name, where))
        named = entry[_STRATEGIES]
        if not isinstance(named, dict) or len(named) < 2 or set(entry) - {_STRATEGIES, "ns"}:
            raise QueriesUnreadable(
                f"{_capital(where or _STRATEGIES)}: strategies are two or more names with a query each."
            )
        reader = _Reader(str(entry.get("ns", self.ns or "")) or None, self.database)
        title = name or where or _STRATEGIES
        queries = [reader.query(one, f"{title}: {own}", f"'{title}: {own}'") for own, one in named.items()]
        return Question(name=title, queries=tuple(queries))

    def query(self, entry: Any, name: str, where: str) -> Query:
        ns = self.ns
        if isinstance(entry, Mapping) and _QUERY in entry and set(entry) <= {_QUERY, "ns"}:
            ns, entry = str(entry.get("ns", ns or "")) or None, entry[_QUERY]
        elif is_command(entry) and ns is not None:
            ns = ns.partition(".")[0]  # it names its collection itself
        try:
            return query_of(asked_value(entry, ns, self.database), name)
        except (QueryUnreadable, QueryRefused) as reason:
            raise QueriesUnreadable(_capital(f"{where}: {reason}" if where else str(reason))) from None


def _told_apart(unnamed: Iterable[Question]) -> Iterator[Question]:
    """Queries of one shape by a number."""
    seen = Counter[str]()
    for question in unnamed:
        seen[question.name] += 1
        if (number := seen[question.name]) == 1 or len(question.queries) > 1:
            yield question
        else:
            yield question_of(replace(question.queries[0], name=f"{question.name} ({number})"))


def _is_query(value: dict[str, Any]) -> bool:
    """No document of names: a name has a query under it, and begins with no `$`."""
    first = next(iter(value), "")
    return is_command(value) or first == _STRATEGIES or first.startswith("$") or isinstance(value.get(first), str)


def _is_pipeline(value: list[Any]) -> bool:
    return bool(value) and all(isinstance(one, dict) and next(iter(one), "").startswith("$") for one in value)


def _capital(words: str) -> str:
    return words[:1].upper() + words[1:]
