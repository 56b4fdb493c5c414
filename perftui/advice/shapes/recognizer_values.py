"""Conditions under which a value has the skeleton of another: for each reader of skeletons, what it would find."""

from collections.abc import Callable
from typing import Any, Final

from perftui.advice.shapes.recognizer_source import Source, Unlearnable
from perftui.advice.shapes.skeleton_expression import choose_expression, read_items, read_text, read_whole
from perftui.advice.shapes.skeleton_filter import choose_value, known_plain, read_branches, read_listed
from perftui.advice.shapes.skeleton_parts import Choose, Nodes, Read, truth
from perftui.advice.shapes.skeleton_pipeline import DOCUMENT_STAGES, STAGES, read_name, read_pipeline, read_sort

_MERGED_SCANS: Final = 200
_NUMBERS: Final = (bool, int, float)


def write_document(source: Source, nodes: Nodes, document: dict[str, Any], name: str) -> None:
    """Of a variable that holds a dict."""
    write_names(source, document, name)
    write_fields(source, nodes, document, name)


def write_names(source: Source, document: dict[str, Any], name: str) -> None:
    """The names in their order."""
    if len(document) == 1:
        source.need(f"len({name}) == 1 and {source.constant(next(iter(document)))} in {name}")
    else:
        source.need(f"(*{name},) == {source.constant(tuple(document))}" if document else f"not {name}")


def write_fields(source: Source, nodes: Nodes, document: dict[str, Any], name: str) -> None:
    """Of a dict whose names are known to be these: the types of its values, and what is read of them."""
    readers = dict(nodes.inner(document))
    for field, value in document.items():
        at = f"{name}[{source.constant(field)}]"
        read = readers.get(field)
        if read is not None:
            at = source.variable(at)
        write_type(source, value, at)
        if read is not None:
            write_value(source, read, value, at)


def write_type(source: Source, value: object, at: str) -> None:
    source.need(f"type({at}) is {source.constant(type(value))}")


def write_value(source: Source, read: Read, value: Any, name: str) -> None:
    """Of a variable whose type is the value's."""
    nodes, write = Nodes.of_reader.get(read), _WRITERS.get(read)
    if nodes is not None:
        if type(value) is not dict:
            raise Unlearnable
        write_document(source, nodes, value, name)
    elif write is not None:
        write(source, value, name)
    else:
        source.need_same(read, value, name)


def _write_truth(source: Source, value: Any, name: str) -> None:
    if type(value) in _NUMBERS:
        source.need(name if value else f"not {name}")
    else:
        source.need_same(truth, value, name)


def _write_text(source: Source, value: str, name: str) -> None:
    if type(value) is not str:
        source.need_same(read_text, value, name)
    elif value[:1] == "$":
        _write_name(source, value, name)
    else:
        source.need(f"{name}[:1] != '$'")


def _write_whole(source: Source, value: int, name: str) -> None:
    if type(value) in _NUMBERS:
        source.need(f"{name} {'>' if value > 0 else '<' if value < 0 else '=='} 0")
    else:
        source.need_same(read_whole, value, name)


def _write_name(source: Source, value: str, name: str) -> None:
    source.need(f"{name} == {source.constant(value)}")


def _write_listed(source: Source, values: Any, name: str) -> None:
    """A list of one is all that its value is; of longer ones mostly one type is seen."""
    kinds = set(map(type, values))
    if len(values) == 1:
        _write_items(source, _choose_item, values, name)
    elif len(kinds) == 1 and kinds <= known_plain:
        source.need(f"1 < len({name}) <= 200" if len(values) <= _MERGED_SCANS else f"len({name}) > 200")
        source.need(f"[*map(type, {name})].count({source.constant(kinds.pop())}) == len({name})")
    else:
        source.need_same(read_listed, values, name)


def _choose_item(_name: str, kind: type) -> Read | None:
    return choose_value(kind)


def _write_items(source: Source, choose: Choose, values: Any, name: str) -> None:
    """As many, each of its type and read as its type says."""
    source.need(f"len({name}) == {len(values)}")
    for at, value in enumerate(values):
        item = source.variable(f"{name}[{at}]")
        write_type(source, value, item)
        read = choose("", type(value))
        if read is not None:
            write_value(source, read, value, item)


def _write_sort(source: Source, sort: Any, name: str) -> None:
    if any(type(way) is not int for way in sort.values()):
        source.need_same(read_sort, sort, name)
        return
    write_names(source, sort, name)
    for field, way in sort.items():
        at = f"{name}[{source.constant(field)}]"
        source.need(f"type({at}) is {source.constant(int)} and {at} == {source.constant(way)}")


def _write_pipeline(source: Source, pipeline: list[dict[str, Any]], name: str) -> None:
    source.need(f"len({name}) == {len(pipeline)}")
    for at, whole in enumerate(pipeline):
        stage = source.variable(f"{name}[{at}]")
        write_type(source, whole, stage)
        write_names(source, whole, stage)
        ((field, body),) = whole.items()
        read = (DOCUMENT_STAGES.get(field) if type(body) is dict else None) or STAGES.get(field)
        if read is not None:
            inner = source.variable(f"{stage}[{source.constant(field)}]")
            write_type(source, body, inner)
            write_value(source, read, body, inner)


_WRITERS: dict[Read, Callable[[Source, Any, str], None]] = {
    truth: _write_truth,
    read_text: _write_text,
    read_whole: _write_whole,
    read_name: _write_name,
    read_listed: _write_listed,
    read_branches: lambda source, values, name: _write_items(source, _choose_item, values, name),
    read_items: lambda source, values, name: _write_items(source, choose_expression, values, name),
    read_sort: _write_sort,
    read_pipeline: _write_pipeline,
}
