"""A benchmark's connection to a server: the primary, or the first member that answers, and all that is asked of it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from msgspec import structs

from perftui.analysis.query import Planned, judge_planned
from perftui.analysis.server import ANSWER_TIMEOUT_S, Progress, Request, analyse_members, reached_members
from perftui.analysis.study import Options, Study
from perftui.bench.progress import Progress as Tell
from perftui.model.target import Connection
from perftui.query_bench.execution import Executor
from perftui.query_bench.limits import Limits
from perftui.query_bench.measuring import Measuring
from perftui.query_bench.outcome import QueryOutcome
from perftui.sources.mongodb.system import MongoSystem

if TYPE_CHECKING:
    from perftui.sources.mongodb.member import Member

_SERVER_SHARE, _SPARE_S = 0.6, 1.0
"""Of what a client waits, what the server may take."""


class BenchSession:
    """What a benchmark does with the members that it reached."""

    def __init__(self, members: Sequence[Member], executor: Executor, measuring: Measuring) -> None:
        self._members, self.executor, self.measuring = members, executor, measuring
        self.server = members[0].address

    async def history(self, request: Request, progress: Progress) -> Study:
        """What all members remember of their queries, judged."""
        return await analyse_members(self._members, request, progress)

    async def advise(self, outcomes: Sequence[QueryOutcome], options: Options, progress: Progress) -> Study:
        """What would help these queries, by the plans that were measured."""
        planned = [
            Planned(
                asked=one.query.asked,
                plan=one.plan,
                notes=(f"{one.query.name}: {one.failure}",) if one.failure else (),
            )
            for one in outcomes
        ]
        return await judge_planned(self._members[0], planned, options, progress)


@asynccontextmanager
async def bench_session(connection: Connection, limits: Limits, tell: Tell) -> AsyncIterator[BenchSession]:
    """Open it, and close it whatever happens. Raises `ServerSilent`, and what PyMongo raises."""
    waits_s = max(ANSWER_TIMEOUT_S, limits.operation_s / _SERVER_SHARE + _SPARE_S)
    system = MongoSystem(structs.replace(connection, answer_timeout_s=waits_s))
    try:
        members = await reached_members(system)
        client = await members[0].client()
        async with client.start_session(causal_consistency=False) as session:
            executor = Executor(client, session, limits)
            yield BenchSession(members, executor, Measuring(client, executor, limits, members[0].address, tell))
    finally:
        await system.close()


def of_benchmark(study: Study, outcomes: Sequence[QueryOutcome]) -> Study:
    """A server's whole study cut down to the queries that were measured, and the advice that serves them."""
    ids = {one.query.shape.id for one in outcomes}
    analysis = study.analysis
    mine = structs.replace(
        analysis,
        shapes=tuple(one for one in analysis.shapes if one.id in ids),
        recommendations=tuple(one for one in analysis.recommendations if ids & set(one.serves)),
        declined=tuple(one for one in analysis.declined if one.shape in ids),
        suggestions=tuple(one for one in analysis.suggestions if one.shape in ids),
    )
    return Study(analysis=mine, loads=study.loads, facts=study.facts, writes=study.writes)
