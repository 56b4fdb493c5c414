"""What each stage of a pipeline leaves to an index; a stage answers whether those behind it can be served too."""

from collections.abc import Callable, Mapping
from typing import Any

from perftui.advice.filters.reading import read_filter
from perftui.advice.filters.tree import Leaf, Node, Reading, conjuncts, leaves
from perftui.advice.questions.pipeline_state import Joined, State
from perftui.advice.questions.question import Groups, sort_pattern, whole_number


def _match(state: State, body: Any, _first: bool) -> bool:
    reading = Reading()
    node = read_filter(body, reading)
    for note in reading.notes:
        state.found.note(note)
    for part in conjuncts(node):
        paths = {leaf.path for leaf in leaves(part)}
        joined = _joined_by(state, paths)
        if joined is not None:
            joined.append(part)
            _close_joins(state)
        elif state.stop is None and not state.skipped and not any(map(state.is_computed, paths)):
            state.parts.append(part)
        else:
            _close_joins(state)
    return True


def _close_joins(state: State) -> None:
    """What comes may need any number of joined documents for one that it gives."""
    for joined in state.joins:
        joined.open = False


def _joined_by(state: State, paths: set[str]) -> list[Node] | None:
    """A `$match` on the fields of an unwound `$lookup` becomes part of the lookup."""
    for joined in state.joins:
        name = str(joined.body.get("as", ""))
        if paths and name in state.unwound and all(path.startswith(name + ".") for path in paths):
            return joined.on_joined
    return None


def _sort(state: State, body: Any, _first: bool) -> bool:
    pattern = sort_pattern(body)
    if pattern is None or state.reshaped or state.multiplied or any(state.is_computed(path) for path, _ in pattern):
        state.sorts_later = True
        _close_joins(state)
        return True
    if state.stop is None and not state.skipped:
        state.sort = pattern
    return True


def _limit(state: State, body: Any, _first: bool) -> bool:
    """It moves in front of what gives one document for each."""
    number = whole_number(body)
    if number is None:
        return True
    number += state.skipped
    if not state.sorts_later and not state.multiplied:
        state.stop = number if state.stop is None else min(state.stop, number)
    for joined in state.joins:
        if joined.open:
            joined.most = number if joined.most is None else min(joined.most, number)
    return True


def _skip(state: State, body: Any, _first: bool) -> bool:
    if state.stop is None:
        state.skipped += whole_number(body) or 0
    return True


def _add_fields(state: State, body: Any, _first: bool) -> bool:
    state.computed.update(str(name) for name in body) if isinstance(body, Mapping) else state.computed.add("")
    state.reshaped = True
    state.in_engine = False
    return True


def _replace_root(state: State, _body: Any, _first: bool) -> bool:
    state.computed.add("")
    state.reshaped = True
    state.in_engine = False
    return True


def _project(state: State, body: Any, _first: bool) -> bool:
    if isinstance(body, Mapping):
        made = [str(name) for name, how in body.items() if not isinstance(how, bool | int | float)]
        state.computed.update(made)
        state.in_engine = state.in_engine and not made
    state.reshaped = True
    return True


def _unset(state: State, body: Any, _first: bool) -> bool:
    state.computed.update(map(str, body) if isinstance(body, list | tuple) else [str(body)])
    state.reshaped = True
    return True


def _unwind(state: State, body: Any, _first: bool) -> bool:
    path = str(body.get("path", "") if isinstance(body, Mapping) else body).removeprefix("$")
    if any(str(joined.body.get("as", "")) == path for joined in state.joins):
        state.unwound.add(path)
    state.computed.add(path)
    state.reshaped = state.multiplied = True
    state.in_engine = False
    return True


def _lookup(state: State, body: Any, _first: bool) -> bool:
    """A `$sort` or `$limit` behind it moves in front of it, unless its documents are unwound."""
    if isinstance(body, Mapping):
        unwound = _is_unwound(state, body)
        state.in_engine = state.in_engine and not unwound and "pipeline" not in body and "localField" in body
        state.joins.append(Joined("$lookup", body, hashed=state.in_engine, groups=state.groups))
        state.computed.add(str(body.get("as", "")) or "?")
        state.multiplied = state.multiplied or unwound
    return True


