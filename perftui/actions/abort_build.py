"""Aborts an index build that is under way."""

from typing import Any

from perftui.actions.access import Reached
from perftui.actions.base import UNDO_COMMAND, Description, Outcome, Problem
from perftui.actions.index_action import IndexAction
from perftui.actions.index_entries import IndexEntry, list_indexes
from perftui.actions.undo_data import UndoData
from perftui.model.target import Connection, Target


class AbortBuild(IndexAction):
    """`AbortBuild(connection, target, "shop.orders", "customer_1")`: the whole build that this index is part of.

    `names` are the indexes of that build; `check` finds them out.
    """

    name = "abort index build"

    def __init__(
        self, connection: Connection, target: Target, ns: str, index_name: str, names: tuple[str, ...] = ()
    ) -> None:
        super().__init__(connection, target, ns, index_name)
        self.names = names
        self._entries: tuple[IndexEntry, ...] = ()

    @property
    def command(self) -> dict[str, Any]:
        names = list(self.names or (self.index_name,))
        return {
            "dropIndexes": self.collection,
            "index": names if len(names) > 1 else names[0],
            "maxTimeMS": self.max_time_ms,
        }

    def describe(self) -> Description:
        what = f"the build of {self._what()}"
        return Description(
            title=f"Abort {what}",
            command=self.shown(self.command),
            host=self.host,
            role=self.role,
            consequences=(
                "The build ends on every member, and nothing of it is left.",
                "Whoever waits for it gets error 276 (IndexBuildAborted).",
                "Should the build end in this very moment, the finished index is dropped.",
            ),
            undo=f"{UNDO_COMMAND} builds it again, from its beginning.",
            would=f"would abort {what}",
        )

    def _what(self) -> str:
        return f"{', '.join(self.names or (self.index_name,))} on {self.ns}"

    async def problems(self, reached: Reached, entry: IndexEntry) -> list[Problem]:
        if entry.build is None:
            message = f"{entry.name} is ready: there is no build to abort."
            return [Problem(blocking=True, message=message, help="Hide it, or drop it, instead.")]
        entries = await list_indexes(reached.client, self.ns, self.max_time_ms) or []
        self._entries = tuple(one for one in entries if one.build == entry.build)
        found, known = tuple(one.name for one in self._entries), self.names
        self.names = found
        if known in ((), found):
            return []
        message = f"this build makes other indexes than before: {', '.join(found)}."
        return [Problem(blocking=True, message=message, help="They can only be aborted together: look again.")]

    async def run(self) -> Outcome:
        async with self.access.primary() as reached:
            self.learn(reached)
            entry = await self.read_entry(reached.client)
            if isinstance(entry, Problem) or entry.build is None:
                return Outcome(state="refused", message=f"Nothing was done: the build of {self._what()} has ended.")
            await reached.client[self.database].command(self.command)
            entries = await list_indexes(reached.client, self.ns, self.max_time_ms) or []
        left = [entry.name for entry in entries if entry.name in self.names]
        if not left:
            return Outcome(state="done", message=f"The build of {self._what()} is aborted.")
        return Outcome(state="unverified", message=f"The server accepted it, but still names {', '.join(left)}.")

    def undo_data(self) -> UndoData:
        kept = tuple(entry.kept(self.ns) for entry in self._entries)
        return UndoData(
            kind="create indexes", ns=self.ns, member=self.host, connection=self.connection.target.id, indexes=kept
        )
