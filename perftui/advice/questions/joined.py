"""What a join asks of the collection that it joins."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from perftui.advice.filters.reading import read_filter
from perftui.advice.filters.tree import All, AnyOf, Leaf, Node, Not, Reading, all_of, conjuncts, leaves
from perftui.advice.questions.pipeline_state import Joined


def joined_fields(joined: Joined) -> tuple[str | None, str | None]:
    """The local and the foreign one; what a group made has its own names."""
    names = ("connectFromField", "connectToField") if joined.stage == "$graphLookup" else ("localField", "foreignField")
    local, foreign = (joined.body.get(name) for name in names)
    if joined.groups is not None:
        local = joined.groups.by if local == "_id" else None
    if not isinstance(foreign, str):
        return None, None
    return (local if isinstance(local, str) else None), foreign


def foreign_filter(body: Mapping[str, Any], on_joined: list[Node]) -> Node:
    name = str(body.get("as", ""))
    parts = [_relative(part, name) for part in on_joined]
    restrict = body.get("restrictSearchWithMatch")
    if isinstance(restrict, Mapping):
        parts.append(read_filter(restrict, Reading()))
    return All(tuple(parts))


def _relative(node: Node, name: str) -> Node:
    """`user.active` of the joined document as its own `active`."""
    if isinstance(node, Leaf):
        return replace(node, path=node.path.removeprefix(name + "."))
    if isinstance(node, All):
        return All(tuple(_relative(part, name) for part in node.parts))
    if isinstance(node, Not):
        return Not(_relative(node.part, name))
    if isinstance(node, AnyOf):
        return AnyOf(tuple(_relative(part, name) for part in node.parts))
    return replace(node, path=node.path.removeprefix(name + "."))


def expression_join(inner: list[tuple[str, Any]], extra: Node) -> tuple[str | None, Node]:
    """The field that the inner pipeline's first `$match` compares with a variable."""
    for name, body in inner:
        if name != "$match":
            break
        for leaf in leaves(read_filter(body, Reading())):
            if leaf.op == "eq-variable":
                return leaf.path, extra
    return None, extra


def without_variables(node: Node) -> Node:
    kept = [part for part in conjuncts(node) if not (isinstance(part, Leaf) and part.op.endswith("-variable"))]
    return all_of(kept) if kept else All()
