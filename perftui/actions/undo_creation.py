"""Drops the indexes that perftui itself created, once it is sure that they are the very ones."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from perftui.actions.access import Access, CannotAct, Reached
from perftui.actions.base import Description, Outcome, Problem
from perftui.actions.index_action import explain_on
from perftui.actions.index_entries import list_indexes, named, same_index
from perftui.actions.index_spec import kept
from perftui.actions.journal import Record
from perftui.actions.mongosh import run_command
from perftui.actions.undo_data import KeptIndex, UndoData
from perftui.model.target import Connection, Target
from perftui.sources.mongodb.client import max_time_ms


class UndoCreation:
    """A plain yes is enough: it is our own creation, seen to have the name, keys and options that we gave it.

    `settled`: whether the end of its build is known, by default as the record says; else it may yet show up.
    """

    name = "undo create index"
    allowed_by = "readWrite"

    def __init__(self, connection: Connection, target: Target, record: Record, *, settled: bool | None = None) -> None:
        outcome = record.outcome
        self._settled = (outcome is not None and outcome.state != "unverified") if settled is None else settled
        self.connection, self.target, self.record = connection, target, record
        self.host, self.role = target.name, ""
        self._made = () if record.undo is None else record.undo.indexes
        self._dropped: list[KeptIndex] = []
        self.access = Access(connection, target)
        self._ns = self._made[0].ns if self._made else ""
        self._checked = False
        self.gone: tuple[KeptIndex, ...] = ()
        """Those that the last check did not find any more."""

    @property
    def left(self) -> tuple[KeptIndex, ...]:
        """What there is to drop."""
        return tuple(index for index in self._made if index not in self.gone)

    def _by_collection(self) -> dict[str, list[str]]:
        """Where none is left, of all: what would have been dropped."""
        found: dict[str, list[str]] = {}
        for index in self.left or self._made:
            found.setdefault(index.ns, []).append(index.name)
        return found

    def _command(self, ns: str) -> dict[str, Any]:
        return drop_command(self.connection, ns, self._by_collection()[ns])

    def describe(self) -> Description:
        what = _what(self.left or self._made)
        return Description(
            title=f"Undo: drop {what}",
            command="\n".join(run_command(ns.partition(".")[0], self._command(ns)) for ns in self._by_collection()),
            host=self.host,
            role=self.role or None,
            consequences=self._consequences(what),
            would=f"would drop {what}, which perftui created" if self.left else f"would find nothing to drop of {what}",
        )

    def _consequences(self, what: str) -> tuple[str, ...]:
        if not self.left:
            return ("Nothing is dropped. The journal notes that, and undo goes on to what was done before.",)
        return (
            f"What perftui created is dropped: {what}; nothing else.",
            "One that is still being built is aborted.",
            "Queries that use it get another plan at once.",
        )

    async def check(self) -> tuple[Problem, ...]:
        """What is gone is only told: the others are dropped, and `run` concludes where none is left."""
        before, self.gone = self.gone, ()
        try:
            async with self.access.primary() as reached:
                self.host, self.role = reached.address, reached.role
                problems = [await self._compare(reached, index) for index in self._made]
        except CannotAct as refusal:
            return (refusal.problem,)
        changed, self._checked = self._checked and self.gone != before, True
        if changed:
            problems.append(Problem(blocking=True, message="an index came or went meanwhile.", help="Look again."))
        return tuple(problem for problem in problems if problem is not None)

    async def _compare(self, reached: Reached, index: KeptIndex) -> Problem | None:
        self._ns = index.ns
        entry = named(await list_indexes(reached.client, index.ns, max_time_ms(self.connection)), index.name)
        if entry is None:
            self.gone = (*self.gone, index)
            return _missing(index, self._settled)
        if not same_index(kept(index.definition), entry.definition):
            words = f"{index.name} on {index.ns} is another index than perftui created."
            return Problem(blocking=True, message=words, help="Drop it by its name if you are sure.")
        return None

    async def run(self) -> Outcome:
        if not self.left:
            return Outcome(state="refused", message=f"Nothing was dropped: {_what(self._made)} is not there any more.")
        async with self.access.primary() as reached:
            for ns in self._by_collection():
                self._ns = ns
                await self._drop(reached, ns)
        if len(self._dropped) == len(self.left):
            before = f" {_what(self.gone)} was gone before." if self.gone else ""
            return Outcome(state="done", message=f"{_what(self.left)} is gone.{before}")
        return Outcome(state="unverified", message="The server accepted it, but still lists an index.")

    async def _drop(self, reached: Reached, ns: str) -> None:
        limit_ms = max_time_ms(self.connection)
        await reached.client[ns.partition(".")[0]].command(self._command(ns))
        left = await list_indexes(reached.client, ns, limit_ms)
        self._dropped += [index for index in self.left if index.ns == ns and named(left, index.name) is None]

    def undo_data(self) -> UndoData:
        """It can be built again, by the id of this entry."""
        return UndoData(
            kind="create indexes" if self.left else None,
            member=self.host,
            connection=self.connection.target.id,
            indexes=tuple(self._dropped) or self.left,
            undoes=self.record.intent.id,
        )

    def explain(self, error: BaseException) -> str:
        done = f"{_what(tuple(self._dropped))} is gone, the rest is not. " if self._dropped else ""
        return done + explain_on(self.access, error, self._ns, self.allowed_by)


def _missing(index: KeptIndex, settled: bool) -> Problem:
    if settled:
        words = f"{index.name} is not on {index.ns} any more."
        return Problem(blocking=False, message=words, help="Somebody dropped it already.")
    words = f"{index.name} is not on {index.ns}, and nobody saw the end of its build."
    return Problem(blocking=True, message=words, help="It may still show up: look again later.")


def drop_command(connection: Connection, ns: str, names: Sequence[str]) -> dict[str, Any]:
    """What drops indexes of one collection, and aborts those that are still being built."""
    return {
        "dropIndexes": ns.partition(".")[2],
        "index": list(names) if len(names) > 1 else names[0],
        "maxTimeMS": max_time_ms(connection),
    }


def _what(indexes: tuple[KeptIndex, ...]) -> str:
    return ", ".join(f"{index.name} on {index.ns}" for index in indexes)
