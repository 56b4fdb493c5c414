"""Hides an index from the planner, or shows it again: what a drop would do, and taken back at once."""

from typing import Any

from perftui.actions.access import Reached
from perftui.actions.base import UNDO_COMMAND, Description, Outcome, Problem
from perftui.actions.index_action import HIDING_WIRE_VERSION, IndexAction
from perftui.actions.index_entries import IndexEntry
from perftui.actions.undo_data import UndoData, UndoKind
from perftui.model.target import Connection, Target


class HideIndex(IndexAction):
    """`HideIndex(connection, target, "shop.orders", "customer_1", hidden=True)`; `hidden=False` shows it again.

    `undoes` is the id of the journal entry that this takes back.
    """

    allowed_by = "dbAdmin"

    def __init__(
        self,
        connection: Connection,
        target: Target,
        ns: str,
        index_name: str,
        *,
        hidden: bool = True,
        undoes: str | None = None,
    ) -> None:
        super().__init__(connection, target, ns, index_name)
        self.hidden = hidden
        self.undoes = undoes
        self.name = "hide index" if hidden else "unhide index"

    @property
    def command(self) -> dict[str, Any]:
        index = {"name": self.index_name, "hidden": self.hidden}
        return {"collMod": self.collection, "index": index, "maxTimeMS": self.max_time_ms}

    def describe(self) -> Description:
        verb, opposite = ("Hide", "unhide") if self.hidden else ("Unhide", "hide")
        return Description(
            title=f"{verb} index {self.index_name} of {self.ns}",
            command=self.shown(self.command),
            host=self.host,
            role=self.role,
            consequences=_HIDING if self.hidden else _SHOWING,
            undo=f"{UNDO_COMMAND}, or perftui index {opposite}: nothing is built for it.",
            would=f"would {verb.lower()} index {self.index_name} of {self.ns}",
        )

    async def problems(self, reached: Reached, entry: IndexEntry) -> list[Problem]:
        blocking = self._blocking(reached, entry)
        if blocking is not None:
            return [Problem(blocking=True, message=blocking[0], help=blocking[1])]
        unique = bool(entry.definition.get("unique")) and self.hidden
        words = "It is unique: hidden, it still keeps duplicates out."
        return [Problem(blocking=False, message=words)] if unique else []

    def _blocking(self, reached: Reached, entry: IndexEntry) -> tuple[str, str] | None:
        if entry.built_in:
            return "the index of _id cannot be hidden.", "It is the server's own."
        if entry.build is not None:
            return f"{entry.name} is still being built.", "Wait until it is ready."
        if entry.hidden == self.hidden:
            state = "hidden already" if self.hidden else "not hidden"
            return f"{entry.name} is {state}.", "Nothing is to be done."
        if int(reached.hello.get("maxWireVersion", 0)) < HIDING_WIRE_VERSION:
            return "hidden indexes need MongoDB 4.4 and featureCompatibilityVersion 4.4 or later.", ""
        return None

    async def run(self) -> Outcome:
        async with self.access.primary() as reached:
            self.learn(reached)
            await reached.client[self.database].command(self.command)
            entry = await self.read_entry(reached.client)
        if isinstance(entry, IndexEntry) and entry.hidden == self.hidden:
            return Outcome(state="done", message=f"Index {self.index_name} of {self.ns} is {self._now()}.")
        return Outcome(state="unverified", message="The server accepted it, but listIndexes does not show it so.")

    def _now(self) -> str:
        return "hidden: no query uses it" if self.hidden else "shown: queries may use it again"

    def undo_data(self) -> UndoData:
        kept = {"name": self.index_name, "hidden": not self.hidden}
        entry = IndexEntry(kept).kept(self.ns)
        kind: UndoKind = "unhide index" if self.hidden else "hide index"
        return UndoData(
            kind=kind,
            ns=self.ns,
            member=self.host,
            connection=self.connection.target.id,
            indexes=(entry,),
            undoes=self.undoes,
        )


_HIDING = (
    "No query uses it any more; those that did get another plan, maybe a collection scan.",
    "It is kept up to date: writes cost what they did, and undo is at once.",
    "Its counters of use start again. A unique index still refuses duplicates, a TTL index still deletes.",
)
_SHOWING = ("Queries may use it again at once; nothing is built.", "Its counters of use start again.")
