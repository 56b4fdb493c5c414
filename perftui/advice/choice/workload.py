"""Reads the loads: the questions of each shape, over documents that are known or assumed."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from perftui.advice.choice.demand import Demand
from perftui.advice.costs.ask import Collections, instances_of
from perftui.advice.load import ShapeLoad
from perftui.advice.questions.command import questions_of
from perftui.advice.questions.question import Question

_UNKNOWN = "None of its commands is known whole, so that its filter is not known."


@dataclass
class Workload:
    """The demands of all loads, and what stands in the way of the others."""

    demands: list[Demand] = field(default_factory=list)
    notes: dict[str, list[str]] = field(default_factory=dict)
    """By the shape's id."""
    hopeless: dict[str, str] = field(default_factory=dict)


@dataclass
class _Asked:
    load: ShapeLoad
    roles: dict[str, list[Question]] = field(default_factory=dict)


def read_workload(loads: Sequence[ShapeLoad], collections: Collections, most_commands: int) -> Workload:
    """Every question of every load that is whole enough to ask."""
    workload = Workload()
    asked = [_read(load, most_commands, workload) for load in loads]
    _assume(asked, loads, collections)
    for one in asked:
        for role, questions in one.roles.items():
            instances = [instance for question in questions for instance in instances_of(question, collections)]
            workload.demands.append(Demand(one.load, role, questions[0].ns, instances, len(one.roles) == 1))
    return workload


def _read(load: ShapeLoad, most: int, workload: Workload) -> _Asked:
    asked = _Asked(load)
    notes: list[str] = []
    hopeless: str | None = None
    for command in load.commands[:most]:
        found = questions_of(command, load.ns)
        notes.extend(note for note in found.notes if note not in notes)
        hopeless = hopeless or found.hopeless
        for role, question in found.asked.items():
            asked.roles.setdefault(role, []).append(question)
    workload.notes[load.id] = notes
    if not asked.roles:
        workload.hopeless[load.id] = hopeless or _UNKNOWN
    return asked


def _assume(asked: Sequence[_Asked], loads: Sequence[ShapeLoad], collections: Collections) -> None:
    """Collections of which no document is known get made-up ones."""
    pairs = [(one.load, question) for one in asked for questions in one.roles.values() for question in questions]
    for ns in sorted({question.ns for _, question in pairs}):
        if not collections.known(ns):
            collections.assume(ns, [pair for pair in pairs if pair[1].ns == ns], loads)
