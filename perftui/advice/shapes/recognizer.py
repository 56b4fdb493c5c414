"""Recognizes commands that have the skeleton of one that was asked often, without making their own skeletons.

Most commands of an application are of a few shapes. `asked_names` tells cheaply what a command may be; a recognizer,
written once for a shape, makes sure of it. It never takes a command whose skeleton is another; it may turn down one
that has the same.
"""

from collections.abc import Callable, Iterable, Mapping
from itertools import chain
from typing import Any, Final

from perftui.advice.shapes.recognizer_source import Recognizer, Source, Unlearnable
from perftui.advice.shapes.recognizer_values import write_fields, write_type, write_value
from perftui.advice.shapes.shape import MOST_STATEMENTS
from perftui.advice.shapes.skeleton_command import read_collation, read_projection
from perftui.advice.shapes.skeleton_filter import filters, read_filter
from perftui.advice.shapes.skeleton_parts import Read, Unusual
from perftui.advice.shapes.skeleton_pipeline import read_name, read_pipeline, read_sort

Names = Iterable[object]
Command = Mapping[str, Any]
_NO_NAMES: Final = (None,)
"""Of what is not a plain document: nothing like it is learned."""
_LONGEST: Final = 60
_stage_names: Final = chain.from_iterable
_FLAGS: Final[Mapping[str, tuple[str, ...]]] = {
    "find": ("limit", "skip"),
    "count": ("limit", "skip"),
    "findAndModify": ("remove",),
}
"""Of these options a skeleton keeps whether they are given."""
_PARTS: Final[Mapping[str, Mapping[str, Read]]] = {
    "find": {"sort": read_sort, "projection": read_projection, "collation": read_collation},
    "aggregate": {"pipeline": read_pipeline, "collation": read_collation},
    "count": {"collation": read_collation},
    "distinct": {"key": read_name, "collation": read_collation},
    "findAndModify": {"sort": read_sort, "collation": read_collation},
}
"""What else than the filter is read."""
_QUESTIONS: Final = {"find": "filter", "count": "query", "distinct": "query", "findAndModify": "query"}
_STATEMENTS: Final = {"update": "updates", "delete": "deletes"}


def learn(command: Command, name: str, kept: object) -> Recognizer | None:
    """Of a command that has a skeleton, of which `kept` is kept. To be asked about commands with the same `NAMES`."""
    try:
        names = tuple(NAMES[name](command))
        if type(command) is not dict or names == _NO_NAMES or len(names) > _LONGEST:
            return None
        source = Source()
        _write(source, command, name)
        recognize = source.compiled(kept)
        return recognize if recognize(command) is kept else None  # statements that are not alike
    except (KeyError, TypeError, RecursionError, Unlearnable, Unusual):
        return None


def any_of(recognizers: tuple[Recognizer, ...]) -> Recognizer:
    """Asks one after the other, until one takes the command."""
    if len(recognizers) == 1:
        return recognizers[0]

    def recognize(command: Any) -> Any:
        for one in recognizers:
            kept = one(command)
            if kept is not None:
                return kept
        return None

    return recognize


def _write(source: Source, command: Command, name: str) -> None:
    if name in _QUESTIONS:
        _write_question(source, command, _QUESTIONS[name])
    elif name in _STATEMENTS:
        _write_statements(source, command[_STATEMENTS[name]], _STATEMENTS[name])
    for option in _FLAGS.get(name, ()):
        _write_flag(source, command, option)
    for part, read in _PARTS.get(name, {}).items():
        _write_part(source, command, part, read, "command")


def _write_statements(source: Source, statements: list[Command], many: str) -> None:
    """Any number of statements that are all as the first: together they have the shape of that one."""
    whole = source.variable(f"command[{source.constant(many)}]")
    at = source.each(f"({whole} if len({whole}) <= {MOST_STATEMENTS} else {whole}[:{MOST_STATEMENTS}])")
    write_type(source, statements[0], at)
    question = source.variable(f"{at}[{source.constant('q')}]")
    write_type(source, statements[0]["q"], question)
    write_value(source, read_filter, statements[0]["q"], question)
    _write_part(source, statements[0], "collation", read_collation, at)


def _write_question(source: Source, command: Command, name: str) -> None:
    """The filter, whose names are known."""
    question = source.variable(f"command[{source.constant(name)}]")
    write_fields(source, filters, command[name], question)


def _write_flag(source: Source, command: Command, option: str) -> None:
    name = source.constant(option)
    if option not in command:
        source.need(f"{name} not in command")
    else:
        source.need(f"{name} in command and command[{name}]" if command[option] else f"not command.get({name})")


def _write_part(source: Source, holder: Command, part: str, read: Read, at: str) -> None:
    name, value = source.constant(part), holder.get(part)
    if value is None:
        source.need(f"{at}.get({name}) is None" if part in holder else f"{name} not in {at}")
        return
    source.need(f"{name} in {at}")
    found = source.variable(f"{at}[{name}]")
    write_type(source, value, found)
    write_value(source, read, value, found)


def _names_of(question: Any) -> Names:
    return question if type(question) is dict else _NO_NAMES


def _of_statement(many: str) -> Callable[[Command], Names]:
    """Those of the first of several statements."""

    def names(command: Command) -> Names:
        statements = command[many]
        return _names_of(statements[0]["q"]) if type(statements) is list and statements else _NO_NAMES

    return names


def _of_find(command: Command) -> Names:
    question: Any = command["filter"]
    return question if type(question) is dict else _NO_NAMES


def _of_query(command: Command) -> Names:
    return _names_of(command["query"])


def _of_pipeline(command: Command) -> Names:
    pipeline = command["pipeline"]
    return _stage_names(pipeline) if type(pipeline) is list and len(pipeline) <= _LONGEST else _NO_NAMES


def _of_insert(_command: Command) -> Names:
    return ()


NAMES: Final[Mapping[str, Callable[[Command], Names]]] = {
    "find": _of_find,
    "aggregate": _of_pipeline,
    "count": _of_query,
    "distinct": _of_query,
    "findAndModify": _of_query,
    "insert": _of_insert,
    "update": _of_statement("updates"),
    "delete": _of_statement("deletes"),
}
"""The names in a command's filter, or of its stages, in their order. Raise `KeyError` and `TypeError`."""
