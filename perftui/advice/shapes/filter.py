"""The canonical form of a filter: operators and paths stay, values go, order goes where it does not matter."""

from collections.abc import Callable, Iterator, Mapping

from perftui.advice.shapes.expression import expression_text
from perftui.advice.shapes.values import (
    EQUALITY,
    is_null,
    is_operator_document,
    list_class,
    regex_class,
    regex_of,
    value_term,
)
from perftui.advice.shapes.walk import CUT, Walk, name_text

_SCALARS = (str, int, float, bool)
_GEOMETRIES = frozenset(("$geometry", "$box", "$polygon", "$center", "$centerSphere"))


def filter_text(query: object, walk: Walk, depth: int = 0) -> str:
    """`{active: ?, age: {$gt: ?}}`: fields in the order of their names, the branches of `$or` as a set."""
    if not isinstance(query, Mapping):
        return "{}"
    return terms_text(filter_terms(query, walk, depth))


def filter_terms(query: Mapping[str, object], walk: Walk, depth: int = 0) -> dict[str, set[str]]:
    """What each path is asked for; `$and` is dissolved into its parts."""
    terms: dict[str, set[str]] = {}
    _collect(query, terms, walk, depth)
    return terms


def terms_text(terms: Mapping[str, set[str]]) -> str:
    """Terms as a filter's text."""
    if not terms:
        return "{}"
    return "{" + ", ".join([f"{name}: {_asked(terms[name])}" for name in sorted(terms)]) + "}"


def _asked(asked: set[str]) -> str:
    if len(asked) == 1:
        (one,) = asked
        if one == EQUALITY:
            return "?"
        return one.partition(": ")[2] if one.startswith(("$eq: ", "$regex: ", "=: ")) else "{" + one + "}"
    return "{" + ", ".join(sorted(term.removeprefix("=: ") for term in asked)) + "}"


def _collect(query: Mapping[str, object], terms: dict[str, set[str]], walk: Walk, depth: int) -> None:
    for field, value in query.items():
        if not walk.enter(depth):
            terms.setdefault(CUT, set()).add(f"=: {CUT}")
            return
        name = field if isinstance(field, str) else str(field)
        if name[:1] == "$":
            _collect_logical(name, value, terms, walk, depth)
        elif isinstance(value, _SCALARS):
            terms.setdefault(name_text(name), set()).add(EQUALITY)
        else:
            terms.setdefault(name_text(name), set()).update(_predicates(value, walk, depth))


def _collect_logical(name: str, value: object, terms: dict[str, set[str]], walk: Walk, depth: int) -> None:
    branches = [branch for branch in value if isinstance(branch, Mapping)] if isinstance(value, list | tuple) else []
    if name == "$and" or (name == "$or" and len(branches) == 1):
        for branch in branches:
            _collect(branch, terms, walk, depth + 1)
    elif name == "$or":
        _collect_or(branches, terms, walk, depth)
    elif name == "$nor":
        texts = {filter_text(branch, walk, depth + 1) for branch in branches if walk.left > 0}
        terms.setdefault(name, set()).add(f"=: [{', '.join(sorted(texts))}]")
    elif name == "$expr":
        terms.setdefault(name, set()).add(f"=: {expression_text(value, walk, depth + 1)}")
    elif name != "$comment":
        terms.setdefault(name_text(name), set()).add("=: ?")


def _collect_or(branches: list[Mapping[str, object]], terms: dict[str, set[str]], walk: Walk, depth: int) -> None:
    """The branches as a set, an `$or` among them dissolved; equalities of one field are a `$in` to the server."""
    found = list(_branches(branches, walk, depth))
    texts = {terms_text(branch) for branch in found}
    if len(texts) == 1 and len(found[0]) == 1:
        ((path, asked),) = found[0].items()
        if asked == {EQUALITY}:
            terms.setdefault(path, set()).add(EQUALITY if len(found) == 1 else f"$in: {list_class(found)}")
            return
    terms.setdefault("$or", set()).add(f"=: [{', '.join(sorted(texts))}]")


def _branches(branches: list[Mapping[str, object]], walk: Walk, depth: int) -> Iterator[dict[str, set[str]]]:
    for branch in branches:
        if walk.left <= 0:
            return
        inner = branch.get("$or") if len(branch) == 1 else None
        if isinstance(inner, list | tuple) and walk.enter(depth):
            yield from _branches([one for one in inner if isinstance(one, Mapping)], walk, depth + 1)
        else:
            yield filter_terms(branch, walk, depth + 1)


