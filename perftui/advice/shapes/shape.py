"""Shapes: two commands have the same one exactly when they ask an index the same question."""

import re
from collections.abc import Callable, Mapping
from hashlib import blake2b
from typing import NamedTuple

from perftui.advice.shapes.collation import collation_text
from perftui.advice.shapes.filter import filter_text
from perftui.advice.shapes.moves import WRITES_OUT
from perftui.advice.shapes.pipeline import included_fields, pipeline_text, sort_text
from perftui.advice.shapes.walk import Walk, name_text

VERSION = "1"
"""Goes in front of every id: it changes when the canonical form of ordinary commands does."""
MOST_STATEMENTS = 1000
"""Of a batch of writes no more are looked at."""
_TEXT = 2000
_TRUNCATED_OP = re.compile(r"^\{\s*\"?(\w{1,40})\"?\s*:")


class Shape(NamedTuple):
    """What a command asks, without its values."""

    id: str
    text: str
    """In words of the query language, values as `?`, safe to draw and at most 2,000 characters."""
    op: str
    """find, aggregate, count, distinct, update, delete, findandmodify, insert, bulkwrite, getmore, command, unknown."""
    ns: str


def shape_of(command: Mapping[str, object], ns: str) -> Shape:
    """The shape of a command as a driver sends it or as the server profiles it; never raises.

    >>> from perftui import shape_of
    >>> shape = shape_of({"find": "items", "filter": {"price": {"$gt": 5}}}, "shop.items")
    >>> shape.text
    'find {price: {$gt: ?}}'
    """
    origin = originating_command(command)
    if origin is not None:
        command = origin
    op, render = _kind(command)
    walk = Walk()
    question, shown = render(command, walk)
    space = ns or _namespace(command)
    return Shape(_identity(f"{space}\0{op}\0{question}"), _text(question, shown), op, space)


def originating_command(command: Mapping[str, object]) -> Mapping[str, object] | None:
    """The find or aggregate that a getMore goes on with, where the server told it."""
    origin = command.get("originatingCommand")
    cursor = command.get("cursor")
    if origin is None and "getMore" in command and isinstance(cursor, Mapping):
        origin = cursor.get("originatingCommand")
    return origin if isinstance(origin, Mapping) else None


def _identity(canonical: str) -> str:
    return VERSION + blake2b(canonical.encode("utf-8", "surrogatepass"), digest_size=8).hexdigest()


def _text(question: str, shown: str) -> str:
    text = question + shown
    return text if len(text) <= _TEXT else text[: _TEXT - 1] + "…"


def _namespace(command: Mapping[str, object]) -> str:
    collection = next(iter(command.values()), "")
    return f"{command.get('$db', '')}.{collection}" if isinstance(collection, str) else str(command.get("$db", ""))


Rendered = tuple[str, str]
"""The question, which makes the id, and what is shown after it."""


def _kind(command: Mapping[str, object]) -> tuple[str, Callable[[Mapping[str, object], Walk], Rendered]]:
    first = next(iter(command), "")
    found = _KINDS.get(first) if isinstance(first, str) else None
    if found is not None:
        return ("command", _batch) if found[1] in (_update, _delete) and _without_statements(command) else found
    if "q" in command:
        return ("update", _update) if "u" in command else ("delete", _delete)
    if "$truncated" in command:
        return _truncated_kind(command), _truncated
    named = next((kind for name, kind in _KINDS.items() if name in command and name != "explain"), None)
    return named or (("command", _command) if command else ("unknown", _command))


def _without_statements(command: Mapping[str, object]) -> bool:
    """The server logs a write command once more as a whole, without what each of its statements did."""
    return "updates" not in command and "deletes" not in command


def _batch(command: Mapping[str, object], _walk: Walk) -> Rendered:
    return f"{next(iter(command))} (whole batch)", ""


def _truncated_kind(command: Mapping[str, object]) -> str:
    match = _TRUNCATED_OP.match(str(command["$truncated"])[:100])
    name = match[1] if match else ""
    return _KINDS[name][0] if name in _KINDS else "update" if name == "q" else "command"


def _truncated(command: Mapping[str, object], _walk: Walk) -> Rendered:
    match = _TRUNCATED_OP.match(str(command["$truncated"])[:100])
    return f"{name_text(match[1]) if match else 'command'} (cut by the server)", ""


