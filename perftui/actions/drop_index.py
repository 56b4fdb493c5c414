"""Drops one index: a hidden one, or any other after its name was typed. Undo builds it again exactly as it was."""

from typing import Any

from perftui.actions.access import Reached
from perftui.actions.base import UNDO_COMMAND, Description, Outcome, Problem
from perftui.actions.index_action import IndexAction
from perftui.actions.index_entries import IndexEntry, list_indexes, named
from perftui.actions.index_use import read_use
from perftui.actions.undo_data import UndoData
from perftui.model.target import Connection, Target


class DropIndex(IndexAction):
    """`DropIndex(connection, target, "shop.orders", "customer_1")`.

    `describe().typed_confirmation` is the index's name unless the index is hidden; known after `check`.
    """

    name = "drop index"

    def __init__(self, connection: Connection, target: Target, ns: str, index_name: str) -> None:
        super().__init__(connection, target, ns, index_name)
        self._entry: IndexEntry | None = None

    @property
    def command(self) -> dict[str, Any]:
        return {"dropIndexes": self.collection, "index": self.index_name, "maxTimeMS": self.max_time_ms}

    def describe(self) -> Description:
        hidden = self._entry is not None and self._entry.hidden
        return Description(
            title=f"Drop index {self.index_name} of {self.ns}",
            command=self.shown(self.command),
            host=self.host,
            role=self.role,
            consequences=(
                "Queries that use it get another plan, maybe a collection scan, at once."
                if not hidden
                else "It is hidden: no query uses it now.",
                "Every member of the set drops it too.",
            ),
            undo=f"{UNDO_COMMAND} builds it again from the journal, as it was; that takes as long as any build.",
            typed_confirmation=None if hidden else self.index_name,
            would=f"would drop index {self.index_name} of {self.ns}",
        )

    async def problems(self, reached: Reached, entry: IndexEntry) -> list[Problem]:
        self._entry = entry
        if entry.built_in:
            message = "the index of _id cannot be dropped."
            return [Problem(blocking=True, message=message, help="It is the server's own.")]
        if entry.build is not None:
            message = f"{entry.name} is still being built."
            return [Problem(blocking=True, message=message, help="Abort the build instead: perftui index abort.")]
        found = [*_kinds(entry), *await self._shard_key(reached, entry)]
        if not entry.hidden:
            words = "Hide it first and look whether anything gets slow: that is taken back at once."
            found.append(Problem(blocking=False, message=words))
        use = await read_use(self.access, reached, self.ns, self.index_name)
        return [*found, *(Problem(blocking=False, message=sentence) for sentence in use)]

    async def _shard_key(self, reached: Reached, entry: IndexEntry) -> list[Problem]:
        if reached.role != "MONGOS":
            return []
        wanted = {"_id": self.ns}
        document = await reached.client.config.collections.find_one(wanted, max_time_ms=self.max_time_ms)
        key = tuple((document or {}).get("key", {}))
        if not key or tuple(entry.keys)[: len(key)] != key:
            return []
        words = f"It begins with the shard key ({', '.join(key)}): without another one like it the server refuses."
        return [Problem(blocking=False, message=words)]

    async def run(self) -> Outcome:
        async with self.access.primary() as reached:
            self.learn(reached)
            await reached.client[self.database].command(self.command)
            left = named(await list_indexes(reached.client, self.ns, self.max_time_ms), self.index_name)
        if left is None:
            return Outcome(state="done", message=f"Index {self.index_name} of {self.ns} is gone.")
        return Outcome(state="unverified", message="The server accepted it, but listIndexes still names the index.")

    def undo_data(self) -> UndoData | None:
        if self._entry is None:
            return None
        return UndoData(
            kind="create indexes",
            ns=self.ns,
            member=self.host,
            connection=self.connection.target.id,
            indexes=(self._entry.kept(self.ns),),
        )


def _kinds(entry: IndexEntry) -> list[Problem]:
    """What an index does beside making queries fast."""
    found = []
    if entry.definition.get("unique"):
        found.append("It is unique: without it nothing keeps duplicates out.")
    if "expireAfterSeconds" in entry.definition:
        found.append("It is a TTL index: without it documents do not expire any more.")
    if "text" in entry.keys.values():
        found.append("It is the text index: without it every $text query fails.")
    return [Problem(blocking=False, message=words) for words in found]
