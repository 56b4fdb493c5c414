"""`perftui demo --prove`: the same load before and after the advised indexes, and once more on a warm cache."""

import asyncio
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from perftui.demo.documents import Document
from perftui.demo.library import Library, Search
from perftui.demo.pages import Pages, front_page_keys, page_tags
from perftui.demo.probe import LoadFigures, probe, run_load
from perftui.demo.proof import OLDER_INDEXES, DemoProof, UniqueChoice, found_for, rows_of
from perftui.demo.seeding import DATABASE, prompt_count
from perftui.demo.session import DemoOptions, DemoSession
from perftui.demo.switches import Switches
from perftui.model.analysis import Analysis, Recommendation

if TYPE_CHECKING:
    from perftui.cache import WarmReport

CALLS = 600
TTL_S = 600
"""Longer than a run, so that what is kept stays kept: the runs differ in the indexes and in what was there before."""
PROBE_TIMES = 25
_WARMER = "perftui-demo-warmer"

Tell = Callable[[str, float], None]
"""Hears of each step and how much of it is done, 0 to 1."""


def proving_options(options: DemoOptions) -> DemoOptions:
    """The demo without visitors of its own, with pages that outlive a run, and with the caches that it always had:
    the runs differ in the indexes and in what was warm, and in nothing else."""
    return replace(options, ttl_s=TTL_S, visitors=False, switches=Switches())


def prove(session: DemoSession, tell: Tell, *, calls: int = CALLS) -> DemoProof:
    """Run it all on a demo started with `proving_options`; takes minutes.

    Raises `ServerStartFailed` and what the clients raise when a server of the demo dies.
    """
    options = session.options
    before = _load(session, calls, "Load without indexes", tell)
    analysis = _advise(session, tell)
    tell("Asking the three queries past the cache", 0.0)
    queries_before = probe(session, PROBE_TIMES, options.seed)
    problems = _create(session, analysis.recommendations, tell)
    unique = _unique_choices(session, analysis.recommendations)
    search: Search = "text" if any(_is_text(one) for one in analysis.recommendations) else "regex"
    _start_anew(session, search, tell)
    indexed = _load(session, calls, "The same load with indexes", tell)
    tell("Asking the three queries again", 0.0)
    queries_after = probe(session, PROBE_TIMES, options.seed)
    _start_anew(session, search, tell)
    warming, operations = _warm(session, tell)
    warmed = _load(session, calls, "The same load on a warm cache", tell)
    return DemoProof(
        documents=options.documents,
        seed=options.seed,
        calls=calls,
        rate_per_s=options.rate_per_s,
        ttl_s=TTL_S,
        rows=rows_of(before, indexed, warmed, queries_before, queries_after),
        recommendations=analysis.recommendations,
        older_indexes=tuple(found_for(older, analysis.recommendations) for older in OLDER_INDEXES),
        unique_choices=unique,
        warmed_keys=warming.stored,
        warming_operations=operations,
        before=before,
        indexed=indexed,
        warmed=warmed,
        queries_before=queries_before,
        queries_after=queries_after,
        problems=(*problems, *_without_text(search), *_failures(before, indexed, warmed), *_unwarmed(warming)),
    )


def _load(session: DemoSession, calls: int, step: str, tell: Tell) -> LoadFigures:
    ticks, expected = 0, calls / session.options.rate_per_s * 4

    def tick() -> None:
        nonlocal ticks
        ticks += 1
        tell(step, min(ticks / expected, 0.99))

    tell(step, 0.0)
    return run_load(session, calls, progress=tick)


def _advise(session: DemoSession, tell: Tell) -> Analysis:
    from perftui.analysis.server import analyse_connection

    tell("Advising from the profile", 0.0)
    return asyncio.run(analyse_connection(session.connections[0])).analysis


def _create(session: DemoSession, recommendations: Sequence[Recommendation], tell: Tell) -> tuple[str, ...]:
    """Through the same action as from the screen; returns what failed, in words."""
    return asyncio.run(_create_all(session, recommendations, tell))


