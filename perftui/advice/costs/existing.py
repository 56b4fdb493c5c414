"""The indexes that a collection has, as the model sees them."""

import json
from typing import Any

from perftui.advice.costs.spec import Spec, reversed_keys
from perftui.advice.facts import CollectionFacts
from perftui.advice.filters.collations import canonical
from perftui.advice.filters.reading import read_filter
from perftui.advice.filters.tree import Reading, token_of
from perftui.model.index import Index, KeyPattern

_ID = Index(name="_id_", keys=(("_id", 1),))


def existing_specs(facts: CollectionFacts) -> tuple[Spec, ...]:
    """Those that the planner may use: neither hidden nor unfinished."""
    indexes = facts.indexes if facts.indexes is not None else (_ID,)
    return tuple(spec_of(index, facts) for index in indexes if not index.hidden and not index.building)


def hidden_specs(facts: CollectionFacts) -> tuple[Spec, ...]:
    """Those that are kept up to date and used by nobody."""
    return tuple(spec_of(index, facts) for index in facts.indexes or () if index.hidden and not index.building)


def spec_of(index: Index, facts: CollectionFacts) -> Spec:
    """An existing index; an `_id` index has the collection's collation."""
    partial: Any = None
    if index.partial_filter:
        try:
            partial = json.loads(index.partial_filter)
        except ValueError:
            partial = {"$where": ""}
    node = None if partial is None else read_filter(partial, Reading())
    collation = canonical(facts.collation) if index.name == "_id_" else canonical(index.collation)
    return Spec(
        keys=index.keys, sparse=index.sparse, partial=node, partial_token=None if node is None else token_of(node),
        partial_filter=partial, collation=collation, existing=index,
    )  # fmt: skip


def extends(keys: KeyPattern, prefix: KeyPattern) -> bool:
    """Whether one serves whatever the other serves: a prefix, read in either direction."""
    head = keys[: len(prefix)]
    return len(keys) >= len(prefix) and head in (prefix, reversed_keys(prefix))


def replaceable(spec: Spec, facts: CollectionFacts) -> bool:
    """Whether an existing index has no other meaning than to serve reads."""
    index = spec.existing
    if index is None or index.name == "_id_" or index.keys == (("_id", 1),):
        return False
    special = spec.special is not None or spec.sparse or spec.partial is not None
    kept = index.unique or index.ttl_s is not None or index.building or bool(index.options.get("clustered"))
    if special or kept or index.options.get("prepareUnique"):
        return False
    key = facts.shard_key
    return not (key and tuple(path for path, _ in spec.keys)[: len(key)] == tuple(key))
