"""From a command to its index questions."""

import json
from collections.abc import Callable, Mapping
from typing import Any

from perftui.advice.filters.reading import read_filter
from perftui.advice.filters.tree import AnyOf, Node, Reading
from perftui.advice.questions.pipeline import read_pipeline
from perftui.advice.questions.question import Question, Questions, included, sort_pattern, whole_number
from perftui.advice.shapes.collation import COLLATION_DEFAULTS
from perftui.advice.shapes.shape import originating_command

Command = Mapping[str, Any]


def questions_of(command: Command, ns: str) -> Questions:
    """What this command asks; never raises, `hopeless` says why nothing can be asked."""
    found = Questions()
    reader = None
    origin = originating_command(command)
    if origin is not None:
        command = origin
    if isinstance(command.get("explain"), Mapping):
        command = command["explain"]
    if "$truncated" in command:
        found.hopeless = "The server cut the command, so that its filter is not known."
        return found
    for name, one in _READERS.items():
        if name in command:
            reader = one
            break
    if reader is None:
        found.hopeless = "This kind of command reads through no index that could be advised."
        return found
    reader(command, ns, found)
    return found


def collation_of(command: Command) -> str | None:
    """The collation as canonical JSON, simple included; `None` where none is given."""
    collation = command.get("collation")
    if not isinstance(collation, Mapping) or not collation.get("locale"):
        return None
    return canonical_collation(collation)


def canonical_collation(collation: Mapping[str, Any]) -> str:
    """Only what differs from the defaults, keys sorted, so that equal collations are equal texts."""
    if collation.get("locale") == "simple":
        return '{"locale": "simple"}'
    kept = {
        str(name): value if isinstance(value, bool | str) else int(value)
        for name, value in collation.items()
        if name in COLLATION_DEFAULTS and value != COLLATION_DEFAULTS[name] and isinstance(value, bool | str | int)
    }
    return json.dumps({"locale": str(collation.get("locale")), **kept}, sort_keys=True)


def _filter(query: object, found: Questions) -> Node:
    reading = Reading()
    node = read_filter(query, reading)
    for note in reading.notes:
        found.note(note)
    return node


def _stop(command: Command) -> int | None:
    limit = whole_number(command.get("limit"))
    return None if limit is None else limit + (whole_number(command.get("skip")) or 0)


def _hint(command: Command) -> str | None:
    hint = command.get("hint")
    return None if hint in (None, "", {}) else str(hint)[:200]


def _find(command: Command, ns: str, found: Questions) -> None:
    sort = sort_pattern(command.get("sort"))
    if sort and sort[0][0] == "$natural":
        found.hopeless = "It asks for the natural order, which is a scan of the collection."
        return
    question = Question(
        ns=ns,
        filter=_filter(command.get("filter"), found),
        sort=sort or (),
        sorts_later=sort is None,
        stop=_stop(command) or (1 if command.get("singleBatch") and not command.get("batchSize") else None),
        needs=included(command.get("projection")),
        collation=collation_of(command),
        hint=_hint(command),
    )
    found.add("main", question)


def _count(command: Command, ns: str, found: Questions) -> None:
    node = _filter(command.get("query"), found)
    question = Question(
        ns=ns, kind="count", filter=node, stop=_stop(command), needs=frozenset(),
        collation=collation_of(command), hint=_hint(command),
    )  # fmt: skip
    found.add("main", question)


def _distinct(command: Command, ns: str, found: Questions) -> None:
    key = str(command.get("key", ""))
    node = _filter(command.get("query"), found)
    question = Question(
        ns=ns, kind="distinct", filter=node, needs=frozenset((key,)), distinct=key, collation=collation_of(command)
    )
    found.add("main", question)


def _statements(command: Command, many: str) -> list[Command]:
    statements = command.get(many)
    if isinstance(statements, list | tuple):
        return [one for one in statements[:100] if isinstance(one, Mapping)]
    return [command] if "q" in command else []


def _update(command: Command, ns: str, found: Questions) -> None:
    _write(_statements(command, "updates"), ns, found, lambda one: None if one.get("multi") else 1)


def _delete(command: Command, ns: str, found: Questions) -> None:
    _write(_statements(command, "deletes"), ns, found, lambda one: whole_number(one.get("limit")))


def _write(statements: list[Command], ns: str, found: Questions, stop: Callable[[Command], int | None]) -> None:
    if not statements:
        found.hopeless = "The log names the write, but not what it looked for."
    for at, one in enumerate(statements):
        question = Question(
            ns=ns, kind="write", filter=_filter(one.get("q"), found), stop=stop(one),
            collation=collation_of(one), hint=_hint(one),
        )  # fmt: skip
        found.add("main" if at == 0 else f"statement {at + 1}", question)


def _find_and_modify(command: Command, ns: str, found: Questions) -> None:
    question = Question(
        ns=ns, kind="write", filter=_filter(command.get("query"), found), sort=sort_pattern(command.get("sort")) or (),
        stop=1, collation=collation_of(command), hint=_hint(command),
    )  # fmt: skip
    found.add("main", question)


def _aggregate(command: Command, ns: str, found: Questions) -> None:
    read_pipeline(command.get("pipeline"), ns, found, collation_of(command), _hint(command))


def _map_reduce(command: Command, ns: str, found: Questions) -> None:
    node = _filter(command.get("query"), found)
    found.add("main", Question(ns=ns, filter=node, sort=sort_pattern(command.get("sort")) or (), stop=_stop(command)))


_READERS: dict[str, Callable[[Command, str, Questions], None]] = {
    "find": _find,
    "aggregate": _aggregate,
    "count": _count,
    "distinct": _distinct,
    "findAndModify": _find_and_modify,
    "findandmodify": _find_and_modify,
    "update": _update,
    "delete": _delete,
    "u": _update,
    "q": _delete,
    "mapReduce": _map_reduce,
    "mapreduce": _map_reduce,
}


def is_union(node: Node) -> bool:
    """Whether it is nothing but an `$or`."""
    return isinstance(node, AnyOf)
