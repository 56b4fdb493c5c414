"""Which sources there are now: systems are opened, their members come and go."""

import asyncio
from collections.abc import Callable, Coroutine, Iterator, Sequence
from typing import TYPE_CHECKING, Any

from msgspec import Struct, field

from perftui.model.redaction import redact
from perftui.model.sample import Failure
from perftui.model.settings import Settings
from perftui.model.snapshot import SourceState, TargetState
from perftui.model.target import Connection
from perftui.monitor.assemble import TargetAssembler
from perftui.monitor.polling import Polling
from perftui.monitor.state_judging import StateJudging
from perftui.sources.base import Source, System

if TYPE_CHECKING:
    from perftui.model.way import Way
    from perftui.monitor.digest import Digest
    from perftui.monitor.link_budget import LinkBudget

OpenSystem = Callable[[Connection, Settings], System]

_CLOSE_TIMEOUT_S = 2.0
_CANCEL_TIMEOUT_S = 0.5
"""For what is cut short, to let go of its connections."""


class Watched(Struct):
    """One target with its sources."""

    connection: Connection
    assembler: TargetAssembler
    pollings: list[Polling] = field(default_factory=list)

    @property
    def unreached(self) -> bool:
        """Every source failed to get an answer: one scout is enough until one does."""
        asked = [polling for polling in self.pollings if not polling.parked]
        return bool(asked) and all(polling.unreached for polling in asked)

    def scout(self) -> Polling:
        """The source that tries a target out of reach."""
        asked = [polling for polling in self.pollings if not polling.parked]
        return min(asked, key=lambda polling: polling.base_interval_s)