def _sorted_and_limited(command: Mapping[str, object]) -> Rendered:
    """With a sort a limit makes it another question (the top few); without one it is only shown."""
    sort, limit = sort_text(command.get("sort")), " limit ?" if command.get("limit") else ""
    skip = " skip ?" if command.get("skip") else ""
    return (f" sort {sort}{limit}", skip) if sort else ("", limit + skip)


def _find(command: Mapping[str, object], walk: Walk) -> Rendered:
    order, shown = _sorted_and_limited(command)
    fields = included_fields(command.get("projection"))
    covered = f" project {{{', '.join(map(name_text, fields))}}}" if fields else ""
    return (
        f"find {filter_text(command.get('filter'), walk)}{order}{covered}{collation_text(command.get('collation'))}",
        shown,
    )


def _aggregate(command: Mapping[str, object], walk: Walk) -> Rendered:
    pipeline = command.get("pipeline")
    question = f"aggregate {pipeline_text(pipeline, walk) or '[]'}{collation_text(command.get('collation'))}"
    last = pipeline[-1] if pipeline and isinstance(pipeline, list) else None
    if isinstance(last, dict) and not WRITES_OUT.isdisjoint(last):
        return question, f" | {next(iter(last))}"
    return question, ""


def _count(command: Mapping[str, object], walk: Walk) -> Rendered:
    shown = (" limit ?" if command.get("limit") else "") + (" skip ?" if command.get("skip") else "")
    return f"count {filter_text(command.get('query'), walk)}{collation_text(command.get('collation'))}", shown


def _distinct(command: Mapping[str, object], walk: Walk) -> Rendered:
    key = name_text(str(command.get("key", "")))
    return f"distinct {key} {filter_text(command.get('query'), walk)}{collation_text(command.get('collation'))}", ""


def _write(word: str, many: str) -> Callable[[Mapping[str, object], Walk], Rendered]:
    def render(command: Mapping[str, object], walk: Walk) -> Rendered:
        statements = command.get(many)
        if not isinstance(statements, list | tuple):
            statements = [command]
        found: set[str] = set()
        for statement in statements[:MOST_STATEMENTS]:
            if isinstance(statement, Mapping):
                text = f"{filter_text(statement.get('q'), walk)}{collation_text(statement.get('collation'))}"
                if walk.left >= 0 or not found:  # what is cut would be another shape than its like before it
                    found.add(text)
            if walk.left <= 0:
                break
        return f"{word} {' or '.join(sorted(found)) or '{}'}", ""

    return render


_update, _delete = _write("update", "updates"), _write("delete", "deletes")


def _find_and_modify(command: Mapping[str, object], walk: Walk) -> Rendered:
    sort = sort_text(command.get("sort"))
    order = f" sort {sort}" if sort else ""
    question = (
        f"findAndModify {filter_text(command.get('query'), walk)}{order}{collation_text(command.get('collation'))}"
    )
    return question, " remove" if command.get("remove") else ""


def _explain(command: Mapping[str, object], walk: Walk) -> Rendered:
    inner = command.get("explain")
    if not isinstance(inner, Mapping) or "explain" in inner:
        return "explain", ""
    question, shown = _kind(inner)[1](inner, walk)
    return f"explain {question}", shown


def _map_reduce(command: Mapping[str, object], walk: Walk) -> Rendered:
    order, shown = _sorted_and_limited(command)
    return f"mapReduce {filter_text(command.get('query'), walk)}{order}", shown


def _command(command: Mapping[str, object], _walk: Walk) -> Rendered:
    return name_text(str(next(iter(command), "unknown"))), ""


_KINDS: dict[str, tuple[str, Callable[[Mapping[str, object], Walk], Rendered]]] = {
    "find": ("find", _find),
    "aggregate": ("aggregate", _aggregate),
    "count": ("count", _count),
    "distinct": ("distinct", _distinct),
    "update": ("update", _update),
    "delete": ("delete", _delete),
    "findAndModify": ("findandmodify", _find_and_modify),
    "findandmodify": ("findandmodify", _find_and_modify),
    "insert": ("insert", _command),
    "bulkWrite": ("bulkwrite", _command),
    "getMore": ("getmore", _command),
    "explain": ("command", _explain),
    "mapReduce": ("command", _map_reduce),
    "mapreduce": ("command", _map_reduce),
}
