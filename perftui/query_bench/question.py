"""What is benchmarked: questions, each with one query or with several strategies that should answer alike."""

from dataclasses import dataclass

from perftui.advice.explaining.command import Explainable, Refusal, explainable
from perftui.advice.shapes.shape import Shape, shape_of
from perftui.analysis.asked_query import AskedQuery
from perftui.model.text import safe_text

READS = ("find", "aggregate", "count", "distinct")
_LONGEST_NAME = 300


class QueryRefused(ValueError):  # noqa: N818 - an answer, not a fault
    """The query is not run; the message is a sentence, or two."""


@dataclass(frozen=True, kw_only=True)
class Query:
    """One that may be run. Holds the user's values: never written anywhere."""

    name: str
    asked: AskedQuery
    runs: Explainable
    """What is sent: without what belongs to a session."""
    shape: Shape

    @property
    def ns(self) -> str:
        return self.runs.ns


@dataclass(frozen=True, kw_only=True)
class Question:
    """One query, or strategies that are compared with the first of them."""

    name: str
    queries: tuple[Query, ...]


def query_of(asked: AskedQuery, name: str = "") -> Query:
    """One that only reads. Raises `QueryRefused`; without a name it is called after its shape."""
    runs = explainable(asked.command, asked.ns)
    if isinstance(runs, Refusal):
        raise QueryRefused(f"{runs.message} {runs.help}".strip())
    if runs.op not in READS:
        raise QueryRefused(f"It writes ({runs.op}), and here only reads are run: give the find with the same filter.")
    if runs.never_run is not None:
        raise QueryRefused(runs.never_run)
    shape = shape_of(runs.command, runs.ns)
    return Query(name=name or safe_text(f"{runs.ns} {shape.text}", _LONGEST_NAME), asked=asked, runs=runs, shape=shape)


def question_of(query: Query) -> Question:
    """A query alone."""
    return Question(name=query.name, queries=(query,))
