"""The fields that a pipeline needs of its documents, so that one sees whether an index alone could answer."""

from collections.abc import Callable, Mapping
from typing import Any

from perftui.advice.filters.reading import read_filter
from perftui.advice.filters.tree import Reading, leaves
from perftui.advice.questions.question import included

_NODES = 2000
Needs = set[str] | None
"""`None`: whole documents."""


def needs_of(stages: list[tuple[str, Any]]) -> frozenset[str] | None:
    """The fields, or `None` where whole documents are needed."""
    found: set[str] = set()
    made: set[str] = set()
    for name, body in stages:
        reader = _READERS.get(name)
        if reader is None:
            return None
        refs, ends = reader(body)
        if refs is None:
            return None
        found.update(path for path in refs if path.partition(".")[0] not in made)
        if ends:
            return frozenset(found)
        if name in ("$addFields", "$set") and isinstance(body, Mapping):
            made.update(str(field).partition(".")[0] for field in body)
        if name in ("$lookup", "$graphLookup") and isinstance(body, Mapping):
            made.add(str(body.get("as", "")))
    return None


def references(expression: Any, budget: list[int] | None = None) -> Needs:
    """The paths that an expression names; `None` where it takes whole documents."""
    budget = [_NODES] if budget is None else budget
    budget[0] -= 1
    if budget[0] < 0:
        return None
    if isinstance(expression, str):
        if expression[:2] == "$$":
            whole = expression.partition(".")[0] in ("$$ROOT", "$$CURRENT")
            return None if whole else set()
        return {expression[1:]} if expression[:1] == "$" else set()
    if isinstance(expression, Mapping):
        return set() if "$literal" in expression else _joined(list(expression.values()), budget)
    return _joined(list(expression), budget) if isinstance(expression, list | tuple) else set()


def _joined(values: list[Any], budget: list[int]) -> Needs:
    found: set[str] = set()
    for value in values:
        refs = references(value, budget)
        if refs is None:
            return None
        found |= refs
    return found


Read = tuple[Needs, bool]
"""The fields of a stage, and whether documents end there."""


def _match(body: Any) -> Read:
    kept: set[str] = set()
    for leaf in leaves(read_filter(body, Reading())):
        if leaf.op in ("opaque", "javascript", "text"):
            return None, False
        kept.add(leaf.path)
    return kept, False


def _sort(body: Any) -> Read:
    return ({str(name) for name in body} if isinstance(body, Mapping) else None), False


def _group(body: Any) -> Read:
    return references(body), True


def _project(body: Any) -> Read:
    if not isinstance(body, Mapping):
        return None, True
    plain = included({name: how for name, how in body.items() if isinstance(how, bool | int | float)} or {"_id": 1})
    computed = {name: how for name, how in body.items() if not isinstance(how, bool | int | float)}
    refs = references(computed)
    if plain is None or refs is None or (body.get("_id") in (0, False) and plain == {"_id"}):
        only_id_dropped = set(body) - set(computed) == {"_id"} and computed
        return (refs, True) if only_id_dropped and refs is not None else (None, True)
    return refs | plain, True


def _unwind(body: Any) -> Read:
    return references(body.get("path") if isinstance(body, Mapping) else body), False


def _lookup(body: Any) -> Read:
    if not isinstance(body, Mapping):
        return None, False
    refs = references(body.get("let") or {})
    field = body.get("localField")
    return (refs | {field} if isinstance(field, str) and refs is not None else refs), False


def _facet(body: Any) -> Read:
    found: set[str] = set()
    for branch in body.values() if isinstance(body, Mapping) else ():
        kept = branch if isinstance(branch, list | tuple) else ()
        stages = [next(iter(stage.items())) for stage in kept if isinstance(stage, Mapping) and stage]
        needs = needs_of(stages)
        if needs is None:
            return None, True
        found |= needs
    return found, True


def _first_expression(*names: str) -> Callable[[Any], Read]:
    def read(body: Any) -> Read:
        if not isinstance(body, Mapping):
            return None, True
        return references([body[name] for name in names if name in body]), True

    return read


_READERS: dict[str, Callable[[Any], Read]] = {
    "$match": _match,
    "$sort": _sort,
    "$limit": lambda _body: (set(), False),
    "$skip": lambda _body: (set(), False),
    "$group": _group,
    "$project": _project,
    "$addFields": lambda body: (references(body), False),
    "$set": lambda body: (references(body), False),
    "$unwind": _unwind,
    "$lookup": _lookup,
    "$facet": _facet,
    "$count": lambda _body: (set(), True),
    "$sortByCount": lambda body: (references(body), True),
    "$bucket": _first_expression("groupBy", "output"),
    "$bucketAuto": _first_expression("groupBy", "output"),
    "$replaceRoot": _first_expression("newRoot"),
    "$replaceWith": lambda body: (references(body), True),
}