def _is_unwound(state: State, body: Mapping[str, Any]) -> bool:
    name, following = state.following
    path = following.get("path") if isinstance(following, Mapping) else following
    return name == "$unwind" and path == f"${body.get('as')}"


def _graph_lookup(state: State, body: Any, _first: bool) -> bool:
    if isinstance(body, Mapping):
        state.joins.append(Joined("$graphLookup", body, groups=state.groups))
        state.computed.add(str(body.get("as", "")) or "?")
    state.reshaped = state.multiplied = True
    state.in_engine = False
    return True


def _group(state: State, body: Any, _first: bool) -> bool:
    """A group by one field whose first documents are all it wants can skip from value to value."""
    key = body.get("_id") if isinstance(body, Mapping) else None
    simple = isinstance(key, str) and key[:1] == "$" and key[:2] != "$$"
    _close_joins(state)
    by = str(key)[1:] if simple and not state.is_computed(str(key)[1:]) else None
    state.groups = Groups(by, 1 if key is None else None)
    if not simple or state.reshaped or state.joins or state.stop is not None or state.skipped:
        return True
    field_name = str(key)[1:]
    ends = {next(iter(how), "") for name, how in body.items() if name != "_id" and isinstance(how, Mapping)}
    first_of_sort = bool(state.sort) and state.sort[0][0] == field_name
    if ends <= {"$first"} and (not state.sort or first_of_sort):
        state.group = field_name
    return True


def _limit_groups(state: State, body: Any, _first: bool) -> bool:
    number = whole_number(body)
    if number is not None and state.groups is not None:
        before = state.groups.most
        state.groups = Groups(state.groups.by, number if before is None else min(before, number))
    return True


def _geo_near(state: State, body: Any, first: bool) -> bool:
    if not first or not isinstance(body, Mapping):
        return False
    near = body.get("near")
    flat = not isinstance(near, Mapping) and not body.get("spherical")
    operand = {"$geometry": near, "$maxDistance": body.get("maxDistance")} if isinstance(near, Mapping) else near
    leaf = Leaf(str(body.get("key") or ""), "near", operand, "2d" if flat else "2dsphere", token=str(body)[:2000])
    state.parts.append(leaf)
    _match(state, body.get("query"), False)
    state.computed.add(str(body.get("distanceField", "")) or "?")
    return True


def _facet(state: State, _body: Any, first: bool) -> bool:
    if first:
        state.found.note("A $facet that comes first scans the whole collection; put the common $match before it.")
    return False


def _window(state: State, body: Any, _first: bool) -> bool:
    if isinstance(body, Mapping) and not state.reshaped and not state.sort and state.stop is None:
        key, order = body.get("partitionBy"), sort_pattern(body.get("sortBy") or {})
        if (key is None or (isinstance(key, str) and key[:1] == "$")) and order is not None:
            state.sort = (*(((str(key)[1:], 1),) if key else ()), *order)
    return False


STAGES: dict[str, Callable[[State, Any, bool], bool]] = {
    "$match": _match, "$sort": _sort, "$limit": _limit, "$skip": _skip, "$addFields": _add_fields, "$set": _add_fields,
    "$project": _project, "$unset": _unset, "$unwind": _unwind, "$lookup": _lookup, "$graphLookup": _graph_lookup,
    "$group": _group, "$geoNear": _geo_near, "$facet": _facet, "$setWindowFields": _window,
    "$replaceRoot": _replace_root, "$replaceWith": _replace_root,
    "$unionWith": lambda _state, _body, _first: False,
}  # fmt: skip


def _as_it_is(_state: State, _body: Any, _first: bool) -> bool:
    return True


BEHIND_A_GROUP: dict[str, Callable[[State, Any, bool], bool]] = {
    **dict.fromkeys(("$match", "$sort", "$skip", "$project", "$addFields", "$set", "$unset"), _as_it_is),
    "$limit": _limit_groups, "$lookup": _lookup, "$graphLookup": _graph_lookup, "$unwind": _unwind,
}  # fmt: skip
"""What is read there for its joins only."""