async def _create_all(session: DemoSession, recommendations: Sequence[Recommendation], tell: Tell) -> tuple[str, ...]:
    from perftui.actions.create_index import CreateIndexes
    from perftui.actions.index_spec import IndexSpec
    from perftui.actions.journal import Journal
    from perftui.actions.runner import perform

    connection, problems = session.connections[0], list[str]()
    journal = Journal(session.servers.folder / "journal.jsonl")
    for ns in dict.fromkeys(one.ns for one in recommendations):
        specs = [IndexSpec.of(one) for one in recommendations if one.ns == ns]
        tell(f"Creating {len(specs)} indexes on {ns}", 0.0)
        action = CreateIndexes(connection, connection.target, specs)
        await action.check()
        command = action.describe().command
        outcome = await perform(action, confirmed_command=command, read_only=False, journal=journal)
        if outcome.state != "done":
            problems.append(outcome.message)
    return tuple(problems)


def _unique_choices(session: DemoSession, recommendations: Sequence[Recommendation]) -> tuple[UniqueChoice, ...]:
    """Indexes of one field whose every value stands there once: they could be unique, if the user wants it."""
    choices = []
    with session.mongod.client(appname="perftui-demo") as client:
        for one in recommendations:
            database, _, collection = one.ns.partition(".")
            field = one.keys[0][0]
            if len(one.keys) > 1 or isinstance(one.keys[0][1], str):
                continue
            values = client[database][collection].aggregate(
                [{"$group": {"_id": f"${field}", "n": {"$sum": 1}}}, {"$match": {"n": {"$gt": 1}}}, {"$count": "n"}],
                allowDiskUse=True,
            )
            choices.append(UniqueChoice(ns=one.ns, field=field, duplicates=next(iter(values), {"n": 0})["n"]))
    return tuple(choices)


def _is_text(one: Recommendation) -> bool:
    return any(kind == "text" for _, kind in one.keys)


def _start_anew(session: DemoSession, search: Search, tell: Tell) -> None:
    """An empty cache, and the release of the application that searches with `$text` where there is an index for it."""
    import redis

    tell("Emptying the cache", 0.0)
    with redis.Redis(port=session.redis.port) as client:
        client.flushall()
    session.restart_application(search)


def _warm(session: DemoSession, tell: Tell) -> tuple["WarmReport", int]:
    """What front pages link to; returns the report and how many operations it asked of MongoDB."""
    keys = front_page_keys(prompt_count(session.options.documents))
    return asyncio.run(_warm_keys(session, keys, tell))


async def _warm_keys(session: DemoSession, keys: Iterable[str], tell: Tell) -> tuple["WarmReport", int]:
    from pymongo import AsyncMongoClient
    from redis.asyncio import Redis

    from perftui.cache import CacheWarmer
    from perftui.demo.page_cache import page_store

    async with (
        AsyncMongoClient[Document](session.mongod.uri, appname=_WARMER) as client,
        Redis.from_url(session.redis.uri) as redis,
    ):
        database = client[DATABASE]
        pages = Pages(Library(database), session.options.ttl_s)
        report = await CacheWarmer(page_store(redis), jitter=0.0, tags=page_tags).warm(
            keys, pages.body, pages.ttl_s, progress=lambda done, of: tell("Warming the cache", done / of)
        )
        return report, await database["system.profile"].count_documents({"appName": _WARMER})


def _without_text(search: Search) -> Iterable[str]:
    if search == "regex":
        yield "No text index was recommended: the application goes on searching by regular expressions."


def _failures(*runs: LoadFigures) -> Iterable[str]:
    for run in runs:
        if run.failed or run.given_up:
            yield f"Of {run.calls} calls {run.failed} failed and {run.given_up} were given up."


def _unwarmed(report: "WarmReport") -> Iterable[str]:
    if report.failed:
        key, why = next(iter(report.failed.items()))
        yield f"{len(report.failed)} keys could not be warmed, such as {key}: {why}"
