"""Which sampled documents match a filter."""

import re
from collections.abc import Callable
from typing import Any

from perftui.advice.costs.columns import Bits, bits_of
from perftui.advice.costs.data import Data
from perftui.advice.costs.text_search import text_test
from perftui.advice.filters.bounds import bounds_of, type_bracket
from perftui.advice.filters.bson_order import STRING, Fold, order_key
from perftui.advice.filters.geometry import near_enough
from perftui.advice.filters.paths import lacks, values_at
from perftui.advice.filters.tree import All, AnyOf, Element, Leaf, Node, Not, token_of

_MOST_SETS = 4000


def matching(data: Data, node: Node, fold: Fold | None = None) -> Bits:
    """The documents that match; a predicate that cannot be judged here matches all."""
    if isinstance(node, All):
        found = data.everything
        for part in node.parts:
            found &= matching(data, part, fold)
        return found
    if isinstance(node, Not):
        return data.everything & ~matching(data, node.part, fold) if judged(node.part) else data.everything
    if isinstance(node, AnyOf):
        found = 0
        for part in node.parts:
            found |= matching(data, part, fold)
        return found
    token = (token_of(node), fold)
    if token not in data.sets:
        if len(data.sets) > _MOST_SETS:
            data.sets.clear()
        data.sets[token] = _matching_one(data, node, fold)
    return data.sets[token]


_UNJUDGED = frozenset(("opaque", "javascript", "eq-variable", "bits"))


def judged(node: Node) -> bool:
    """Whether the sampled documents tell who matches it."""
    if isinstance(node, Leaf):
        return node.op not in _UNJUDGED and not node.op.endswith("-variable")
    if isinstance(node, Not):
        return judged(node.part)
    return judged(node.inner) if isinstance(node, Element) else all(judged(part) for part in node.parts)


def _matching_one(data: Data, node: Leaf | Element, fold: Fold | None) -> Bits:
    if isinstance(node, Leaf):
        if not judged(node):
            return data.everything
        if node.op == "exists":
            return data.everything & ~data.column(node.path, fold).missing
        if node.op == "regex":
            return _regex(data, node)
        if node.op in ("gt", "gte", "lt", "lte", "eq", "in") and not _holds_special(node):
            return _by_bounds(data, node, fold)
    holds = predicate(node, fold)
    return bits_of((at for at, document in enumerate(data.documents) if holds(document)), data.size)


def _holds_special(leaf: Leaf) -> bool:
    """Values whose matches the index keys do not tell."""
    values = leaf.value if leaf.op == "in" else (leaf.value,)
    return any(value is None or isinstance(value, list | tuple) or hasattr(value, "pattern") for value in values)


def _by_bounds(data: Data, leaf: Leaf, fold: Fold | None) -> Bits:
    bounds = bounds_of(leaf, fold)
    column = data.column(leaf.path, fold)
    found = 0
    for interval in bounds.intervals if bounds is not None else ():
        found |= column.documents_in(column.ranks_of(interval))
    return found


def compiled(pattern: str, flags: str) -> "re.Pattern[str] | None":
    """Python's pattern for the server's; `None` where Python does not know its syntax."""
    known = sum({"i": re.I, "m": re.M, "s": re.S, "x": re.X}.get(flag, 0) for flag in set(flags))
    try:
        return re.compile(pattern, known)
    except (re.error, RecursionError, OverflowError):
        return None


def _regex(data: Data, leaf: Leaf) -> Bits:
    pattern = compiled(leaf.value, leaf.options)
    if pattern is None:
        return data.everything
    column = data.column(leaf.path)
    found = 0
    for rank, key in enumerate(column.distinct):
        if key[0] == STRING and pattern.search(key[1][:10_000]):
            found |= column.documents_in((rank, rank + 1))
    return found


def predicate(node: Node, fold: Fold | None) -> Callable[[Any], bool]:
    """A function of a document, slow and complete."""
    if isinstance(node, All):
        parts = [predicate(part, fold) for part in node.parts]
        return lambda document: all(part(document) for part in parts)
    if isinstance(node, AnyOf):
        parts = [predicate(part, fold) for part in node.parts]
        return lambda document: any(part(document) for part in parts)
    if isinstance(node, Not):
        inner = predicate(node.part, fold)
        return (lambda document: not inner(document)) if judged(node.part) else (lambda _document: True)
    if isinstance(node, Element):
        inner, path = predicate(node.inner, fold), node.path
        return lambda document: any(
            inner(item) for found in values_at(document, path) if isinstance(found, list | tuple) for item in found
        )
    return _leaf_predicate(node, fold)


def _leaf_predicate(leaf: Leaf, fold: Fold | None) -> Callable[[Any], bool]:
    if leaf.op == "text":
        return text_test(leaf)
    test = _value_test(leaf, fold)
    path, takes_null = leaf.path, leaf.op in ("eq", "in", "gte", "lte") and test(None)
    names = path.split(".")

    def holds(document: Any) -> bool:
        found = values_at(document, path) if path else [document]
        return any(map(test, found)) or (takes_null and bool(path) and lacks(document, names))

    return holds


def _value_test(leaf: Leaf, fold: Fold | None) -> Callable[[Any], bool]:
    if leaf.op == "exists" or not judged(leaf):
        return lambda _value: True
    if leaf.op == "regex":
        pattern = compiled(leaf.value, leaf.options)
        return lambda value: isinstance(value, str) and (pattern is None or pattern.search(value) is not None)
    if leaf.op == "size":
        return lambda value: isinstance(value, list | tuple) and len(value) == leaf.value
    if leaf.op == "mod":
        return _modulo(leaf.value)
    if leaf.op in ("geo", "near"):
        return near_enough(leaf)
    if leaf.op == "type":
        bracket = type_bracket(leaf.value)
        return lambda value: bracket is None or order_key(value)[0] == bracket
    return _in_bounds(leaf, fold)


def _modulo(operand: Any) -> Callable[[Any], bool]:
    try:
        divisor, remainder = (int(one) for one in list(operand)[:2])
    except (TypeError, ValueError):
        return lambda _value: True
    return lambda value: isinstance(value, int | float) and divisor != 0 and int(value) % divisor == remainder


def _in_bounds(leaf: Leaf, fold: Fold | None) -> Callable[[Any], bool]:
    if leaf.op in ("eq", "in"):
        values = leaf.value if leaf.op == "in" else (leaf.value,)
        wanted = {order_key(value, fold) for value in values}
        patterns = [predicate_of_pattern(value) for value in values if hasattr(value, "pattern")]
        return lambda value: order_key(value, fold) in wanted or any(one(value) for one in patterns)
    bounds = bounds_of(leaf, fold)
    intervals = bounds.intervals if bounds is not None else ()

    def inside(value: Any) -> bool:
        key = order_key(value, fold)
        return any(
            (a < key or (key == a and a_in)) and (key < b or (key == b and b_in)) for a, a_in, b, b_in in intervals
        )

    return inside


def predicate_of_pattern(value: Any) -> Callable[[Any], bool]:
    from perftui.advice.filters.reading import regex_parts

    pattern = compiled(*regex_parts(value))
    return lambda text: isinstance(text, str) and (pattern is None or pattern.search(text) is not None)
