"""Measures questions on one server: explains each query once, compares the strategies' results, then takes times."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

from msgspec.structs import replace

from perftui.bench.comparison import compare_results
from perftui.bench.progress import Progress
from perftui.bench.result import BenchmarkResult
from perftui.model.bench.mongo import Agreement, Counters
from perftui.model.bench.samples import Fact
from perftui.query_bench.counters import counters_of
from perftui.query_bench.execution import Executor
from perftui.query_bench.limits import Limits
from perftui.query_bench.outcome import QueryOutcome, QuestionOutcome
from perftui.query_bench.question import Query, Question
from perftui.query_bench.sameness import Rows, agreement, returns_values, rows_of
from perftui.sources.mongodb.explain import NotExplained, explain
from perftui.sources.mongodb.explain_errors import refusal_of

if TYPE_CHECKING:
    from pymongo import AsyncMongoClient

    Client = AsyncMongoClient[dict[str, Any]]


class Measuring:
    """`server` is the address, as the results' facts tell it. Raises what PyMongo raises where the server is lost."""

    def __init__(self, client: Client, executor: Executor, limits: Limits, server: str, tell: Progress) -> None:
        self._client, self._executor, self._limits, self._tell = client, executor, limits, tell
        self._server = server
        self.done: list[QuestionOutcome] = []
        """What was measured so far, whatever ends it."""

    async def questions(self, questions: Sequence[Question], phase: str = "") -> tuple[QuestionOutcome, ...]:
        """One after the other; a query that fails does not stop the others. `phase` is told with the progress."""
        total, before = len(questions), f"{phase} " if phase else ""
        return tuple([await self._question(one, f"{before}{place}/{total} ") for place, one in enumerate(questions, 1)])

    async def _question(self, question: Question, place: str) -> QuestionOutcome:
        outcomes = [await self._explained(query, place) for query in question.queries]
        found = QuestionOutcome(question=question, outcomes=tuple(outcomes))
        running = [one for one in outcomes if not one.failure]
        if len(running) > 1:
            found.agreements = await self._agreements(running, place)
        await self._time(running, place)
        self.done.append(found)
        results = [one.result for one in running if one.result is not None]
        found.comparisons = tuple(compare_results(results[0], one) for one in results[1:])
        return found

    async def _explained(self, query: Query, place: str) -> QueryOutcome:
        """Run once to be counted; what the server does not explain is not run again."""
        outcome = QueryOutcome(query=query)
        self._tell(f"{place}explaining {query.name}", 0, 1)
        self._executor.count()
        limit_ms = self._limits.operation_ms
        try:
            plan = await explain(self._client, query.runs, verbosity="executionStats", max_time_ms=limit_ms)
        except NotExplained as reason:
            outcome.failure = f"{reason.refusal.message} {reason.refusal.help}".strip()
            return outcome
        outcome.plan, outcome.counters = plan, counters_of(plan)
        if not plan.finished:
            why = plan.error or f"The server stopped it at the limit of {limit_ms:,} ms."
            outcome.failure = why if why.endswith(".") else f"{why}."
        return outcome

    async def _agreements(self, running: Sequence[QueryOutcome], place: str) -> tuple[Agreement, ...]:
        bare = any(returns_values(one.query) for one in running)
        read = {one.query.name: await self._rows(one, place, bare) for one in running}
        rows = {name: each for name, each in read.items() if each is not None}
        names = list(rows)
        found = [agreement(names[0], rows[names[0]], name, rows[name]) for name in names[1:]]
        if not any(one.state == "different" for one in found):
            return tuple(found)
        base = next(one for one in running if one.query.name == names[0])
        again = await self._rows(base, place, bare)
        return tuple(found) if again == rows[names[0]] else tuple(map(_moving, found))

    async def _rows(self, outcome: QueryOutcome, place: str, bare: bool) -> Rows | None:
        self._tell(f"{place}comparing the results of {outcome.query.name}", 0, 1)
        try:
            return rows_of(outcome.query, await self._executor.read(outcome.query), bare=bare)
        except Exception as error:
            outcome.failure = await self._failure(error, outcome.query)
            return None

    async def _time(self, running: Sequence[QueryOutcome], place: str) -> None:
        """Strategies in turns, block by block, so that what slows the server down slows all of them."""
        going = [one for one in running if not one.failure]
        calls = {one.query.name: partial(self._executor.run, one.query) for one in going}
        if not calls:
            return
        runner = self._limits.runner(lambda name, done, total: self._tell(place + name, done, total))
        try:
            if len(calls) == 1:
                ((name, call),) = calls.items()
                results = [await runner.arun(call, name=name)]
            else:
                results = await runner.arun_together(calls)
        except Exception as error:
            words = await self._failure(error, going[0].query)
            for one in going:
                one.failure = words
            return
        for one, result in zip(going, results, strict=True):
            one.documents = self._executor.fetched.get(one.query.name)
            if one.query.runs.op == "distinct" and one.counters is not None:  # explain counts what it read of
                one.counters = replace(one.counters, returned=one.documents)
            one.result = self._with_facts(result, one)

    async def _failure(self, error: Exception, query: Query) -> str:
        """What the server says of a query, in words. Raises all else again."""
        from pymongo.errors import OperationFailure

        if not isinstance(error, OperationFailure):
            raise error
        refusal = await refusal_of(error, self._client, query.runs, self._limits.operation_ms)
        return f"{refusal.message} {refusal.help}".strip()

    def _with_facts(self, result: BenchmarkResult, outcome: QueryOutcome) -> BenchmarkResult:
        """What a saved run tells of the server and of the query beside the times."""
        facts: dict[str, Fact | None] = {"mongodb_server": self._server, **_counted(outcome.counters)}
        facts["mongodb_version"] = None if outcome.plan is None else outcome.plan.server_version
        warnings = list(result.warnings)
        if outcome.query.name in self._executor.cut:
            most = self._limits.most_documents
            warnings.append(f"only the first {most:,} documents are fetched, and there may be more")
        known = {name: value for name, value in facts.items() if value is not None}
        return replace(result, facts={**result.facts, **known}, warnings=tuple(warnings))


def _counted(counters: Counters | None) -> dict[str, Fact | None]:
    if counters is None:
        return {}
    return {
        "keys_examined": counters.keys_examined,
        "docs_examined": counters.docs_examined,
        "returned": counters.returned,
        "plan": f"{counters.plan_summary or counters.stages}{', sorted' if counters.sorts else ''}",
    }


def _moving(found: Agreement) -> Agreement:
    if found.state != "different":
        return found
    return replace(found, state="not known", why=f"{found.why}, but the data changes: the first strategy's too")