def _predicates(value: object, walk: Walk, depth: int) -> set[str]:
    if not isinstance(value, Mapping) or not is_operator_document(value):
        return {_equal(value)}
    asked: set[str] = set()
    for operator, operand in value.items():
        if not walk.enter(depth + 1):
            asked.add(f"{CUT}: {CUT}")
            break
        asked.update(_operator(str(operator), operand, value, walk, depth + 1))
    return asked or {EQUALITY}


def _operator(name: str, operand: object, whole: Mapping[str, object], walk: Walk, depth: int) -> set[str]:
    if (leaf := _LEAVES.get(name)) is not None:
        return {leaf(operand)}
    if (render := _NESTED.get(name)) is not None:
        return render(operand, walk, depth)
    if name == "$regex":
        pattern, flags = regex_of(operand) or (str(operand), "")
        return {f"$regex: {regex_class(pattern, flags + str(whole.get('$options', '')))}"}
    return set() if name == "$options" or name in _NEAR_LIMITS else {f"{name_text(name)}: ?"}


_NEAR_LIMITS = frozenset(("$maxDistance", "$minDistance"))


def _equal(operand: object) -> str:
    return "$eq: null" if is_null(operand) else value_term(operand)


def _not_equal(operand: object) -> str:
    return "$ne: null" if is_null(operand) else "$ne: ?"


def _in(operand: object) -> str:
    """A list of one is an equality to the server too."""
    if isinstance(operand, list | tuple) and len(operand) == 1:
        return _equal(operand[0])
    return f"$in: {list_class(operand)}"


def _not_in(operand: object) -> str:
    if isinstance(operand, list | tuple) and len(operand) == 1:
        return _not_equal(operand[0])
    return f"$nin: {list_class(operand)}"


def _exists(operand: object) -> str:
    return f"$exists: {'true' if operand else 'false'}"


def _not(operand: object, walk: Walk, depth: int) -> set[str]:
    """Not equal in other words is `$ne`."""
    asked = _predicates(operand, walk, depth)
    if asked == {EQUALITY}:
        return {"$ne: ?"}
    return {"$ne: null"} if asked == {"$eq: null"} else {f"$not: {_asked(asked)}"}


def _element(operand: object, walk: Walk, depth: int) -> set[str]:
    if isinstance(operand, Mapping) and is_operator_document(operand) and not {"$or", "$and", "$nor"} & set(operand):
        return {"$elemMatch: {" + ", ".join(sorted(_predicates(operand, walk, depth))) + "}"}
    return {f"$elemMatch: {filter_text(operand, walk, depth)}"}


def _all(operand: object, walk: Walk, depth: int) -> set[str]:
    items = operand if isinstance(operand, list | tuple) else ()
    elements = {text for item in items if isinstance(item, Mapping) for text in _element_of(item, walk, depth)}
    if not elements:
        return {_equal(items[0])} if len(items) == 1 else {"$all: [?]"}
    return {f"$all: [{', '.join(sorted(elements))}]"}


def _element_of(item: Mapping[str, object], walk: Walk, depth: int) -> set[str]:
    return _element(item["$elemMatch"], walk, depth) if "$elemMatch" in item and walk.enter(depth) else set()


def _geo(name: str) -> Callable[[object], str]:
    def render(operand: object) -> str:
        known = _GEOMETRIES & set(operand) if isinstance(operand, Mapping) else set()
        spherical = isinstance(operand, Mapping) and "coordinates" in operand
        kind = sorted(known)[0] if known else "$geometry" if spherical else ""
        return f"{name}: {{{kind}: ?}}" if kind else f"{name}: ?"

    return render


_LEAVES: dict[str, Callable[[object], str]] = {
    "$eq": _equal,
    "$ne": _not_equal,
    "$in": _in,
    "$nin": _not_in,
    "$exists": _exists,
    "$near": _geo("$near"),
    "$nearSphere": _geo("$nearSphere"),
    "$geoNear": _geo("$geoNear"),
    "$geoWithin": _geo("$geoWithin"),
    "$within": _geo("$geoWithin"),
    "$geoIntersects": _geo("$geoIntersects"),
}
_NESTED: dict[str, Callable[[object, Walk, int], set[str]]] = {"$not": _not, "$elemMatch": _element, "$all": _all}
