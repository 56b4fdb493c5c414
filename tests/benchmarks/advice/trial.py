"""Builds what was advised and measures every shape with the planner's free choice."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from pymongo.errors import OperationFailure

from .advised import Advised, AdvisedIndex
from .cost import Cost, cost_of
from .lab import Lab
from .truth import MEASURED
from .workload import Built, IndexSpec


@dataclass(frozen=True)
class Trial:
    """What the server did with the advice."""

    after: Mapping[str, Cost]
    refused: Mapping[str, str] = field(default_factory=dict)
    """Advised index, described -> the server's words."""
    without: Mapping[str, Mapping[str, Cost]] = field(default_factory=dict)
    """Advised index, described -> the shapes that used it, without this one."""


def try_advice(lab: Lab, built: Built, advice: Advised) -> Trial:
    """Leaves the server as the advice made it: load it anew afterwards."""
    refused: dict[str, str] = {}
    created: list[IndexSpec] = []
    for one in advice.indexes:
        refusal = lab.create(one.index) or _drop_superseded(lab, one)
        if refusal is None:
            created.append(one.index)
        else:
            refused[one.index.described] = refusal
    for collection, name in advice.unhide:
        lab.hide(collection, name, False)
    after = {shape.name: cost_of(lab.database, shape.commands[:MEASURED]) for shape in built.shapes}
    without = {index.described: _without(lab, built, index, after) for index in created}
    return Trial(after, refused, without)


def _drop_superseded(lab: Lab, one: AdvisedIndex) -> str | None:
    for name in one.supersedes:
        try:
            lab.drop(one.index.collection, name)
        except OperationFailure as error:
            return f"cannot drop {name}: {error}"
    return None


def _without(lab: Lab, built: Built, index: IndexSpec, after: Mapping[str, Cost]) -> dict[str, Cost]:
    users = [shape for shape in built.shapes if index.name in after[shape.name].indexes]
    with lab.unseen([index]):
        return {shape.name: cost_of(lab.database, shape.commands[:MEASURED]) for shape in users}
