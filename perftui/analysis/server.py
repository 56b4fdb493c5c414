"""A server, or all members of a set, analysed: what they still know of their queries, and facts about the data."""

import asyncio
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

from msgspec import structs

from perftui.advice.choice.recommend import Advice
from perftui.advice.facts import CollectionFacts
from perftui.analysis.background import in_background
from perftui.analysis.entries import EVERYTHING, Wanted
from perftui.analysis.grouped_advice import advise, groups_of, merged, with_samples, without_samples
from perftui.analysis.history import HistoryRead, ServerHistory
from perftui.analysis.study import ALL_SHAPES, Options, Origin, Study, chosen_loads, study
from perftui.analysis.workload import Workload
from perftui.model.analysis import AnalysisSource
from perftui.model.sample import Failure
from perftui.model.target import Connection
from perftui.sources.mongodb.client import APP_NAME
from perftui.sources.mongodb.collection_facts import FactsReader
from perftui.sources.mongodb.member import Member
from perftui.sources.mongodb.system import MongoSystem

if TYPE_CHECKING:
    from pymongo import AsyncMongoClient

    Client = AsyncMongoClient[dict[str, Any]]

ANSWER_TIMEOUT_S = 50.0
"""What is read for an analysis is bounded in size; the server may take half a minute for each command."""
MOST_COLLECTIONS = 50
"""Facts are read of so many collections, those with the costliest shapes first."""
_BEST: tuple[AnalysisSource, ...] = ("profiler", "slowlog", "currentop")

Progress = Callable[[str, int], None]
"""Told what is read, and how many of it so far."""


class Request(NamedTuple):
    """What is to be analysed of a server."""

    wanted: Wanted = EVERYTHING
    options: Options = ALL_SHAPES
    sample_s: float = 5.0
    """How long running operations are sampled where nothing else can be read."""
    own_name: str = APP_NAME


WHATEVER_IS_KNOWN = Request()


class ServerSilent(Exception):  # noqa: N818 - an answer, not a fault
    """No member answered; the failure says why, in words."""

    def __init__(self, failure: Failure) -> None:
        super().__init__(f"{failure.message} {failure.help}")
        self.failure = failure


def unhurried(connection: Connection) -> MongoSystem:
    """The members behind a connection, given time to answer: whoever asks for advice often does so on a busy server."""
    return MongoSystem(structs.replace(connection, answer_timeout_s=ANSWER_TIMEOUT_S))


async def analyse_connection(
    connection: Connection, request: Request = WHATEVER_IS_KNOWN, progress: Progress | None = None
) -> Study:
    """All members behind a connection that answer. Raises `ServerSilent` where none does."""
    system = unhurried(connection)
    try:
        return await analyse_members(await reached_members(system), request, progress)
    finally:
        await system.close()


async def analyse_members(
    members: Sequence[Member],
    request: Request = WHATEVER_IS_KNOWN,
    progress: Progress | None = None,
) -> Study:
    """These members' history as one workload, with the facts as the first of them has them.

    Raises what PyMongo raises where a server is lost while it is read.
    """
    workload = Workload()
    reads = [await _history(member, workload, request, progress) for member in members]
    return await study_with_facts(members[0], workload, _origin(members, reads), request.options, progress)


async def study_with_facts(
    member: Member,
    workload: Workload,
    origin: Origin,
    options: Options,
    progress: Progress | None = None,
) -> Study:
    """Advise a workload with the facts of one member's collections, a few of them at a time.

    Raises what PyMongo raises where the server is gone.
    """
    loads = await in_background(chosen_loads, workload, options)
    reader = FactsReader(await member.client(), max_time_ms=member.max_time_ms, login=await member.look())
    writes, sizes = workload.write_loads(), workload.scanned()
    parts: list[Advice] = []
    kept: dict[str, CollectionFacts] = {}
    for group in groups_of(loads):
        facts: dict[str, CollectionFacts] = {}
        for ns in group.namespaces[: max(MOST_COLLECTIONS - len(kept), 0)]:
            if progress is not None:
                progress(f"facts about {ns}", len(kept))
            facts[ns] = await reader.read(ns)
        parts.append(await in_background(advise, group, facts, writes, sizes, shapes=len(loads)))
        kept |= with_samples(facts, parts[-1], kept) if options.samples else without_samples(facts)
    judged = partial(study, loads=loads, advice=merged(parts), facts=kept)
    return await in_background(judged, workload, origin, options)


