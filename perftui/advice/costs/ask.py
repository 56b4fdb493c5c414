"""The sampled documents of each collection, and questions asked of them with the values of one execution."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from perftui.advice.costs.assumed import Asked, assumed_data
from perftui.advice.costs.columns import members
from perftui.advice.costs.data import Data
from perftui.advice.costs.instance import Instance
from perftui.advice.facts import CollectionFacts
from perftui.advice.filters.bson_order import order_key
from perftui.advice.filters.collations import canonical, effective, fold_of
from perftui.advice.filters.paths import MISSING, value_at
from perftui.advice.filters.tree import All, Leaf
from perftui.advice.load import ShapeLoad
from perftui.advice.plans.names import seen_indexes
from perftui.advice.questions.question import Join, Question

_JOINED_VALUES = 3
"""Documents of the local side whose values are looked up, for each command."""


class Collections:
    """The sampled documents of each collection, made into columns once."""

    def __init__(self, facts: Mapping[str, CollectionFacts], most_documents: int) -> None:
        self._facts = facts
        self._most = most_documents
        self._data: dict[str, Data] = {}
        self._assumed: dict[str, CollectionFacts] = {}

    def facts(self, ns: str) -> CollectionFacts:
        return self._assumed.get(ns) or self._facts.get(ns) or CollectionFacts(ns=ns)

    def data(self, ns: str) -> Data:
        if ns not in self._data:
            self._data[ns] = self._make(self.facts(ns))
        return self._data[ns]

    def known(self, ns: str) -> bool:
        """Whether there are documents to count in."""
        return len(self.facts(ns).sample) > 0

    def assume(self, ns: str, asked: Asked, loads: Sequence[ShapeLoad]) -> None:
        """Make up documents that fit the commands, and take the indexes from plan summaries if need be."""
        facts = self.facts(ns)
        self._data[ns] = assumed_data(asked, facts.documents)
        if facts.indexes is None:
            self._assumed[ns] = replace(facts, indexes=seen_indexes(loads, ns))

    def _make(self, facts: CollectionFacts) -> Data:
        documents = facts.sample
        thinned = len(documents) > self._most
        if thinned:
            step = len(documents) / self._most
            documents = [documents[int(at * step)] for at in range(self._most)]
        total = facts.documents if facts.documents is not None else len(facts.sample)
        return Data(documents, max(total, len(facts.sample)), whole=facts.whole and not thinned)


def instances_of(question: Question, collections: Collections) -> list[Instance]:
    """The question over its collection; a joined one with some of the values that are looked up."""
    facts = collections.facts(question.ns)
    collation = effective(question.collation, canonical(facts.collation))
    data = collections.data(question.ns)
    fold = fold_of(collation)
    join = question.join
    if join is None:
        return [Instance(question, data, collation=collation, fold=fold)]
    values, number = _joined(join, collections, data)
    return [
        Instance(_bound(question, join, value), data, collation=collation, fold=fold, times=number) for value in values
    ]


def _bound(question: Question, join: Join, value: Any) -> Question:
    leaf = Leaf(join.field, "eq", value, token=order_key(value))
    return replace(question, filter=All((leaf, question.filter)))


def _joined(join: Join, collections: Collections, foreign: Data) -> tuple[list[Any], float]:
    """Values of the local side, and how often they are looked up."""
    local = instances_of(join.local, collections)[0]
    values: list[Any] = []
    if join.local_field is not None and collections.known(join.local.ns):
        values = _values(local.data, join.local_field, members(local.matched))
    values = values or _values(foreign, join.field, list(range(foreign.size)))
    return values or [None], max(1.0, _lookups(join, local))


def _lookups(join: Join, local: Instance) -> float:
    """So many documents, or groups of them, are joined."""
    number = local.returned
    if join.groups is not None and join.groups.by is not None:
        number = min(number, local.data.column(join.groups.by).expected_distinct(local.data.total))
    limits = (join.local.stop, join.most, join.groups.most if join.groups is not None else None)
    return min(number, *(limit for limit in limits if limit is not None), number)


def _values(data: Data, path: str, documents: list[int]) -> list[Any]:
    step = max(1, len(documents) // _JOINED_VALUES)
    found: list[Any] = []
    for at in documents[::step][:_JOINED_VALUES]:
        value = value_at(data.documents[at], path)
        if value is not MISSING:
            found.append(value[0] if isinstance(value, list | tuple) and value else value)
    return found
