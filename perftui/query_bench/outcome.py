"""What came of benchmarking: queries with their figures, and questions with their strategies compared."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from perftui.analysis.study import Study
from perftui.bench.result import BenchmarkResult
from perftui.model.bench.comparison import Comparison
from perftui.model.bench.mongo import Agreement, Counters
from perftui.model.plan import Plan
from perftui.query_bench.question import Query, Question


@dataclass(kw_only=True)
class QueryOutcome:
    """One query's figures, or why it has none."""

    query: Query
    plan: Plan | None = None
    counters: Counters | None = None
    result: BenchmarkResult | None = None
    documents: int | None = None
    """How many each execution fetched: documents, or values of a `distinct`; a `count` is one."""
    failure: str = ""
    """A sentence; empty where it ran."""


@dataclass(kw_only=True)
class QuestionOutcome:
    """Strategies are compared with the first that ran."""

    question: Question
    outcomes: tuple[QueryOutcome, ...]
    agreements: tuple[Agreement, ...] = ()
    comparisons: tuple[Comparison, ...] = ()


@dataclass(frozen=True, kw_only=True)
class IndexEffect:
    """One query without and with an index."""

    before: QueryOutcome
    after: QueryOutcome
    comparison: Comparison | None = None
    """`None`: it ran only without the index, or only with it, or the server does not use the index for it."""


@dataclass(kw_only=True)
class Run:
    """A whole benchmark."""

    server: str
    """The member's address."""
    server_version: str | None = None
    questions: tuple[QuestionOutcome, ...] = ()
    index: str = ""
    """The indexes tried, in words; empty where none was."""
    create_command: str = ""
    """What creates them."""
    effects: tuple[IndexEffect, ...] = ()
    operations: int = 0
    study: Study | None = None
    notes: list[str] = field(default_factory=list)

    @property
    def outcomes(self) -> list[QueryOutcome]:
        """All queries', in their order."""
        return outcomes_of(self.questions)

    @property
    def results(self) -> list[BenchmarkResult]:
        """What was measured, with an index under names of their own."""
        plain = [one.result for one in self.outcomes if one.result is not None]
        return plain + [one.after.result for one in self.effects if one.after.result is not None]

    @property
    def failed(self) -> list[QueryOutcome]:
        """What did not run, not even with an index that was tried."""
        ran = {one.before.query.name for one in self.effects if not one.after.failure}
        return [one for one in self.outcomes if one.failure and one.query.name not in ran]


def outcomes_of(questions: Sequence[QuestionOutcome]) -> list[QueryOutcome]:
    """All queries', in their order."""
    return [outcome for question in questions for outcome in question.outcomes]
