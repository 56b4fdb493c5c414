"""Indexes whose fields stand in an order that defeats the shapes which use them."""

from collections.abc import Sequence
from typing import NamedTuple

from perftui.advice.filters.tree import Leaf, conjuncts
from perftui.advice.findings import codes
from perftui.advice.load import ShapeLoad
from perftui.advice.questions.command import questions_of
from perftui.advice.questions.question import Question
from perftui.advice.words.figures import counted
from perftui.model.finding import Finding
from perftui.model.index import Index

_EQUALITIES = frozenset(("eq", "in"))
_WASTED_KEYS = 100
_WASTED_RATIO = 2.0


class Asking(NamedTuple):
    """One shape's question to the collection, and what its executions read for it."""

    load: ShapeLoad
    equalities: frozenset[str]
    sort: tuple[str, ...]
    ranges: frozenset[str]
    limited: bool

    @property
    def wastes(self) -> bool:
        """Reads many keys for what it returns; only where that is known."""
        keys, returned = self.load.keys_examined, self.load.returned
        return (
            keys is not None
            and returned is not None
            and keys - returned > _WASTED_KEYS
            and keys > _WASTED_RATIO * returned
        )


def readings_of(loads: Sequence[ShapeLoad], ns: str) -> tuple[Asking, ...]:
    """The loads that ask this collection and have a command."""
    found = []
    for load in loads:
        question = questions_of(load.commands[0], load.ns).asked.get("main") if load.commands else None
        if question is not None and question.ns == ns:
            found.append(_asking(load, question))
    return tuple(found)


def _asking(load: ShapeLoad, question: Question) -> Asking:
    parts = [part for part in conjuncts(question.filter) if isinstance(part, Leaf)]
    equal = frozenset(part.path for part in parts if part.op in _EQUALITIES)
    return Asking(
        load=load,
        equalities=equal,
        sort=tuple(name for name, _ in question.sort if name not in equal),
        ranges=frozenset(part.path for part in parts) - equal,
        limited=question.stop is not None,
    )


def badly_ordered(index: Index, asked: Sequence[Asking]) -> Finding | None:
    """Only where shapes are known to use it and to read far more than they return, or to sort; never by its looks."""
    if len(index.keys) < 2 or any(isinstance(way, str) for _, way in index.keys):
        return None
    summary = "{ " + ", ".join(f"{name}: {way}" for name, way in index.keys) + " }"
    using = [one for one in asked if summary in (one.load.plan_summary or "")]
    suffering = [(one, wrong) for one in using if (wrong := _wrong(index, one)) is not None]
    hit = sum(one.load.executions for one, _ in suffering)
    if not suffering or hit * 2 <= sum(one.load.executions for one in using):
        return None
    worst, wrong = max(suffering, key=lambda found: found[0].load.executions * (found[0].load.keys_examined or 0.0))
    keys = counted(worst.load.keys_examined or 0.0, "key")
    shapes = counted(len(suffering), "shape")
    return Finding(
        code=codes.FIELD_ORDER,
        severity="warning",
        message=f"{wrong} This costs {shapes}, such as one that reads {keys} for {_returned(worst)} returned.",
        advice=f"Create {{{', '.join(_better(index, worst))}}}: equalities, then the sort, then the range.",
    )


def _returned(one: Asking) -> str:
    return f"{one.load.returned or 0:,.0f}"


def _wrong(index: Index, one: Asking) -> str | None:
    """The first pair of fields that stands the wrong way round for this shape."""
    names = [name for name, _ in index.keys]
    blocked = one.load.blocking_sort_share > 0 and one.limited
    for at, name in enumerate(names):
        before_equality = next((later for later in names[at + 1 :] if later in one.equalities), None)
        before_sort = next((later for later in names[at + 1 :] if later in one.sort), None)
        if name in one.equalities:
            continue
        if before_equality is not None and one.wastes and (name in one.ranges or name in one.sort):
            kind = "a range" if name in one.ranges else "the order"
            return f"{name}, asked for as {kind}, stands before {before_equality}, asked for by equality."
        if before_sort is not None and blocked and name in one.ranges and name not in one.sort:
            return f"{name}, asked for as a range, stands before {before_sort}, which gives the order."
    return None


def _better(index: Index, one: Asking) -> list[str]:
    """The same fields: equalities in their order, the sort in its own, then the others."""
    ways = dict(index.keys)
    equal = [name for name, _ in index.keys if name in one.equalities]
    order = [name for name in one.sort if name in ways]
    rest = [name for name, _ in index.keys if name not in equal and name not in order]
    return [f"{name}: {ways[name]}" for name in (*equal, *order, *rest)]
