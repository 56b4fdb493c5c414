"""Tries a study's advice on its sampled documents, in a private mongod on this machine that is gone afterwards."""

from __future__ import annotations

import asyncio
import contextlib
from dataclasses import dataclass
from threading import Event
from typing import TYPE_CHECKING, Any

from msgspec import structs

from perftui.advice.words.figures import counted
from perftui.analysis.server import reached_members, unhurried
from perftui.analysis.study import Study
from perftui.model.analysis import Analysis
from perftui.model.redaction import redact
from perftui.model.target import Connection
from perftui.rehearsal.fetching import Fetcher
from perftui.rehearsal.lab import Lab, OutOfTime
from perftui.rehearsal.limits import Limits
from perftui.rehearsal.outcome import rehearsed_analysis
from perftui.rehearsal.scope import Scope, scope_of
from perftui.rehearsal.session import Session, Tell
from perftui.servers import PrivateServers, ServerBinaryMissing, ServerStartFailed, find_mongod
from perftui.sources.mongodb.reads import Reads

if TYPE_CHECKING:
    from pymongo import MongoClient

NOTHING = "There is no index to rehearse."
_ESTIMATES = "All figures are the model's estimate."


async def rehearse(
    study: Study, connection: Connection, *, limits: Limits | None = None, tell: Tell | None = None
) -> Analysis:
    """The study's analysis with what was measured; a note says why where nothing could be.

    The study must hold its samples. From the monitored server only documents are read that an index finds, within
    bounds. Cancelling ends the private server and removes its files. Raises `ServerSilent` and what PyMongo raises
    where the monitored server is gone.
    """
    scope = scope_of(study)
    if not scope.advised:
        return _noted(study.analysis, *(scope.left_out or (NOTHING,)))
    try:
        await asyncio.to_thread(find_mongod)
    except ServerBinaryMissing as missing:
        return _noted(study.analysis, f"Nothing was rehearsed: {missing} {_ESTIMATES}")
    system = unhurried(connection)
    try:
        member = (await reached_members(system))[0]
        reads = Reads(await member.client(), max_time_ms=member.max_time_ms, login=await member.look())
        fetcher = Fetcher(reads, asyncio.get_running_loop(), limits or Limits())
        rehearsal = _Rehearsal(study, scope, fetcher, limits or Limits(), tell or (lambda _: None), Event())
        rehearsal.wire_version = member.hello.get("maxWireVersion")
        return await _in_thread(rehearsal)
    finally:
        await system.close()


@dataclass
class _Rehearsal:
    """What the rehearsal's thread works with."""

    study: Study
    scope: Scope
    fetcher: Fetcher
    limits: Limits
    tell: Tell
    stop: Event
    wire_version: object = None
    """Of the monitored server."""

    def run(self) -> Analysis:
        from pymongo.errors import PyMongoError

        self.tell("starting a private mongod")
        before = self.study.analysis
        try:
            with PrivateServers() as servers, servers.start_mongod(arguments=_QUIET).client(**_LENIENT) as client:
                return self._on(client)
        except (ServerBinaryMissing, ServerStartFailed) as reason:
            return _noted(before, f"Nothing was rehearsed: {reason} {_ESTIMATES}")
        except OutOfTime:
            return _noted(before, f"The rehearsal had no time left to measure anything. {_ESTIMATES}")
        except PyMongoError as error:
            why = redact(str(error)).partition(",")[0]
            return _noted(before, f"Nothing was rehearsed: the private mongod ended or failed ({why}). {_ESTIMATES}")

    def _on(self, client: MongoClient[dict[str, Any]]) -> Analysis:
        session = Session(self.study, self.scope, Lab(client, self.limits, self.stop), self.fetcher, self.tell)
        analysis = rehearsed_analysis(self.study.analysis, self.scope, session.run())
        number = self.fetcher.documents
        fetched = (f"{counted(number, 'more document')} were read directly, by indexes.",) if number else ()
        return _noted(analysis, *self._other_release(client), *fetched, *self.fetcher.notes)

    def _other_release(self, client: MongoClient[dict[str, Any]]) -> tuple[str, ...]:
        if self.wire_version in (None, client.admin.command("hello").get("maxWireVersion")):
            return ()
        version = client.server_info()["version"]
        return (f"The private mongod is {version}, another release than the server: its planner may choose otherwise.",)


async def _in_thread(rehearsal: _Rehearsal) -> Analysis:
    """Cancelling waits until the private server is gone."""
    work = asyncio.ensure_future(asyncio.to_thread(rehearsal.run))
    try:
        return await asyncio.shield(work)
    except asyncio.CancelledError:
        rehearsal.stop.set()
        with contextlib.suppress(Exception, asyncio.CancelledError):
            await work
        raise


def _noted(analysis: Analysis, *notes: str) -> Analysis:
    return structs.replace(analysis, notes=tuple(dict.fromkeys((*analysis.notes, *notes))))


_QUIET = ("--setParameter", "ttlMonitorEnabled=false")
_LENIENT: dict[str, Any] = {"datetime_conversion": "DATETIME_AUTO", "unicode_decode_error_handler": "replace"}