async def analyse_server(
    member: Member, *, ns: str | None = None, shape_id: str | None = None, progress: Progress | None = None
) -> Study:
    """One member, one collection or one shape: what the monitor asks for. Raises as `analyse_members` does."""
    wanted, options = Wanted(ns=ns), Options(shape_id=shape_id)
    return await analyse_members([member], Request(wanted=wanted, options=options), progress)


async def study_with_facts_of(
    connection: Connection, workload: Workload, origin: Origin, options: Options, progress: Progress | None = None
) -> Study:
    """The same with the primary, or the first member that answers. Raises `ServerSilent`."""
    system = unhurried(connection)
    try:
        members = await reached_members(system)
        return await study_with_facts(members[0], workload, origin, options, progress)
    finally:
        await system.close()


async def reached_members(system: MongoSystem) -> list[Member]:
    """The members that answer, the primary first. Raises `ServerSilent` where none does."""
    failures: list[Failure] = []
    tried: set[str] = set()
    while waiting := [member for member in system.members() if member.address not in tried]:
        tried.update(member.address for member in waiting)
        outcomes = await asyncio.gather(*(_reach(system, member) for member in waiting))
        failures.extend(failure for failure in outcomes if failure is not None)
    reached = [member for member in system.members() if member.hello and not member.hello.get("arbiterOnly")]
    if not reached:
        raise ServerSilent(failures[0] if failures else _NO_MEMBER)
    return sorted(reached, key=lambda member: not member.hello.get("isWritablePrimary"))


async def _reach(system: MongoSystem, member: Member) -> Failure | None:
    try:
        await member.look()
    except Exception as error:
        return member.explain(error)
    system.learn(member, member.hello)
    return None


async def _history(member: Member, workload: Workload, request: Request, progress: Progress | None) -> HistoryRead:
    login = await member.look()
    history = ServerHistory(
        await member.client(),
        login,
        own_name=request.own_name,
        max_time_ms=member.max_time_ms,
        is_mongos=member.is_mongos,
        sample_s=request.sample_s,
        progress=progress,
    )
    return await history.read(workload, request.wanted)


async def facts_of(
    member: Member, namespaces: Iterable[str], progress: Progress | None = None
) -> dict[str, CollectionFacts]:
    """The facts of the first 50 collections. Raises what PyMongo raises where the server is gone."""
    reader = FactsReader(await member.client(), max_time_ms=member.max_time_ms, login=await member.look())
    facts: dict[str, CollectionFacts] = {}
    for ns in list(namespaces)[:MOST_COLLECTIONS]:
        if progress is not None:
            progress(f"facts about {ns}", len(facts))
        facts[ns] = await reader.read(ns)
    return facts


def _origin(members: Sequence[Member], reads: Sequence[HistoryRead]) -> Origin:
    source = min((read.source for read in reads), key=_BEST.index)
    several = len(members) > 1
    notes = [
        f"{member.address}: {note}" if several else note
        for member, read in zip(members, reads, strict=True)
        for note in read.notes
    ]
    lost = [read.lost_entries for read in reads]
    return Origin(
        source=source,
        target=members[0].target.address if not several else members[0].connection.target.address,
        lost_entries=None if None in lost else sum(number or 0 for number in lost),
        notes=tuple(dict.fromkeys(notes)),
    )


_NO_MEMBER = Failure(
    kind="unreachable", message="No member of this set holds data.", help="Name a member that is no arbiter."
)
