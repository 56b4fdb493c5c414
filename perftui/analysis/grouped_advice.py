"""Advice for a workload, one group of collections at a time, so that few sampled documents are held at once."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import NamedTuple

from msgspec import structs

from perftui.advice.choice.options import AdviceOptions
from perftui.advice.choice.recommend import Advice, recommend
from perftui.advice.facts import CollectionFacts
from perftui.advice.load import ShapeLoad, WriteLoad
from perftui.analysis.foreign import foreign_namespaces
from perftui.analysis.guessed_facts import with_guesses
from perftui.model.analysis import Declined

GUESSED = (
    "Neither the data nor the list of indexes was seen: sizes and selectivity are guessed from what the queries asked "
    "for and examined. Check that no such index exists."
)
_GUESSED_DATA = "The data was not seen: its selectivity is guessed from what the queries asked for and examined."
_FEWEST_DOCUMENTS, _FEWEST_COMMANDS, _FEWEST_GUESSED = 1_000, 4, 100
_KEPT_BYTES = 64 * 1024 * 1024
MOST_SHAPES = 200
"""Of one collection, that are advised together: the time this takes grows faster than their number."""
_TOO_MANY = (
    f"Only the {MOST_SHAPES} costliest queries of a collection are advised at once: create the indexes for those, then "
    "analyze again."
)
Facts = Mapping[str, CollectionFacts]


class Group(NamedTuple):
    """Collections that queries join, and all shapes on them; nothing outside it bears on its advice."""

    namespaces: tuple[str, ...]
    """The costliest first."""
    loads: tuple[ShapeLoad, ...]


def groups_of(loads: Sequence[ShapeLoad]) -> list[Group]:
    """The loads by what belongs together, in the order of their first."""
    of: dict[str, set[str]] = {}
    for load in loads:
        joined = {load.ns, *(ns for command in load.commands[:1] for ns in foreign_namespaces(command, load.ns))}
        whole = set().union(joined, *(of[ns] for ns in joined if ns in of))
        of.update(dict.fromkeys(whole, whole))
    found: dict[int, tuple[list[str], list[ShapeLoad]]] = {}
    for load in loads:
        whole = of[load.ns]
        names, members = found.setdefault(id(whole), ([], []))
        names.extend(ns for ns in (load.ns, *sorted(whole)) if ns not in names)
        members.append(load)
    return [Group(tuple(names), tuple(members)) for names, members in found.values()]


def advise(
    group: Group, facts: Facts, writes: Mapping[str, WriteLoad], sizes: Mapping[str, int], *, shapes: int
) -> Advice:
    """Advice for one group of a workload of so many shapes; where no document could be seen it goes by guesses.

    `sizes`: how many documents the collections have, as far as executions tell.
    """
    options = _options(shapes)
    made_up = max(_FEWEST_GUESSED, options.most_documents // 10)
    known = with_guesses(facts, group.loads, sizes, documents=made_up)
    chosen = _costliest(group.loads)
    advice = recommend(chosen, known, writes, options)
    taken = {load.id for load in chosen}
    left = [Declined(ns=load.ns, shape=load.id, reason=_TOO_MANY) for load in group.loads if load.id not in taken]
    return replace(
        advice,
        declined=(*advice.declined, *left),
        recommendations=tuple(
            structs.replace(one, warnings=(*one.warnings, _warning(facts.get(one.ns))))
            if _unseen(facts.get(one.ns))
            else one
            for one in advice.recommendations
        ),
    )


def _costliest(loads: Sequence[ShapeLoad]) -> list[ShapeLoad]:
    """Of each collection at most `MOST_SHAPES`."""
    number: Counter[str] = Counter()
    chosen = []
    for load in loads:
        number[load.ns] += 1
        if number[load.ns] <= MOST_SHAPES:
            chosen.append(load)
    return chosen


def _options(shapes: int) -> AdviceOptions:
    """The more shapes there are in all, the less is simulated for each: the engine sees only one group of them."""
    options = AdviceOptions()
    share = options.work / max(shapes, options.work)
    return replace(
        options,
        most_documents=max(_FEWEST_DOCUMENTS, int(options.most_documents * share)),
        most_commands=max(_FEWEST_COMMANDS, int(options.most_commands * share)),
    )


def merged(parts: Iterable[Advice]) -> Advice:
    """The advice for all groups as one."""
    parts = list(parts)
    return Advice(
        recommendations=tuple(one for part in parts for one in part.recommendations),
        declined=tuple(one for part in parts for one in part.declined),
        suggestions=tuple(one for part in parts for one in part.suggestions),
    )


def without_samples(facts: Facts) -> dict[str, CollectionFacts]:
    """What is kept of facts once they were used: no document."""
    return {ns: replace(each, sample=(), whole=False) for ns, each in facts.items()}


def with_samples(facts: Facts, advice: Advice, kept: Facts) -> dict[str, CollectionFacts]:
    """The same with the documents, where an index is advised and all that is kept stays within the bound."""
    size = sum(map(_sampled_bytes, (*kept.values(), *facts.values())))
    return dict(facts) if advice.recommendations and size <= _KEPT_BYTES else without_samples(facts)


def _sampled_bytes(facts: CollectionFacts) -> float:
    return len(facts.sample) * (facts.average_bytes or 0.0)


def _unseen(facts: CollectionFacts | None) -> bool:
    return facts is None or not facts.sample


def _warning(facts: CollectionFacts | None) -> str:
    return GUESSED if facts is None or facts.indexes is None else _GUESSED_DATA
