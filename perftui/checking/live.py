"""Reads what budgets need of live targets: perftui's own document whole, everything else as the monitor does."""

import asyncio
from collections.abc import Collection, Sequence

from msgspec.structs import replace

from perftui.checking.document_things import remarks_on, things_of_documents
from perftui.checking.seen import Found, MakeObserver, Seen
from perftui.checking.session import Session
from perftui.model.check import Unreached
from perftui.model.metrics import MetricsDocument
from perftui.model.sample import Failure
from perftui.model.settings import Settings
from perftui.model.snapshot import Snapshot
from perftui.model.target import Connection
from perftui.monitor.live import Monitor
from perftui.sources.application.source import ApplicationSource

_LONGEST_TICK_S = 1.0


async def look_at(
    settings: Settings, minutes: Collection[int], make_observer: MakeObserver, *, watch_s: float, wait_s: float
) -> Found:
    """Every connection of the settings but the machine. `watch_s`: how long, before it is judged."""
    connections = [one for one in settings.connections if one.target.kind != "host"]
    formats = await asyncio.gather(*(_format_of(one, settings) for one in connections))
    by_format = list(zip(connections, formats, strict=True))
    own = [one for one, found in by_format if found == "perftui"]
    others = tuple(one for one, found in by_format if found is None)
    (seen, missed), (watched, unread) = await asyncio.gather(
        _documents(own, settings, minutes, make_observer, watch_s),
        _watched(replace(settings, connections=others), make_observer, watch_s, wait_s),
    )
    return [*seen, *watched], [*(one for one in formats if isinstance(one, Unreached)), *missed, *unread]


async def _format_of(connection: Connection, settings: Settings) -> str | Unreached | None:
    """`perftui` where its document is served; `None` for what the monitor has to read."""
    if connection.target.kind != "application":
        return None
    source = ApplicationSource(connection, settings.window_s)
    try:
        sample = await source.poll()
    finally:
        await source.close()
    if sample.failure is not None:
        return _unreached(connection, sample.failure)
    return "perftui" if getattr(sample.payload, "format", None) == "perftui" else None


async def _documents(
    connections: Sequence[Connection],
    settings: Settings,
    minutes: Collection[int],
    make_observer: MakeObserver,
    watch_s: float,
) -> Found:
    if connections:
        await asyncio.sleep(watch_s)
    read = [_read_documents(one, settings, sorted(minutes)) for one in connections]
    seen, unreached = list[Seen](), list[Unreached]()
    for connection, found in zip(connections, await asyncio.gather(*read), strict=True):
        if isinstance(found, Unreached):
            unreached.append(found)
        else:
            seen.append(_seen(connection, found, make_observer))
    return seen, unreached


async def _read_documents(
    connection: Connection, settings: Settings, minutes: Sequence[int]
) -> dict[int, MetricsDocument] | Unreached:
    source = ApplicationSource(connection, settings.window_s)
    try:
        sample = await source.poll()
        if sample.failure is not None:
            return _unreached(connection, sample.failure)
        found = {one: await source.document(one) for one in minutes}
    except Exception as error:  # whatever the network does becomes words
        return _unreached(connection, source.explain(error))
    finally:
        await source.close()
    return {one: document for one, document in found.items() if document is not None}


def _seen(connection: Connection, documents: dict[int, MetricsDocument], make_observer: MakeObserver) -> Seen:
    newest = next(iter(documents.values()))
    services = (connection.target.name, newest.service.name)
    observer = make_observer(services)
    observer.observe(things_of_documents(documents), newest.generated_at)
    kinds = frozenset(("endpoint", "query", "cache"))
    return Seen(connection.target.name, kinds, services, observer, tuple(remarks_on(documents)))  # type: ignore[arg-type]


async def _watched(settings: Settings, make_observer: MakeObserver, watch_s: float, wait_s: float) -> Found:
    if not settings.connections:
        return [], []
    session = Session(make_observer)
    await _run(settings, session, watch_s, wait_s)
    return session.found()


async def _run(settings: Settings, session: Session, watch_s: float, wait_s: float) -> None:
    """Until every source has answered twice or failed, and `watch_s` longer; at most `wait_s` for the first."""
    tick_s = min(settings.interval_s, _LONGEST_TICK_S)
    monitor = Monitor(replace(settings, budgets=(), interval_s=tick_s))
    settled: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def show(snapshot: Snapshot) -> None:
        session.add(snapshot)
        if monitor.settled and not settled.done():
            settled.set_result(None)

    running = asyncio.create_task(monitor.run(show))
    try:
        await asyncio.wait({running, settled}, timeout=wait_s, return_when=asyncio.FIRST_COMPLETED)
        if not running.done():
            await asyncio.wait({running}, timeout=watch_s)
        if running.done():
            running.result()
        session.add(monitor.snapshot_now())
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)


def _unreached(connection: Connection, failure: Failure) -> Unreached:
    return Unreached(source=connection.target.name, why=failure.message, help=failure.help)
