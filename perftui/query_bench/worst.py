"""The worst queries that a server still knows of, with the values of one execution of each."""

from typing import NamedTuple

from perftui.advice.load import ShapeLoad
from perftui.analysis.asked_query import AskedQuery
from perftui.analysis.study import Study
from perftui.model.text import safe_text
from perftui.query_bench.question import Query, QueryRefused, Question, query_of, question_of


class Worst(NamedTuple):
    """The costliest that may be run, and why costlier ones are not, in sentences."""

    questions: tuple[Question, ...]
    left_out: tuple[str, ...]


def worst_queries(study: Study, top: int) -> Worst:
    """The `top` costliest shapes of a study that only read."""
    found: list[Question] = []
    left_out: list[str] = []
    for load in study.loads:
        if len(found) == top:
            break
        query = _query(load)
        if isinstance(query, str):
            left_out.append(f"{safe_text(load.ns, 100)} {safe_text(load.shape, 100)}: {query}")
        else:
            found.append(question_of(query))
    return Worst(tuple(found), tuple(left_out))


def _query(load: ShapeLoad) -> Query | str:
    if not load.commands:
        return "No whole command of it is kept."
    try:
        return query_of(AskedQuery(load.commands[0], load.ns))
    except QueryRefused as reason:
        return str(reason)
