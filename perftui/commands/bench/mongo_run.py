"""Runs a benchmark of queries: connects, finds the worst where none is given, measures, and asks for advice."""

from __future__ import annotations

import argparse
import asyncio
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from perftui.advice.words.figures import counted
from perftui.commands import DONE, FOUND, UNREACHABLE, say
from perftui.commands.bench.mongo_queries import chosen_of, write_questions
from perftui.model.errors import UserError
from perftui.model.text import safe_text

if TYPE_CHECKING:
    from perftui.analysis.server import Request
    from perftui.analysis.study import Study
    from perftui.bench.progress import ProgressBar
    from perftui.commands.bench.mongo_trial import Trial
    from perftui.model.settings import Settings
    from perftui.model.target import Connection
    from perftui.query_bench.limits import Limits
    from perftui.query_bench.outcome import Run
    from perftui.query_bench.question import Question
    from perftui.query_bench.session import BenchSession

_LEFT_OUT = 5
Unfinished = Callable[["Run"], None]
"""Told what was measured until it was stopped."""


def _limits(arguments: argparse.Namespace) -> Limits:
    from perftui.query_bench.limits import MOST_ITERATIONS, Limits

    return Limits(
        max_seconds=arguments.max_time,
        max_iterations=arguments.max_iterations or max(MOST_ITERATIONS, arguments.iterations or 0),
        iterations=arguments.iterations,
        warmup=arguments.warmup,
        operation_s=arguments.op_time,
        most_documents=arguments.max_documents,
    )


async def run_bench(
    arguments: argparse.Namespace,
    settings: Settings,
    connection: Connection,
    questions: Sequence[Question],
    unfinished: Unfinished | None = None,
) -> Run | int:
    """What was measured and advised, or the exit code where nothing was, and it was said why.

    Without questions it is the server's worst that are run. `unfinished` is told what was measured where it is
    cancelled. Raises `UserError` and `ServerSilent`.
    """
    from perftui.bench.progress import ProgressBar
    from perftui.query_bench.session import bench_session

    limits, bar = _limits(arguments), ProgressBar()
    try:
        async with bench_session(connection, limits, bar) as session:
            return await _Bench(arguments, session, limits, bar).run(settings, connection, questions, unfinished)
    except (UserError, asyncio.CancelledError):
        raise
    except Exception as error:
        return _lost(error, connection)
    finally:
        bar.close()


def _lost(error: Exception, connection: Connection) -> int:
    """What a client raises where the server is lost, in words; anything else is raised again."""
    from pymongo.errors import PyMongoError

    from perftui.analysis.server import ServerSilent
    from perftui.sources.mongodb.failures import explain

    if isinstance(error, ServerSilent) or not isinstance(error, PyMongoError):
        raise error
    failure = explain(error, connection)
    say(f"perftui: {failure.message} {failure.help}".rstrip())
    return UNREACHABLE


class _Bench:
    def __init__(self, arguments: argparse.Namespace, session: BenchSession, limits: Limits, bar: ProgressBar) -> None:
        self._arguments, self._session, self._limits, self._bar = arguments, session, limits, bar

    async def run(
        self,
        settings: Settings,
        connection: Connection,
        questions: Sequence[Question],
        unfinished: Unfinished | None,
    ) -> Run | int:
        from perftui.commands.bench.mongo_trial import Trial

        study: Study | None = None
        if not questions:
            study, questions = await self._worst()
        if self._arguments.write_queries:
            write_questions(self._arguments.write_queries, questions)
        if self._arguments.list:
            print("\n".join(safe_text(query.name) for question in questions for query in question.queries))
            return DONE
        trial = Trial.of(self._arguments, settings, connection, questions)
        try:
            done = await self._measured(trial, questions)
            if done is not None:
                done.study = await self._advised(done, study)
        except asyncio.CancelledError:
            self._bar.close()
            self._tell_unfinished(questions, unfinished)
            raise
        finally:
            self._bar.close()
            if self._session.executor.sent:
                say(f"Sent {counted(self._session.executor.sent, 'operation')} to {self._session.server}.")
        return FOUND if done is None else done

    def _tell_unfinished(self, questions: Sequence[Question], unfinished: Unfinished | None) -> None:
        from perftui.query_bench.outcome import Run

        done = self._session.measuring.done[: len(questions)]
        if done and unfinished is not None:
            say(f"Stopped: {len(done)} of {len(questions)} measured.")
            sent = self._session.executor.sent
            unfinished(Run(server=self._session.server, questions=tuple(done), operations=sent))

    async def _worst(self) -> tuple[Study, Sequence[Question]]:
        """What the server still knows of."""
        from perftui.commands.progress import Progress
        from perftui.query_bench.worst import worst_queries

        with Progress(f"reading {self._session.server}") as progress:
            study = await self._session.history(self._request(), progress.entries_read)
        found = worst_queries(study, self._arguments.top)
        for words in found.left_out[:_LEFT_OUT]:
            say(f"left out: {words}")
        for note in study.analysis.notes:
            say(safe_text(note))
        chosen = chosen_of(found.questions, self._arguments.only)
        if not chosen:
            words = "The server knows of no slow query that could be run again"
            raise UserError(f"{words}: turn its profiler on, or give a FILE of queries or --query.", FOUND)
        return study, chosen

    def _request(self) -> Request:
        from perftui.analysis.entries import Wanted
        from perftui.analysis.server import Request
        from perftui.analysis.study import Options
        from perftui.sources.mongodb.client import APP_NAME

        wanted = Wanted(own_name=APP_NAME, ns=self._arguments.ns)
        return Request(wanted=wanted, options=Options(values=self._arguments.values))

    async def _measured(self, trial: Trial | None, questions: Sequence[Question]) -> Run | None:
        """`None`: the index that was asked for is not there; it was said why."""
        from perftui.query_bench.outcome import Run

        session = self._session
        found = Run(server=session.server)
        self._announce(questions, rounds=1 if trial is None else 3)
        if trial is None:
            found.questions = await session.measuring.questions(questions)
        elif not await trial.measure(found, questions, session, self._bar):
            return None
        plans = [one.plan for one in found.outcomes if one.plan is not None]
        found.server_version = next((plan.server_version for plan in plans if plan.server_version), None)
        found.operations = session.executor.sent
        return found

    def _announce(self, questions: Sequence[Question], *, rounds: int) -> None:
        number, limits = sum(len(question.queries) for question in questions), self._limits
        queries = f"{number} quer{'y' if number == 1 else 'ies'}"
        times = "" if rounds == 1 else f", all of it {rounds} times"
        most = limits.iterations or limits.max_iterations
        say(
            f"{queries} on {self._session.server}, one at a time{times}: each for at most {limits.max_seconds:g} s and "
            f"{most:,} timed executions, after a warm-up; each execution for at most {limits.operation_s:g} s. This "
            "loads the server that it measures."
        )

    async def _advised(self, done: Run, study: Study | None) -> Study:
        from perftui.analysis.study import Options
        from perftui.commands.progress import Progress
        from perftui.query_bench.session import of_benchmark

        if study is not None:
            return of_benchmark(study, done.outcomes)
        with Progress("looking for indexes") as progress:
            options = Options(values=self._arguments.values)
            return await self._session.advise(done.outcomes, options, progress.entries_read)
