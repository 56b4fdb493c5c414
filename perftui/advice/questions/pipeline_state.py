"""What a pipeline's stages, read so far, leave to an index."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from perftui.advice.filters.tree import Node
from perftui.advice.questions.question import Groups, Questions, SortPattern

_MOST_STAGES = 200


@dataclass(slots=True)
class Joined:
    """A `$lookup` or `$graphLookup` as it was met."""

    stage: str
    body: Mapping[str, Any]
    on_joined: list[Node] = field(default_factory=list)
    hashed: bool = False
    groups: Groups | None = None
    most: int | None = None
    """So many local documents are joined, since a limit behind it needs no more."""
    open: bool = True
    """A limit behind it counts what it gives."""


@dataclass(slots=True)
class State:
    """What the stages so far leave to an index."""

    ns: str
    found: Questions
    collation: str | None
    depth: int
    parts: list[Node] = field(default_factory=list)
    sort: SortPattern = ()
    stop: int | None = None
    skipped: int = 0
    computed: set[str] = field(default_factory=set)
    """Paths whose values are no longer those of the documents; "" stands for all."""
    reshaped: bool = False
    multiplied: bool = False
    """One document may have become several, or none: a limit no longer counts those that are read."""
    sorts_later: bool = False
    group: str | None = None
    joins: list[Joined] = field(default_factory=list)
    unwound: set[str] = field(default_factory=set)
    following: tuple[str, Any] = ("", None)
    """The stage behind the one that is read."""
    in_engine: bool = True
    """All stages so far run in the server's query engine, where a join may hash the foreign collection."""
    groups: Groups | None = None

    def is_computed(self, path: str) -> bool:
        return "" in self.computed or any(
            path == name or path.startswith(name + ".") or name.startswith(path + ".") for name in self.computed
        )


def stages_of(pipeline: object) -> list[tuple[str, Any]]:
    if isinstance(pipeline, Mapping):
        pipeline = [pipeline]
    if not isinstance(pipeline, list | tuple):
        return []
    return [next(iter(stage.items())) for stage in pipeline[:_MOST_STAGES] if isinstance(stage, Mapping) and stage]