class Roster:
    """The systems behind the settings' connections and the sources they want now."""

    def __init__(self, settings: Settings, open_system: OpenSystem) -> None:
        self._settings = settings
        self._show_noise = self._list_connections = False
        self._open_system = open_system
        self._systems: dict[int, System] = {}
        self._failed: set[int] = set()
        self._bare = {
            index: TargetState(target=connection.target, read_only=settings.read_only or connection.read_only)
            for index, connection in enumerate(settings.connections)
        }
        self._by_source: dict[Source, Polling] = {}
        self._link_budgets: dict[Way, LinkBudget] = {}
        self._watched: dict[str, Watched] = {}
        self.judging = StateJudging(settings)

    @property
    def settled(self) -> bool:
        """Every system is open and has sources, and each of these has answered twice or failed."""
        with_sources = {id(watched.connection) for watched in self._watched.values()}
        opened = len(self._systems) + len(self._failed) == len(self._settings.connections)
        return (
            opened
            and len(with_sources) >= len(self._systems)
            and all(polling.settled for polling in self._by_source.values())
        )

    @property
    def behind(self) -> bool:
        """Some slow queries or indexes have not been judged yet: the next states say more."""
        return self.judging.behind or any(watched.assembler.behind for watched in self._watched.values())

    def open_host(self) -> None:
        """Open this machine's system: it needs no client, so it can answer before the first frame."""
        for index, connection in enumerate(self._settings.connections):
            if connection.target.kind == "host":
                self._keep(index, self._open(connection))

    async def open_others(self, opened: Callable[[], None]) -> None:
        """Open what is not open yet, one after the other in a thread: their packages are imported there."""
        for index, connection in enumerate(self._settings.connections):
            if index not in self._systems and index not in self._failed:
                self._keep(index, await asyncio.to_thread(self._open, connection))
                opened()

    def reconcile(self, tick_s: float) -> list[Polling]:
        """Take in new sources; returns those that are gone, to be closed."""
        wanted = self._wanted()
        if wanted.keys() == self._by_source.keys():
            return []
        gone = [polling for source, polling in self._by_source.items() if source not in wanted]
        kept = self._by_source
        self._by_source = {source: kept.get(source) or Polling(source, tick_s) for source in wanted}
        self.set_show_noise(self._show_noise)
        self.set_list_connections(self._list_connections)
        self._group(wanted)
        return gone

    def set_show_noise(self, show: bool) -> list[Polling]:
        """Tell every source, those to come too; returns those that will read something else now."""
        self._show_noise = show
        return [polling for source, polling in self._by_source.items() if source.set_show_noise(show)]

    def set_list_connections(self, wanted: bool) -> list[Polling]:
        """Tell every source, those to come too; returns those that will read something else now."""
        self._list_connections = wanted
        return [polling for source, polling in self._by_source.items() if source.set_list_connections(wanted)]

    def watched(self) -> Iterator[Watched]:
        return iter(self._watched.values())

    def pollings(self) -> Iterator[Polling]:
        return iter(self._by_source.values())

    def spare_link(self) -> None:
        """Read so rarely what comes through a bastion that a slow link carries it."""
        ways = {way for one in self._settings.connections if (way := one.way) is not None}
        if self._settings.slow_link is None or not ways:
            return
        from perftui.monitor.link_budget import LinkBudget

        for way in ways:
            if way not in self._link_budgets:
                self._link_budgets[way] = LinkBudget(self._settings.slow_link, way.received_bytes)
            far = [polling for one in self._watched.values() if one.connection.way is way for polling in one.pollings]
            self._link_budgets[way].share_out(far)

    def of(self, polling: Polling) -> Watched | None:
        """The target that this source reads; `None` when it is gone."""
        watched = self._watched.get(polling.source.target.id)
        return watched if watched is not None and polling in watched.pollings else None

    def states(self, window_s: float, now: float, wall: float) -> tuple[TargetState, ...]:
        """Every target in the order of the connections; one without sources yet stands for itself."""
        states = []
        for index, connection in enumerate(self._settings.connections):
            mine = [watched for watched in self._watched.values() if watched.connection is connection]
            for watched in mine:
                sources = tuple(polling.state(now) for polling in watched.pollings)
                states.append(watched.assembler.state(sources, window_s, wall))
            if not mine:
                states.append(self._bare[index])
        return self.judging.judged(tuple(states), self._digest_of, window_s, wall)

    def _digest_of(self, target_id: str) -> "Digest | None":
        watched = self._watched.get(target_id)
        return None if watched is None else watched.assembler.digest

    async def close(self) -> None:
        """Close every source and every system, whatever they do."""
        closing = [polling.close() for polling in self._by_source.values()]
        await _in_time(closing)
        await _in_time([system.close() for system in self._systems.values()])

    def _wanted(self) -> dict[Source, Connection]:
        """What reads the same of a target through a second connection is left out."""
        wanted: dict[tuple[str, str], tuple[Source, Connection]] = {}
        for index, system in sorted(self._systems.items()):
            for source in system.sources():
                wanted.setdefault((source.target.id, source.name), (source, self._settings.connections[index]))
        return dict(wanted.values())

    def _open(self, connection: Connection) -> System | TargetState:
        try:
            return self._open_system(connection, self._settings)
        except Exception as error:  # one system that cannot be opened must not take the others down
            message = redact(f"{connection.target.name} cannot be read: {type(error).__name__}: {error}")[:300]
            failure = Failure(kind="internal", message=message, help="Check the installation of perftui.")
            state = SourceState(source=connection.target.kind, interval_s=self._settings.interval_s, failure=failure)
            return TargetState(target=connection.target, sources=(state,))

    def _keep(self, index: int, opened: System | TargetState) -> None:
        if isinstance(opened, TargetState):
            self._bare[index] = opened
            self._failed.add(index)
        else:
            self._systems[index] = opened

    def _group(self, wanted: dict[Source, Connection]) -> None:
        before, self._watched = self._watched, {}
        for source, connection in wanted.items():
            name = source.target.id
            if name not in self._watched:
                read_only = self._settings.read_only or connection.read_only
                known = before.get(name)
                assembler = known.assembler if known else TargetAssembler(source.target, read_only=read_only)
                self._watched[name] = Watched(connection, assembler)
            self._watched[name].pollings.append(self._by_source[source])


async def _in_time(closing: Sequence[Coroutine[Any, Any, None]]) -> None:
    if closing:
        tasks = {asyncio.create_task(one) for one in closing}
        _, late = await asyncio.wait(tasks, timeout=_CLOSE_TIMEOUT_S)
        for task in late:
            task.cancel()
        if late:
            await asyncio.wait(late, timeout=_CANCEL_TIMEOUT_S)
        for task in tasks:
            if task.done() and not task.cancelled():
                task.exception()
